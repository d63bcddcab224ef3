//! The log of acts.

use domain::audit::{AuditEntry, AuditPage};

use crate::{Console, Error};

/// A page of the log, newest first; `before` is the cursor of the last page, `text` a part of act, subject, who or reason.
pub async fn list(
    console: &Console,
    before: Option<i64>,
    text: Option<&str>,
    count: usize,
) -> Result<AuditPage, Error> {
    todo!()
}

/// One act, with its report.
pub async fn get(console: &Console, id: i64) -> Result<AuditEntry, Error> {
    todo!()
}
