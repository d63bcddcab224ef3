//! The queue of messages. It is bounded, every message is tried by one process at a time, and what was sent is not sent
//! again. A message whose sender dies between the answer and writing it down goes out twice, with the same id.

use std::time::Duration;

use domain::{
    Figure, Permission, Refusal, Timestamp,
    alert::{Comparison, Delivery, DeliveryState, Notice, NoticeKind, Severity, Subject, Watched},
};
use sqlx::AnyConnection;
use store::rows;
use uuid::Uuid;

use super::Channels;
use crate::{
    Actor, Console, Error,
    act::{self, Act, counted},
    audit::Ended,
    clock,
};

/// Messages that may wait: a receiver that is away for long must not fill the database, and nobody reads a thousand.
const WAITING_AT_MOST: i64 = 500;
/// Messages that are tried at once.
const AT_ONCE: i64 = 10;
/// How long a message is ours once we try it: longer than any try takes.
pub(super) const CLAIM: Duration = Duration::from_mins(1);

/// A message that this process tries now.
pub(super) struct Claimed {
    pub(super) id: String,
    pub(super) channel: String,
    pub(super) notice: Notice,
    /// Failed attempts before this one.
    pub(super) attempts: u64,
    pub(super) created_at: Timestamp,
}

/// Queues a message to every channel; how many. Where too many wait already, what does not fit is kept as failed, so
/// that the history says so.
pub(super) async fn enqueue(
    connection: &mut AnyConnection,
    channels: &Channels,
    notice: &Notice,
    now: Timestamp,
) -> Result<usize, store::Error> {
    let (waiting,): (i64,) =
        sqlx::query_as("select cast(count(*) as bigint) from alert_messages where state = 'waiting'")
            .fetch_one(&mut *connection)
            .await?;
    let mut queued = 0;
    for channel in channels.names() {
        let fits = waiting + i64::try_from(queued).unwrap_or(i64::MAX) < WAITING_AT_MOST;
        let notice = Notice { id: Uuid::now_v7().to_string(), ..notice.clone() };
        let error = (!fits).then(|| format!("{WAITING_AT_MOST} messages were waiting already"));
        sqlx::query(
            "insert into alert_messages (id, firing_id, kind, channel, notice, state, attempts, created_at_us, next_at_us,
                 claimed_until_us, ended_at_us, error)
             values ($1, $2, $3, $4, $5, $6, 0, $7, $7, 0, $8, $9)
             on conflict (firing_id, kind, channel) do nothing",
        )
        .bind(&notice.id)
        .bind(notice.firing.as_deref())
        .bind(notice.kind.as_str())
        .bind(channel)
        .bind(serde_json::to_string(&notice).expect("a notice is JSON"))
        .bind(if fits { DeliveryState::Waiting } else { DeliveryState::Failed }.as_str())
        .bind(now.micros())
        .bind((!fits).then(|| now.micros()))
        .bind(error)
        .execute(&mut *connection)
        .await?;
        queued += usize::from(fits);
    }
    Ok(queued)
}

/// Takes messages that are due, oldest first. That something is over is not said before it was said that it began.
pub(super) async fn claim(console: &Console) -> Result<Vec<Claimed>, store::Error> {
    let now = clock::now();
    let mut transaction = console.database().begin().await?;
    let statement = format!(
        "select m.id, m.channel, m.notice, m.attempts, m.created_at_us from alert_messages m
         where m.state = 'waiting' and m.next_at_us <= $1 and m.claimed_until_us <= $1
             and (m.kind <> 'resolved' or not exists (select 1 from alert_messages f
                 where f.firing_id = m.firing_id and f.channel = m.channel and f.kind = 'firing' and f.state = 'waiting'))
         order by m.id limit $2{}",
        console.database().for_update_skip_locked()
    );
    let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(now.micros())
        .bind(AT_ONCE)
        .fetch_all(&mut *transaction)
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for (id, channel, notice, attempts, created_at_us) in rows {
        sqlx::query("update alert_messages set claimed_until_us = $2 where id = $1")
            .bind(&id)
            .bind((now + CLAIM).micros())
            .execute(&mut *transaction)
            .await?;
        match serde_json::from_str(&notice) {
            Ok(notice) => claimed.push(Claimed {
                id,
                channel,
                notice,
                attempts: u64::try_from(attempts).unwrap_or(0),
                created_at: Timestamp::from_micros(created_at_us),
            }),
            Err(error) => tracing::error!(message.id = id, %error, "a message in the queue cannot be read"),
        }
    }
    transaction.commit().await?;
    Ok(claimed)
}

/// What became of a try.
pub(super) enum Tried {
    Sent,
    /// Again at that time.
    Again(Timestamp, String),
    GivenUp(String),
}

