//! What repairs of streams and groups share: the form that shows its cost before it does anything, and what follows.

mod done;
mod form;
mod read;

pub(crate) use done::{LOOK_WITHIN, after_next_look, summary};
pub(crate) use form::{Confirm, confirm, message, reason_field};
pub(crate) use read::{entry_ids, must_be, position};
