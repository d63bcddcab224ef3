//! What Prometheus is told is what Redis says, and never more than is known.

#![expect(clippy::float_cmp, reason = "figures that were counted are equal or wrong")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::json;
use server::metrics::{Format, families};
use testkit::{postgres::Postgres, proxy::Proxy, wait};

use crate::{
    exposition::Exposition,
    running::{Running, Wanted, add, ask},
};

/// What Prometheus sends.
const ACCEPTED: &str = "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,\
                        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
/// The worst that a stream or a group can be called.
const HOSTILE: &str = "a\"} 1\n# EOF\n\\n,b=\"{ä} \\";

pub(crate) async fn scrape(server: &Running) -> Exposition {
    scrape_as(server, Format::Text).await
}

async fn scrape_as(server: &Running, format: Format) -> Exposition {
    let request = server.request("GET", "/metrics");
    let request = if format == Format::OpenMetrics { request.header(ACCEPT, ACCEPTED) } else { request };
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], format.content_type());
    Exposition::read(&response.text().await.expect("a text"), format)
}

/// Scrapes until a look at Redis that began after this call is told of, so that what was done before is in it.
async fn after_a_look(server: &Running) -> Exposition {
    let looks = |page: &Exposition| page.get("dsm_looks_total", &[]);
    let before = looks(&scrape(server).await);
    wait::until("two looks at redis", async || {
        Some(scrape(server).await).filter(|page| looks(page) >= before + 2.0 && page.get("dsm_redis_up", &[]) > 0.0)
    })
    .await
}

/// A line of pairs as `redis-cli` writes a map.
fn pairs(answer: &str) -> BTreeMap<&str, &str> {
    let lines: Vec<_> = answer.lines().collect();
    lines.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn number(text: &str) -> f64 {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text:?}"))
}

/// A stream of another program with a group that has read a part of it and acknowledged nothing.
pub(crate) fn foreign_stream(server: &Running, stream: &str, group: &str) -> Vec<String> {
    let ids = (0..5).map(|n| add(&server.redis, stream, "order", &n.to_string())).collect();
    ask(&server.redis, &["XGROUP", "CREATE", stream, group, "0"]);
    ask(&server.redis, &["XREADGROUP", "GROUP", group, "c 1", "COUNT", "2", "STREAMS", stream, ">"]);
    ids
}

