//! Findings: the ways in which Redis Streams fail without an error, recognised from looks at them. A detector is a pure
//! function over a look and the one before; what it sees is held here, so that nothing flickers (docs/detectors.md).

mod consumer;
mod facts;
mod group;
mod kind;
mod pending;
mod server;
mod stream;
mod symptom;
#[cfg(test)]
mod tests;
mod watch;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use facts::{OldPending, ServerFacts};
pub use kind::Kind;
pub use symptom::Limits;
pub use watch::{MOST, Watch};

use crate::{Status, Timestamp, operation::PendingAct, stream::EntryId};

/// What is wrong, what that means, and what can safely be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    pub kind: Kind,
    /// `idle` is a note: nothing is wrong yet.
    pub status: Status,
    pub stream: Option<String>,
    pub group: Option<String>,
    pub consumer: Option<String>,
    /// When it was seen first.
    pub since: Timestamp,
    /// Of something that happened: when it is told no more. `None` = it is told while it lasts.
    pub until: Option<Timestamp>,
    /// Two sentences: what is so, and what it means.
    pub explanation: String,
    /// The name of the page under `/runbooks`.
    pub runbook: String,
    pub action: Action,
}

/// The one thing that can be done without making it worse. All but reading begin with a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Nothing here can mend it: the runbook says what can.
    Read,
    /// Preview this act on these pending entries of the group.
    Repair { act: PendingAct, ids: Vec<EntryId> },
    /// Preview where the group could be moved to.
    Move,
    /// Look at what pends in the group.
    ListPending,
    /// Look at the entries from this one on, which may have had no effect.
    ListEntries { from: EntryId },
}

/// What is found now, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// At most [`MOST`].
    pub findings: Vec<Finding>,
    /// Findings that were left out because there are too many.
    pub left_out: u64,
}

impl Found {
    /// How many there are of each status, the worst first; notes are not counted.
    pub fn counts(&self) -> Vec<(Status, usize)> {
        [Status::Bad, Status::Warn, Status::Unknown]
            .into_iter()
            .map(|status| (status, self.findings.iter().filter(|finding| finding.status == status).count()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// Those of one group, or of one stream with its groups.
    pub fn of<'a>(&'a self, stream: &'a str, group: Option<&'a str>) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| {
            finding.stream.as_deref() == Some(stream)
                && group.is_none_or(|group| finding.group.as_deref() == Some(group))
        })
    }
}
