//! What pages are made of. Each part says the same thing in the same way on every page (interface, law 4).

mod figure;
mod frame;
mod id;
mod json;
mod message;
mod status;
mod time;

pub(crate) use figure::{FigureText, bytes, milliseconds, number, rate};
pub(crate) use frame::{Page, loaded};
pub(crate) use id::Id;
pub(crate) use json::JsonTree;
pub(crate) use message::{Empty, NotFound, Notice, Off, Outcome, refusal_page};
pub(crate) use status::{Badge, Icon, Shape, StatusWord};
pub(crate) use time::{Ago, Clock, age_min_sec};
