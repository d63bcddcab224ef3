//! The chronicle: what happened, and the documents of it.

mod page;

pub(crate) use page::ChroniclePage;
