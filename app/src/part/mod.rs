//! What pages are made of. Each part says the same thing in the same way on every page (interface, law 4).

mod field;
mod figure;
mod frame;
mod id;
mod json;
mod kept;
mod message;
mod pager;
mod panel;
mod person;
mod progress;
mod scrum;
mod status;
mod submit;
mod time;

pub(crate) use field::{Choice, NumberField, TextArea, TextField, choices, suggestions};
pub(crate) use figure::{FigureText, bytes, milliseconds, number, rate};
pub(crate) use frame::{Page, loaded};
pub(crate) use id::Id;
pub(crate) use json::JsonTree;
pub(crate) use kept::Kept;
pub(crate) use message::{Empty, NotFound, Notice, Off, Outcome, refusal_page};
pub(crate) use pager::{PageNumber, Pager, Slice};
pub(crate) use panel::{Panel, Split};
pub(crate) use person::{People, Person};
pub(crate) use progress::{Progress, counted, mean_progress};
pub(crate) use scrum::{DemoMark, ProjectStatusWord, SprintStatusWord, TaskStatusWord};
pub(crate) use status::{Badge, Icon, Shape, StatusWord};
pub(crate) use submit::{ActLink, Submit};
pub(crate) use time::{Ago, Clock, age_min_sec};
