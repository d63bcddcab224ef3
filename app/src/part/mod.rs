//! What pages are made of. Each part says the same thing in the same way on every page (interface, law 4).

mod count;
mod figure;
mod frame;
mod id;
mod message;
mod payload;
mod report;
mod status;
mod time;

pub(crate) use count::counted;
pub(crate) use figure::{FigureText, bytes, milliseconds, number, rate};
pub(crate) use frame::{Page, loaded};
pub(crate) use id::Id;
pub(crate) use message::{Empty, NotFound, Notice, Off, Outcome, refusal_page};
pub(crate) use payload::payload;
pub(crate) use report::{report, sentence};
pub(crate) use status::{Badge, Icon, Shape, StatusWord};
pub(crate) use time::{Ago, Clock, age_min_sec};
