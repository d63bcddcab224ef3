//! One look at the whole of Redis.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{GroupSample, RedisFacts, StreamSample};
use crate::{Timestamp, finding::Found};

/// What one look at Redis found. Made by the sampler, shared by every browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// When Redis was asked. On a lost connection this stays at the last success.
    pub at: Timestamp,
    /// Why the last attempt failed; `None` while Redis answers.
    pub error: Option<String>,
    pub redis: RedisFacts,
    /// Ordered by name; dead-letter streams (see [`StreamSample::source`]) are among them.
    pub streams: Vec<StreamSample>,
    /// What is not among them because Redis did not let us look: whether it is there, and how it is, nobody knows.
    #[serde(default)]
    pub unread: Vec<Unread>,
    /// What is recognised as wrong, from this look and those before.
    pub found: Found,
}

/// Why the first look has not come: what a snapshot says in `error` until Redis was asked at all.
pub const NOT_ASKED: &str = "redis has not been asked yet";

/// A stream, or one group of it, that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unread {
    pub stream: String,
    /// `None` = the stream with all its groups.
    pub group: Option<String>,
    /// What Redis said.
    pub why: String,
}

impl Snapshot {
    /// What is shown before the first look: nothing, and `error` says so.
    pub fn not_asked() -> Self {
        Self {
            at: Timestamp::default(),
            error: Some(NOT_ASKED.to_owned()),
            redis: RedisFacts::default(),
            streams: Vec::new(),
            unread: Vec::new(),
            found: Found::default(),
        }
    }

    /// Whether there was a look that succeeded.
    pub fn was_looked(&self) -> bool {
        self.at != Timestamp::default()
    }

    /// Why a stream, or a group of it, could not be looked at; `None` where it could, or is not there.
    pub fn unread(&self, stream: &str, group: Option<&str>) -> Option<&str> {
        let is_it =
            |unread: &&Unread| unread.stream == stream && (unread.group.is_none() || unread.group.as_deref() == group);
        self.unread.iter().find(is_it).map(|unread| unread.why.as_str())
    }

    pub fn stream(&self, name: &str) -> Option<&StreamSample> {
        self.streams.iter().find(|s| s.name == name)
    }

    /// Every group of every stream, worst first, then by stream and name.
    pub fn groups_worst_first(&self) -> Vec<&GroupSample> {
        let mut groups: Vec<_> = self.streams.iter().flat_map(|s| &s.groups).collect();
        groups.sort_by(|a, b| {
            let weight =
                |g: &GroupSample| std::cmp::Reverse(g.behind_ms.unwrap_or(0).max(g.oldest_pending_ms.unwrap_or(0)));
            (a.verdict.status, weight(a), &a.stream, &a.name).cmp(&(b.verdict.status, weight(b), &b.stream, &b.name))
        });
        groups
    }

    /// Records in all dead-letter streams.
    pub fn dead_letters(&self) -> u64 {
        self.streams.iter().filter(|s| s.source.is_some()).map(|s| s.length).sum()
    }
}
