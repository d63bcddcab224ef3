//! `dsm-console group …`

use std::process::ExitCode;

use clap::Subcommand;
use domain::{
    Figure,
    operation::{GroupCreate, GroupDelete, GroupMove, Position},
    stream::GroupSample,
};

use super::{
    act::{Acting, act},
    client::{Client, Failure, read},
    position, table,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// List the groups of a stream.
    List { stream: String },
    /// Create a group.
    Create {
        stream: String,
        group: String,
        /// Where it begins: start, end, or the id of an entry to begin after.
        #[arg(long, default_value = "end", value_parser = position)]
        from: Position,
        /// Make the stream too, empty, where there is none.
        #[arg(long)]
        make_stream: bool,
        #[command(flatten)]
        acting: Acting,
    },
    /// Move a group to another place in its stream. Needs a reason.
    Move {
        stream: String,
        group: String,
        /// Where to: start, end, or the id of an entry to go on after.
        #[arg(long, value_parser = position)]
        to: Position,
        #[command(flatten)]
        acting: Acting,
    },
    /// Delete a group, with its place and all that it has pending. Needs a reason.
    Delete {
        stream: String,
        group: String,
        #[command(flatten)]
        acting: Acting,
    },
}

pub(super) async fn run(client: &Client, what: Act) -> Result<ExitCode, Failure> {
    let (dry_run, state_token, reason) = (true, None, None);
    match what {
        Act::List { stream } => {
            let answer = client.get(&["streams", &stream, "groups"], &[]).await?;
            if client.json {
                println!("{answer:#}");
            } else {
                let rows: Vec<_> = read::<Vec<GroupSample>>(&answer)?.iter().map(row).collect();
                table::print(["STATUS", "GROUP", "LAG", "PENDING", "CONSUMERS", "LAST DELIVERED"], &rows);
            }
            Ok(ExitCode::SUCCESS)
        }
        Act::Create { stream, group, from, make_stream, acting } => {
            let wanted = GroupCreate { group, at: from, make_stream, dry_run, state_token, reason };
            act(client, &["streams", &stream, "groups"], &wanted, &acting).await
        }
        Act::Move { stream, group, to, acting } => {
            let wanted = GroupMove { to, dry_run, state_token, reason };
            act(client, &["streams", &stream, "groups", &group, "move"], &wanted, &acting).await
        }
        Act::Delete { stream, group, acting } => {
            let wanted = GroupDelete { dry_run, state_token, reason };
            act(client, &["streams", &stream, "groups", &group, "delete"], &wanted, &acting).await
        }
    }
}

fn row(group: &GroupSample) -> [String; 6] {
    [
        group.verdict.word.clone(),
        group.name.clone(),
        figure(&group.lag),
        group.pending.to_string(),
        group.consumers.len().to_string(),
        group.last_delivered_id.to_string(),
    ]
}

fn figure(figure: &Figure) -> String {
    match figure {
        Figure::Exact(n) => n.to_string(),
        Figure::AtLeast(n) => format!(">={n}"),
        Figure::Unknown(_) => "unknown".to_owned(),
    }
}
