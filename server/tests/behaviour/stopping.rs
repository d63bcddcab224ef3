//! The real program is stopped with SIGTERM while events are in flight, again and again (promise P9).
//!
//! `DSM_STOPS` is how often: a few in the gate, 200 or more by hand with
//! `DSM_STOPS=200 cargo test -p server sigterm -- --nocapture`, which also prints the figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{redis::Server, wait};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    program::Program,
    running::{answer_of, ask},
};

const PROJECTS: usize = 6;
const TASKS_PER_PROJECT: usize = 10;
const GROUPS: [(&str, &str); 4] = [
    ("task_update_events", "backlog_service_group"),
    ("dsm:events", "backlog_service_group"),
    ("dsm:events", "project-service-group"),
    ("dsm:events", "chronicle-service-group"),
];

/// People who set the progress of tasks, whatever the program does.
struct Traffic {
    accepted: Arc<AtomicU64>,
    /// Requests whose answer was lost: nobody knows whether they were accepted.
    unknown: Arc<AtomicU64>,
    /// The last accepted progress of each task, where no lost answer came after it.
    last: Arc<Mutex<BTreeMap<String, i64>>>,
    people: JoinSet<()>,
    end: CancellationToken,
}

impl Traffic {
    fn start(address: &watch::Receiver<Option<String>>) -> Self {
        let mut traffic = Self {
            accepted: Arc::default(),
            unknown: Arc::default(),
            last: Arc::default(),
            people: JoinSet::new(),
            end: CancellationToken::new(),
        };
        for project in 0..PROJECTS {
            let (accepted, unknown) = (Arc::clone(&traffic.accepted), Arc::clone(&traffic.unknown));
            let (last, end, address) = (Arc::clone(&traffic.last), traffic.end.clone(), address.clone());
            traffic.people.spawn(async move {
                let client = client();
                let mut address = address;
                for n in 0.. {
                    let task = format!("P{project}-TASK{:03}", n % TASKS_PER_PROJECT + 1);
                    let progress = i64::try_from(n % 99 + 1).expect("a percentage");
                    // whom nobody answers waits for the next address
                    let there = tokio::select! {
                        there = address.wait_for(Option::is_some) => there.expect("the test").clone(),
                        () = end.cancelled() => None,
                    };
                    let Some(url) = there.filter(|_| !end.is_cancelled()) else { return };
                    let request = client.post(format!("{url}/tasks/{task}/progress"));
                    match request.json(&json!({"progress_percentage": progress})).send().await {
                        Ok(answer) if answer.status().is_success() => {
                            last.lock().expect("no panic").insert(task, progress);
                            accepted.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(answer) => panic!("{task}: {}", answer.status()),
                        // it was not there any more
                        Err(error) if error.is_connect() => tokio::task::yield_now().await,
                        Err(_) => {
                            last.lock().expect("no panic").remove(&task);
                            unknown.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }
            });
        }
        traffic
    }

    fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn client() -> Client {
    Client::builder().timeout(Duration::from_secs(30)).build().expect("a client")
}

async fn post(url: &str, path: &str, body: Value) {
    let request = client().post(format!("{url}{path}"));
    let request = if body.is_null() { request } else { request.json(&body) };
    let (status, answer) = answer_of(request).await;
    assert!(status.is_success(), "POST {path}: {answer}");
}

async fn get(url: &str, path: &str) -> Value {
    let (status, answer) = answer_of(client().get(format!("{url}{path}"))).await;
    assert!(status.is_success(), "GET {path}: {answer}");
    answer
}

/// Projects with running sprints, and the events of them.
pub(crate) async fn set_up(url: &str) {
    wait::until("the databases are there", async || {
        client().get(format!("{url}/projects")).send().await.ok().filter(|answer| answer.status().is_success())
    })
    .await;
    post(url, "/employees", json!({"employee_id": "E001", "name": "Somebody"})).await;
    for n in 0..PROJECTS {
        post(url, "/projects", json!({"id": format!("P{n}"), "name": "x", "description": "x", "status": "inactive"}))
            .await;
        post(url, &format!("/projects/P{n}/team-members-assign"), json!({"employee_ids": ["E001"]})).await;
        post(url, &format!("/backlogs/P{n}"), Value::Null).await;
        post(url, &format!("/sprints/P{n}"), json!({"sprint_name": "Checkout", "duration_weeks": 2})).await;
    }
}

/// What a group of a stream says of itself: pending and lag.
fn in_flight(redis: &Server) -> u64 {
    GROUPS.iter().map(|(stream, group)| fact(redis, stream, group, "pending") + fact(redis, stream, group, "lag")).sum()
}

fn fact(redis: &Server, stream: &str, group: &str, name: &str) -> u64 {
    let said = ask(redis, &["XINFO", "GROUPS", stream]);
    let words: Vec<&str> = said.lines().collect();
    let from = words.windows(2).position(|pair| pair == ["name", group]).expect("the group");
    let at = words[from..].iter().position(|word| *word == name).expect("the fact");
    words[from + at + 1].parse().unwrap_or(0)
}

/// Entries that pend after a stop: all of them, and those of which an attempt had begun. Only these can have an effect
/// that was not acknowledged, and are repeated.
fn left_pending(redis: &Server) -> (u64, u64) {
    let (mut all, mut begun) = (0, 0);
    for (stream, group) in GROUPS {
        let said = ask(redis, &["XPENDING", stream, group, "-", "+", "100000"]);
        // id, consumer, idle time, deliveries
        for entry in said.lines().collect::<Vec<_>>().chunks_exact(4) {
            all += 1;
            begun += u64::from(entry[3] != "0");
        }
    }
    (all, begun)
}

/// The event id of every `TASK_UPDATED` in the stream.
fn task_updates(redis: &Server) -> Vec<String> {
    let said = ask(redis, &["XRANGE", "task_update_events", "-", "+"]);
    let events = said.lines().filter(|line| line.starts_with('{')).map(serde_json::from_str::<Value>);
    events.map(|event| event.expect("JSON")["event_id"].as_str().expect("an id").to_owned()).collect()
}

/// Progress by task, as the service that answers at `path` knows it.
async fn progress(url: &str, path: impl Fn(usize) -> String) -> BTreeMap<String, i64> {
    let mut tasks = BTreeMap::new();
    for n in 0..PROJECTS {
        for task in get(url, &path(n)).await.as_array().expect("tasks") {
            let id = task["task_id"].as_str().expect("an id").to_owned();
            tasks.insert(id, task["progress_percentage"].as_i64().expect("a number"));
        }
    }
    tasks
}

fn figures(name: &str, mut values: Vec<u64>) {
    values.sort_unstable();
    let at = |part: usize| values[(values.len() - 1) * part / 100];
    println!("{name}: median {}, p95 {}, most {}, sum {}", at(50), at(95), at(100), values.iter().sum::<u64>());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_under_load_loses_nothing_repeats_nothing_and_strands_nothing() {
    let stops: u64 = std::env::var("DSM_STOPS").ok().map_or(10, |stops| stops.parse().expect("a number"));
    let (redis, folder) = (Server::start_durable().await, TempDir::new().expect("a folder"));
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    let (tell, address) = watch::channel(None);
    let mut program = Program::start(folder.path(), &redis).await;
    set_up(&program.url).await;
    let mut traffic = Traffic::start(&address);

    let [mut starting, mut stopping, mut moving, mut left, mut begun] = [const { Vec::new() }; 5];
    for round in 0..stops {
        let before = traffic.accepted();
        tell.send_replace(Some(program.url.clone()));
        // another moment each time
        wait::until("traffic", async || (traffic.accepted() > before + round * 7 % 60).then_some(())).await;
        moving.push(in_flight(&redis));
        let took = program.stop().await;
        tell.send_replace(None);
        stopping.push(u64::try_from(took.as_millis()).expect("milliseconds"));
        let pending = left_pending(&redis);
        left.push(pending.0);
        begun.push(pending.1);
        let started = Instant::now();
        program = Program::start(folder.path(), &redis).await;
        starting.push(u64::try_from(started.elapsed().as_millis()).expect("milliseconds"));
    }
    traffic.end.cancel();
    tell.send_replace(None);
    while let Some(ended) = traffic.people.join_next().await {
        ended.expect("nobody was refused");
    }

    wait::until("everything is published", async || {
        let outboxes = get(&program.url, "/api/console/outbox").await;
        outboxes.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(|o| o["unsent"] == 0)).then_some(())
    })
    .await;
    wait::until("everything is handled", async || (in_flight(&redis) == 0).then_some(())).await;
    let (accepted, unknown) = (traffic.accepted(), traffic.unknown.load(Ordering::SeqCst));
    let events = task_updates(&redis);
    let different = events.iter().collect::<BTreeSet<_>>().len();
    println!("{stops} stops; {accepted} commands accepted, {unknown} without an answer; {} events", events.len());
    figures("milliseconds of a stop", stopping);
    figures("milliseconds of a start", starting);
    figures("in flight at the signal", moving);
    figures("handed over by the stop", left);
    figures("begun but not acknowledged, so repeated", begun.clone());
    println!("published twice: {}", events.len() - different);

    let starts = (PROJECTS * TASKS_PER_PROJECT) as u64;
    let known = different as u64 - starts;
    assert!(known >= accepted && known <= accepted + unknown, "{known} events of {accepted} to {}", accepted + unknown);
    assert_eq!(events.len(), different, "an orderly stop publishes nothing twice");
    assert_eq!(begun.iter().sum::<u64>(), 0, "what was begun is finished and acknowledged before the end: {begun:?}");
    let said = progress(&program.url, |n| format!("/sprints/P{n}-S01/tasks")).await;
    let effected = progress(&program.url, |n| format!("/backlogs/P{n}")).await;
    assert_eq!(said, effected, "the backlog stands where the sprint service says");
    for (task, progress) in traffic.last.lock().expect("no panic").iter() {
        assert_eq!(said.get(task), Some(progress), "{task}");
    }
    for (stream, group) in GROUPS {
        let consumers = ask(&redis, &["XINFO", "CONSUMERS", stream, group]);
        let names = consumers.lines().filter(|line| *line == "name").count();
        assert!(names <= 2, "consumers of {group} grow: {consumers}");
        assert_eq!(ask(&redis, &["EXISTS", &format!("{{{stream}}}:dlq")]), "0", "no dead letters");
    }
    program.stop().await;
}
