//! What processes note while they live, a line at a time: what was written survives the SIGKILL of its writer.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::Event;

/// Time since the start of the history, the same in all its processes, and steady within each.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    offset: Duration,
}

impl Clock {
    /// A clock that counts from `origin`. The machine's monotonic clock has no number in std, so each process asks the
    /// wall clock once for its own start.
    pub fn since(origin: SystemTime) -> Self {
        Self { started: Instant::now(), offset: origin.elapsed().unwrap_or_default() }
    }

    pub fn now(&self) -> Duration {
        self.offset + self.started.elapsed()
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub at_us: u64,
    pub pid: u32,
    pub note: Note,
}

impl Line {
    pub fn at(&self) -> Duration {
        Duration::from_micros(self.at_us)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Note {
    /// A worker begins, in this slot.
    Up { slot: usize },
    /// The command's commit has returned.
    Accepted { event: Event },
    /// The command was rolled back.
    TakenBack { event: Event },
    /// A handler begins.
    Started { group: String, entry: String, event: Event, attempt: u64 },
    /// That handler has ended or was dropped.
    Ended { group: String, entry: String },
    /// This process got no processor for so long, until now.
    Stalled { for_us: u64 },
    /// From now on, for so long, a slot (or every one) cannot be expected to keep its leases: it is stopped, or its way
    /// to Redis is broken.
    Hindered { slot: Option<usize>, for_us: u64 },
    /// What an entry of the stream held, noted right before it was destroyed.
    Held { entry: String, event: Event },
    /// The stream was destroyed with its groups, and with it the knowledge of whose those entries were.
    Wiped,
    /// A dead letter that was destroyed with Redis' data.
    LostRecord { group: String, entry: String, event: Option<Event>, error: String },
    /// The pending list of a slot's consumer was destroyed.
    Disowned { slot: usize, group: String, entries: Vec<String> },
    /// A fault of the plan, for the reader.
    Fault { what: String },
}

/// A process's own journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    clock: Clock,
}

impl Journal {
    pub fn open(path: &Path, clock: Clock) -> Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Self { file: file.with_context(|| format!("journal {}", path.display()))?, clock })
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Notes it as happening now.
    pub fn note(&self, note: Note) {
        let at_us = u64::try_from(self.clock.now().as_micros()).unwrap_or(u64::MAX);
        let line = Line { at_us, pid: std::process::id(), note };
        let mut text = serde_json::to_string(&line).expect("notes are plain data");
        text.push('\n');
        // one write, so that lines of several threads do not mix; without a journal nothing could be judged
        (&self.file).write_all(text.as_bytes()).expect("the journal can be written");
    }
}

/// All lines of all journals in `folder`, by time.
pub fn read(folder: &Path) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "journal") {
            // a line that its writer's death cut short cannot be read, and says nothing that was not about to happen
            lines.extend(std::fs::read_to_string(&path)?.lines().filter_map(|line| serde_json::from_str(line).ok()));
        }
    }
    lines.sort_by_key(|line: &Line| line.at_us);
    Ok(lines)
}
