//! Alerts: rules, what fires, what has fired, and who is told. Of several processes one watches; what it finds and the
//! messages about it are committed together, and every process sends what waits.
//!
//! | module | what |
//! | --- | --- |
//! | [`rule`] | the rules, and the acts on them |
//! | [`firing`] | what fires now, and what has fired |
//! | [`watcher`] | the loop that looks, one process at a time |
//! | `ledger` `lease` | what the watcher writes; who watches |
//! | [`message`] | the queue of messages |
//! | [`notifier`] | the loop that sends what waits |
//! | [`channel`] `outbound` `mail` | where messages go, and what may not be reached |

pub mod channel;
pub mod firing;
mod lease;
mod ledger;
mod mail;
pub mod message;
pub mod notifier;
mod outbound;
pub mod rule;
pub mod watcher;

use std::{fmt::Write as _, sync::Arc};

pub use channel::{Channels, Setting, Target};
use domain::alert::{Arrivals, Severity, Subject};
pub use notifier::Notifier;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
pub use watcher::Watcher;

/// What is known in this process of the alerts of all.
pub(crate) struct Alerts {
    pub(crate) channels: Channels,
    /// What the watcher counted, for pages that show figures of now.
    pub(crate) arrivals: watch::Sender<Arc<Arrivals>>,
    /// How many fire, worst first: for the rail, which is on every page.
    pub(crate) firing: watch::Sender<Counts>,
    /// Wakes the notifier when messages were committed in this process.
    pub(crate) committed: Notify,
}

impl Alerts {
    pub(crate) fn new(channels: Channels) -> Self {
        Self {
            channels,
            arrivals: watch::Sender::default(),
            firing: watch::Sender::default(),
            committed: Notify::new(),
        }
    }
}

/// How many fire of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub critical: u64,
    pub warning: u64,
    pub info: u64,
}

impl Counts {
    pub const fn all(self) -> u64 {
        self.critical + self.warning + self.info
    }

    /// The worst that fires.
    pub const fn worst(self) -> Option<Severity> {
        match self {
            Self { critical: 1.., .. } => Some(Severity::Critical),
            Self { warning: 1.., .. } => Some(Severity::Warning),
            Self { info: 1.., .. } => Some(Severity::Info),
            _ => None,
        }
    }

    pub(crate) fn add(&mut self, severity: Severity, count: u64) {
        match severity {
            Severity::Critical => self.critical += count,
            Severity::Warning => self.warning += count,
            Severity::Info => self.info += count,
        }
    }
}

/// A subject as it is stored: JSON spells names as both databases can keep them.
fn subject_text(subject: &Subject) -> String {
    serde_json::to_string(subject).expect("names are JSON")
}

/// The hash by which a subject is found.
fn subject_key(subject: &Subject) -> String {
    hexadecimal(&Sha256::digest(subject_text(subject)))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}
