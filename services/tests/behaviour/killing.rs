//! Commands, relays and consumers die at every step; answers of Redis are lost (promises P1, P2, P3).

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use domain::{backlog::ChangeTask, sprint::SetProgress};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;
use services::{Services, backlog, chronicle, keys, project, relay::Relay, sprint};
use streams::{
    Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Outgoing, Position, Redis, publish, publish_after,
};
use testkit::{proxy::Proxy, redis::Server, wait};
use tokio_util::sync::CancellationToken;

use crate::{
    journey::{Consuming, until_settled},
    relay::{Running, until_outbox_is_empty},
    stream::{ask, events},
    world::{World, on_both},
};

/// Rounds of one command and one relay that are killed; `DSM_KILLS` is for long runs by hand.
const KILLS: u64 = 60;
/// A command or relay takes fewer steps than this.
const STEPS: usize = 40;

fn seed() -> u64 {
    let seed = std::env::var("DSM_SEED").ok().map_or_else(rand::random, |seed| seed.parse().expect("a number"));
    eprintln!("DSM_SEED={seed}");
    seed
}

/// Runs for so many steps, from one wait to the next, and dies there; `None` if it did not get to its end.
async fn killed_after<T>(steps: usize, run: impl Future<Output = T>) -> Option<T> {
    let (mut run, mut taken) = (pin!(run), 0);
    std::future::poll_fn(|context| {
        if taken == steps {
            return Poll::Ready(None);
        }
        taken += 1;
        run.as_mut().poll(context).map(Some)
    })
    .await
}

/// As if the dead relay's lease had run out.
async fn end_the_lease(world: &World) {
    let mut transaction = world.services.databases().sprint.begin().await.expect("a transaction");
    sqlx::query("delete from outbox_lease").execute(&mut *transaction).await.expect("a delete");
    transaction.commit().await.expect("a commit");
}

/// Progress by task, of every task in the sprint.
async fn stands(services: &Services) -> BTreeMap<String, i64> {
    let tasks = sprint::tasks(services, "P-S01").await.expect("tasks");
    tasks.into_iter().map(|task| (task.task_id, task.progress_percentage)).collect()
}

/// Progress by task, as the last of these events says.
fn told(events: &[Value]) -> BTreeMap<String, i64> {
    let updates = events.iter().filter(|event| event["event_type"] == "TASK_UPDATED");
    updates
        .map(|event| {
            let id = event["aggregate_id"].as_str().expect("an id").to_owned();
            (id, event["event_data"]["progress_percentage"].as_i64().expect("a number"))
        })
        .collect()
}

