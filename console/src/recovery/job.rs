//! A job as SQL has it.

use domain::{
    Refusal, Timestamp,
    recovery::{Counts, ItemState, Job, State, Terms, Word},
    stream::EntryId,
};

use super::{answered, now_us};
use crate::{Console, Error, audit::storable};

const COLUMNS: &str = "id, created_at_us, who, terms, state, held, started_at_us, ended_at_us, note, warnings";
/// Jobs on a page.
const PAGE: usize = 50;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    created_at_us: i64,
    who: String,
    terms: String,
    state: String,
    held: Option<String>,
    started_at_us: Option<i64>,
    ended_at_us: Option<i64>,
    note: Option<String>,
    warnings: String,
}

impl Row {
    fn read(self, counts: Counts, rate: Option<u64>) -> Result<Job, Error> {
        let id = self.id;
        let odd = |what: &str| Error::Internal(anyhow::anyhow!("stored {what} of recovery job {id}"));
        let state = State::parse(&self.state).ok_or_else(|| odd("state"))?;
        let terms: Terms = serde_json::from_str(&self.terms).map_err(|_| odd("terms"))?;
        let speed = rate.filter(|rate| *rate > 0).unwrap_or(terms.rate_per_second).max(1);
        let is_sending = matches!(state, State::Canary | State::Running);
        Ok(Job {
            id,
            terms,
            who: self.who,
            state,
            held: self.held.as_deref().and_then(State::parse),
            counts,
            created_at: Timestamp::from_micros(self.created_at_us),
            started_at: self.started_at_us.map(Timestamp::from_micros),
            ended_at: self.ended_at_us.map(Timestamp::from_micros),
            note: self.note,
            warnings: serde_json::from_str(&self.warnings).map_err(|_| odd("warnings"))?,
            rate: rate.filter(|_| is_sending),
            remaining_seconds: is_sending.then(|| counts.queued.div_ceil(speed)),
        })
    }
}

/// The number of the next job.
pub(super) async fn next_id(console: &Console) -> Result<i64, store::Error> {
    answered(async {
        let mut transaction = console.database().begin().await?;
        let statement = "update recovery_position set last_id = last_id + 1 where only_row = 1 returning last_id";
        let (id,): (i64,) = sqlx::query_as(statement).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(id)
    })
    .await
}

pub(super) async fn insert(
    console: &Console,
    id: i64,
    who: &str,
    terms: &Terms,
    sources: &[(String, EntryId)],
) -> Result<(), store::Error> {
    let json = serde_json::to_string(terms).expect("terms are texts and numbers");
    answered(async {
        let mut transaction = console.database().begin().await?;
        sqlx::query(
            "insert into recovery_jobs (id, created_at_us, who, terms, state, warnings, until_us)
             values ($1, $2, $3, $4, 'freezing', '[]', 0)",
        )
        .bind(id)
        .bind(now_us())
        .bind(storable(who))
        .bind(json)
        .execute(&mut *transaction)
        .await?;
        for (stream, up_to) in sources {
            sqlx::query("insert into recovery_sources (job, stream, up_to, watched_to) values ($1, $2, $3, $3)")
                .bind(id)
                .bind(stream)
                .bind(up_to.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    })
    .await
}

pub(super) async fn get(console: &Console, id: i64) -> Result<Option<Job>, Error> {
    let statement = format!("select {COLUMNS} from recovery_jobs where id = $1");
    let row: Option<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(id).fetch_optional(&mut *connection).await?)
    })
    .await
    .map_err(Error::RecoveryAway)?;
    match row {
        Some(row) => Ok(Some(row.read(counts(console, id).await?, console.recoveries().rate(id))?)),
        None => Ok(None),
    }
}

pub(super) async fn list(console: &Console, before: Option<i64>, count: usize) -> Result<Vec<Job>, Error> {
    let count = if count == 0 { PAGE } else { count.min(PAGE) };
    let statement = format!("select {COLUMNS} from recovery_jobs where id < $1 order by id desc limit $2");
    let rows: Vec<Row> = answered(async {
        let mut connection = console.database().connection().await?;
        let query = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(before.unwrap_or(i64::MAX));
        Ok(query.bind(i64::try_from(count).expect("a page is short")).fetch_all(&mut *connection).await?)
    })
    .await
    .map_err(Error::RecoveryAway)?;
    let mut jobs = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        jobs.push(row.read(counts(console, id).await?, console.recoveries().rate(id))?);
    }
    Ok(jobs)
}

pub(super) async fn counts(console: &Console, id: i64) -> Result<Counts, Error> {
    let rows: Vec<(String, i64)> = answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select state, cast(count(*) as bigint) from recovery_items where job = $1 group by state";
        Ok(sqlx::query_as(statement).bind(id).fetch_all(&mut *connection).await?)
    })
    .await
    .map_err(Error::RecoveryAway)?;
    let mut counts = Counts::default();
    for (state, count) in rows {
        if let Some(state) = ItemState::parse(&state) {
            *counts.of(state) = count.unsigned_abs();
        }
    }
    Ok(counts)
}

