//! What pages are made of. Each part says the same thing in the same way on every page (interface, law 4).

mod act;
mod field;
mod figure;
mod frame;
mod id;
mod json;
mod kept;
mod message;
mod metric;
mod no_project;
mod pager;
mod panel;
mod payload;
mod person;
mod progress;
mod redis_away;
mod report;
mod scrum;
mod status;
mod submit;
mod table;
mod time;

pub(crate) use act::{act_button, act_link};
pub(crate) use field::{Choice, NumberField, TextArea, TextField, choices, suggestions};
pub(crate) use figure::{FigureText, bytes, milliseconds, number, rate, whole};
pub(crate) use frame::{Page, loaded};
pub(crate) use id::Id;
pub(crate) use kept::Kept;
pub(crate) use message::{Empty, NotFound, Notice, Off, Outcome, refusal_page};
pub(crate) use metric::{Metric, metric, metrics};
pub(crate) use no_project::NoProject;
pub(crate) use pager::{PageNumber, Slice, turning};
pub(crate) use panel::{Panel, Split};
pub(crate) use payload::{payload, value, visible};
pub(crate) use person::{People, Person};
pub(crate) use progress::{Progress, counted, mean_progress};
pub(crate) use redis_away::{RedisAway, redis_answers};
pub(crate) use report::{report, sentence};
pub(crate) use scrum::{DemoMark, ProjectStatusWord, SprintStatusWord, TaskStatusWord};
pub(crate) use status::{Badge, Icon, Shape, StatusWord};
pub(crate) use submit::{ActLink, Submit};
pub(crate) use table::{Order, sort_head};
pub(crate) use time::{Ago, Clock, age_min_sec};

use json::JsonTree;
