//! `dsm-console stream …`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{
    filter::Edge,
    operation::{EntriesDelete, Outcome, Report, Trim, TrimTo},
    stream::EntryId,
};
use serde_json::{Value, json};

use super::{
    act::{Acting, act, act_as_seen},
    client::{Client, Failure},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// Remove the oldest entries, exactly, and never past what a group needs. Needs a reason.
    Trim {
        stream: String,
        /// Keep this many of the newest entries.
        #[arg(long, value_name = "ENTRIES", required_unless_present = "before", conflicts_with = "before")]
        keep: Option<u64>,
        /// Keep this entry, or this time (UTC), and what is newer.
        #[arg(long, value_name = "ID|TIME", value_parser = place)]
        before: Option<EntryId>,
        /// Also remove what a group has not read or not acknowledged.
        #[arg(long)]
        past_groups: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// Delete entries by id. Needs a reason.
    DeleteEntries {
        stream: String,
        #[arg(required = true)]
        ids: Vec<EntryId>,
        #[command(flatten)]
        acting: Acting,
    },
}

pub(super) async fn run(client: &Client, what: Act) -> Result<ExitCode, Failure> {
    let (dry_run, state_token, reason) = (true, None, None);
    match what {
        Act::Trim { stream, keep, before, past_groups, acting } => {
            let to = before.map_or_else(|| TrimTo::Keep(keep.unwrap_or(u64::MAX)), TrimTo::Before);
            let wanted = Trim { to, past_groups, dry_run, state_token, reason };
            act_as_seen(client, &["streams", &stream, "trim"], &wanted, &acting, to_the_place).await
        }
        Act::DeleteEntries { stream, ids, acting } => {
            let wanted = EntriesDelete { ids, dry_run, state_token, reason };
            act(client, &["streams", &stream, "entries", "delete"], &wanted, &acting).await
        }
    }
}

/// Acts on the place that the preview names: with each entry that is added a number means another one.
fn to_the_place(request: &mut Value, preview: &Report) {
    let would = preview.items.iter().find(|item| item.outcome == Outcome::Would);
    if let Some(id) = would.and_then(|item| item.detail.rsplit(' ').next()?.parse::<EntryId>().ok()) {
        request["to"] = json!({ "before": id });
    }
}

fn place(word: &str) -> Result<EntryId, String> {
    word.parse::<Edge>()
        .map(Edge::first)
        .map_err(|_| format!("not a place: {word}. Say an entry id (1773152545187-0) or a time (2026-03-10 14:32)"))
}