#[tokio::test]
async fn every_figure_equals_a_recount_in_redis() {
    let server = Running::start().await;
    let ids = foreign_stream(&server, "orders", "mailer");
    // ahead of the group: from here on Redis itself does not know the lag
    ask(&server.redis, &["XDEL", "orders", &ids[3]]);
    add(&server.redis, "task_update_events", "data", "this is not JSON");
    server.settled().await;
    let page = after_a_look(&server).await;

    for stream in ["orders", "task_update_events", "{task_update_events}:dlq"] {
        let told = |name: &str| page.get(name, &[("stream", stream)]);
        let facts = ask(&server.redis, &["XINFO", "STREAM", stream]);
        let (own, _) = facts.split_once("\nfirst-entry").expect("facts");
        assert_eq!(told("dsm_stream_entries"), number(&ask(&server.redis, &["XLEN", stream])), "{stream}");
        assert_eq!(told("dsm_stream_entries_added_total"), number(pairs(own)["entries-added"]), "{stream}");
        let age = told("dsm_stream_last_added_age_seconds");
        assert!((0.0..60.0).contains(&age) && age <= told("dsm_stream_first_entry_age_seconds"), "{stream}: {age}");
    }
    let group = [("stream", "orders"), ("group", "mailer")];
    let told = |name: &str| page.get(name, &group);
    let answer = ask(&server.redis, &["XINFO", "GROUPS", "orders"]);
    let facts = pairs(&answer);
    assert!(answer.ends_with("lag"), "the lag is the last figure, and redis does not know it: {answer}");
    let after = format!("({}", facts["last-delivered-id"]);
    let unread = ask(&server.redis, &["XRANGE", "orders", &after, "+"]);
    // an id, a field and its value
    assert_eq!(told("dsm_group_lag_entries"), (unread.lines().count() / 3) as f64);
    assert_eq!((told("dsm_group_lag_entries"), told("dsm_group_lag_exact")), (2.0, 1.0));
    let pending = ask(&server.redis, &["XPENDING", "orders", "mailer"]);
    assert_eq!(told("dsm_group_pending_entries"), number(pending.lines().next().expect("a count")));
    assert_eq!(told("dsm_group_consumers"), number(facts["consumers"]));
    assert_eq!(told("dsm_group_entries_read_total"), number(facts["entries-read"]));
    // both are told as of the same look, and the oldest that pends is the first of the stream
    let oldest = page.get("dsm_stream_first_entry_age_seconds", &[("stream", "orders")]);
    assert_eq!(told("dsm_group_oldest_pending_seconds"), oldest);
    assert!((0.0..=oldest).contains(&told("dsm_group_behind_seconds")));

    let dead = number(&ask(&server.redis, &["XLEN", "{task_update_events}:dlq"]));
    assert_eq!(dead, 1.0);
    let group = [("stream", "task_update_events"), ("group", "backlog_service_group")];
    assert_eq!(page.get("dsm_group_dead_letters", &group), dead);
    assert_eq!(page.get("dsm_group_dead_letters_exact", &group), 1.0);
    assert_eq!(page.get("dsm_stream_dead_letters", &[("stream", "task_update_events")]), dead);
    assert_eq!(page.get("dsm_consumer_dead_lettered_entries_total", &group), dead);
    assert_eq!(page.find("dsm_group_oldest_pending_seconds", &group), None, "nothing pends");
    assert_eq!(page.get("dsm_group_behind_seconds", &group), 0.0);
    assert_eq!(page.find("dsm_stream_dead_letters", &[("stream", "{task_update_events}:dlq")]), None);
    for service in ["project", "backlog", "sprint", "chronicle", "console"] {
        assert_eq!(page.get("dsm_database_up", &[("service", service)]), 1.0, "{service}");
    }
    assert_eq!(page.get("dsm_outbox_waiting_events", &[("service", "sprint")]), 0.0);
    let version = ask(&server.redis, &["INFO", "server"]);
    let words = page.labels("dsm_redis_info")[0];
    assert!(version.contains(&words["version"]) && words["mode"] == "standalone", "{words:?}");
}

#[tokio::test]
async fn a_lower_bound_is_told_as_one_and_what_nobody_knows_is_absent() {
    let server = Running::start().await;
    let add_many = "for n = 1, 700 do redis.call('XADD', KEYS[1], '1-' .. n, 'n', n) end";
    ask(&server.redis, &["EVAL", add_many, "1", "orders"]);
    ask(&server.redis, &["XGROUP", "CREATE", "orders", "mailer", "1-1"]);
    ask(&server.redis, &["XDEL", "orders", "1-301"]);
    let group = [("stream", "orders"), ("group", "mailer")];
    let page = after_a_look(&server).await;
    assert_eq!(page.get("dsm_group_lag_entries", &group), 500.0);
    assert_eq!(page.get("dsm_group_lag_exact", &group), 0.0);
    assert_eq!(page.find("dsm_stream_first_entry_age_seconds", &[("stream", "orders")]), None, "1-1 is no time");
    assert_eq!(page.find("dsm_group_behind_seconds", &group), None);
    assert_eq!(page.find("dsm_redis_memory_max_bytes", &[]), None, "no limit is no limit of zero");

    ask(&server.redis, &["ACL", "SETUSER", "default", "-xrange"]);
    let page = after_a_look(&server).await;
    assert_eq!(page.find("dsm_group_lag_entries", &group), None);
    assert_eq!(page.get("dsm_group_lag_exact", &group), 0.0);
    assert_eq!(page.get("dsm_group_pending_entries", &group), 0.0, "what can be asked is told");
}

