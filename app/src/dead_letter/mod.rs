//! Dead letters: what died of what, and how it is sent back.

mod page;

pub(crate) use page::DeadLettersPage;
