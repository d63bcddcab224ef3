//! A running server for one test: the API behind the whole guard, its services and workers, a Redis and databases of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use app::{Connection, Connections, Context, EnvironmentKind, Settings};
use axum::{Router, routing::post};
use console::{Actor, Console, alert};
use domain::{Figure, Permission, Timestamp, connection::Colour, health::OutboxState, stream::Snapshot};
use leptos::prelude::provide_context;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use server::{
    api, form,
    guard::{self, Hosts, Surface, permitted},
};
use services::{Databases, Services, relay::Relay};
use streams::{Metrics, Redis, sampler::sampler};
use tempfile::TempDir;
use testkit::{redis::Server, wait};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What a test wants to be different from the start.
pub(crate) struct Wanted {
    /// Who asks.
    pub(crate) actor: Actor,
    /// Whether there is a folder for the databases; without it they are away until [`Running::bring_databases_back`].
    pub(crate) databases: bool,
    /// The PostgreSQL of the services, in place of files.
    pub(crate) postgres: Option<String>,
    pub(crate) redis: bool,
    /// How often the sampler looks at Redis.
    pub(crate) sample_every: Duration,
    /// Whether consumers and the relay run.
    pub(crate) workers: bool,
    /// Groups that Prometheus is told of at most.
    pub(crate) metrics_groups: usize,
    /// Routes that the test adds, behind the same guard.
    pub(crate) also: Router,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            actor: Actor::local(),
            databases: true,
            postgres: None,
            redis: true,
            sample_every: Duration::from_millis(100),
            workers: true,
            metrics_groups: 1_000,
            also: Router::new(),
        }
    }
}

