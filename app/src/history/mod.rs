//! What figures were, as charts: the range that the address asks for, the links to others, what is told beside them.

mod line;
mod range;

pub(crate) use line::{charted, line, lines};
pub(crate) use range::{asked, head, kept};
