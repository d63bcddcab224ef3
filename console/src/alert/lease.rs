//! Who watches: one process at a time, for as long as it says so.

use std::time::Duration;

use domain::Timestamp;
use sqlx::AnyConnection;

/// How long the right to watch is ours without renewal. Clocks of two processes may differ by less than this.
pub(super) const LEASE: Duration = Duration::from_secs(15);
/// How often it is renewed, and the time of the last look written down.
pub(super) const RENEW_AFTER: Duration = Duration::from_secs(4);

/// Keeps the right to watch that was ours without a break; whether it still is. Its row stays locked until the commit, so
/// what is written with it was written by the one who watches.
pub(super) async fn keep(connection: &mut AnyConnection, holder: &str, now: Timestamp) -> Result<bool, store::Error> {
    let kept = sqlx::query("update alert_watch set until_us = $1, seen_us = $2 where only_row = 1 and holder = $3")
        .bind((now + LEASE).micros())
        .bind(now.micros())
        .bind(holder)
        .execute(connection)
        .await?;
    Ok(kept.rows_affected() == 1)
}

/// Takes the right to watch, if nobody has it; when anybody looked last.
pub(super) async fn take(
    connection: &mut AnyConnection,
    holder: &str,
    now: Timestamp,
) -> Result<Option<Taken>, store::Error> {
    let before: Option<(i64,)> =
        sqlx::query_as("select seen_us from alert_watch where only_row = 1").fetch_optional(&mut *connection).await?;
    let ours: Option<(String,)> = sqlx::query_as(
        "insert into alert_watch (only_row, holder, until_us, seen_us) values (1, $1, $2, $3)
         on conflict (only_row) do update
             set holder = excluded.holder, until_us = excluded.until_us, seen_us = excluded.seen_us
             where alert_watch.holder = $1 or alert_watch.until_us < $3
         returning holder",
    )
    .bind(holder)
    .bind((now + LEASE).micros())
    .bind(now.micros())
    .fetch_optional(connection)
    .await?;
    Ok(ours.map(|_| Taken { last_seen: before.map(|(seen,)| Timestamp::from_micros(seen)) }))
}

/// The right to watch was taken.
pub(super) struct Taken {
    /// `None`: nobody ever looked.
    pub(super) last_seen: Option<Timestamp>,
}

/// Gives the right back, so that another process need not wait for its end; when we looked last stays.
pub(super) async fn release(connection: &mut AnyConnection, holder: &str) -> Result<(), store::Error> {
    sqlx::query("update alert_watch set until_us = 0 where only_row = 1 and holder = $1")
        .bind(holder)
        .execute(connection)
        .await?;
    Ok(())
}