/// The running server. Everything ends when it is dropped.
pub(crate) struct Running {
    pub(crate) context: Context,
    pub(crate) address: SocketAddr,
    pub(crate) redis: Server,
    client: reqwest::Client,
    /// Ends the workers.
    stop: CancellationToken,
    /// Ends the requests, while the workers still run: as in the program, where these drain after.
    close: CancellationToken,
    serving: TaskTracker,
    databases: PathBuf,
    _folder: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.close.cancel();
        self.stop.cancel();
    }
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_as(Wanted::default()).await
    }

    /// Where who asks holds only `held`.
    pub(crate) async fn holding(held: &[Permission]) -> Self {
        Self::start_as(Wanted { actor: Actor::new("somebody", held), ..Wanted::default() }).await
    }

    pub(crate) async fn start_as(wanted: Wanted) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let databases = folder.path().join("databases");
        if wanted.databases {
            std::fs::create_dir(&databases).expect("a folder");
        }
        let mut server = Server::start_durable().await;
        if !wanted.redis {
            server.stop();
        }
        let (stop, close, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let redis = Redis::new(&server.url()).expect("a URL");
        let of_services =
            wanted.postgres.map_or_else(|| Databases::sqlite(&databases), |url| Databases::postgres(&url));
        let services = Services::new(of_services.expect("URLs"));
        let metrics = Metrics::default();
        let (sampler, snapshots) = sampler(redis.clone(), metrics.clone(), wanted.sample_every);
        tasks.spawn(sampler.run(stop.clone()));
        if wanted.workers {
            tasks.spawn(Relay::new(&services, redis.clone()).run(stop.clone()));
            for consumer in services::consumers(&services, &redis, &metrics, "test-1") {
                tasks.spawn(consumer.run(stop.clone()));
            }
        }
        let console_url = store::sqlite_url(&databases, "console");
        let console_database = console::database(&console_url).expect("a URL");

        let document = api::router(CancellationToken::new()).1;
        let console = Console::new(console_database, redis.clone(), metrics, snapshots);
        let home = Connection::home(Colour::Slate, EnvironmentKind::Development, console.clone(), redis.clone());
        let context = Context {
            services,
            console,
            redis,
            connections: Connections::new(home.clone(), []),
            connection: home,
            actor: wanted.actor,
            settings: Arc::new(Settings {
                sample_every: wanted.sample_every,
                metrics_groups: wanted.metrics_groups,
                ..settings(serde_json::to_value(document).expect("a document"))
            }),
        };
        tasks.spawn(alert::Watcher::new(&context.console).run(stop.clone()));
        let router = router(&context, wanted.also, close.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serving = TaskTracker::new();
        let closed = close.clone().cancelled_owned();
        serving.spawn(async move { axum::serve(listener, router).with_graceful_shutdown(closed).await });
        serving.close();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        Self { context, address, redis: server, client, stop, close, serving, databases, _folder: folder }
    }

    /// Asks the server to end, and waits until every connection is closed.
    pub(crate) async fn end(&self) {
        self.close.cancel();
        let ended = tokio::time::timeout(Duration::from_secs(20), self.serving.wait()).await;
        assert!(ended.is_ok(), "something holds up the end of the server");
    }

    pub(crate) fn bring_databases_back(&self) {
        std::fs::create_dir(&self.databases).expect("a folder");
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// The status and JSON of an answer, to a request with this body (null: none).
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(method, path);
        let request = if body.is_null() { request } else { request.json(body) };
        answer_of(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call("GET", path, &Value::Null).await
    }

    /// The body of an answer that must be this one of the successes.
    pub(crate) async fn expect(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let (answered, answer) = self.call(method, path, &body).await;
        assert_eq!(answered.as_u16(), status, "{method} {path} {body}: {answer}");
        answer
    }

    /// A project with a team of two and its ten tasks.
    pub(crate) async fn project(&self, id: &str) {
        let project =
            json!({"id": id, "name": format!("Project {id}"), "description": "a test's", "status": "inactive"});
        self.expect(201, "POST", "/projects", project).await;
        for employee in ["E001", "E002"] {
            self.expect(201, "POST", "/employees", json!({"employee_id": employee, "name": "Somebody"})).await;
        }
        let team = json!({"employee_ids": ["E001", "E002"]});
        self.expect(200, "POST", &format!("/projects/{id}/team-members-assign"), team).await;
        self.expect(201, "POST", &format!("/backlogs/{id}"), Value::Null).await;
    }

    /// The project's next sprint.
    pub(crate) async fn sprint(&self, project: &str) -> String {
        let start = json!({"sprint_name": "Checkout", "duration_weeks": 2});
        let started = self.expect(201, "POST", &format!("/sprints/{project}"), start).await;
        started["sprint_id"].as_str().expect("an id").to_owned()
    }

    /// Waits until a GET gives what `look` finds good.
    pub(crate) async fn until<T>(&self, what: &str, path: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        wait::until(what, async || {
            let (status, answer) = self.get(path).await;
            if status.is_success() { look(&answer) } else { None }
        })
        .await
    }

    /// Waits until everything was published, read and handled: outbox empty, nothing pending, nothing unread.
    pub(crate) async fn settled(&self) {
        self.until("the outbox is empty", "/api/console/outbox", |answer| {
            let outboxes: Vec<OutboxState> = serde_json::from_value(answer.clone()).expect("outboxes");
            (!outboxes.is_empty() && outboxes.iter().all(|outbox| outbox.unsent == 0)).then_some(())
        })
        .await;
        // what the sampler saw before that proves nothing
        let now = now();
        self.until("every group of ours has handled everything", "/api/console/snapshot", |snapshot| {
            let snapshot: Snapshot = serde_json::from_value(snapshot.clone()).expect("a snapshot");
            let groups = snapshot.streams.iter().flat_map(|stream| &stream.groups);
            let ours: Vec<_> = groups.filter(|group| group.handling.is_some()).collect();
            let quiet = ours.iter().all(|group| group.pending == 0 && group.lag == Figure::Exact(0));
            (ours.len() == 4 && quiet && snapshot.at > now).then_some(())
        })
        .await;
    }
}

/// Everything that is served without the site: the API, server functions, what a test adds, behind the whole guard.
pub(crate) fn router(context: &Context, also: Router, stop: CancellationToken) -> Router {
    let provide = {
        let context = context.clone();
        move || provide_context(context.clone())
    };
    let function = post(move |request| leptos_axum::handle_server_fns_with_context(provide.clone(), request));
    let functions = permitted(Router::new().route("/api/fn/{*function}", function), context.clone(), Surface::Function)
        .layer(axum::middleware::from_fn(form::without_script));
    let (routes, _) = api::router(stop);
    let routes = permitted(routes, context.clone(), Surface::Api).with_state(context.clone());
    let hosts = Hosts::of(Ipv4Addr::LOCALHOST.into(), ["console.example".to_owned()]);
    guard::around(routes.merge(functions).merge(also), hosts, TaskTracker::new())
}

pub(crate) async fn answer_of(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    let answer = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    (status, answer)
}

/// By the clock that this machine's Redis has too.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a clock before the year 290000"))
}

fn settings(openapi: Value) -> Settings {
    Settings {
        guard: server::guard::table::rows(),
        environment: "test".to_owned(),
        kind: EnvironmentKind::Development,
        version: "0",
        sample_every: Duration::from_millis(100),
        metrics_groups: 1_000,
        embedded_redis: false,
        embedded_databases: true,
        openapi,
    }
}

/// Adds an entry as another program would.
pub(crate) fn add(redis: &Server, stream: &str, field: &str, value: &str) -> String {
    ask(redis, &["XADD", stream, "*", field, value])
}

/// An answer of `redis-cli`.
pub(crate) fn ask(redis: &Server, words: &[&str]) -> String {
    let socket = redis.url().replace("unix://", "");
    let output = std::process::Command::new("redis-cli").args(["-s", &socket]).args(words).output().expect("redis-cli");
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}
