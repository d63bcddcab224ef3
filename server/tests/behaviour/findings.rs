//! What is found is told over HTTP; and what is healthy is never called wrong, however long it runs.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use domain::{Status, finding::Finding};
use serde_json::{Value, json};
use services::demo;
use streams::Trimmer;
use testkit::wait;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    metrics::{foreign_stream, scrape},
    running::{Running, ask},
};

#[tokio::test]
async fn what_is_found_is_told_as_json_and_to_prometheus() {
    let server = Running::start().await;
    foreign_stream(&server, "orders", "mailer");
    server
        .until("the group is seen", "/api/console/streams/orders/groups/mailer", |group| {
            (group["lag"] == json!({"exact": 3})).then_some(())
        })
        .await;
    ask(&server.redis, &["XTRIM", "orders", "MAXLEN", "1"]);
    let found = server
        .until("it is found", "/api/console/findings?stream=orders&status=bad", |found| {
            found["findings"].as_array().and_then(|all| all.iter().find(|one| one["kind"] == "unread_trimmed").cloned())
        })
        .await;
    assert_eq!((&found["group"], &found["runbook"]), (&json!("mailer"), &json!("entries-lost")));
    assert_eq!(found["action"]["do"], "list_entries");
    let words = found["explanation"].as_str().expect("a text");
    assert!(words.starts_with("2 entries were removed before the group was given them. "), "{words}");
    let told = scrape(&server).await;
    assert_eq!(told.find("dsm_findings", &[("kind", "unread_trimmed")]), Some(1.0));
    assert_eq!(told.find("dsm_findings", &[("kind", "eviction")]), Some(0.0));
    let none = server.expect(200, "GET", "/api/console/findings?stream=others", Value::Null).await;
    assert_eq!(none["findings"], json!([]));
    server.expect(422, "GET", "/api/console/findings?status=purple", Value::Null).await;
}

/// Looks at what is found until `end`; every kind that is a warning or worse, with its first words.
async fn called_wrong(server: &Running, end: Instant) -> BTreeMap<String, String> {
    let mut snapshots = server.context.console.snapshots();
    let mut wrong = BTreeMap::new();
    while Instant::now() < end {
        let changed = tokio::time::timeout(Duration::from_mins(1), snapshots.changed()).await;
        changed.expect("a look in time").expect("the sampler runs");
        let snapshot = snapshots.borrow_and_update().clone();
        let is_alarm = |finding: &&Finding| matches!(finding.status, Status::Bad | Status::Warn);
        for finding in snapshot.found.findings.iter().filter(is_alarm) {
            wrong.entry(finding.kind.as_str().to_owned()).or_insert_with(|| format!("{finding:?}"));
        }
    }
    wrong
}

/// Its slow and failing handlers make dead letters, and nothing that Redis does wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_with_its_failures_is_not_called_wrong() {
    let server = Running::start().await;
    let stop = CancellationToken::new();
    let _end = stop.clone().drop_guard();
    let context = &server.context;
    demo::load_sample(&context.services).await.expect("the sample");
    demo::start_traffic(&context.services).await.expect("the traffic");
    tokio::spawn(demo::Traffic::new(context.services.clone()).run(stop.clone()));
    let handled = |page: &crate::exposition::Exposition| {
        page.find(
            "dsm_group_entries_read_total",
            &[("stream", "task_update_events"), ("group", "backlog_service_group")],
        )
    };
    wait::until("the traffic flows", async || handled(&scrape(&server).await).filter(|handled| *handled > 20.0)).await;
    let wrong = called_wrong(&server, Instant::now() + Duration::from_secs(5)).await;
    assert_eq!(wrong, BTreeMap::new());
}

/// Strangers on one stream: a publisher, three groups with two consumers each of which one is replaced now and then, and a
/// trimmer that goes up to what all have read. Each step is a call of its own, so that looks fall between any two.
struct Strangers {
    server: String,
    step: u64,
}

const PUBLISH: &str = "for n = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], '*', 'n', n) end";
/// Acknowledges what it had, and takes more; the slowest of the groups is a little behind.
const READ: &str = "for _, held in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100, ARGV[2])) do \
                    redis.call('XACK', KEYS[1], ARGV[1], held[1]) end \
                    redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], '>')";
/// Hands over what it holds and goes, in one step.
const LEAVE: &str = "for _, held in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 100, ARGV[2])) do \
                     redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, held[1]) end \
                     redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])";
/// Removes what every group has read and acknowledged.
const TRIM: &str = "local lowest = nil \
                    for _, g in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do \
                    local facts = {} for i = 1, #g, 2 do facts[g[i]] = g[i + 1] end \
                    local held = redis.call('XPENDING', KEYS[1], facts['name']) \
                    local id = held[2] or facts['last-delivered-id'] \
                    local ms, seq = string.match(id, '(%d+)-(%d+)') \
                    if not lowest or tonumber(ms) < lowest[1] or tonumber(ms) == lowest[1] and tonumber(seq) < lowest[2] then \
                    lowest = {tonumber(ms), tonumber(seq), id} end end \
                    if lowest then redis.call('XTRIM', KEYS[1], 'MINID', lowest[3]) end";