/// The streams that a job takes from.
pub(super) async fn streams(console: &Console, id: i64) -> Result<Vec<String>, store::Error> {
    Ok(sources(console, id).await?.into_iter().map(|source| source.stream).collect())
}

/// A stream that a job takes from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) stream: String,
    pub(super) up_to: EntryId,
    /// `None`: nothing was frozen yet.
    pub(super) frozen_to: Option<EntryId>,
    pub(super) watched_to: EntryId,
}

pub(super) async fn sources(console: &Console, id: i64) -> Result<Vec<Source>, store::Error> {
    let rows: Vec<(String, String, Option<String>, String)> = answered(async {
        let mut connection = console.database().connection().await?;
        let statement =
            "select stream, up_to, frozen_to, watched_to from recovery_sources where job = $1 order by stream";
        Ok(sqlx::query_as(statement).bind(id).fetch_all(&mut *connection).await?)
    })
    .await?;
    // written by this program only; an id that is none would stop the job, and the beginning of a stream repeats nothing
    let id = |text: &str| text.parse().unwrap_or(EntryId::ZERO);
    let source = |(stream, up_to, frozen_to, watched_to): (String, String, Option<String>, String)| Source {
        stream,
        up_to: id(&up_to),
        frozen_to: frozen_to.as_deref().map(id),
        watched_to: id(&watched_to),
    };
    Ok(rows.into_iter().map(source).collect())
}

/// Brings a job into the state that follows from a word.
pub(super) async fn turn(console: &Console, id: i64, word: Word) -> Result<(), Error> {
    let job = super::get(console, id).await?;
    let next = job.state.after(word, job.held, job.terms.canary > 0)?;
    let held = (next == State::Paused).then(|| job.state.as_str());
    let now = now_us();
    let turned = answered(async {
        let mut transaction = console.database().begin().await?;
        let turned = sqlx::query(
            "update recovery_jobs set state = $3, held = $4, note = null,
                 started_at_us = coalesce(started_at_us, cast($5 as bigint)), ended_at_us = $6
             where id = $1 and state = $2",
        )
        .bind(id)
        .bind(job.state.as_str())
        .bind(next.as_str())
        .bind(held)
        .bind((word == Word::Start).then_some(now))
        .bind(next.is_over().then_some(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(turned.rows_affected())
    })
    .await
    .map_err(Error::RecoveryAway)?;
    if turned == 0 {
        return Err(Error::Refused(Refusal::conflict("the job has just changed; look again")));
    }
    Ok(())
}

/// Brings a job that is at work here from one state into the next, unless somebody else has done something to it.
pub(super) async fn advance(
    console: &Console,
    (id, holder): (i64, &str),
    (from, to): (State, State),
    note: Option<&str>,
) -> Result<bool, store::Error> {
    answered(async {
        let mut transaction = console.database().begin().await?;
        let advanced = sqlx::query(
            "update recovery_jobs set state = $4, note = $5, ended_at_us = $6
             where id = $1 and holder = $2 and state = $3",
        )
        .bind(id)
        .bind(holder)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(note.map(storable))
        .bind(to.is_over().then(now_us))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(advanced.rows_affected() == 1)
    })
    .await
}

/// Says why a job waits; `None` when it does not any more.
pub(super) async fn note(console: &Console, id: i64, note: Option<&str>) -> Result<(), store::Error> {
    answered(async {
        let mut transaction = console.database().begin().await?;
        sqlx::query("update recovery_jobs set note = $2 where id = $1 and ended_at_us is null")
            .bind(id)
            .bind(note.map(storable))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    })
    .await
}

/// Jobs that have something to do.
pub(super) async fn at_work(console: &Console) -> Result<Vec<i64>, store::Error> {
    let rows: Vec<(i64,)> = answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select id from recovery_jobs where ended_at_us is null
             and state in ('freezing', 'canary', 'running', 'confirming') order by id";
        Ok(sqlx::query_as(statement).fetch_all(&mut *connection).await?)
    })
    .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Takes or keeps the right to work on a job until then; whether it is ours.
pub(super) async fn hold(console: &Console, id: i64, holder: &str, until: Timestamp) -> Result<bool, store::Error> {
    answered(async {
        let mut transaction = console.database().begin().await?;
        let held = sqlx::query(
            "update recovery_jobs set holder = $2, until_us = $3
             where id = $1 and (holder is null or holder = $2 or until_us < $4)",
        )
        .bind(id)
        .bind(holder)
        .bind(until.micros())
        .bind(now_us())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(held.rows_affected() == 1)
    })
    .await
}

/// Gives the right back, so that another process need not wait for its end.
pub(super) async fn release(console: &Console, id: i64, holder: &str) -> Result<(), store::Error> {
    answered(async {
        let mut transaction = console.database().begin().await?;
        sqlx::query("update recovery_jobs set holder = null, until_us = 0 where id = $1 and holder = $2")
            .bind(id)
            .bind(holder)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    })
    .await
}