#[tokio::test]
async fn names_that_look_like_the_format_do_not_break_it() {
    let server = Running::start().await;
    foreign_stream(&server, HOSTILE, HOSTILE);
    after_a_look(&server).await;
    for format in [Format::Text, Format::OpenMetrics] {
        let page = scrape_as(&server, format).await;
        assert_eq!(page.get("dsm_group_lag_entries", &[("stream", HOSTILE), ("group", HOSTILE)]), 3.0);
        assert_eq!(page.get("dsm_stream_entries", &[("stream", HOSTILE)]), 5.0);
    }
}

#[tokio::test]
async fn while_redis_is_away_the_last_figures_stay_and_their_age_grows() {
    let mut server = Running::start().await;
    foreign_stream(&server, "orders", "mailer");
    let before = after_a_look(&server).await;
    server.redis.kill();
    let away = wait::until("redis is seen to be away", async || {
        Some(scrape(&server).await).filter(|page| page.get("dsm_redis_up", &[]) == 0.0)
    })
    .await;
    let group = [("stream", "orders"), ("group", "mailer")];
    for name in ["dsm_group_lag_entries", "dsm_group_pending_entries", "dsm_group_consumers"] {
        assert_eq!(away.get(name, &group), before.get(name, &group), "{name}");
    }
    let age = away.get("dsm_look_age_seconds", &[]);
    wait::until("the figures get older, and looks fail", async || {
        let page = scrape(&server).await;
        let failed = page.get("dsm_look_failures_total", &[]) > before.get("dsm_look_failures_total", &[]);
        (page.get("dsm_look_age_seconds", &[]) > age && failed).then_some(())
    })
    .await;

    server.redis.start_again().await;
    let back = after_a_look(&server).await;
    assert!(back.get("dsm_looks_total", &[]) > away.get("dsm_looks_total", &[]));
}

#[tokio::test]
async fn of_a_redis_that_was_never_reached_nothing_is_told_but_that_it_is_away() {
    let server = Running::start_as(Wanted { redis: false, ..Wanted::default() }).await;
    let page = scrape(&server).await;
    assert_eq!(page.get("dsm_redis_up", &[]), 0.0);
    let of_redis = ["dsm_stream_", "dsm_group_", "dsm_redis_", "dsm_look_age", "dsm_streams_", "dsm_groups_"];
    let told: Vec<_> =
        page.names().into_iter().filter(|name| of_redis.iter().any(|start| name.starts_with(start))).collect();
    assert_eq!(told, ["dsm_redis_up"]);
}

/// Prometheus waits ten seconds by default.
#[tokio::test]
async fn without_databases_the_other_figures_are_told_in_time() {
    let server = Running::start_as(Wanted { databases: false, ..Wanted::default() }).await;
    let began = Instant::now();
    let page = scrape(&server).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(page.get("dsm_database_up", &[("service", "sprint")]), 0.0);
    assert_eq!(page.find("dsm_outbox_waiting_events", &[("service", "sprint")]), None);
    after_a_look(&server)
        .await
        .get("dsm_group_lag_entries", &[("stream", "dsm:events"), ("group", "chronicle-service-group")]);
}

#[tokio::test]
async fn a_database_that_takes_connections_and_never_answers_holds_up_no_figure() {
    let database = Postgres::new().await.expect("a PostgreSQL server");
    let network = Proxy::start(&database.url()).await;
    let server = Running::start_as(Wanted { postgres: Some(network.url()), ..Wanted::default() }).await;
    let service = [("service", "sprint")];
    wait::until("the outbox can be counted", async || {
        scrape(&server).await.find("dsm_outbox_waiting_events", &service)
    })
    .await;
    network.half_open(true);
    let began = Instant::now();
    let page = scrape(&server).await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(page.get("dsm_database_up", &service), 0.0);
    assert_eq!(page.find("dsm_outbox_waiting_events", &service), None);
    assert_eq!(page.get("dsm_database_up", &[("service", "console")]), 1.0);
    assert_eq!(page.get("dsm_redis_up", &[]), 1.0);
}

