//! What the watcher writes: states, firings, and the messages about them, in one transaction.

use domain::{
    Figure, Timestamp,
    alert::{Board, Change, Event, Firing, Held, Notice, NoticeKind, Phase, Reason, Rule, Watched},
};
use sqlx::AnyConnection;
use uuid::Uuid;

use super::{Channels, Counts, firing, message, subject_key, subject_text};
use crate::Error;

/// Everything that is not fine, as it was written last.
pub(super) async fn load(connection: &mut AnyConnection) -> Result<Board, Error> {
    let rows: Vec<StateRow> = sqlx::query_as(
        "select rule_id, subject, watched, phase, since_us, began_us, unknown_since_us, gone_since_us from alert_states",
    )
    .fetch_all(connection)
    .await
    .map_err(away)?;
    let mut board = Board::default();
    for row in rows {
        let odd = |what: &str| Error::Internal(anyhow::anyhow!("stored {what} of a state of rule {}", row.rule_id));
        let held = Held {
            watched: Watched::parse(&row.watched).ok_or_else(|| odd("figure"))?,
            phase: Phase::parse(&row.phase).ok_or_else(|| odd("phase"))?,
            since: Timestamp::from_micros(row.since_us),
            began: Timestamp::from_micros(row.began_us),
            unknown_since: row.unknown_since_us.map(Timestamp::from_micros),
            gone_since: row.gone_since_us.map(Timestamp::from_micros),
        };
        let subject = serde_json::from_str(&row.subject).map_err(|_| odd("subject"))?;
        board.put(&row.rule_id, subject, held);
    }
    Ok(board)
}

#[derive(sqlx::FromRow)]
struct StateRow {
    rule_id: String,
    subject: String,
    watched: String,
    phase: String,
    since_us: i64,
    began_us: i64,
    unknown_since_us: Option<i64>,
    gone_since_us: Option<i64>,
}

/// How many fire.
pub(super) async fn count(connection: &mut AnyConnection) -> Result<Counts, Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select severity, cast(count(*) as bigint) from alert_firings where resolved_at_us is null group by severity",
    )
    .fetch_all(connection)
    .await
    .map_err(away)?;
    let mut counts = Counts::default();
    for (severity, count) in rows {
        if let Some(severity) = domain::alert::Severity::parse(&severity) {
            counts.add(severity, u64::try_from(count).unwrap_or(0));
        }
    }
    Ok(counts)
}

/// Writes what a look has changed, and what people are to be told of it; how many messages wait because of it.
pub(super) async fn write(
    connection: &mut AnyConnection,
    channels: &Channels,
    rules: &[Rule],
    changes: &[Change],
    now: Timestamp,
) -> Result<usize, Error> {
    let mut messages = 0;
    for change in changes {
        let rule = rules.iter().find(|rule| rule.id == change.rule_id);
        match (change.held, change.event, rule) {
            (Some(held), Some(Event::Fired), Some(rule)) => fire(connection, rule, change, held).await?,
            (Some(held), _, _) => keep(connection, change, held).await?,
            (None, Some(Event::Resolved(reason)), rule) => {
                let is_muted = rule.is_some_and(|rule| rule.is_muted(now));
                let over = resolve(connection, change, reason, now).await?;
                // who was not told that it began is not told that it is over
                if let Some(firing) = over.filter(|_| !is_muted) {
                    let notice = notice(channels, NoticeKind::Resolved, &firing, change.figure.clone());
                    messages +=
                        message::enqueue(connection, channels, &notice, now).await.map_err(Error::AlertsAway)?;
                }
            }
            (None, _, _) => forget(connection, change).await?,
        }
    }
    Ok(messages + tell(connection, channels, now).await?)
}

/// Puts messages into the queue for every firing that nobody was told of: those of a rule that is muted wait until it is
/// not, and are never told if they are over before.
async fn tell(connection: &mut AnyConnection, channels: &Channels, now: Timestamp) -> Result<usize, Error> {
    if channels.is_empty() {
        return Ok(0);
    }
    let mut messages = 0;
    for row in untold(connection, now).await? {
        let firing = Firing::try_from(row)?;
        sqlx::query("update alert_firings set told = 1 where id = $1")
            .bind(&firing.id)
            .execute(&mut *connection)
            .await
            .map_err(away)?;
        let notice = notice(channels, NoticeKind::Firing, &firing, firing.figure.clone());
        messages += message::enqueue(connection, channels, &notice, now).await.map_err(Error::AlertsAway)?;
    }
    Ok(messages)
}

/// Firings that somebody has to be told of.
pub(super) async fn untold(connection: &mut AnyConnection, now: Timestamp) -> Result<Vec<firing::Row>, Error> {
    let statement = format!(
        "select {} from alert_firings f left join alert_rules r on r.id = f.rule_id
         where f.resolved_at_us is null and f.told = 0 and (r.muted_until_us is null or r.muted_until_us <= $1)
         order by f.id",
        firing::COLUMNS
    );
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(now.micros()).fetch_all(connection).await.map_err(away)
}