fn ids(events: &[Value]) -> BTreeSet<String> {
    events.iter().map(|event| event["event_id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn commands_and_relays_killed_at_any_step_leave_no_state_without_event_and_no_event_without_state() {
    let kills = std::env::var("DSM_KILLS").ok().map_or(KILLS, |kills| kills.parse().expect("a number"));
    let seed = seed();
    on_both(async |world| {
        let mut random = StdRng::seed_from_u64(seed);
        let server = Server::start().await;
        let redis = Redis::new(&server.url()).expect("a URL");
        world.project("P", 2).await;
        world.start("P").await;
        let (mut commands, mut relays) = ([0, 0], [0, 0]);
        for kill in 0..kills {
            let task = format!("P-TASK{:03}", random.random_range(1..=10));
            // another value each time, so that a state without its event shows
            let set =
                SetProgress { status: None, progress_percentage: Some(i64::try_from(kill % 99 + 1).expect("small")) };
            let steps = random.random_range(1..STEPS);
            let done = killed_after(steps, sprint::set_progress(&world.services, &task, set)).await;
            commands[usize::from(done.is_some())] += 1;
            let committed = world.committed_events().await;
            assert_eq!(stands(&world.services).await, told(&committed), "kill {kill}: state and event part");

            let relay = Relay::new(&world.services, redis.clone());
            let stop = CancellationToken::new();
            // one that has nothing more to do is stopped in an orderly way
            let done = tokio::select! {
                done = killed_after(random.random_range(1..STEPS), relay.run(stop.clone())) => done,
                () = async {
                    until_outbox_is_empty(&world.services).await;
                    stop.cancel();
                    // the relay ends by itself now
                    std::future::pending::<()>().await;
                } => None,
            };
            relays[usize::from(done.is_some())] += 1;
            end_the_lease(&world).await;
            let ghosts = &ids(&published(&server)) - &ids(&world.committed_events().await);
            assert!(ghosts.is_empty(), "kill {kill}: published and never committed: {ghosts:?}");
        }
        println!("commands killed, done: {commands:?}; relays: {relays:?}");
        assert!(commands.iter().all(|count| *count > 0) && relays[0] > 0, "some die and some do not");
        let relay = Running::start(&world.services, &server);
        until_outbox_is_empty(&world.services).await;
        relay.stop().await;
        assert_eq!(ids(&published(&server)), ids(&world.committed_events().await));
        assert_eq!(told(&published(&server)), stands(&world.services).await, "the last event of a task is the newest");
    })
    .await;
}

/// All events in both streams.
fn published(server: &Server) -> Vec<Value> {
    [events(server, keys::TASK_UPDATE_EVENTS), events(server, keys::DSM_EVENTS)].concat()
}

#[tokio::test]
async fn when_the_answer_to_a_publish_is_lost_events_come_twice_and_have_one_effect() {
    on_both(async |world| {
        let s = &world.services;
        let server = Server::start().await;
        let proxy = Proxy::start(&server.url()).await;
        let behind = Redis::new(&proxy.url()).expect("a URL");
        // makes the script known, whose name alone is sent from then on
        publish_after(&behind, "other", Position::default(), &["{}".into()]).await.expect("a way through");
        world.project("P", 2).await;
        let stop = CancellationToken::new();
        let relay = tokio::spawn(Relay::new(s, behind).run(stop.clone()));
        // the stream of sprints, then that of tasks: each is sent by itself
        for kind in [domain::event::SPRINT_STARTED, domain::event::TASK_UPDATED] {
            let before = published(&server).len();
            proxy.swallow_reply_to(Some(kind));
            if kind == domain::event::SPRINT_STARTED {
                world.start("P").await;
            } else {
                sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
            }
            wait::until("it takes effect", async || (published(&server).len() > before).then_some(())).await;
            // cuts the connection that still waits for its answer, which is lost even where it is on its way
            proxy.swallow_reply_to(None);
            until_outbox_is_empty(s).await;
        }
        let first = world.committed_events().await;
        let sent = published(&server);
        assert_eq!(ids(&sent), ids(&first));
        for kind in [domain::event::SPRINT_STARTED, domain::event::TASK_UPDATED] {
            let count = |events: &[Value]| events.iter().filter(|event| event["event_type"] == kind).count();
            assert!(count(&sent) > count(&first), "{kind} came twice");
        }

        let consuming = Consuming::start(s, &server);
        until_settled(&world, &server).await;
        assert_one_effect(s).await;
        // again, past every window in which Redis itself could know the repeat (100 ids of a producer)
        for _ in 0..11 {
            sprint::run_daily_scrum(s, "P-S01").await.expect("a scrum");
        }
        until_settled(&world, &server).await;
        let before = stands(s).await;
        publish(&Redis::new(&server.url()).expect("a URL"), &outgoing(&first)).await.expect("a late repeat");
        until_settled(&world, &server).await;
        assert_one_effect(s).await;
        for (task, progress) in before {
            assert_eq!(world.task(&task).await.progress_percentage, progress, "{task}");
        }
        consuming.stop().await;
        stop.cancel();
        relay.await.expect("the relay ends");
    })
    .await;
}

async fn assert_one_effect(services: &Services) {
    let notes = chronicle::events(services, Some("P-S01"), None).await.expect("notes");
    assert_eq!(notes.len(), 1, "the start is noted once");
}

fn outgoing(events: &[Value]) -> Vec<Outgoing> {
    let stream = |event: &Value| match event["event_type"].as_str() {
        Some("TASK_UPDATED") => keys::TASK_UPDATE_EVENTS.to_owned(),
        _ => keys::DSM_EVENTS.to_owned(),
    };
    events.iter().map(|event| Outgoing { stream: stream(event), data: event.to_string() }).collect()
}

/// A handler whose process dies after the commit, before anybody hears of it, as long as that is wanted.
struct DiesAfterCommit<H> {
    inner: H,
    dies: Arc<AtomicBool>,
    /// Event ids, in the order in which they were delivered.
    delivered: Arc<Mutex<Vec<String>>>,
}

impl<H: Handler> DiesAfterCommit<H> {
    async fn after_commit(&self, messages: &[&Message]) {
        let ids = messages.iter().map(|message| message.envelope.event_id.clone().expect("an id"));
        self.delivered.lock().expect("no panic").extend(ids);
        if self.dies.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

impl<H: Handler> Handler for DiesAfterCommit<H> {
    fn together(&self) -> usize {
        self.inner.together()
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        self.inner.handle(message).await?;
        self.after_commit(&[message]).await;
        Ok(())
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        self.inner.handle_together(messages).await?;
        self.after_commit(messages).await;
        Ok(())
    }
}

/// Lets everything in a stream be delivered to a consumer that dies before it acknowledges, then to its next life, with
/// `between` in between. How often each event was delivered is asserted here, its one effect by the caller.
async fn deliver_twice<H: Handler>(
    server: &Server,
    (stream, group): (&str, &str),
    handler: impl Fn() -> H,
    between: impl AsyncFnOnce(),
) {
    let redis = Redis::new(&server.url()).expect("a URL");
    let (dies, delivered) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let start = || {
        let handler = DiesAfterCommit { inner: handler(), dies: Arc::clone(&dies), delivered: Arc::clone(&delivered) };
        let settings = ConsumerSettings::new(stream, group, "one");
        Consumer::new(redis.clone(), settings, handler, Metrics::default()).run(CancellationToken::new())
    };
    let all = ids(&events(server, stream));
    let until_delivered = async |times: usize| {
        wait::until("it is delivered", async || (delivered.lock().expect("no panic").len() >= times).then_some(()))
            .await;
    };
    let first = tokio::spawn(start());
    until_delivered(all.len()).await;
    first.abort();
    let _ = first.await;
    let pending = |of: &Value| of[0].as_u64();
    assert_eq!(pending(&ask(server, &["xpending", stream, group])), Some(all.len() as u64), "nothing is acknowledged");
    between().await;

    dies.store(false, Ordering::SeqCst);
    let second = tokio::spawn(start());
    until_delivered(2 * all.len()).await;
    wait::until("it is acknowledged", async || {
        (pending(&ask(server, &["xpending", stream, group])) == Some(0)).then_some(())
    })
    .await;
    second.abort();
    let delivered = delivered.lock().expect("no panic");
    assert!(all.iter().all(|id| delivered.iter().filter(|other| *other == id).count() == 2), "two deliveries of each");
}

#[tokio::test]
async fn a_crash_between_commit_and_acknowledgement_delivers_twice_and_has_one_effect() {
    on_both(async |world| {
        let (s, server) = (&world.services, Server::start().await);
        world.project("P", 2).await;
        world.start("P").await;
        let redis = Redis::new(&server.url()).expect("a URL");
        publish(&redis, &outgoing(&world.committed_events().await)).await.expect("the events");

        let chronicle = (keys::DSM_EVENTS, keys::CHRONICLE_GROUP);
        deliver_twice(&server, chronicle, || chronicle::handler(s.clone()), async || assert_one_effect(s).await).await;
        assert_one_effect(s).await;

        // what was done by hand in between would be undone by a second effect
        let project = (keys::DSM_EVENTS, keys::PROJECT_GROUP);
        deliver_twice(
            &server,
            project,
            || project::handler(s.clone()),
            async || {
                assert_eq!(project::get(s, "P").await.expect("a project").status, "in_progress");
                let set = domain::project::SetProjectStatus { status: "on_hold".into() };
                project::set_status(s, "P", set).await.expect("a change");
            },
        )
        .await;
        assert_eq!(project::get(s, "P").await.expect("a project").status, "on_hold");

        let backlog = (keys::TASK_UPDATE_EVENTS, keys::BACKLOG_GROUP);
        deliver_twice(
            &server,
            backlog,
            || backlog::handler(s.clone()),
            async || {
                assert_eq!(world.task("P-TASK001").await.assigned_to.as_deref(), Some("E001"));
                let change = ChangeTask { assigned_to: Some(None), ..Default::default() };
                backlog::change(s, "P-TASK001", change).await.expect("a change");
            },
        )
        .await;
        assert_eq!(world.task("P-TASK001").await.assigned_to, None);
    })
    .await;
}
