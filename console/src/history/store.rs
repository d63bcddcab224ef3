//! The SQL of the history.

use std::{collections::BTreeMap, fmt::Write};

use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use store::{Connection, Database, Error, Transaction, rows};

use super::{
    bucket::Bucket,
    measure::Measure,
    resolution::Resolution,
    rollup::{Batch, Key},
    series::Name,
};

/// Columns of a row: its key, its samples, two of each measure.
const COLUMNS: usize = 3 + 2 * Measure::ALL.len();
/// Rows of one statement. SQLite looks for each placeholder among all others of its statement: five hundred rows of so many
/// columns take ten times as long, a row, as these do.
const ROWS_AT_ONCE: usize = 16;
/// Stretches that one flush deletes beyond the one that has become too old: a process that was away for long catches up
/// without holding the writer's turn for minutes.
const DELETE_AT_ONCE: i64 = 20;
/// Names are kept for as long as the longest history and a day.
const NAMES_KEPT_FOR_S: i64 = Resolution::Hour.kept_for_s() + 86_400;

/// `lag, lag_max` of every measure, each with what `each` makes of it.
fn per_measure(each: impl Fn(&str, &str) -> String) -> String {
    let columns = Measure::ALL.map(|measure| each(measure.column(), &format!("{}_max", measure.column())));
    columns.join(", ")
}

fn names() -> String {
    per_measure(|mean, max| format!("{mean}, {max}"))
}

/// Two processes may write the same row. The fuller one holds and the higher maximum stays, see [`Bucket::unite`].
fn united(table: &str) -> String {
    let each = |mean: &str, max: &str| {
        format!(
            "{mean} = case when excluded.samples > {table}.samples then coalesce(excluded.{mean}, {table}.{mean})
             else coalesce({table}.{mean}, excluded.{mean}) end,
             {max} = case when {table}.{max} is null or excluded.{max} > {table}.{max} then excluded.{max}
             else {table}.{max} end"
        )
    };
    format!(
        "on conflict (at_s, series) do update set {},
         samples = case when excluded.samples > {table}.samples then excluded.samples else {table}.samples end",
        per_measure(each)
    )
}

/// Rows of a finer table as those of a coarser one, in whole numbers.
fn summed() -> String {
    per_measure(|mean, max| {
        let known = format!("nullif(sum(case when {mean} is null then 0 else samples end), 0)");
        format!("cast(sum({mean} * samples) / {known} as bigint) as {mean}, max({max}) as {max}")
    })
}

