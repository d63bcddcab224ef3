//! `dsm-console consumer …`

use std::{process::ExitCode, time::Duration};

use clap::Subcommand;
use domain::{operation::ConsumerDelete, stream::GroupSample, time::humane};

use super::{
    act::{Acting, act},
    client::{Client, Failure, read},
    milliseconds, table,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Act {
    /// List the consumers of a group.
    List { stream: String, group: String },
    /// Delete consumers. What they have pending is handed over first, in the same step, so that nothing is lost.
    Delete {
        stream: String,
        group: String,
        /// Names of consumers.
        #[arg(required_unless_present = "empty_for")]
        consumers: Vec<String>,
        /// And all that hold nothing and were idle for this long: 30m, 2h, 7d. At most 1000 at once.
        #[arg(long, value_name = "DURATION", value_parser = milliseconds)]
        empty_for: Option<u64>,
        /// The consumer that gets what they have pending; default: whoever of the group takes over idle entries.
        #[arg(long, value_name = "CONSUMER")]
        hand_over_to: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
}

pub(super) async fn run(client: &Client, what: Act) -> Result<ExitCode, Failure> {
    match what {
        Act::List { stream, group } => {
            let answer = client.get(&["streams", &stream, "groups", &group], &[]).await?;
            if client.json {
                println!("{:#}", answer["consumers"]);
            } else {
                let group: GroupSample = read(&answer)?;
                let idle = |ms: u64| humane(Duration::from_millis(ms));
                let row = |consumer: &domain::stream::ConsumerSample| {
                    [consumer.name.to_string(), consumer.pending.to_string(), idle(consumer.idle_ms)]
                };
                table::print(["CONSUMER", "PENDING", "IDLE"], &group.consumers.iter().map(row).collect::<Vec<_>>());
            }
            Ok(ExitCode::SUCCESS)
        }
        Act::Delete { stream, group, consumers, empty_for, hand_over_to, acting } => {
            let wanted =
                ConsumerDelete { consumers, empty_for_ms: empty_for, hand_over_to, ..ConsumerDelete::default() };
            act(client, &["streams", &stream, "groups", &group, "consumers", "delete"], &wanted, &acting).await
        }
    }
}