#[tokio::test]
async fn counters_of_the_consumers_only_grow_and_count_everything() {
    let server = Running::start().await;
    let group = [("stream", "task_update_events"), ("group", "backlog_service_group")];
    let counters = [
        "dsm_consumer_handled_entries_total",
        "dsm_consumer_failed_attempts_total",
        "dsm_consumer_dead_lettered_entries_total",
        "dsm_consumer_attempt_duration_seconds_count",
    ];
    let read = async || {
        let page = scrape(&server).await;
        counters.map(|name| page.get(name, &group))
    };
    wait::until("the consumer runs", async || scrape(&server).await.find(counters[0], &group)).await;
    assert_eq!(read().await, [0.0; 4], "what is consumed here and did nothing yet has known zeros");
    server.project("P-1").await;
    server.sprint("P-1").await;
    add(&server.redis, "task_update_events", "data", "this is not JSON");
    let unknown = json!({"event_id": uuid::Uuid::new_v4(), "event_type": "TASK_UPDATED", "aggregate_id": "NONE-TASK001",
        "aggregate_type": "Task", "timestamp": "2026-03-02T09:15:04.120331", "metadata": {}, "event_data": {
            "task_id": "NONE-TASK001", "project_id": "NONE", "sprint_id": null, "status": "in_progress",
            "progress_percentage": 10, "assigned_to": null, "updated_at": "2026-03-02T09:15:04.120331"}});
    add(&server.redis, "task_update_events", "data", &unknown.to_string());
    let seen = Mutex::new([0.0; 4]);
    let only_grow = async || {
        let now = read().await;
        let before = std::mem::replace(&mut *seen.lock().expect("nobody panicked"), now);
        assert!(before.iter().zip(now).all(|(before, now)| *before <= now), "{before:?} {now:?}");
        now
    };
    wait::until_within(Duration::from_mins(1), "the task that nobody knows is a dead letter", async || {
        (only_grow().await[2] >= 2.0).then_some(())
    })
    .await;
    server.settled().await;
    let now = only_grow().await;
    // ten updates of the start; five attempts at what is unknown, none at what is no event
    assert_eq!(now, [10.0, 5.0, 2.0, 15.0]);
    assert!(scrape(&server).await.get("dsm_consumer_attempt_duration_seconds_sum", &group) > 0.0);
}

#[tokio::test]
async fn of_too_many_groups_the_worst_are_told_and_how_many_are_not() {
    let server = Running::start_as(Wanted { metrics_groups: 2, ..Wanted::default() }).await;
    for stream in ["a", "b", "c", "z"] {
        add(&server.redis, stream, "n", "1");
        ask(&server.redis, &["XGROUP", "CREATE", stream, "g", "$"]);
    }
    // with entries that nobody reads
    add(&server.redis, "z", "n", "2");
    // until then groups of ours are still made
    server.settled().await;
    let page = after_a_look(&server).await;
    let told = page.labels("dsm_group_pending_entries");
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|labels| labels["stream"] == "z"), "{told:?}");
    let streams = page.labels("dsm_stream_entries");
    assert_eq!(streams.len(), 2);
    assert!(told.iter().all(|group| streams.iter().any(|stream| stream["stream"] == group["stream"])));
    let snapshot = server.context.snapshot();
    let groups: usize = snapshot.streams.iter().map(|stream| stream.groups.len()).sum();
    assert_eq!(page.get("dsm_groups_left_out", &[]), (groups - 2) as f64);
    assert_eq!(page.get("dsm_streams_left_out", &[]), (snapshot.streams.len() - 2) as f64);
    assert_eq!(page.labels("dsm_consumer_paused").len(), 4, "our own are never left out");
}