pub(super) async fn finish(console: &Console, message: &Claimed, tried: &Tried) -> Result<(), store::Error> {
    let now = clock::now();
    let (state, next, ended, error) = match tried {
        Tried::Sent => (DeliveryState::Sent, now, Some(now), None),
        Tried::Again(next, error) => (DeliveryState::Waiting, *next, None, Some(error)),
        Tried::GivenUp(error) => (DeliveryState::Failed, now, Some(now), Some(error)),
    };
    let mut transaction = console.database().begin().await?;
    sqlx::query(
        "update alert_messages set state = $2, attempts = attempts + 1, next_at_us = $3, ended_at_us = $4, error = $5,
             claimed_until_us = 0
         where id = $1 and state = 'waiting'",
    )
    .bind(&message.id)
    .bind(state.as_str())
    .bind(next.micros())
    .bind(ended.map(Timestamp::micros))
    .bind(error)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// The messages about these firings, by the ids of the firings.
pub(super) async fn of_firings(
    connection: &mut AnyConnection,
    ids: &[&str],
) -> Result<Vec<(String, Delivery)>, store::Error> {
    let statement =
        format!("select {COLUMNS} from alert_messages where firing_id in ({}) order by id", rows::list(1, ids.len()));
    let mut query = sqlx::query_as(sqlx::AssertSqlSafe(statement));
    for id in ids {
        query = query.bind(*id);
    }
    let found: Vec<Row> = query.fetch_all(connection).await?;
    Ok(found.into_iter().filter_map(|row| Some((row.firing_id.clone()?, row.into()))).collect())
}

/// The newest message to each channel that there is, or was.
pub async fn newest(console: &Console) -> Result<Vec<Delivery>, Error> {
    let statement = format!(
        "select {COLUMNS} from alert_messages where id in (select max(id) from alert_messages group by channel) order by channel"
    );
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    let found: Result<Vec<Row>, _> = sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *connection).await;
    Ok(found.map_err(|error| Error::AlertsAway(error.into()))?.into_iter().map(Delivery::from).collect())
}

/// Sends a message that says that nothing is wrong to every channel; needs `operate`. How many were queued.
pub async fn send_test(console: &Console, who: &Actor) -> Result<usize, Error> {
    let channels = &console.alerts().channels;
    let act = Act {
        name: "alerts.send_test",
        permission: Permission::Operate,
        subject: "alert channels".to_owned(),
        request: format!("send a test to {}", counted(channels.names().count(), "channel", "channels")),
        reason: None,
        needs_reason: None,
        on_redis: None,
    };
    let within = console.clone();
    let work = async move {
        let channels = &within.alerts().channels;
        if channels.is_empty() {
            let message =
                "nobody is to be told: start the console with --alert-webhook, --alert-slack or --alert-mail-to";
            return Err(Error::Refused(Refusal::conflict(message)));
        }
        let now = clock::now();
        let mut transaction = within.database().begin().await.map_err(Error::AlertsAway)?;
        let notice = test_notice(channels, now);
        let queued = enqueue(&mut transaction, channels, &notice, now).await.map_err(Error::AlertsAway)?;
        transaction.commit().await.map_err(Error::AlertsAway)?;
        within.alerts().committed.notify_one();
        Ok(queued)
    };
    act::carry_out(console, who, act, work, |queued, _| {
        Ended::new(true, None, format!("{} on their way", counted(*queued, "message", "messages")))
    })
    .await
}

fn test_notice(channels: &Channels, now: Timestamp) -> Notice {
    Notice {
        id: String::new(),
        kind: NoticeKind::Test,
        environment: channels.environment().to_owned(),
        firing: None,
        rule: "A test".to_owned(),
        severity: Severity::Info,
        subject: Subject::Redis,
        watched: Watched::RedisAway,
        comparison: Comparison::Above,
        threshold: 0,
        figure: Figure::Exact(0),
        since: now,
        fired_at: now,
        resolved_at: None,
        reason: None,
        note: String::new(),
        link: channels.link(&Subject::Redis),
    }
}

const COLUMNS: &str = "firing_id, kind, channel, state, attempts, created_at_us, ended_at_us, error";

#[derive(sqlx::FromRow)]
struct Row {
    firing_id: Option<String>,
    kind: String,
    channel: String,
    state: String,
    attempts: i64,
    created_at_us: i64,
    ended_at_us: Option<i64>,
    error: Option<String>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            // both are held by a constraint or written here only
            kind: NoticeKind::parse(&row.kind).unwrap_or(NoticeKind::Test),
            state: DeliveryState::parse(&row.state).unwrap_or(DeliveryState::Failed),
            channel: row.channel,
            attempts: u64::try_from(row.attempts).unwrap_or(0),
            at: Timestamp::from_micros(row.ended_at_us.unwrap_or(row.created_at_us)),
            error: row.error,
        }
    }
}