impl Strangers {
    const STREAM: &str = "orders";
    const GROUPS: [&str; 3] = ["billing", "mailer", "search"];

    fn start(server: &Running) -> Self {
        for group in Self::GROUPS {
            ask(&server.redis, &["XGROUP", "CREATE", Self::STREAM, group, "$", "MKSTREAM"]);
        }
        Self { server: server.redis.url().replace("unix://", ""), step: 0 }
    }

    async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.step += 1;
            self.eval(PUBLISH, &["7"]).await;
            for group in Self::GROUPS {
                let slow = group == "search" && !self.step.is_multiple_of(3);
                let generation = self.step / 40;
                for consumer in ["one", "two"] {
                    let consumer = format!("{consumer}-{generation}");
                    if !slow {
                        self.eval(READ, &[group, &consumer, "20"]).await;
                    }
                }
                if self.step.is_multiple_of(40) {
                    for consumer in ["one", "two"] {
                        let [old, new] = [generation - 1, generation].map(|n| format!("{consumer}-{n}"));
                        self.eval(LEAVE, &[group, &old, &new]).await;
                    }
                }
            }
            self.eval(TRIM, &[]).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    async fn eval(&self, script: &str, words: &[&str]) {
        let mut command = tokio::process::Command::new("redis-cli");
        command.args(["-s", &self.server, "-e", "EVAL", script, "1", Self::STREAM]).args(words).kill_on_drop(true);
        let output = command.output().await.expect("redis-cli");
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
}

/// Clean traffic: sprints of ours with task updates, trimmed as in the program, and strangers beside them.
async fn clean_traffic(server: &Running) -> DropGuard {
    let stop = CancellationToken::new();
    let ours = ["task_update_events", "dsm:events"].map(str::to_owned).to_vec();
    let trimmer = Trimmer::new(server.context.redis.clone(), ours, 50, Duration::from_secs(1));
    tokio::spawn(trimmer.run(stop.clone()));
    server.project("P-1").await;
    server.sprint("P-1").await;
    let strangers = tokio::spawn(Strangers::start(server).run(stop.clone()));
    let tasks = server.expect(200, "GET", "/backlogs/P-1", Value::Null).await;
    let tasks: Vec<String> = tasks
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|task| task["task_id"].as_str().map(str::to_owned))
        .collect();
    assert!(!tasks.is_empty(), "there is something to work on");
    let (client, address, until) = (reqwest::Client::new(), server.address, stop.clone());
    tokio::spawn(async move {
        for n in 0u64.. {
            if until.is_cancelled() || strangers.is_finished() {
                break;
            }
            for task in &tasks {
                let progress = json!({"progress_percentage": n % 99 + 1});
                let url = format!("http://{address}/tasks/{task}/progress");
                // the server of a test that has ended answers nobody
                drop(client.post(url).json(&progress).send().await);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    stop.drop_guard()
}

/// Every group reads on, and streams are trimmed: else the traffic proves nothing.
async fn flows(server: &Running) {
    let figure =
        |page: &crate::exposition::Exposition, name, labels: &[(&str, &str)]| page.find(name, labels).unwrap_or(0.0);
    wait::until("the traffic flows, and is trimmed", async || {
        let page = scrape(server).await;
        let read = Strangers::GROUPS.iter().all(|group| {
            figure(&page, "dsm_group_entries_read_total", &[("stream", Strangers::STREAM), ("group", group)]) > 20.0
        });
        let of = |name| figure(&page, name, &[("stream", Strangers::STREAM)]);
        let ours = figure(&page, "dsm_stream_entries_added_total", &[("stream", "task_update_events")]) > 20.0;
        (read && ours && of("dsm_stream_entries") < of("dsm_stream_entries_added_total")).then_some(())
    })
    .await;
}

async fn soak(time: Duration) {
    let server = Running::start().await;
    let _end = clean_traffic(&server).await;
    flows(&server).await;
    let wrong = called_wrong(&server, Instant::now() + time).await;
    flows(&server).await;
    let fired = server.expect(200, "GET", "/api/console/alerts/history", Value::Null).await;
    let page = scrape(&server).await;
    let looks = page.find("dsm_looks_total", &[]).unwrap_or(0.0);
    let added = page.find("dsm_stream_entries_added_total", &[("stream", Strangers::STREAM)]).unwrap_or(0.0);
    println!("{time:?}: {looks} looks, {added} entries of strangers, {} kinds of false alarms", wrong.len());
    assert_eq!((wrong, &fired["firings"]), (BTreeMap::new(), &json!([])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clean_traffic_is_never_called_wrong() {
    soak(Duration::from_secs(6)).await;
}

/// `DSM_SOAK_SECONDS=3600 cargo test -p server --test behaviour clean_traffic_soaks -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes as long as it is asked to: an hour by itself"]
async fn clean_traffic_soaks() {
    let seconds = std::env::var("DSM_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(3_600);
    soak(Duration::from_secs(seconds)).await;
}