async fn fire(connection: &mut AnyConnection, rule: &Rule, change: &Change, held: Held) -> Result<(), Error> {
    let (id, terms) = (Uuid::now_v7().to_string(), &rule.terms);
    sqlx::query(
        "insert into alert_firings (id, rule_id, rule, severity, watched, comparison, threshold, note, subject, began_us,
             fired_at_us, figure, told)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
    )
    .bind(&id)
    .bind(&rule.id)
    .bind(&terms.name)
    .bind(terms.severity.as_str())
    .bind(terms.watched.as_str())
    .bind(terms.comparison.as_str())
    .bind(i64::try_from(terms.threshold).unwrap_or(i64::MAX))
    .bind(&terms.note)
    .bind(subject_text(&change.subject))
    .bind(held.began.micros())
    .bind(held.since.micros())
    .bind(serde_json::to_string(&change.figure).expect("a figure is JSON"))
    .execute(&mut *connection)
    .await
    .map_err(away)?;
    forget(connection, change).await?;
    insert(connection, change, held, Some(&id)).await
}

async fn keep(connection: &mut AnyConnection, change: &Change, held: Held) -> Result<(), Error> {
    let kept = sqlx::query(
        "update alert_states set phase = $3, since_us = $4, unknown_since_us = $5, gone_since_us = $6
         where rule_id = $1 and subject_key = $2",
    )
    .bind(&change.rule_id)
    .bind(subject_key(&change.subject))
    .bind(held.phase.as_str())
    .bind(held.since.micros())
    .bind(held.unknown_since.map(Timestamp::micros))
    .bind(held.gone_since.map(Timestamp::micros))
    .execute(&mut *connection)
    .await
    .map_err(away)?;
    if kept.rows_affected() == 0 { insert(connection, change, held, None).await } else { Ok(()) }
}

async fn insert(
    connection: &mut AnyConnection,
    change: &Change,
    held: Held,
    firing_id: Option<&str>,
) -> Result<(), Error> {
    sqlx::query(
        "insert into alert_states (rule_id, subject_key, subject, watched, phase, since_us, began_us, unknown_since_us,
             gone_since_us, firing_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(&change.rule_id)
    .bind(subject_key(&change.subject))
    .bind(subject_text(&change.subject))
    .bind(held.watched.as_str())
    .bind(held.phase.as_str())
    .bind(held.since.micros())
    .bind(held.began.micros())
    .bind(held.unknown_since.map(Timestamp::micros))
    .bind(held.gone_since.map(Timestamp::micros))
    .bind(firing_id)
    .execute(connection)
    .await
    .map_err(away)?;
    Ok(())
}

/// Ends a firing; gives it back if anybody was told of it.
async fn resolve(
    connection: &mut AnyConnection,
    change: &Change,
    reason: Reason,
    now: Timestamp,
) -> Result<Option<Firing>, Error> {
    let key = subject_key(&change.subject);
    sqlx::query(
        "update alert_firings set resolved_at_us = $3, reason = $4
         where id = (select firing_id from alert_states where rule_id = $1 and subject_key = $2)",
    )
    .bind(&change.rule_id)
    .bind(&key)
    .bind(now.micros())
    .bind(reason.as_str())
    .execute(&mut *connection)
    .await
    .map_err(away)?;
    let statement = format!(
        "select {} from alert_firings f join alert_states s on s.firing_id = f.id
         where s.rule_id = $1 and s.subject_key = $2 and f.told = 1",
        firing::COLUMNS
    );
    let told: Option<firing::Row> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(&change.rule_id)
        .bind(&key)
        .fetch_optional(&mut *connection)
        .await
        .map_err(away)?;
    forget(connection, change).await?;
    told.map(Firing::try_from).transpose()
}

async fn forget(connection: &mut AnyConnection, change: &Change) -> Result<(), Error> {
    sqlx::query("delete from alert_states where rule_id = $1 and subject_key = $2")
        .bind(&change.rule_id)
        .bind(subject_key(&change.subject))
        .execute(connection)
        .await
        .map_err(away)?;
    Ok(())
}

/// Deletes what is over since long ago.
pub(super) async fn delete_old(connection: &mut AnyConnection, before: Timestamp) -> Result<(), Error> {
    for statement in
        ["delete from alert_messages where ended_at_us < $1", "delete from alert_firings where resolved_at_us < $1"]
    {
        sqlx::query(statement).bind(before.micros()).execute(&mut *connection).await.map_err(away)?;
    }
    Ok(())
}

fn notice(channels: &Channels, kind: NoticeKind, firing: &Firing, figure: Figure) -> Notice {
    Notice {
        id: String::new(),
        kind,
        environment: channels.environment().to_owned(),
        firing: Some(firing.id.clone()),
        rule: firing.rule.clone(),
        severity: firing.severity,
        subject: firing.subject.clone(),
        watched: firing.watched,
        comparison: firing.comparison,
        threshold: firing.threshold,
        figure,
        since: firing.began,
        fired_at: firing.fired_at,
        resolved_at: firing.resolved_at,
        reason: firing.reason,
        note: firing.note.clone(),
        link: channels.link(&firing.subject),
    }
}

fn away(error: sqlx::Error) -> Error {
    Error::AlertsAway(error.into())
}