#[tokio::test]
async fn scraping_asks_redis_nothing() {
    let wanted = Wanted { workers: false, sample_every: Duration::from_mins(1), ..Wanted::default() };
    let server = Running::start_as(wanted).await;
    wait::until("the first look", async || scrape(&server).await.find("dsm_look_age_seconds", &[]).map(drop)).await;
    let commands = || {
        let answer = ask(&server.redis, &["INFO", "commandstats"]);
        // the question itself is the only one that may be counted
        let lines = answer.lines().filter(|line| line.starts_with("cmdstat_") && !line.starts_with("cmdstat_info"));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let before = commands();
    assert!(before.iter().any(|line| line.starts_with("cmdstat_scan")), "the look is counted: {before:?}");
    for _ in 0..50 {
        scrape(&server).await;
    }
    assert_eq!(commands(), before);
}

/// A server with something of everything that can be told.
pub(crate) async fn with_everything() -> Running {
    let mut server = Running::start().await;
    ask(&server.redis, &["CONFIG", "SET", "maxmemory", "100mb"]);
    foreign_stream(&server, "orders", "mailer");
    server.project("P-1").await;
    server.settled().await;
    wait::until("the memory of the stream was measured", async || {
        scrape(&server).await.find("dsm_stream_memory_bytes", &[("stream", "orders")])
    })
    .await;
    // from here on events wait in the outbox
    server.redis.stop();
    server.sprint("P-1").await;
    let service = [("service", "sprint")];
    let page = scrape(&server).await;
    assert_eq!(page.get("dsm_outbox_waiting_events", &service), 11.0);
    assert!((0.0..60.0).contains(&page.get("dsm_outbox_oldest_waiting_seconds", &service)));
    server
}

#[tokio::test]
async fn the_table_for_operators_is_what_is_told_in_both_formats() {
    let table = include_str!("../../../docs/metrics.md");
    let rows = families().into_iter().map(|family| {
        let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        let (name, kind, unit, help) = (family.name, family.kind.as_str(), family.unit, family.help);
        format!("| `{name}` | {kind} | {unit} | {labels} | {help} |")
    });
    let documented: BTreeSet<_> = table.lines().filter(|line| line.starts_with("| `dsm_")).map(str::to_owned).collect();
    let rows: BTreeSet<_> = rows.collect();
    let missing: Vec<_> = rows.difference(&documented).collect();
    let gone: Vec<_> = documented.difference(&rows).collect();
    assert!(missing.is_empty() && gone.is_empty(), "docs/metrics.md\nlacks {missing:#?}\nand has {gone:#?}");

    let server = with_everything().await;
    for format in [Format::Text, Format::OpenMetrics] {
        let page = scrape_as(&server, format).await;
        let mut told = BTreeSet::new();
        for family in families() {
            assert!(!family.help.contains(['\\', '"', '\n']), "{}: the library does not escape it", family.name);
            let (name, kind) = match (family.kind.as_str(), format) {
                ("counter", Format::OpenMetrics) => (family.name.strip_suffix("_total").expect("a counter"), "counter"),
                ("info", Format::OpenMetrics) => (family.name.strip_suffix("_info").expect("words"), "info"),
                ("info", Format::Text) => (family.name, "gauge"),
                (kind, _) => (family.name, kind),
            };
            let found = page.0.get(name).unwrap_or_else(|| panic!("{name} is not told in {format:?}"));
            assert_eq!((found.kind.as_str(), found.help.as_str()), (kind, family.help), "{name}");
            let labels: BTreeSet<_> = family.labels.iter().copied().collect();
            for sample in &found.samples {
                let has: BTreeSet<_> =
                    sample.labels.keys().map(String::as_str).filter(|label| *label != "le").collect();
                assert_eq!(has, labels, "{}", sample.name);
            }
            told.insert(name);
        }
        assert_eq!(page.0.keys().map(String::as_str).collect::<BTreeSet<_>>(), told, "not in the table");
    }
}
