//! Searches that are longer than a request, and files of entries.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use console::{
    export::{self, Format},
    search::{self, Found, Pursuit},
};
use domain::{
    Refusal, Timestamp,
    filter::Edge,
    refusal::RefusalKind,
    stream::{Entry, EntryId},
};
use serde_json::Value;
use streams::{Outgoing, inspect::Browse, publish};
use testkit::wait;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    redis::ask,
    world::{World, on_sqlite},
};

const STREAM: &str = "searched";
/// More than one look goes through.
const MANY: u32 = 5_500;
/// What is searched through rests between its steps, on a machine that may have little time for it.
const PATIENCE: Duration = Duration::from_mins(3);

async fn fill(world: &World, name: &str, count: u32) -> Vec<EntryId> {
    let mut ids = Vec::new();
    let numbers: Vec<u32> = (0..count).collect();
    for chunk in numbers.chunks(1_000) {
        let data = |n: &u32| format!(r#"{{"event_type":"Filled","aggregate_id":"{name}","n":{n}}}"#);
        let batch: Vec<_> = chunk.iter().map(|n| Outgoing { stream: STREAM.into(), data: data(n) }).collect();
        ids.extend(publish(&world.redis, &batch).await.expect("published"));
    }
    ids
}

fn filtered(filter: &str) -> Browse {
    Browse { filter: Some(filter.parse().expect("a filter")), ..Browse::default() }
}

async fn look(world: &World, browse: &Browse) -> Found {
    search::entries(&world.console, STREAM, browse).await.expect("a page")
}

/// Looks as a page does, until the search is over.
async fn until_over(world: &World, browse: &Browse) -> Vec<EntryId> {
    let found = wait::until_within(PATIENCE, "the search is over", async || {
        Some(look(world, browse).await).filter(|found| found.progress.is_none())
    });
    found.await.page.entries.iter().map(|entry| entry.id).collect()
}

/// Commands that read entries, so far.
fn reads(world: &World) -> String {
    // by a script: the client writes an answer of INFO as it is, and one of a script as JSON
    let info = ask(&world.server, &["eval", "return redis.call('info', 'commandstats')", "0"]).to_string();
    let of =
        |name: &str| info.split(name).nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default().to_owned();
    of("cmdstat_xrange:") + &of("cmdstat_xrevrange:")
}

/// Longer than a scan rests.
async fn until_nothing_is_read(world: &World) {
    let seen = RefCell::new((String::new(), 0));
    wait::until_within(PATIENCE, "no entry is read any more", async || {
        let (now, mut seen) = (reads(world), seen.borrow_mut());
        let quiet = if now == seen.0 { seen.1 + 1 } else { 0 };
        *seen = (now, quiet);
        (quiet == 10).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_search_goes_on_between_looks_until_it_finds_the_one_entry_behind_many() {
    on_sqlite(async |world| {
        let needle = fill(&world, "needle", 1).await;
        fill(&world, "hay", 2 * MANY).await;
        let browse = filtered("key = needle");
        let first = look(&world, &browse).await;
        let progress = first.progress.expect("it is not over");
        assert_eq!((progress.pursuit, first.page.entries.len()), (Pursuit::Running, 0));
        assert!(progress.looked_at < u64::from(2 * MANY) && progress.position.is_some());
        assert_eq!(until_over(&world, &browse).await, needle);
        let last = look(&world, &browse).await;
        assert_eq!((last.page.older, last.page.looked_at), (None, u64::from(2 * MANY) + 1));
    })
    .await;
}

#[tokio::test]
async fn what_is_added_during_a_search_stands_before_what_it_finds() {
    on_sqlite(async |world| {
        let mut expected = fill(&world, "needle", 2).await;
        fill(&world, "hay", MANY).await;
        let browse = filtered("key = needle");
        assert!(look(&world, &browse).await.progress.is_some());
        expected.extend(fill(&world, "needle", 3).await);
        expected.reverse();
        assert_eq!(until_over(&world, &browse).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_search_that_is_overrun_by_new_entries_begins_again_and_misses_none() {
    on_sqlite(async |world| {
        let mut expected = fill(&world, "needle", 1).await;
        fill(&world, "hay", MANY).await;
        let browse = filtered("key = needle");
        assert!(look(&world, &browse).await.progress.is_some());
        expected.extend(fill(&world, "needle", 1).await);
        fill(&world, "hay", MANY).await;
        expected.reverse();
        assert_eq!(until_over(&world, &browse).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_full_page_ends_a_search_and_the_next_page_goes_on_behind_it() {
    on_sqlite(async |world| {
        let mut expected = Vec::new();
        for _ in 0..2 {
            expected.extend(fill(&world, "needle", 3).await);
            fill(&world, "hay", MANY).await;
        }
        expected.reverse();
        let mut browse = Browse { count: 4, ..filtered("key = needle") };
        let mut found = Vec::new();
        loop {
            found.extend(until_over(&world, &browse).await);
            let Some(older) = look(&world, &browse).await.page.older else { break };
            browse.before = Some(older);
        }
        assert_eq!(found, expected);
    })
    .await;
}

#[tokio::test]
async fn a_search_that_is_stopped_reads_nothing_more_and_can_go_on() {
    on_sqlite(async |world| {
        let needle = fill(&world, "needle", 1).await;
        fill(&world, "hay", 6 * MANY).await;
        let browse = filtered("key = needle");
        look(&world, &browse).await;
        let stopped = search::stopped(&world.console, STREAM, &browse).await.expect("a page");
        let progress = stopped.progress.expect("it is not over");
        assert_eq!(progress.pursuit, Pursuit::Stopped);
        until_nothing_is_read(&world).await;
        let later = search::stopped(&world.console, STREAM, &browse).await.expect("a page").progress;
        assert!(later.expect("it is not over").looked_at < u64::from(6 * MANY));
        assert_eq!(until_over(&world, &browse).await, needle);
    })
    .await;
}

/// An end of the range that lies ahead is none: what comes until then belongs to it.
#[tokio::test]
async fn a_search_whose_range_ends_in_the_future_finds_what_comes_until_then() {
    on_sqlite(async |world| {
        let mut expected = fill(&world, "needle", 1).await;
        fill(&world, "hay", MANY).await;
        let tomorrow = Timestamp::from_millis(expected[0].added_at().millis() + 86_400_000);
        let browse = Browse { to: Some(Edge::At(tomorrow)), ..filtered("key = needle") };
        assert_eq!(until_over(&world, &browse).await, expected);
        expected.extend(fill(&world, "needle", 2).await);
        expected.reverse();
        assert_eq!(until_over(&world, &browse).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_search_towards_the_newest_goes_on_into_what_is_added_after_it_was_over() {
    on_sqlite(async |world| {
        let first = fill(&world, "hay", 1).await;
        let mut expected = fill(&world, "needle", 1).await;
        fill(&world, "hay", MANY).await;
        let browse = Browse { after: Some(first[0]), ..filtered("key = needle") };
        assert_eq!(until_over(&world, &browse).await, expected);
        expected.extend(fill(&world, "needle", 1).await);
        fill(&world, "hay", MANY).await;
        expected.extend(fill(&world, "needle", 1).await);
        expected.reverse();
        wait::until_within(PATIENCE, "both that came are found", async || {
            (until_over(&world, &browse).await == expected).then_some(())
        })
        .await;
        let last = look(&world, &browse).await.page;
        assert_eq!((last.newer, last.looked_at), (None, u64::from(2 * MANY) + 3));
    })
    .await;
}

/// As a process that is stopped (SIGSTOP), or a network that swallows everything.
#[tokio::test]
async fn a_search_under_which_redis_hangs_is_stopped_at_once_and_holds_up_no_end_of_the_process() {
    on_sqlite(async |world| {
        fill(&world, "hay", 6 * MANY).await;
        for (browse, is_process) in [(filtered("key = needle"), false), (filtered("key = thread"), true)] {
            look(&world, &browse).await;
            world.server.pause();
            let begun = Instant::now();
            if is_process {
                world.console.settle().await;
            } else {
                // the page cannot be shown, and the search is ended all the same
                let asked = search::stopped(&world.console, STREAM, &browse);
                let told = tokio::time::timeout(Duration::from_millis(500), asked).await;
                assert!(told.is_err(), "{told:?}");
            }
            assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
            world.server.resume();
            until_nothing_is_read(&world).await;
            let after = search::stopped(&world.console, STREAM, &browse).await.expect("a page").progress;
            assert_eq!(after.expect("it is not over").pursuit, Pursuit::Stopped);
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_was_found_and_trimmed_since_is_not_shown() {
    on_sqlite(async |world| {
        fill(&world, "needle", 2).await;
        fill(&world, "hay", MANY).await;
        let browse = filtered("key = needle");
        assert_eq!(until_over(&world, &browse).await.len(), 2);
        world.ask(&format!("xtrim {STREAM} maxlen {}", MANY + 1));
        assert_eq!(look(&world, &browse).await.page.entries.len(), 1);
    })
    .await;
}

async fn file(world: &World, browse: &Browse, format: Format) -> mpsc::Receiver<String> {
    export::export(&world.console, STREAM, browse, format, CancellationToken::new()).await.expect("a file")
}

async fn text(world: &World, browse: &Browse, format: Format) -> String {
    let (mut parts, mut text) = (file(world, browse, format).await, String::new());
    while let Some(part) = parts.recv().await {
        text.push_str(&part);
    }
    text
}

#[tokio::test]
async fn four_scans_run_at_a_time_and_a_reader_who_leaves_makes_room() {
    on_sqlite(async |world| {
        // more than waits to be sent, so that a file nobody reads is not at its end
        fill(&world, "hay", MANY).await;
        let mut files = Vec::new();
        for _ in 0..4 {
            files.push(file(&world, &Browse::default(), Format::Lines).await);
        }
        let fifth =
            export::export(&world.console, STREAM, &Browse::default(), Format::Csv, CancellationToken::new()).await;
        let refusal = Refusal::from(fifth.expect_err("four are enough"));
        assert_eq!(refusal.kind, RefusalKind::Unavailable, "{}", refusal.message);
        let browse = filtered("nowhere");
        let waits = look(&world, &browse).await.progress.expect("it is not over");
        assert_eq!(waits.pursuit, Pursuit::Waiting);
        drop(files);
        assert_eq!(until_over(&world, &browse).await, []);
        until_nothing_is_read(&world).await;
    })
    .await;
}

#[tokio::test]
async fn a_file_has_exactly_the_entries_that_fit_oldest_first_and_says_that_it_is_whole() {
    on_sqlite(async |world| {
        let ids = fill(&world, "k", 1_000).await;
        world.ask(&format!("xadd {STREAM} * =cmd +1"));
        let entries = |text: &str| -> (Vec<EntryId>, Value) {
            let mut lines: Vec<&str> = text.lines().collect();
            let last = serde_json::from_str(lines.pop().expect("a last line")).expect("JSON");
            let entry = |line: &&str| serde_json::from_str::<Entry>(line).expect("an entry").id;
            (lines.iter().map(entry).collect(), last)
        };
        let (found, last) = entries(&text(&world, &filtered("data.n >= 990"), Format::Lines).await);
        assert_eq!(found, ids[990..]);
        assert_eq!(last["export"]["entries"], 10);
        assert_eq!((&last["export"]["complete"], &last["export"]["looked_at"]), (&true.into(), &1_001.into()));
        let (all, _) = entries(&text(&world, &Browse::default(), Format::Lines).await);
        assert_eq!(all[..1_000], ids);
        let csv = text(&world, &Browse::default(), Format::Csv).await;
        let rows: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(rows.len(), 1 + 1_001 + 1, "a head, the entries, the last row");
        for (id, row) in ids.iter().zip(&rows[1..]) {
            assert!(row.starts_with(&format!("\"{id}\",")), "{row}");
        }
        assert!(rows[1_001].ends_with("\"[[\"\"=cmd\"\",\"\"+1\"\"]]\""), "{}", rows[1_001]);
        assert_eq!(rows[1_002], "\"#end\",\"complete\",\"\",\"\",\"\",\"1001 of 1001 entries\"");
    })
    .await;
}

#[tokio::test]
async fn a_file_has_what_was_there_when_it_was_asked_for() {
    on_sqlite(async |world| {
        fill(&world, "hay", MANY).await;
        let (mut parts, mut text) = (file(&world, &Browse::default(), Format::Lines).await, String::new());
        fill(&world, "later", 10).await;
        while let Some(part) = parts.recv().await {
            text.push_str(&part);
        }
        assert_eq!(text.lines().count(), MANY as usize + 1);
        assert!(!text.contains("later"));
    })
    .await;
}

#[tokio::test]
async fn a_file_of_a_stream_that_is_not_there_is_refused_and_an_end_of_the_process_ends_one() {
    on_sqlite(async |world| {
        let none =
            export::export(&world.console, "none", &Browse::default(), Format::Lines, CancellationToken::new()).await;
        assert_eq!(Refusal::from(none.expect_err("no stream")).kind, RefusalKind::NotFound);
        fill(&world, "hay", MANY).await;
        let stop = CancellationToken::new();
        let file = export::export(&world.console, STREAM, &Browse::default(), Format::Lines, stop.clone()).await;
        let (mut parts, mut text) = (file.expect("a file"), String::new());
        stop.cancel();
        while let Some(part) = parts.recv().await {
            text.push_str(&part);
        }
        assert!(!text.contains("\"export\""), "a file that was cut off does not say that it is whole");
        look(&world, &filtered("nowhere")).await;
        world.console.settle().await;
        until_nothing_is_read(&world).await;
    })
    .await;
}
