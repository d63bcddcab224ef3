//! The log as a file, oldest act first, written as it is read.

use domain::{Refusal, Timestamp, audit::AuditEntry};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{COLUMNS, Row, answered, pattern, verify};
use crate::{
    Console, Error,
    export::{Format, READ_WITHIN, WAITING, csv},
};

/// Acts read in one statement. Each can come with a report of 256 kB.
const STEP: i64 = 50;

/// The parts of a file with the acts that `text` finds (see [`super::list`]), up to the newest at this moment. Whoever drops
/// the receiver ends it, and so does `stop`. Its last line has the head of the chain and says whether the log fits it; a
/// file without that line is not whole.
pub async fn export(
    console: &Console,
    text: Option<&str>,
    format: Format,
    stop: CancellationToken,
) -> Result<mpsc::Receiver<String>, Error> {
    let pattern = pattern(text)?;
    let newest = answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select last_id from audit_position where only_row = 1";
        let (id,): (i64,) = sqlx::query_as(statement).fetch_one(&mut *connection).await?;
        Ok(id)
    })
    .await
    .map_err(Error::AuditAway)?;
    let permit = console.searches().running().permit()?;
    let (parts, file) = mpsc::channel(WAITING);
    let within = console.clone();
    console.searches().running().spawn(|end| async move {
        tokio::select! {
            () = write(&within, &pattern, newest, format, &parts) => {}
            () = end.cancelled() => {}
            () = stop.cancelled() => {}
        }
        drop(permit);
    });
    Ok(file)
}

async fn write(console: &Console, pattern: &str, newest: i64, format: Format, parts: &mpsc::Sender<String>) {
    let (mut after, mut acts, mut part) = (0, 0_u64, head(format));
    let cut = loop {
        let entries = match step(console, pattern, after, newest).await {
            Ok(entries) => entries,
            Err(error) => break Some(Refusal::from(error).message),
        };
        for entry in &entries {
            part.push_str(&line(format, entry));
        }
        acts += entries.len() as u64;
        let Some(last) = entries.last() else { break None };
        after = last.id;
        if parts.send_timeout(std::mem::take(&mut part), READ_WITHIN).await.is_err() {
            return;
        }
    };
    let verified = if cut.is_none() { verify(console, None).await.ok() } else { None };
    let chain = verified.map(|found| (found.head.clone(), found.is_whole()));
    part.push_str(&end(format, acts, chain.as_ref(), cut.as_deref()));
    // nobody is left to be told
    let _ = parts.send_timeout(part, READ_WITHIN).await;
}

async fn step(console: &Console, pattern: &str, after: i64, to: i64) -> Result<Vec<AuditEntry>, Error> {
    let statement = format!(
        "select {COLUMNS}, report from audit
         where id > $1 and id <= $2 and search_text like $3 escape '!' order by id limit {STEP}"
    );
    let rows: Vec<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        let query = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(after).bind(to).bind(pattern.to_owned());
        Ok(query.fetch_all(&mut *connection).await?)
    })
    .await
    .map_err(Error::AuditAway)?;
    rows.into_iter().map(AuditEntry::try_from).collect()
}

fn head(format: Format) -> String {
    let names =
        ["id", "at", "who", "permission", "act", "subject", "request", "reason", "state", "finished_at", "result"];
    match format {
        Format::Lines => String::new(),
        Format::Csv => csv::row(names.map(str::to_owned)),
    }
}

/// CSV leaves the report out; a line of JSON is the act as the API has it.
fn line(format: Format, entry: &AuditEntry) -> String {
    match format {
        Format::Lines => format!("{}\n", serde_json::to_string(entry).expect("an act is texts and numbers")),
        Format::Csv => csv::row([
            entry.id.to_string(),
            entry.at.iso_millis(),
            entry.who.clone(),
            entry.permission.as_str().to_owned(),
            entry.act.clone(),
            entry.subject.clone(),
            entry.request.clone(),
            entry.reason.clone().unwrap_or_default(),
            entry.state.as_str().to_owned(),
            entry.finished_at.map(Timestamp::iso_millis).unwrap_or_default(),
            entry.result.clone().unwrap_or_default(),
        ]),
    }
}

fn end(format: Format, acts: u64, chain: Option<&(String, bool)>, cut: Option<&str>) -> String {
    let (head, whole) = (chain.map(|(head, _)| head.as_str()), chain.map(|(_, whole)| *whole));
    match format {
        Format::Lines => {
            let end =
                json!({"acts": acts, "complete": cut.is_none(), "cut": cut, "head": head, "chain_is_whole": whole});
            format!("{}\n", json!({ "export": end }))
        }
        Format::Csv => {
            let state = if cut.is_none() { "complete" } else { "cut" };
            let chain = match whole {
                Some(true) => "the chain is whole",
                Some(false) => "the log does not fit its chain",
                None => "the chain was not verified",
            };
            let words = [format!("{acts} acts"), chain.to_owned(), cut.unwrap_or_default().to_owned()];
            let none = String::new;
            csv::row([
                "#end".to_owned(),
                none(),
                none(),
                none(),
                none(),
                none(),
                words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join("; "),
                none(),
                state.to_owned(),
                none(),
                head.unwrap_or_default().to_owned(),
            ])
        }
    }
}
