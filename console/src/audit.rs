//! The log of acts: the intent of each before Redis is touched, its result after.

mod chain;
mod entry;
mod export;

use std::{future::Future, time::Duration};

pub(crate) use chain::Verified;
use chain::{End, Said};
pub use chain::{verified, verify};
use domain::{
    Refusal, Timestamp,
    audit::{AuditEntry, AuditPage},
    operation::Outcome,
};
use entry::{COLUMNS, Row, search_text};
pub(crate) use entry::{Ended, Intent, storable};
pub use export::export;
use tokio::time::timeout;

use crate::{Console, Error, clock};

/// How long the log may take before it counts as away: long enough for another process's turn at SQLite, short enough
/// for somebody who has pressed a button.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const PAGE: usize = 50;
const LONGEST_PAGE: usize = 500;
/// Longest text searched for, in characters: SQLite compares slowly, and refuses patterns of 50 kB.
const SEARCH_AT_MOST: usize = 200;
/// The act of sending dead letters back.
pub(crate) const REPLAY: &str = "dead_letters.replay";

/// A page of the log, newest first; `before` is the cursor of the last page, `text` a part of act, subject, who, reason
/// or request, whatever its letter case. At most `count` entries; 0 stands for 50, more than 500 for 500. The reports
/// are left out (one can be 256 kB long): [`get`] has them, `result` sums them up.
pub async fn list(
    console: &Console,
    before: Option<i64>,
    text: Option<&str>,
    count: usize,
) -> Result<AuditPage, Error> {
    let count = if count == 0 { PAGE } else { count.min(LONGEST_PAGE) };
    let pattern = pattern(text)?;
    let statement = format!(
        "select {COLUMNS}, cast(null as text) as report from audit where id < $1 and search_text like $2 escape '!'
         order by id desc limit $3"
    );
    let mut rows: Vec<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(before.unwrap_or(i64::MAX))
            .bind(pattern)
            // one more than asked for tells whether there is another page
            .bind(i64::try_from(count + 1).expect("a page is short"))
            .fetch_all(&mut *connection)
            .await?)
    })
    .await
    .map_err(Error::AuditAway)?;
    let more = rows.len() > count;
    rows.truncate(count);
    let older = rows.last().filter(|_| more).map(|row| row.id);
    Ok(AuditPage { entries: rows.into_iter().map(AuditEntry::try_from).collect::<Result<_, _>>()?, older })
}

/// Acts on this group, and replays of its dead letters, begun between these moments: what may have changed its figures.
/// Oldest first; of many the newest [`PAGE`]. Failed ones are left out: they changed nothing, or nobody knows what.
pub async fn on_group(
    console: &Console,
    stream: &str,
    group: &str,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<AuditEntry>, Error> {
    let of_group = storable(&format!("{stream}/{group}"));
    // a replay names its streams; which groups it gave entries back to is in its report
    let statement = format!(
        "select {COLUMNS}, case when act = $1 then report else null end as report from audit
         where at_us >= $2 and at_us <= $3 and state <> 'failed'
         and (subject = $4 or (act = $1 and search_text like $5 escape '!'))
         order by id desc limit $6"
    );
    let pattern = contains(&stream.chars().take(SEARCH_AT_MOST).collect::<String>());
    let rows: Vec<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(REPLAY)
            .bind(from.micros())
            .bind(to.micros())
            .bind(of_group)
            .bind(pattern)
            .bind(i64::try_from(PAGE).expect("a page is short"))
            .fetch_all(&mut *connection)
            .await?)
    })
    .await
    .map_err(Error::AuditAway)?;
    let acts = rows.into_iter().rev().map(AuditEntry::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(acts.into_iter().filter(|act| act.act != REPLAY || gave_back(act, stream, group)).collect())
}

/// Whether a replay gave an entry of this stream back to this group.
fn gave_back(replay: &AuditEntry, stream: &str, group: &str) -> bool {
    let items = replay.report.iter().flat_map(|report| &report.items);
    let done = items.filter(|item| item.outcome == Outcome::Done);
    let mut here = done.filter(|item| item.item.rsplit_once('/').is_some_and(|(of, _)| of == stream));
    here.any(|item| item.detail.ends_with(&format!(" {group}")))
}

/// One act, with its report.
pub async fn get(console: &Console, id: i64) -> Result<AuditEntry, Error> {
    let statement = format!("select {COLUMNS}, report from audit where id = $1");
    let row: Option<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(id).fetch_optional(&mut *connection).await?)
    })
    .await
    .map_err(Error::AuditAway)?;
    row.ok_or_else(|| Error::Refused(Refusal::not_found(format!("no audit entry {id}"))))?.try_into()
}

/// Writes an intent; it is committed when this returns the entry's id.
pub(crate) async fn begin(console: &Console, intent: &Intent) -> Result<i64, Error> {
    let act = &intent.act;
    answered(async {
        let mut transaction = console.database().begin().await?;
        let end = End::take(&mut transaction, 1).await?;
        let id = end.last_id;
        sqlx::query(
            "insert into audit (id, at_us, who, permission, act, subject, request, reason, search_text, state)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'intended')",
        )
        .bind(id)
        .bind(clock::now().micros())
        .bind(storable(&intent.who))
        .bind(act.permission.as_str())
        .bind(act.name)
        .bind(storable(&act.subject))
        .bind(storable(&act.request))
        .bind(intent.reason.as_deref().map(storable))
        .bind(search_text(intent))
        .execute(&mut *transaction)
        .await?;
        end.add(&mut transaction, id, Said::Begun).await?;
        transaction.commit().await?;
        Ok(id)
    })
    .await
    .map_err(Error::AuditAway)
}

/// Writes what became of an intent, once. The answer is the head of the chain, to be written down elsewhere; `None` where
/// it was written before.
pub(crate) async fn finish(console: &Console, id: i64, ended: &Ended) -> anyhow::Result<Option<String>> {
    let report = ended.kept_report()?;
    let head = answered(async {
        let mut transaction = console.database().begin().await?;
        // the turn is taken first, as by all writers: in another order two of them could wait for each other
        let end = End::take(&mut transaction, 0).await?;
        let written = sqlx::query(
            "update audit set state = $1, finished_at_us = $2, report = $3, result = $4
             where id = $5 and state = 'intended'",
        )
        .bind(ended.state().as_str())
        .bind(clock::now().micros())
        .bind(report)
        .bind(storable(ended.result()))
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        let mut head = None;
        if written.rows_affected() > 0 {
            head = Some(end.add(&mut transaction, id, Said::Ended).await?);
        }
        transaction.commit().await?;
        Ok(head)
    })
    .await?;
    Ok(head)
}

async fn answered<T>(work: impl Future<Output = Result<T, store::Error>>) -> Result<T, store::Error> {
    let late = |_| Err(store::Error::Unavailable(format!("no answer within {ANSWER_WITHIN:?}")));
    timeout(ANSWER_WITHIN, work).await.unwrap_or_else(late)
}

/// For `like … escape '!'`: the letters of `text` stand for themselves.
fn pattern(text: Option<&str>) -> Result<String, Error> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > SEARCH_AT_MOST {
        let message = format!("the text to search for is longer than {SEARCH_AT_MOST} characters");
        return Err(Error::Refused(Refusal::invalid(message)));
    }
    Ok(contains(text))
}

fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in storable(text).to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
