//! Entries as a file: JSON lines or CSV, oldest first, written as they are read. Memory holds a few steps of them, and what
//! is too much ends the file with a word about it.

pub(crate) mod csv;
mod lines;

use std::time::Duration;

use domain::{Refusal, filter::Edge, stream::Entry};
use streams::inspect::{self, Browse, Scan};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{Console, Error};

/// Entries of a file: what a spreadsheet takes.
pub const ENTRIES_AT_MOST: u64 = 1_000_000;
/// Bytes of a file: what a disk and an editor take without a thought.
pub const BYTES_AT_MOST: u64 = 1024 * 1024 * 1024;
/// A reader that takes nothing for so long is gone; it must not hold one of the few scans.
pub(crate) const READ_WITHIN: Duration = Duration::from_mins(1);
/// Parts of a file that wait to be sent.
pub(crate) const WAITING: usize = 2;

/// How the entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A JSON object on each line.
    #[default]
    Lines,
    /// RFC 4180, with cells that no spreadsheet takes for a formula.
    Csv,
}

/// What a file's last line says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) entries: u64,
    pub(crate) looked_at: u64,
    bytes: u64,
    /// Why it is not whole.
    pub(crate) cut: Option<String>,
}

impl Tally {
    /// Counts an entry, or says that there is no room for it.
    fn takes(&mut self, bytes: usize) -> bool {
        let sum = self.bytes + bytes as u64;
        if self.entries >= ENTRIES_AT_MOST {
            self.cut = Some(format!("a file has at most {ENTRIES_AT_MOST} entries; narrow the filter or the range"));
        } else if sum > BYTES_AT_MOST {
            self.cut = Some(format!("a file has at most {BYTES_AT_MOST} bytes; narrow the filter or the range"));
        } else {
            self.entries += 1;
            self.bytes = sum;
            return true;
        }
        false
    }
}

impl Format {
    fn head(self) -> String {
        match self {
            Self::Lines => String::new(),
            Self::Csv => csv::head(),
        }
    }

    fn entry(self, entry: &Entry) -> String {
        match self {
            Self::Lines => lines::entry(entry),
            Self::Csv => csv::entry(entry),
        }
    }

    fn end(self, tally: &Tally) -> String {
        match self {
            Self::Lines => lines::end(tally),
            Self::Csv => csv::end(tally),
        }
    }
}

/// The parts of a file with the entries of a range that fit. Whoever drops the receiver ends the scan at its next step, and
/// so does `stop`. A file without its last line is not whole.
pub async fn export(
    console: &Console,
    stream: &str,
    browse: &Browse,
    format: Format,
    stop: CancellationToken,
) -> Result<mpsc::Receiver<String>, Error> {
    let newest = inspect::last_id(console.redis(), stream).await?;
    let running = console.searches().running();
    let permit = running.permit()?;
    // a file has what was there when it was asked for: who writes faster than it is read would never see its end
    let to = browse.to.map_or(newest, |to| to.last().min(newest));
    let browse = Browse { to: Some(Edge::Id(to)), ..browse.clone() };
    let scan = Scan::for_a_file(console.redis(), stream, &browse);
    let (parts, file) = mpsc::channel(WAITING);
    running.spawn(|end| async move {
        tokio::select! {
            () = write(scan, format, &parts) => {}
            () = end.cancelled() => {}
            () = stop.cancelled() => {}
        }
        drop(permit);
    });
    Ok(file)
}

async fn write(mut scan: Scan, format: Format, parts: &mpsc::Sender<String>) {
    let mut tally = Tally::default();
    let mut part = format.head();
    while !scan.reached().is_over && tally.cut.is_none() {
        match scan.step().await {
            Ok(found) => {
                for entry in &found {
                    let line = format.entry(entry);
                    if !tally.takes(line.len()) {
                        break;
                    }
                    part.push_str(&line);
                }
            }
            Err(error) => tally.cut = Some(Refusal::from(error).message),
        }
        tally.looked_at = scan.reached().looked_at;
        if !part.is_empty() && parts.send_timeout(std::mem::take(&mut part), READ_WITHIN).await.is_err() {
            return;
        }
        tokio::select! {
            () = scan.rest() => {}
            () = parts.closed() => return,
        }
    }
    part.push_str(&format.end(&tally));
    // nobody is left to be told
    let _ = parts.send_timeout(part, READ_WITHIN).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_at_its_limits_and_says_so() {
        let mut tally = Tally { entries: ENTRIES_AT_MOST - 1, ..Tally::default() };
        assert!(tally.takes(10) && !tally.takes(10));
        assert_eq!(tally.entries, ENTRIES_AT_MOST);
        for format in [Format::Lines, Format::Csv] {
            assert!(format.end(&tally).contains("at most 1000000 entries"), "{}", format.end(&tally));
        }
        let mut tally = Tally { bytes: BYTES_AT_MOST - 10, ..Tally::default() };
        assert!(tally.takes(10) && !tally.takes(1));
        assert!(tally.cut.is_some_and(|why| why.contains("bytes")));
    }
}