/// Writes these rows and names, and deletes what is too old, in one transaction.
pub(super) async fn write(database: &Database, batch: &Batch, new: &[(i64, Name)], now_s: i64) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    for new in new.chunks(ROWS_AT_ONCE) {
        write_names(&mut transaction, new, now_s).await?;
    }
    for (resolution, rows) in Resolution::ALL.into_iter().zip(batch) {
        if rows.is_empty() {
            continue;
        }
        for rows in rows.chunks(ROWS_AT_ONCE) {
            write_rows(&mut transaction, resolution, rows).await?;
        }
        delete_old(&mut transaction, resolution, now_s).await?;
    }
    if !new.is_empty() {
        sqlx::query("delete from history_series where last_at_s < $1")
            .bind(now_s - NAMES_KEPT_FOR_S)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

async fn write_names(transaction: &mut Transaction, new: &[(i64, Name)], now_s: i64) -> Result<(), Error> {
    let statement = format!(
        "insert into history_series (id, stream, group_name, first_at_s, last_at_s) values {}
         on conflict (id) do update set last_at_s = excluded.last_at_s where history_series.last_at_s < excluded.last_at_s",
        rows::placeholders(new.len(), 5)
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for (id, name) in new {
        query = query.bind(*id).bind(name.stream()).bind(name.group()).bind(name.first_at_s).bind(now_s);
    }
    query.execute(&mut **transaction).await?;
    Ok(())
}

async fn write_rows(
    transaction: &mut Transaction,
    resolution: Resolution,
    rows: &[(Key, Bucket)],
) -> Result<(), Error> {
    let table = resolution.table();
    let statement = format!(
        "insert into {table} (at_s, series, samples, {}) values {} {}",
        names(),
        rows::placeholders(rows.len(), COLUMNS),
        united(table)
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    for ((start, series), bucket) in rows {
        query = query.bind(*start).bind(*series).bind(i64::from(bucket.samples()));
        for measure in Measure::ALL {
            query = query.bind(bucket.mean_stored(measure)).bind(bucket.highest_stored(measure));
        }
    }
    query.execute(&mut **transaction).await?;
    Ok(())
}

async fn delete_old(transaction: &mut Transaction, resolution: Resolution, now_s: i64) -> Result<(), Error> {
    let table = resolution.table();
    let statement = format!("delete from {table} where at_s < $1 and at_s < (select min(at_s) from {table}) + $2");
    sqlx::query(AssertSqlSafe(statement))
        .bind(now_s - resolution.kept_for_s())
        .bind(DELETE_AT_ONCE * resolution.width_s())
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// What was written of the minute and the hour in which this process began (at `first_s`), before it began. Minutes and
/// hours that a process left unfinished when it ended are finished from the finer rows that it did write.
pub(super) async fn resume(database: &Database, first_s: i64) -> Result<Vec<(Resolution, Key, Bucket)>, Error> {
    let [minute, hour] = [Resolution::Minute, Resolution::Hour].map(|resolution| resolution.start_of(first_s));
    let mut transaction = database.begin().await?;
    finish(&mut transaction, Resolution::TenSeconds, Resolution::Minute, minute).await?;
    finish(&mut transaction, Resolution::Minute, Resolution::Hour, hour).await?;
    transaction.commit().await?;
    let mut connection = database.connection().await?;
    let minutes = sum(&mut connection, Resolution::TenSeconds, (minute, first_s)).await?;
    let hours = sum(&mut connection, Resolution::Minute, (hour, minute)).await?;
    let minutes = minutes.into_iter().map(|(series, bucket)| (Resolution::Minute, (minute, series), bucket));
    let hours = hours.into_iter().map(|(series, bucket)| (Resolution::Hour, (hour, series), bucket));
    Ok(minutes.chain(hours).collect())
}

/// From the newest row of `to` (which may be unfinished) until `before_s`.
async fn finish(transaction: &mut Transaction, from: Resolution, to: Resolution, before_s: i64) -> Result<(), Error> {
    let (source, table, width) = (from.table(), to.table(), to.width_s());
    let statement = format!(
        "insert into {table} (at_s, series, samples, {})
         select at_s - at_s % {width}, series, cast(sum(samples) as bigint), {} from {source}
         where at_s >= (select coalesce(max(at_s), 0) from {table} where at_s < $1) and at_s < $1
         group by at_s - at_s % {width}, series {}",
        names(),
        summed(),
        united(table)
    );
    sqlx::query(AssertSqlSafe(statement)).bind(before_s).execute(&mut **transaction).await?;
    Ok(())
}

/// The rows of one stretch of time as one bucket for each series.
async fn sum(
    connection: &mut Connection,
    of: Resolution,
    (from_s, before_s): (i64, i64),
) -> Result<Vec<(i64, Bucket)>, Error> {
    let statement = format!(
        "select series, cast(sum(samples) as bigint), {} from {} where at_s >= $1 and at_s < $2 group by series",
        summed(),
        of.table()
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).bind(from_s).bind(before_s).fetch_all(&mut **connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, bucket(row)?))).collect()
}

/// One series between two moments, and since when it is known. Each stretch is asked for by its beginning, because that is
/// what the key begins with.
pub(super) async fn read(
    database: &Database,
    series: i64,
    resolution: Resolution,
    (from_s, to_s): (i64, i64),
) -> Result<(BTreeMap<i64, Bucket>, Option<i64>), Error> {
    let mut statement = String::from(
        "with recursive starts(start_s) as (
             select cast($1 as bigint) union all select start_s + cast($2 as bigint) from starts where start_s < $3)
         select starts.start_s, samples, ",
    );
    let table = resolution.table();
    write!(statement, "{} from starts join {table} on at_s = start_s and series = $4", names())
        .expect("writing to a string cannot fail");
    let mut connection = database.connection().await?;
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(from_s)
        .bind(resolution.width_s())
        .bind(to_s)
        .bind(series)
        .fetch_all(&mut *connection)
        .await?;
    let buckets = rows.iter().map(|row| Ok::<_, Error>((row.try_get(0)?, bucket(row)?))).collect::<Result<_, _>>()?;
    let first: Option<(i64,)> = sqlx::query_as("select first_at_s from history_series where id = $1")
        .bind(series)
        .fetch_optional(&mut *connection)
        .await?;
    Ok((buckets, first.map(|(first_at_s,)| first_at_s)))
}

/// Samples and measures of a row, from its second column on.
fn bucket(row: &AnyRow) -> Result<Bucket, sqlx::Error> {
    let mut columns = Vec::with_capacity(Measure::ALL.len());
    for n in 0..Measure::ALL.len() {
        columns.push((row.try_get(2 + 2 * n)?, row.try_get(3 + 2 * n)?));
    }
    Ok(Bucket::stored(row.try_get(1)?, columns.into_iter()))
}
