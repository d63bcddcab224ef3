//! How long a command takes to have its effect in another service, on a system that has nothing else to do: command →
//! outbox → relay → stream → consumer → effect. Beside it the same hops with nothing around them.

mod bare;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::{
    project::{AssignTeamMembers, CreateEmployee, CreateProject},
    sprint::{SetProgress, StartSprint},
};
use services::{
    Databases, Services, backlog,
    keys::{BACKLOG_GROUP, TASK_UPDATE_EVENTS},
    project,
    relay::Relay,
    sprint,
};
use streams::{Consumer, ConsumerSettings, Failure, Handler, Message, Metrics, Redis};
use testkit::postgres::{Postgres, Sqlite};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    durable::Kind,
    figures::{Section, Spread, Target, Wanted, quantile},
    machine,
    server::Server,
};

/// Samples of each chain and round: with five rounds a thousand of each.
const SAMPLES: usize = 200;
/// Between two samples, so that every loop has gone back to waiting.
const PAUSE: Duration = Duration::from_millis(3);
/// An effect that takes longer is lost.
const PATIENCE: Duration = Duration::from_secs(10);
const PROJECT: &str = "BENCH";

/// When an event reached its handler, and when its effect was committed.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) received: Instant,
    pub(crate) effective: Instant,
}

/// The milliseconds of one chain in one round.
#[derive(Default, Clone)]
struct Samples {
    received: Vec<f64>,
    effective: Vec<f64>,
}

impl Samples {
    fn add(&mut self, started: Instant, arrival: Arrival) {
        let ms = |instant: Instant| instant.duration_since(started).as_secs_f64() * 1000.0;
        self.received.push(ms(arrival.received));
        self.effective.push(ms(arrival.effective));
    }
}

