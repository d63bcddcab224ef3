//! What the history of a thousand streams with ten groups each costs. Not in the gate, because it measures:
//! `cargo test -p console --release what_a_thousand_streams_cost -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use console::history::{Range, course};
use domain::stream::Handling;
use testkit::postgres::{Postgres, Sqlite};

use crate::history::{HOUR, Process, group, snapshot, stream};

const STREAMS: usize = 1_000;
const GROUPS: usize = 10;
/// Flushes that are measured, each of ten seconds: three minutes.
const FLUSHES: i64 = 18;

fn name(n: usize) -> String {
    format!("company:department:orders:{n:04}")
}

/// Every figure of every group moves, which no installation does: the most that can be.
fn busy(at_s: i64) -> domain::stream::Snapshot {
    let moving = |n: usize| {
        u64::try_from(at_s).expect("positive").wrapping_mul(2_654_435_761).wrapping_add(n as u64 * 97) % 100_000
    };
    let streams = (0..STREAMS).map(|n| {
        let groups = (0..GROUPS).map(|g| {
            let mut group = group(&name(n), &format!("service-{g}"), Some(moving(n + g)));
            group.pending = moving(n + g + 1) % 500;
            group.handling =
                Some(Handling { handled: moving(n), p95_ms: moving(g) as f64 / 7.0, ..Handling::default() });
            group
        });
        let mut stream = stream(&name(n), groups.collect());
        stream.length = moving(n);
        stream
    });
    snapshot(at_s, streams.collect())
}

async fn measure(what: &str, url: &str) -> Process {
    let process = Process::new(console::database(url).expect("a URL"));
    let (mut recording, mut flushing): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for flush in 0..FLUSHES {
        for second in 0..10 {
            let snapshot = busy(HOUR + 3_540 + flush * 10 + second);
            let begun = Instant::now();
            process.sees(snapshot);
            recording.push(begun.elapsed());
        }
        let begun = Instant::now();
        process.flush().await;
        flushing.push(begun.elapsed());
    }
    for (name, mut times) in [("taking a sample", recording), ("a flush", flushing)] {
        times.sort_unstable();
        println!("{what}: {name}: median {:?}, most {:?}", times[times.len() / 2], times[times.len() - 1]);
    }
    let begun = Instant::now();
    for range in Range::ALL {
        let began = Instant::now();
        let course = course(process.console(), &name(500), Some("service-5"), range).await;
        assert!(!course.away);
        println!("{what}: reading {range:?}: {:?}", began.elapsed());
    }
    println!("{what}: reading all ranges: {:?}", begun.elapsed());
    process
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures"]
async fn what_a_thousand_streams_cost() {
    let folder = Sqlite::new().expect("a folder");
    let process = measure("SQLite", &folder.url()).await;
    // what is in the log of the file goes into the file
    let mut connection = process.console().database().connection().await.expect("a connection");
    sqlx::query("pragma wal_checkpoint(truncate)").fetch_all(&mut *connection).await.expect("a checkpoint");
    let mut rows = 0;
    for table in ["history_ten_seconds", "history_minutes", "history_hours"] {
        let statement = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let (count,): (i64,) = sqlx::query_as(statement).fetch_one(&mut *connection).await.expect("a count");
        println!("SQLite: {table}: {count} rows");
        rows += count;
    }
    let bytes: u64 = std::fs::read_dir(folder.folder())
        .expect("a folder")
        .map(|file| file.and_then(|file| file.metadata()).expect("a file").len())
        .sum();
    println!("SQLite: {bytes} bytes, {} a row", bytes / u64::try_from(rows).expect("rows"));

    let database = Postgres::new().await.expect("a PostgreSQL server");
    let process = measure("PostgreSQL", &database.url()).await;
    let mut connection = process.console().database().connection().await.expect("a connection");
    let (bytes, rows): (i64, i64) = sqlx::query_as(
        "select cast(pg_total_relation_size('history_ten_seconds') as bigint), (select count(*) from history_ten_seconds)",
    )
    .fetch_one(&mut *connection)
    .await
    .expect("a size");
    println!("PostgreSQL: {bytes} bytes, {} a row", bytes / rows);
}
