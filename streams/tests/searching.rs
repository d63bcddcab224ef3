//! Finding entries among others: every operator, both directions, and streams that change while they are looked through.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::collections::BTreeSet;

use domain::{
    filter::{Edge, Filter},
    stream::{Entry, EntryId, EntryPage},
};
use streams::{
    Redis,
    inspect::{Browse, Scan, entries},
};
use support::{Room, STREAM, event};

/// A connection that waits: what a test puts into Redis is large, and the machine may be busy.
async fn patient(room: &Room) -> redis::aio::MultiplexedConnection {
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    room.raw.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// A filter, and which numbers fit it.
type Case = (&'static str, fn(u32) -> bool);

/// Adds many entries in few round trips; ids are `first + n` milliseconds.
async fn fill(room: &Room, numbers: std::ops::Range<u32>, data: impl Fn(u32) -> String) {
    let mut connection = patient(room).await;
    let numbers: Vec<u32> = numbers.collect();
    for chunk in numbers.chunks(1_000) {
        let mut pipeline = redis::pipe();
        for n in chunk {
            pipeline.cmd("XADD").arg(STREAM).arg(format!("{}-0", n + 1)).arg("data").arg(data(*n)).ignore();
        }
        let () = pipeline.query_async(&mut connection).await.unwrap();
    }
}

fn filtered(filter: &str) -> Browse {
    Browse { filter: Some(filter.parse().unwrap()), ..Browse::default() }
}

fn ids(page: &EntryPage) -> Vec<u64> {
    page.entries.iter().map(|entry| entry.id.ms).collect()
}

async fn all_of(redis: &Redis, browse: &Browse) -> Vec<Entry> {
    let mut scan = Scan::of(redis, STREAM, browse);
    let mut found = Vec::new();
    while !scan.reached().is_over {
        found.append(&mut scan.step().await.unwrap());
    }
    found
}

#[tokio::test]
async fn every_kind_of_condition_finds_what_it_says() {
    let room = Room::new().await;
    let data = |n: u32| {
        let kind = if n.is_multiple_of(7) { "Rare" } else { "Usual" };
        format!(r#"{{"event_type":"{kind}","aggregate_id":"k-{}","payload":{{"n":{n},"note":"No. {n}"}}}}"#, n % 10)
    };
    fill(&room, 0..300, data).await;
    let cases: [Case; 11] = [
        ("type = Rare", |n| n.is_multiple_of(7)),
        ("type != Rare", |n| !n.is_multiple_of(7)),
        ("key = k-3 and data.payload.n < 100", |n| n % 10 == 3 && n < 100),
        ("data.payload.n >= 290 or data.payload.n <= 2", |n| !(3..290).contains(&n)),
        ("data.payload.n > 290 and not type = Rare", |n| n > 290 && !n.is_multiple_of(7)),
        ("data.payload.note ends 17", |n| n % 100 == 17),
        ("data.payload.note starts \"no. 29\"", |n| n == 29 || n >= 290),
        ("field.data contains rare", |n| n.is_multiple_of(7)),
        ("RARE", |n| n.is_multiple_of(7)),
        ("id = 118-0", |n| n == 117),
        ("data.payload.nothing exists", |_| false),
    ];
    for (filter, fits) in cases {
        let found: Vec<u64> = all_of(&room.redis, &filtered(filter)).await.iter().map(|entry| entry.id.ms).collect();
        let expected: Vec<u64> = (0..300).rev().filter(|n| fits(*n)).map(|n| u64::from(n) + 1).collect();
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn pages_of_a_filter_meet_from_both_directions_without_gap_or_repeat() {
    let room = Room::new().await;
    fill(&room, 0..3_000, |n| event(if n.is_multiple_of(30) { "rare" } else { "usual" }, n)).await;
    let page = async |before, after| {
        let browse = Browse { before, after, count: 7, ..filtered("key = rare") };
        entries(&room.redis, STREAM, &browse).await.unwrap()
    };
    let (mut down, mut at) = (Vec::new(), None);
    loop {
        let page = page(at, None).await;
        down.extend(ids(&page));
        at = page.older;
        if at.is_none() {
            break;
        }
    }
    let expected: Vec<u64> = (0..100).rev().map(|n| n * 30 + 1).collect();
    assert_eq!(down, expected);
    let (mut up, mut at) = (Vec::new(), Some(EntryId::ZERO));
    while let Some(after) = at {
        let page = page(None, Some(after)).await;
        up.extend(ids(&page).into_iter().rev());
        at = page.newer;
    }
    up.reverse();
    assert_eq!(up, expected);
}

#[tokio::test]
async fn a_range_of_ids_or_times_holds_in_both_directions() {
    let room = Room::new().await;
    fill(&room, 0..500, |n| event("k", n)).await;
    let edge = |text: &str| Some(text.parse::<Edge>().unwrap());
    for (from, to, expected) in [("100-0", "110", 100..=110), ("490", "9999", 490..=500), ("1970-01-01", "5", 1..=5)] {
        let browse = Browse { from: edge(from), to: edge(to), ..Browse::default() };
        let page = entries(&room.redis, STREAM, &browse).await.unwrap();
        assert_eq!(ids(&page), expected.clone().rev().collect::<Vec<_>>());
        let after = Browse { after: Some(EntryId::ZERO), ..browse };
        assert_eq!(ids(&entries(&room.redis, STREAM, &after).await.unwrap()), expected.rev().collect::<Vec<_>>());
    }
    let turned = Browse { from: edge("200"), to: edge("100"), ..Browse::default() };
    assert_eq!(entries(&room.redis, STREAM, &turned).await.unwrap().entries, []);
    for browse in [
        Browse { before: Some(EntryId::ZERO), ..Browse::default() },
        Browse { after: Some(EntryId::MAX), ..Browse::default() },
    ] {
        assert_eq!(entries(&room.redis, STREAM, &browse).await.unwrap().entries, []);
    }
}

#[tokio::test]
async fn entries_that_arrive_while_one_pages_move_nothing() {
    let room = Room::new().await;
    fill(&room, 0..40, |n| event("k", n)).await;
    let first = entries(&room.redis, STREAM, &Browse { count: 10, ..filtered("key = k") }).await.unwrap();
    fill(&room, 40..90, |n| event("k", n)).await;
    let browse = Browse { before: first.older, count: 10, ..filtered("key = k") };
    let second = entries(&room.redis, STREAM, &browse).await.unwrap();
    assert_eq!((ids(&first), ids(&second)), ((31..=40).rev().collect(), (21..=30).rev().collect()));
    let back = Browse { after: second.newer, count: 10, ..filtered("key = k") };
    assert_eq!(ids(&entries(&room.redis, STREAM, &back).await.unwrap()), (31..=40).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_is_trimmed_under_a_scan_ends_it_in_order() {
    let room = Room::new().await;
    fill(&room, 0..5_000, |n| event("k", n)).await;
    let mut scan = Scan::of(&room.redis, STREAM, &filtered("nowhere"));
    scan.step().await.unwrap();
    let mut connection = patient(&room).await;
    let _: u64 = redis::cmd("XTRIM").arg(STREAM).arg("MAXLEN").arg(10).query_async(&mut connection).await.unwrap();
    while !scan.reached().is_over {
        assert_eq!(scan.step().await.unwrap(), []);
    }
    assert!(scan.reached().looked_at < 1_000, "{:?}", scan.reached());
    let _: u64 = redis::cmd("DEL").arg(STREAM).query_async(&mut connection).await.unwrap();
    assert_eq!(all_of(&room.redis, &filtered("nowhere")).await, []);
}

#[tokio::test]
async fn hostile_payloads_are_looked_through_and_found() {
    let room = Room::new().await;
    let mut connection = patient(&room).await;
    let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let long = format!("{{\"note\":\"{} needle\"}}", "x".repeat(1_000_000));
    let payloads: [&[u8]; 6] =
        [b"\xff\xfe\x00needle", deep.as_bytes(), long.as_bytes(), b"{\"note\":", b"", b"\"><script>needle</script>"];
    for payload in payloads {
        for field in ["data", "=cmd\n"] {
            let () = redis::cmd("XADD")
                .arg(STREAM)
                .arg("*")
                .arg(field)
                .arg(payload)
                .query_async(&mut connection)
                .await
                .map(|_: String| ())
                .unwrap();
        }
    }
    let count = async |filter: &str| all_of(&room.redis, &filtered(filter)).await.len();
    assert_eq!(count("needle").await, 6);
    assert_eq!(count("data.note ends needle").await, 1);
    assert_eq!(count("data.a.a.a exists").await, 1);
    assert_eq!(count("field.\"=cmd\n\" exists and not needle").await, 3);
    assert_eq!(count("type exists").await, 0);
}

#[tokio::test]
async fn steps_fit_the_size_of_the_entries() {
    let room = Room::new().await;
    fill(&room, 0..100, |_| "x".repeat(100_000)).await;
    let mut scan = Scan::of(&room.redis, STREAM, &filtered("nowhere"));
    scan.step().await.unwrap();
    let first = scan.reached().looked_at;
    scan.step().await.unwrap();
    let second = scan.reached().looked_at - first;
    assert!(second < 10, "{second} entries of 100 kB at once are more than a quarter of a megabyte");
}

#[tokio::test]
async fn what_is_found_is_what_asking_every_entry_finds() {
    let room = Room::new().await;
    fill(&room, 0..2_000, |n| format!(r#"{{"event_type":"T{}","payload":{{"n":{}}}}}"#, n % 13, n % 97)).await;
    let whole = all_of(&room.redis, &Browse::default()).await;
    for text in ["type = T5", "data.payload.n > 90 or type = T1", "not (type starts T1) and data.payload.n != 3"] {
        let filter: Filter = text.parse().unwrap();
        let asked = |entry: &Entry| {
            let fields: Vec<_> =
                entry.fields.iter().map(|field| (field.name.clone().into(), field.value.clone().into())).collect();
            filter.fits(&domain::filter::Asked::new(entry.id, &fields))
        };
        let expected: BTreeSet<EntryId> = whole.iter().filter(|entry| asked(entry)).map(|entry| entry.id).collect();
        let found: BTreeSet<EntryId> =
            all_of(&room.redis, &filtered(text)).await.iter().map(|entry| entry.id).collect();
        assert!(!expected.is_empty());
        assert_eq!(found, expected, "{text}");
    }
}
