//! `dsm-console dead-letters …`

use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::{
    dead_letter::{Cursor, DeadLetter, DeadLetterPage},
    operation::DeadLetterSelection,
};
use serde_json::Value;

use super::{
    act::{Acting, act},
    client::{Client, Failure, read},
    table,
};

/// Dead letters of one act that is said by a filter: what one page of the API has.
const AT_ONCE: usize = 500;

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// List dead letters, newest first.
    List {
        #[command(flatten)]
        of: Filter,
        /// Only records older than this one: the last of the page before.
        #[arg(long, value_name = "STREAM/ID")]
        before: Option<String>,
        /// At most this many, 500 at most.
        #[arg(long, default_value_t = 50)]
        count: usize,
    },
    /// Send dead letters back to the groups that failed.
    Replay(Which),
    /// Throw dead letters away. Needs a reason.
    Discard(Which),
}

/// Which dead letters; without anything, all.
#[derive(Debug, Clone, Args)]
pub(crate) struct Filter {
    /// Only of this stream.
    #[arg(long)]
    stream: Option<String>,
    /// Only of this group.
    #[arg(long)]
    group: Option<String>,
    /// Only of this cause, by its fingerprint.
    #[arg(long, value_name = "FINGERPRINT")]
    cause: Option<String>,
    /// Only with this text in error, key, event id or source id.
    #[arg(long)]
    text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Dead letters, each <stream>/<id>.
    #[arg(value_parser = cursor)]
    items: Vec<Cursor>,
    /// Instead of naming them: those that fit, the newest 500 at most.
    #[command(flatten)]
    of: Filter,
    #[command(flatten)]
    acting: Acting,
}

impl Filter {
    fn is_empty(&self) -> bool {
        [&self.stream, &self.group, &self.cause, &self.text].iter().all(|word| word.is_none())
    }

    fn parameters(&self, before: Option<String>, count: usize) -> Vec<(&'static str, String)> {
        let Self { stream, group, cause, text } = self.clone();
        [
            ("stream", stream),
            ("group", group),
            ("fingerprint", cause),
            ("text", text),
            ("before", before),
            ("count", Some(count.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

pub(super) async fn run(client: &Client, what: Act) -> Result<ExitCode, Failure> {
    let (which, verb) = match what {
        Act::List { of, before, count } => {
            let answer = list(client, &of, before, count).await?;
            if client.json {
                println!("{answer:#}");
            } else {
                let page: DeadLetterPage = read(&answer)?;
                table::print(
                    ["DEAD LETTER", "GROUP", "TYPE", "ATTEMPTS", "ERROR"],
                    &page.records.iter().map(row).collect::<Vec<_>>(),
                );
            }
            return Ok(ExitCode::SUCCESS);
        }
        Act::Replay(which) => (which, "replay"),
        Act::Discard(which) => (which, "discard"),
    };
    let items = match (which.items.is_empty(), which.of.is_empty()) {
        (false, true) => which.items,
        (true, false) => {
            let page: DeadLetterPage = read(&list(client, &which.of, None, AT_ONCE).await?)?;
            page.records.iter().map(at).collect()
        }
        _ => {
            return Err(Failure::wrong(format!(
                "say which dead letters to {verb}: name them (<stream>/<id>), or say --stream, --group, --cause or --text"
            )));
        }
    };
    let wanted = DeadLetterSelection { items, dry_run: true, state_token: None, reason: None };
    act(client, &["dead-letters", verb], &wanted, &which.acting).await
}

async fn list(client: &Client, of: &Filter, before: Option<String>, count: usize) -> Result<Value, Failure> {
    client.get(&["dead-letters"], &of.parameters(before, count)).await
}

fn at(record: &DeadLetter) -> Cursor {
    Cursor { stream: record.provenance.stream.clone(), id: record.id }
}

fn row(record: &DeadLetter) -> [String; 5] {
    let provenance = &record.provenance;
    [
        at(record).to_string(),
        provenance.group.clone(),
        provenance.event_type.clone().unwrap_or_else(|| "-".to_owned()),
        provenance.attempts.to_string(),
        provenance.error.clone(),
    ]
}

fn cursor(word: &str) -> Result<Cursor, String> {
    let cursor: Cursor = word.parse().map_err(|error: domain::stream::NotAnEntryId| error.to_string())?;
    if cursor.stream.is_empty() { Err(format!("not a dead letter: {word}. Say <stream>/<id>")) } else { Ok(cursor) }
}
