//! What pages are made of. Each part says the same thing in the same way on every page (interface, law 4).

mod act;
mod figure;
mod frame;
mod id;
mod json;
mod message;
mod metric;
mod panel;
mod redis_away;
mod status;
mod table;
mod time;

pub(crate) use act::{act_button, act_link};
pub(crate) use figure::{FigureText, bytes, milliseconds, number, rate};
pub(crate) use frame::{Page, loaded};
pub(crate) use id::Id;
pub(crate) use json::JsonTree;
pub(crate) use message::{Empty, NotFound, Notice, Off, Outcome, refusal_page};
pub(crate) use metric::{Metric, metric, metrics};
pub(crate) use panel::{Panel, beside};
pub(crate) use redis_away::{RedisAway, redis_answers};
pub(crate) use status::{Badge, Icon, Shape, StatusWord};
pub(crate) use table::{Order, Slice, sort_head, turning};
pub(crate) use time::{Ago, Clock, age_min_sec};
