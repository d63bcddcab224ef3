//! Events are found in many streams, at a cost that is bounded and told.

use domain::{
    stream::EntryId,
    trace::{Sought, waterfall::GroupState},
};
use streams::{
    Outgoing, Redis, publish,
    search::{self, From, LOOK_AT_MOST},
};
use testkit::redis::Server;

async fn add(redis: &Redis, stream: &str, data: Vec<String>) -> Vec<EntryId> {
    let batch: Vec<_> = data.into_iter().map(|data| Outgoing { stream: stream.to_owned(), data }).collect();
    publish(redis, &batch).await.expect("entries")
}

fn event(id: usize, correlation: &str) -> String {
    format!(r#"{{"event_id":"e{id}","event_type":"T","correlation_id":"{correlation}"}}"#)
}

fn newest(streams: &[&str]) -> Vec<From> {
    streams.iter().map(|stream| ((*stream).to_owned(), None)).collect()
}

fn id(id: &str) -> Sought {
    Sought { id: Some(id.to_owned()), ..Sought::default() }
}

#[tokio::test]
async fn a_search_stops_at_its_cost_says_so_and_goes_on_where_it_stopped() {
    let server = Server::start().await;
    let redis = Redis::new(&server.url()).expect("a URL");
    add(&redis, "s", vec![event(0, "wanted")]).await;
    for n in 0..13 {
        add(&redis, "s", (0..1_000).map(|m| event(1 + n * 1_000 + m, "other")).collect()).await;
    }
    add(&redis, "t", vec![event(0, "wanted"), "no event".to_owned()]).await;
    let first = search::search(&redis, &newest(&["s", "t"]), &id("wanted")).await.expect("a search");
    assert_eq!(first.found.iter().map(|found| found.stream.as_str()).collect::<Vec<_>>(), ["t"]);
    let cost = usize::try_from(first.looked_at).expect("a count");
    assert!(cost <= LOOK_AT_MOST, "{cost}");
    assert_eq!(first.go_on.len(), 1, "of s there is more");

    let (mut places, mut looks) = (first.go_on, 0);
    let found = loop {
        let next = search::search(&redis, &places, &id("wanted")).await.expect("a search");
        looks += 1;
        if let Some(found) = next.found.first() {
            break found.clone();
        }
        assert!(looks < 50 && !next.go_on.is_empty(), "it comes to the end");
        places = next.go_on;
    };
    assert_eq!((found.stream.as_str(), found.envelope.event_id.as_deref()), ("s", Some("e0")));
}

/// What is read at once is bounded in bytes: two hundred entries of a megabyte would be no answer that anybody can hold.
#[tokio::test]
async fn a_search_through_large_entries_reads_few_of_them_at_once() {
    let server = Server::start().await;
    let redis = Redis::new(&server.url()).expect("a URL");
    let large = |n: usize| event(n, "other").replace('}', &format!(r#","text":"{}"}}"#, "x".repeat(100_000)));
    for n in 0..10 {
        add(&redis, "s", (0..20).map(|m| large(n * 20 + m)).collect()).await;
    }
    let asked = || {
        let socket = server.url().replace("unix://", "");
        let output = std::process::Command::new("redis-cli").args(["-s", &socket, "INFO", "commandstats"]).output();
        let stats = String::from_utf8(output.expect("redis-cli").stdout).expect("text");
        let line = stats.lines().find(|line| line.starts_with("cmdstat_xrevrange:")).unwrap_or_default().to_owned();
        line.split(['=', ',']).nth(1).and_then(|calls| calls.parse::<u64>().ok()).unwrap_or(0)
    };
    let (mut places, mut looked_at) = (newest(&["s"]), 0);
    while !places.is_empty() {
        let part = search::search(&redis, &places, &id("wanted")).await.expect("a search");
        looked_at += part.looked_at;
        places = part.go_on;
    }
    assert_eq!(looked_at, 200);
    assert!(asked() > 50, "150 of them, two or three at a time: {}", asked());
}

#[tokio::test]
async fn a_search_in_a_time_looks_at_nothing_else() {
    let server = Server::start().await;
    let redis = Redis::new(&server.url()).expect("a URL");
    let ids = add(&redis, "s", (0..600).map(|n| event(n, "c")).collect()).await;
    let (from, until) = (ids[0].added_at(), ids[599].added_at());
    let hour = std::time::Duration::from_hours(1);
    let later = Sought { from: Some(until + hour), ..id("c") };
    let nothing = search::search(&redis, &newest(&["s"]), &later).await.expect("a search");
    assert_eq!((nothing.found.len(), nothing.looked_at, nothing.go_on.len()), (0, 50, 0), "one page tells");
    let within = Sought { from: Some(from), until: Some(until), ..id("c") };
    let all = search::search(&redis, &newest(&["s"]), &within).await.expect("a search");
    assert!(!all.found.is_empty());
    let before = Sought { until: Some(domain::Timestamp::from_millis(from.millis() - 1)), ..id("c") };
    let none = search::search(&redis, &newest(&["s"]), &before).await.expect("a search");
    assert_eq!((none.found.len(), none.looked_at), (0, 0));
}

#[tokio::test]
async fn how_far_each_group_is_with_an_entry_is_told_as_redis_has_it() {
    let server = Server::start().await;
    let redis = Redis::new(&server.url()).expect("a URL");
    let ids = add(&redis, "s", vec![event(0, "c"), event(1, "c"), event(2, "c")]).await;
    let ask = |words: &[&str]| {
        let socket = server.url().replace("unix://", "");
        let output = std::process::Command::new("redis-cli").args(["-s", &socket]).args(words).output();
        assert!(output.expect("redis-cli").status.success(), "{words:?}");
    };
    ask(&["XGROUP", "CREATE", "s", "g", "0"]);
    ask(&["XGROUP", "CREATE", "s", "idle", "0"]);
    ask(&["XREADGROUP", "GROUP", "g", "somebody", "COUNT", "2", "STREAMS", "s", ">"]);
    ask(&["XACK", "s", "g", &ids[0].to_string()]);
    let standing = search::standing(&redis, "s", &ids).await.expect("an answer");
    let of = |id: EntryId, group: &str| {
        standing[&id].iter().find(|(name, _)| name == group).map(|(_, state)| state.clone()).expect("the group")
    };
    assert_eq!(of(ids[0], "g"), GroupState::Through);
    assert!(
        matches!(of(ids[1], "g"), GroupState::Pending { consumer: Some(consumer), deliveries: 1, .. } if consumer == "somebody"),
        "{standing:?}"
    );
    assert_eq!(of(ids[2], "g"), GroupState::NotGiven);
    // as it is after XNACK (8.8) or after an operator has let go of it
    ask(&["XGROUP", "CREATECONSUMER", "s", "g", streams::keys::HANDED_OVER]);
    ask(&["XCLAIM", "s", "g", streams::keys::HANDED_OVER, "0", &ids[1].to_string(), "JUSTID"]);
    let released = search::standing(&redis, "s", &ids[1..2]).await.expect("an answer");
    let state = released[&ids[1]].iter().find(|(name, _)| name == "g").map(|(_, state)| state.clone());
    assert!(matches!(state, Some(GroupState::Pending { consumer: None, .. })), "{state:?}");
    assert!(ids.iter().all(|id| of(*id, "idle") == GroupState::NotGiven));
    ask(&["XDEL", "s", &ids[1].to_string()]);
    let there: Vec<bool> = search::at(&redis, "s", &ids).await.expect("an answer").iter().map(|(is, _)| *is).collect();
    assert_eq!(there, [true, false, true]);
    assert!(search::standing(&redis, "no such stream", &ids).await.expect("an answer").is_empty());
}
