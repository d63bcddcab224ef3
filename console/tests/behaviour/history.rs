//! The history on both databases: what is written, read, finished after a restart, united, deleted.

use std::sync::Arc;

use console::{
    Console,
    history::{Course, Measure, Range, Recorder, course},
};
use domain::{
    Figure, Status, Timestamp,
    finding::Found,
    stream::{ConsumerSample, EntryId, GroupSample, Handling, History, RedisFacts, Snapshot, StreamSample, Verdict},
};
use store::Database;
use streams::{Metrics, Redis};
use testkit::postgres::{Postgres, Sqlite};
use tokio::sync::watch;

use crate::log_lines::LogLines;

/// A round hour, long enough ago that no clock matters.
pub(crate) const HOUR: i64 = 1_773_144_000;
const STREAM: &str = "orders";
const GROUP: &str = "workers";

/// A process as far as the history goes: it is told what the sampler saw.
pub(crate) struct Process {
    console: Console,
    recorder: Recorder,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

impl Process {
    /// Nothing of the history asks Redis, so there is none.
    pub(crate) fn new(database: Database) -> Self {
        let redis = Redis::new("redis://127.0.0.1:1").expect("a URL");
        let nothing = Snapshot {
            at: Timestamp::default(),
            error: None,
            redis: RedisFacts::default(),
            streams: vec![],
            unread: vec![],
            found: Found::default(),
        };
        let (snapshots, latest) = watch::channel(Arc::new(nothing));
        let console = Console::new(database, redis, Metrics::default(), latest);
        Self { recorder: console.recorder(), console, snapshots }
    }

    pub(crate) fn sees(&self, snapshot: Snapshot) {
        self.recorder.record(&snapshot);
        self.snapshots.send_replace(Arc::new(snapshot));
    }

    /// Sees this lag of the group each second of a time.
    fn sees_lag(&self, seconds: std::ops::Range<i64>, lag: impl Fn(i64) -> Option<u64>) {
        for at_s in seconds {
            self.sees(snapshot(at_s, vec![stream(STREAM, vec![group(STREAM, GROUP, lag(at_s))])]));
        }
    }

    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    pub(crate) async fn flush(&self) {
        self.recorder.flush().await;
    }

    /// Ends as a process does that is told to.
    async fn stop(self) {
        let stop = tokio_util::sync::CancellationToken::new();
        stop.cancel();
        self.recorder.run(stop).await;
    }

