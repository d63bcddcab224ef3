//! What changes something: the preview first, the act only with `--yes`, and only if the preview still holds.

use std::process::ExitCode;

use clap::Args;
use domain::operation::{Outcome, Report};
use serde::Serialize;
use serde_json::Value;

use super::{
    client::{Client, Failure, read},
    table,
};

/// Whether to act, and why.
#[derive(Debug, Clone, Args)]
pub(crate) struct Acting {
    /// Do it. Without this it is only said what would happen.
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,

    /// Only say what would happen, as without --yes.
    #[arg(long)]
    dry_run: bool,

    /// Why, for the audit log. What cannot be taken back needs one.
    #[arg(long)]
    reason: Option<String>,

    /// The token that an earlier preview gave: refused if what it showed has changed since.
    #[arg(long, value_name = "TOKEN")]
    state_token: Option<String>,
}

/// Shows what `wanted` (a request of the API) would do at this address, and does it where that is said.
pub(super) async fn act(
    client: &Client,
    segments: &[&str],
    wanted: &impl Serialize,
    acting: &Acting,
) -> Result<ExitCode, Failure> {
    act_as_seen(client, segments, wanted, acting, |_, _| {}).await
}

/// The same, where the act is on what the preview has shown: `settle` changes the request by that.
pub(super) async fn act_as_seen(
    client: &Client,
    segments: &[&str],
    wanted: &impl Serialize,
    acting: &Acting,
    settle: impl FnOnce(&mut Value, &Report),
) -> Result<ExitCode, Failure> {
    let request = serde_json::to_value(wanted);
    let mut request = request.map_err(|error| Failure::internal(format!("cannot be asked for: {error}")))?;
    request["dry_run"] = true.into();
    let answer = client.post(segments, &request).await?;
    let preview: Report = read(&answer)?;
    if acting.state_token.as_ref().is_some_and(|token| *token != preview.state_token) {
        return Err(Failure::conflict("the state has changed since that preview: look again"));
    }
    if !acting.yes {
        return Ok(show(client, &answer, &preview));
    }
    settle(&mut request, &preview);
    request["dry_run"] = false.into();
    request["state_token"] = preview.state_token.into();
    request["reason"] = acting.reason.clone().into();
    let answer = client.post(segments, &request).await?;
    let report = read(&answer)?;
    Ok(show(client, &answer, &report))
}

fn show(client: &Client, answer: &Value, report: &Report) -> ExitCode {
    if client.json {
        println!("{answer:#}");
    } else {
        for warning in &report.warnings {
            println!("! {}", table::safe(warning));
        }
        let row = |item: &domain::operation::ItemReport| {
            [word(item.outcome).to_owned(), item.item.clone(), item.detail.clone()]
        };
        let rows: Vec<_> = report.items.iter().map(row).collect();
        if rows.is_empty() {
            println!("Nothing fits: there is nothing to do.");
        } else {
            table::print(["", "ITEM", "WHAT"], &rows);
        }
        match report.audit_id {
            Some(id) => println!("Audit entry {id}."),
            None if report.count(Outcome::Would) > 0 => {
                println!("Nothing was done. Do it with --yes. State token: {}", report.state_token);
            }
            None => println!("Nothing was done."),
        }
    }
    if report.count(Outcome::Failed) > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Would => "would",
        Outcome::Done => "done",
        Outcome::Skipped => "left alone",
        Outcome::Failed => "failed",
    }
}