/// A service's own handler with a watch beside it.
struct Timed<H> {
    handler: H,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

impl<H: Handler> Handler for Timed<H> {
    fn together(&self) -> usize {
        self.handler.together()
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        let received = Instant::now();
        self.handler.handle_together(messages).await?;
        let arrival = Arrival { received, effective: Instant::now() };
        for _ in messages {
            // nobody listens any more at the very end
            let _ = self.arrivals.send(arrival);
        }
        Ok(())
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        let received = Instant::now();
        self.handler.handle(message).await?;
        // nobody listens any more at the very end
        let _ = self.arrivals.send(Arrival { received, effective: Instant::now() });
        Ok(())
    }
}

pub(crate) async fn run(rounds: usize, kinds: &[Kind]) -> Result<Section> {
    let mut section = Section::new(
        "Latency on an idle system",
        "",
        &[
            "database",
            "from the command's start until",
            "ours p50 ms",
            "ours p99 ms",
            "bare p50 ms",
            "bare p99 ms",
            "ratio of p50",
            "ratio of p99",
        ],
    );
    let mut load = machine::Load::default();
    for &kind in kinds {
        let (ours, bare) = on(kind, rounds, &mut load).await.with_context(|| format!("latency on {}", kind.name()))?;
        for (point, of) in POINTS {
            let [median, last] = [0.5, 0.99].map(|share| ratios(&ours, &bare, of, share));
            let all = |chain: &[Samples], share| Spread::cell(&per_round(chain, of, share));
            section.row([
                kind.name().to_owned(),
                point.to_owned(),
                all(&ours, 0.5),
                all(&ours, 0.99),
                all(&bare, 0.5),
                all(&bare, 0.99),
                Spread::cell(&median),
                Spread::cell(&last),
            ]);
            let found = Spread::of(&last).map(|spread| spread.median);
            let what = format!("{}, {point}: p99 of ours / bare", kind.name());
            section.targets.push(Target::new(what, Wanted::AtMost(3.0), found));
        }
    }
    section.method = format!(
        "{rounds} rounds of {SAMPLES} commands for ours and {SAMPLES} for bare, in turn, one at a time, {} ms apart. Ours: \
         `sprint::set_progress` commits its rows and the outbox, `Relay` publishes, `streams::Consumer` runs the backlog's \
         handler. Bare: an insert is committed, one XADD, a blocked XREADGROUP gets it, an inbox mark and an update are \
         committed. {load}",
        PAUSE.as_millis()
    );
    Ok(section)
}

type Of = fn(&Samples) -> &Vec<f64>;
const POINTS: [(&str, Of); 2] = [
    ("the handler has the event", |samples| &samples.received),
    ("the effect is committed", |samples| &samples.effective),
];

fn per_round(chain: &[Samples], of: Of, share: f64) -> Vec<f64> {
    let round = |samples: &Samples| {
        let mut sorted = of(samples).clone();
        sorted.sort_by(f64::total_cmp);
        quantile(&sorted, share)
    };
    chain.iter().map(round).collect()
}

fn ratios(ours: &[Samples], bare: &[Samples], of: Of, share: f64) -> Vec<f64> {
    per_round(ours, of, share).iter().zip(per_round(bare, of, share)).map(|(ours, bare)| ours / bare).collect()
}

async fn on(kind: Kind, rounds: usize, load: &mut machine::Load) -> Result<(Vec<Samples>, Vec<Samples>)> {
    let server = Server::start()?;
    let redis = Redis::new(&server.url())?;
    let sqlite = Sqlite::new()?;
    let (databases, url, postgres) = match kind {
        Kind::Sqlite => (Databases::sqlite(sqlite.folder())?, sqlite.url(), None),
        Kind::Postgres => {
            let (ours, bare) = (Postgres::new().await?, Postgres::new().await?);
            (Databases::postgres(&ours.url())?, bare.url(), Some((ours, bare)))
        }
    };
    let services = Services::new(databases);
    let tasks = furnish(&services).await?;

    let (arrivals, mut arrived) = mpsc::unbounded_channel();
    let handler = Timed { handler: backlog::tasks_handler(services.clone()), arrivals };
    let settings = ConsumerSettings::new(TASK_UPDATE_EVENTS, BACKLOG_GROUP, "bench");
    let (stop, loops) = (CancellationToken::new(), TaskTracker::new());
    loops.spawn(Consumer::new(redis.clone(), settings, handler, Metrics::default()).run(stop.clone()));
    loops.spawn(Relay::new(&services, redis.clone()).run(stop.clone()));
    // those that the start of the sprint made
    for _ in &tasks {
        next(&mut arrived).await?;
    }
    let mut bare_chain = bare::Chain::new(&server.url(), &url, kind).await?;

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    let mut number = 0;
    for _ in 0..rounds {
        load.look();
        let (mut of_ours, mut of_bare) = (Samples::default(), Samples::default());
        for _ in 0..SAMPLES {
            number += 1;
            tokio::time::sleep(PAUSE).await;
            let progress = i64::try_from(number % 98 + 1)?;
            let set = SetProgress { status: None, progress_percentage: Some(progress) };
            let started = Instant::now();
            sprint::set_progress(&services, &tasks[number % tasks.len()], set).await?;
            of_ours.add(started, next(&mut arrived).await?);

            tokio::time::sleep(PAUSE).await;
            let started = Instant::now();
            of_bare.add(started, bare_chain.once(number).await?);
        }
        ours.push(of_ours);
        bare.push(of_bare);
    }
    stop.cancel();
    loops.close();
    loops.wait().await;
    bare_chain.end().await?;
    drop(postgres);
    Ok((ours, bare))
}

async fn next(arrived: &mut mpsc::UnboundedReceiver<Arrival>) -> Result<Arrival> {
    let arrival = tokio::time::timeout(PATIENCE, arrived.recv()).await;
    arrival.with_context(|| format!("no effect within {PATIENCE:?}"))?.context("the chain has ended")
}

/// A project with a team and a running sprint; gives the ids of its tasks.
async fn furnish(services: &Services) -> Result<Vec<String>> {
    let create = CreateProject {
        id: PROJECT.to_owned(),
        name: "Measured".to_owned(),
        description: "a project of the bench".to_owned(),
        status: "inactive".to_owned(),
    };
    project::create(services, create).await?;
    let employee = CreateEmployee {
        employee_id: "E001".to_owned(),
        name: "Employee E001".to_owned(),
        gender: None,
        state: None,
        age: None,
    };
    project::create_employee(services, employee).await?;
    project::assign_team(services, PROJECT, AssignTeamMembers { employee_ids: vec!["E001".to_owned()] }).await?;
    backlog::generate(services, PROJECT).await?;
    let start = StartSprint { sprint_name: "Measured".to_owned(), duration_weeks: 2 };
    let sprint_id = sprint::start(services, PROJECT, start).await?.sprint_id;
    Ok(sprint::tasks(services, &sprint_id).await?.into_iter().map(|task| task.task_id).collect())
}