    async fn course(&self, range: Range) -> Course {
        course(&self.console, STREAM, Some(GROUP), range).await
    }
}

pub(crate) fn snapshot(at_s: i64, streams: Vec<StreamSample>) -> Snapshot {
    Snapshot {
        at: Timestamp::from_millis(at_s * 1_000),
        error: None,
        redis: RedisFacts::default(),
        streams,
        unread: vec![],
        found: Found::default(),
    }
}

pub(crate) fn stream(name: &str, groups: Vec<GroupSample>) -> StreamSample {
    StreamSample {
        name: name.to_owned(),
        source: None,
        length: 500,
        first_id: None,
        last_id: EntryId::ZERO,
        entries_added: 700,
        max_deleted_id: EntryId::ZERO,
        memory_bytes: Some(4_096),
        added_per_second: Some(2.5),
        length_history: History::default(),
        groups,
        dead_letters: 0,
        can_dead_letter: true,
    }
}

pub(crate) fn group(stream: &str, name: &str, lag: Option<u64>) -> GroupSample {
    GroupSample {
        stream: stream.to_owned(),
        name: name.to_owned(),
        lag: lag.map_or_else(|| Figure::unknown("entries were deleted ahead of the group"), Figure::Exact),
        lag_reported: None,
        entries_read: None,
        pending: 3,
        last_delivered_id: EntryId::ZERO,
        behind_ms: lag.map(|lag| lag * 100),
        oldest_pending_ms: Some(1_500),
        oldest_pending_id: None,
        oldest: vec![],
        consumers: vec![ConsumerSample { name: "c".into(), pending: 3, idle_ms: 1, inactive_ms: None }],
        dead_letters: Figure::Exact(2),
        lag_per_minute: None,
        drained_in_ms: None,
        lag_history: History::default(),
        read_per_second: Some(1.25),
        handling: Some(Handling { handled: 60, failed: 1, p95_ms: 12.5, ..Handling::default() }),
        derived: domain::latency::Derived::default(),
        verdict: Verdict { status: Status::Ok, word: String::new(), reason: String::new() },
    }
}

enum Below {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Below {
    fn database(&self) -> Database {
        let url = match self {
            Self::Sqlite(folder) => folder.url(),
            Self::Postgres(database) => database.url(),
        };
        console::database(&url).expect("a URL")
    }
}

async fn on_both(test: impl AsyncFn(Below)) {
    eprintln!("on SQLite");
    test(Below::Sqlite(Sqlite::new().expect("a folder"))).await;
    eprintln!("on PostgreSQL");
    test(Below::Postgres(Postgres::new().await.expect("a PostgreSQL server"))).await;
}

/// `(begins, samples)` of every row, oldest first.
async fn rows(database: &Database, table: &str) -> Vec<(i64, i64)> {
    let statement = format!("select at_s, samples from {table} order by at_s, series");
    let mut connection = database.connection().await.expect("a connection");
    sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(&mut *connection).await.expect("rows")
}

async fn count(database: &Database, table: &str) -> i64 {
    let statement = format!("select count(*) from {table}");
    let mut connection = database.connection().await.expect("a connection");
    let (count,): (i64,) =
        sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_one(&mut *connection).await.expect("a count");
    count
}

/// The last point in which something was seen.
fn newest(course: &Course, measure: Measure) -> (u32, Option<f64>, Option<f64>) {
    let point = course.points.iter().rev().find(|point| point.samples() > 0).expect("a point");
    (point.samples(), point.mean(measure), point.highest(measure))
}

#[tokio::test]
async fn after_a_restart_the_history_of_before_is_there_in_every_range() {
    on_both(async |below| {
        let first = Process::new(below.database());
        // two hours and a little, with a spike of one second
        first.sees_lag(HOUR..HOUR + 7_400, |at| Some(if at == HOUR + 1_234 { 90_000 } else { 5 }));
        first.flush().await;
        first.stop().await;

        let second = Process::new(below.database());
        second.sees_lag(HOUR + 7_400..HOUR + 7_402, |_| Some(7));
        second.flush().await;
        for range in [Range::SixHours, Range::Day, Range::Week, Range::Month] {
            let course = second.course(range).await;
            assert!(!course.away);
            let highest = course.highest(Measure::Lag).into_iter().flatten().fold(0.0, f64::max);
            assert!((highest - 90_000.0).abs() < 1e-9, "the spike is seen in {range:?}: {highest}");
            let samples: u32 = course.points.iter().map(console::history::Bucket::samples).sum();
            assert_eq!(samples, 7_402, "{range:?}: no sample is lost and none counts twice");
            assert_eq!(course.begins, Some(Timestamp::from_millis(HOUR * 1_000)), "{range:?}");
        }
        let hour = second.course(Range::Hour).await;
        assert!(hour.points.iter().all(|point| point.samples() > 0));
        assert_eq!(newest(&hour, Measure::Lag), (2, Some(7.0), Some(7.0)));
        assert_eq!(newest(&hour, Measure::Behind).1, Some(0.7), "seconds");
        assert_eq!(newest(&hour, Measure::Read).1, Some(1.25), "per second");
        assert_eq!(newest(&hour, Measure::P95).1, Some(12.5), "milliseconds");
        assert_eq!(newest(&hour, Measure::Length).1, None, "that is its stream's");
        let of_stream = course(&second.console, STREAM, None, Range::Hour).await;
        assert_eq!(newest(&of_stream, Measure::Added).1, Some(2.5));
        assert_eq!(newest(&of_stream, Measure::Memory).1, Some(4_096.0));
    })
    .await;
}

#[tokio::test]
async fn a_minute_and_an_hour_in_which_a_process_was_killed_are_finished_by_the_next() {
    on_both(async |below| {
        let killed = Process::new(below.database());
        killed.sees_lag(HOUR + 600..HOUR + 825, |at| Some(u64::try_from(at - HOUR).expect("later")));
        killed.flush().await;
        // 825 is in the middle of a minute and of ten seconds: five samples were in memory alone
        drop(killed);

        let next = Process::new(below.database());
        next.sees_lag(HOUR + 830..HOUR + 3_700, |_| Some(1));
        next.flush().await;
        let database = below.database();
        let minutes = rows(&database, "history_minutes").await;
        let minute =
            |start: i64| minutes.iter().filter(|(at, _)| *at == HOUR + start).map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(minute(780), [50, 50], "40 and 10 samples of the stream, and of the group");
        assert_eq!(minute(840), [60, 60]);
        let hours = rows(&database, "history_hours").await;
        assert_eq!(hours, [(HOUR, 220 + 2_770); 2], "all but the five");
        let course = next.course(Range::Month).await;
        let highest = course.highest(Measure::Lag).into_iter().flatten().fold(0.0, f64::max);
        assert!((highest - 819.0).abs() < 1e-9, "the highest of before: {highest}");
    })
    .await;
}

#[tokio::test]
async fn what_a_process_left_unfinished_long_ago_is_finished() {
    on_both(async |below| {
        let killed = Process::new(below.database());
        killed.sees_lag(HOUR..HOUR + 201, |_| Some(4));
        killed.flush().await;
        drop(killed);
        let next = Process::new(below.database());
        next.sees_lag(HOUR + 9_000..HOUR + 9_001, |_| Some(1));
        next.flush().await;
        let database = below.database();
        let minutes: i64 = rows(&database, "history_minutes").await.iter().map(|row| row.1).sum();
        let hours: i64 = rows(&database, "history_hours").await.iter().map(|row| row.1).sum();
        assert_eq!((minutes, hours), (400, 400), "stream and group, all but the sample that was in memory alone");
    })
    .await;
}

#[tokio::test]
async fn two_recorders_on_one_database_write_one_history() {
    on_both(async |below| {
        let [one, two] = [Process::new(below.database()), Process::new(below.database())];
        for step in 0..400 {
            // both see the same Redis, the second only every third time
            let seconds = HOUR + step * 10..HOUR + (step + 1) * 10;
            one.sees_lag(seconds.clone(), |at| Some(u64::try_from(at % 10).expect("positive")));
            two.sees_lag(seconds.start..seconds.start + 3, |_| Some(50));
            if step % 20 == 19 {
                tokio::join!(one.flush(), two.flush());
            }
        }
        tokio::join!(one.stop(), two.stop());
        let database = below.database();
        for (table, width, expected) in
            [("history_ten_seconds", 10, 400), ("history_minutes", 60, 67), ("history_hours", 3_600, 2)]
        {
            let rows = rows(&database, table).await;
            assert_eq!(rows.len(), 2 * expected, "{table}: one row for each stretch of the stream and the group");
            let whole = rows.iter().filter(|(at, _)| at + width <= HOUR + 4_000);
            assert!(whole.clone().all(|(_, samples)| *samples == width), "{table}: nothing counts twice");
        }
        let third = Process::new(below.database());
        third.sees_lag(HOUR + 4_000..HOUR + 4_001, |_| Some(0));
        let course = third.course(Range::Week).await;
        let hour = course.points.iter().find(|point| point.samples() == 3_600).expect("a whole hour");
        assert_eq!(
            (hour.mean(Measure::Lag), hour.highest(Measure::Lag)),
            (Some(5.0), Some(50.0)),
            "the fuller, the highest"
        );
    })
    .await;
}

#[tokio::test]
async fn time_without_redis_and_a_lag_that_is_unknown_are_gaps() {
    on_both(async |below| {
        let process = Process::new(below.database());
        process.sees_lag(HOUR..HOUR + 600, |_| Some(3));
        // Redis is away: the last snapshot stays, with the reason
        let last = Arc::clone(&process.snapshots.borrow());
        for _ in 0..100 {
            process.sees(Snapshot { error: Some("away".to_owned()), ..(*last).clone() });
        }
        process.sees_lag(HOUR + 1_200..HOUR + 1_800, |at| (at < HOUR + 1_500).then_some(4));
        process.stop().await;
        let next = Process::new(below.database());
        next.sees_lag(HOUR + 1_800..HOUR + 1_801, |_| Some(3));
        for (range, per_minute) in [(Range::Hour, 6), (Range::SixHours, 1)] {
            let course = next.course(range).await;
            let known = |measure| course.means(measure).iter().flatten().count();
            assert_eq!(known(Measure::Lag), per_minute * 15 + 1, "{range:?}: ten minutes, five, and now");
            assert_eq!(known(Measure::Pending), per_minute * 20 + 1, "{range:?}: what is known beside it stays");
            let since = course.points.iter().skip_while(|point| point.samples() == 0);
            assert_eq!(since.filter(|point| point.samples() == 0).count(), per_minute * 10, "{range:?}: without Redis");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_too_old_goes_and_the_coarser_stays() {
    on_both(async |below| {
        let process = Process::new(below.database());
        for day in 0..10 {
            process.sees_lag(HOUR + day * 86_400..HOUR + day * 86_400 + 30, |_| Some(1));
            process.flush().await;
        }
        // what is deleted in one go is bounded, so it takes some
        for minute in 1..200 {
            process.sees_lag(HOUR + 10 * 86_400 + minute * 60..HOUR + 10 * 86_400 + minute * 60 + 1, |_| Some(1));
            process.flush().await;
        }
        let database = below.database();
        let now_s = HOUR + 10 * 86_400 + 199 * 60;
        for (table, kept_s) in
            [("history_ten_seconds", 6 * 3_600), ("history_minutes", 7 * 86_400), ("history_hours", 90 * 86_400)]
        {
            let oldest = rows(&database, table).await[0].0;
            // a flush deletes what was too old for the rows before it
            assert!(oldest >= now_s - kept_s - 3_700, "{table} begins {} s before", now_s - oldest);
        }
        assert_eq!(rows(&database, "history_hours").await[0].0, HOUR, "hours of ten days ago are there");
    })
    .await;
}

#[tokio::test]
async fn clocks_that_jump_back_change_nothing_that_was_written() {
    on_both(async |below| {
        let process = Process::new(below.database());
        process.sees_lag(HOUR..HOUR + 1_200, |_| Some(8));
        process.flush().await;
        process.sees_lag(HOUR + 300..HOUR + 305, |_| Some(20));
        process.sees_lag(HOUR + 1_200..HOUR + 1_300, |_| Some(8));
        process.flush().await;
        let course = process.course(Range::SixHours).await;
        let samples: Vec<u32> =
            course.points.iter().map(console::history::Bucket::samples).filter(|n| *n > 0).collect();
        assert_eq!(samples, [[60].repeat(21), vec![40]].concat(), "as often as was looked, and not more");
        let highest = course.highest(Measure::Lag).into_iter().flatten().fold(0.0, f64::max);
        assert!((highest - 20.0).abs() < 1e-9, "what was seen in between is not lost: {highest}");
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_deletes_no_history() {
    on_both(async |below| {
        let now_s = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs()).expect("a time");
        let process = Process::new(below.database());
        process.sees_lag(now_s - 600..now_s - 300, |_| Some(8));
        process.flush().await;
        let before = count(&below.database(), "history_ten_seconds").await;
        process.sees_lag(now_s + 400 * 86_400..now_s + 400 * 86_400 + 100, |_| Some(8));
        process.flush().await;
        assert!(count(&below.database(), "history_ten_seconds").await > before);
        process.sees_lag(now_s - 290..now_s - 200, |_| Some(8));
        let course = process.course(Range::Hour).await;
        assert!(course.means(Measure::Lag).iter().flatten().count() >= 38);
    })
    .await;
}

#[tokio::test]
async fn while_the_database_is_away_figures_are_kept_and_written_when_it_is_back() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    let process = Process::new(console::database(&database.url()).expect("a URL"));
    process.sees_lag(HOUR..HOUR + 100, |_| Some(1));
    process.flush().await;
    process.course(Range::QuarterHour).await;
    database.cut().await.expect("a cut");
    let log = LogLines::start();
    for step in 10..20 {
        process.sees_lag(HOUR + step * 10..HOUR + step * 10 + 10, |_| Some(2));
        process.flush().await;
    }
    let said = log.lines().into_iter().filter(|line| line.contains("the history cannot be written")).count();
    assert_eq!(said, 1, "it is told once");
    let away = process.course(Range::QuarterHour).await;
    assert_eq!(away.means(Measure::Lag).iter().flatten().count(), 20, "what was read and what is in memory is shown");

    database.restore().await.expect("a restore");
    testkit::wait::until("everything is written", async || {
        process.flush().await;
        let database = console::database(&database.url()).expect("a URL");
        let written = rows(&database, "history_ten_seconds").await;
        (written.len() == 40 && written.iter().all(|row| row.1 == 10)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_away_from_the_start_is_told_and_gets_the_whole_history_later() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    database.cut().await.expect("a cut");
    let process = Process::new(console::database(&database.url()).expect("a URL"));
    process.sees_lag(HOUR + 50..HOUR + 3_650, |_| Some(1));
    process.flush().await;
    assert!(process.course(Range::Hour).await.away);
    database.restore().await.expect("a restore");
    testkit::wait::until("everything is written", async || {
        process.flush().await;
        (!process.course(Range::Week).await.away).then_some(())
    })
    .await;
    process.flush().await;
    let hours = rows(&console::database(&database.url()).expect("a URL"), "history_hours").await;
    assert_eq!(hours, [(HOUR, 3_550); 2]);
}

#[tokio::test]
async fn names_that_no_database_could_keep_have_a_history() {
    on_both(async |below| {
        let names = ["a\0b".to_owned(), "ö'\"--%".to_owned(), "n".repeat(100_000), String::new()];
        let process = Process::new(below.database());
        for at_s in HOUR..HOUR + 30 {
            let streams = names.iter().map(|name| stream(name, vec![group(name, name, Some(9))])).collect();
            process.sees(snapshot(at_s, streams));
        }
        process.stop().await;
        let next = Process::new(below.database());
        next.sees(snapshot(HOUR + 30, vec![]));
        for name in &names {
            let of_group = course(&next.console, name, Some(name), Range::QuarterHour).await;
            assert_eq!(of_group.means(Measure::Lag).iter().flatten().count(), 3);
        }
        assert_eq!(count(&below.database(), "history_series").await, 8);
    })
    .await;
}

#[tokio::test]
async fn a_tick_of_a_page_asks_the_database_nothing() {
    let folder = Sqlite::new().expect("a folder");
    let process = Process::new(console::database(&folder.url()).expect("a URL"));
    process.sees_lag(HOUR..HOUR + 100, |_| Some(1));
    process.flush().await;
    let before = process.course(Range::Hour).await;
    // whoever asks now is told that there is no such table
    let database = console::database(&folder.url()).expect("a URL");
    let mut transaction = database.begin().await.expect("a turn");
    sqlx::query("alter table history_ten_seconds rename to gone")
        .execute(&mut *transaction)
        .await
        .expect("a statement");
    transaction.commit().await.expect("a commit");
    process.sees_lag(HOUR + 100..HOUR + 105, |_| Some(3));
    let after = process.course(Range::Hour).await;
    assert!(!after.away);
    assert_eq!(newest(&after, Measure::Lag), (5, Some(3.0), Some(3.0)), "what is new is there");
    assert_eq!(
        after.means(Measure::Lag).iter().flatten().count(),
        before.means(Measure::Lag).iter().flatten().count() + 1
    );
    assert!(process.course(Range::QuarterHour).await.away, "what was not asked before cannot be told now");
}
