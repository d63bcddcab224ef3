//! `dsm-console pending …`

use std::{process::ExitCode, time::Duration};

use clap::Subcommand;
use domain::{
    operation::{PendingAct, PendingSelection},
    stream::{EntryId, PendingEntry, PendingPage},
    time::humane,
};

use super::{
    act::{Acting, act},
    client::{Client, Failure, read},
    milliseconds, table,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// List what was delivered and not acknowledged, oldest first.
    List {
        stream: String,
        group: String,
        /// Only what this consumer holds.
        #[arg(long)]
        consumer: Option<String>,
        /// Only what nobody has touched for this long: 90s, 5m, 2h.
        #[arg(long, value_name = "DURATION", value_parser = milliseconds)]
        idle_for: Option<u64>,
        /// Only ids after this one: the last of the page before.
        #[arg(long, value_name = "ID")]
        after: Option<EntryId>,
        /// At most this many, 500 at most.
        #[arg(long, default_value_t = 50)]
        count: usize,
    },
    /// Free entries for whoever of the group takes over idle ones, as if their consumer had died.
    Claim(Which),
    /// Mark entries as done without handling them. Needs a reason.
    Acknowledge(Which),
    /// Move entries to the dead letters.
    DeadLetter(Which),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    stream: String,
    group: String,
    #[arg(required = true)]
    ids: Vec<EntryId>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) async fn run(client: &Client, what: Act) -> Result<ExitCode, Failure> {
    let (which, how) = match what {
        Act::List { stream, group, consumer, idle_for, after, count } => {
            let parameters = [
                ("consumer", consumer),
                ("min_idle_ms", idle_for.map(|ms| ms.to_string())),
                ("after", after.map(|id| id.to_string())),
                ("count", Some(count.to_string())),
            ];
            let parameters: Vec<_> = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let answer = client.get(&["streams", &stream, "groups", &group, "pending"], &parameters).await?;
            if client.json {
                println!("{answer:#}");
            } else {
                let page: PendingPage = read(&answer)?;
                table::print(
                    ["ENTRY", "CONSUMER", "IDLE", "DELIVERIES", "TYPE", "KEY"],
                    &page.entries.iter().map(row).collect::<Vec<_>>(),
                );
                println!("{} of {} pending entries.", page.entries.len(), page.total);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Act::Claim(which) => (which, PendingAct::Claim),
        Act::Acknowledge(which) => (which, PendingAct::Acknowledge),
        Act::DeadLetter(which) => (which, PendingAct::DeadLetter),
    };
    let Which { stream, group, ids, acting } = which;
    let wanted = PendingSelection { act: how, ids, dry_run: true, state_token: None, reason: None };
    act(client, &["streams", &stream, "groups", &group, "pending"], &wanted, &acting).await
}

fn row(entry: &PendingEntry) -> [String; 6] {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let kind = if entry.body_lost { "(body lost)".to_owned() } else { or_dash(&entry.event_type) };
    [
        entry.id.to_string(),
        entry.consumer.clone(),
        humane(Duration::from_millis(entry.idle_ms)),
        entry.deliveries.to_string(),
        kind,
        or_dash(&entry.key),
    ]
}
