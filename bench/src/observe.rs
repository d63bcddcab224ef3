//! What looking costs on a large installation: the sampler beside prometheus-redis-exporter and beside the bare pipeline
//! that asks for the same, on the same streams, with a PING every millisecond next to each.
//!
//! | module | what |
//! | --- | --- |
//! | [`exporter`] | the peer: one scrape of it |
//! | [`bare`] | the least that a sample with consumers asks |
//! | [`ping`] | what others wait meanwhile |

mod bare;
mod exporter;
mod ping;

use std::time::{Duration, Instant};

use anyhow::Result;
use redis::{Client, aio::MultiplexedConnection};
use streams::{
    Metrics, Redis,
    sampler::{Sampler, sampler},
};

use self::{exporter::Exporter, ping::Ping};
use crate::{
    figures::{Section, Spread, Target, Wanted, short},
    installation, machine,
    server::{Counters, Server},
};

/// How long each way looks in a round.
const LOOK_FOR: Duration = Duration::from_secs(3);
/// Between two samples, so that what others wait for is a sample and not a queue of them.
const PAUSE: Duration = Duration::from_millis(50);
/// How often the sampler would look if it ran by itself; here it is asked.
const NEVER: Duration = Duration::from_hours(1);

/// Who looks, in the order in which they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Nobody,
    Exporter,
    Bare,
    Ours,
    /// Ours, where every group has read an entry since the last look.
    OursMoving,
    /// Ours, when it knows nothing yet.
    OursFirst,
}

const WAYS: [Way; 6] = [Way::Nobody, Way::Exporter, Way::Bare, Way::Ours, Way::OursMoving, Way::OursFirst];

impl Way {
    const fn label(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Exporter => "prometheus-redis-exporter",
            Self::Bare => "**limit**: XINFO STREAM, GROUPS and CONSUMERS, ten streams in a pipeline",
            Self::Ours => "**ours**: a look of `streams::sampler`",
            Self::OursMoving => "ours, every group has read an entry since the last look",
            Self::OursFirst => "ours, the first look",
        }
    }
}

/// What one way cost in one round.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    /// Of one sample; the median of the round.
    seconds: f64,
    commands: f64,
    redis_cpu_ms: f64,
    ping_p99_ms: f64,
}

pub(crate) async fn run(rounds: usize) -> Result<Section> {
    let server = Server::start()?;
    let mut redis = Client::open(server.url())?.get_multiplexed_async_connection().await?;
    installation::furnish(&mut redis).await?;
    let exporter = Exporter::start(&server);
    let mut load = machine::Load::default();
    let mut measured: Vec<(Way, Vec<Round>)> = WAYS.map(|way| (way, Vec::new())).into();
    for _ in 0..rounds {
        load.look();
        for (way, rounds) in &mut measured {
            match (*way, &exporter) {
                (Way::Exporter, Err(_)) => {}
                (way, exporter) => rounds.push(round(way, &server, &mut redis, exporter.as_ref().ok()).await?),
            }
        }
    }
    let mut section = section(&measured, &load);
    if let Err(error) = exporter {
        section.notes.push(format!("prometheus-redis-exporter was not measured: {error:#}"));
    }
    Ok(section)
}

/// Looks for a while, in one way.
async fn round(
    way: Way,
    server: &Server,
    redis: &mut MultiplexedConnection,
    exporter: Option<&Exporter>,
) -> Result<Round> {
    let mut looker = looker(server)?;
    let mut bare = Client::open(server.url())?.get_multiplexed_async_connection().await?;
    if matches!(way, Way::Ours | Way::OursMoving) {
        // what is measured here is every further look
        looker.look().await?;
    }
    let before = Counters::read(&mut server.connect()?)?;
    let ping = Ping::start(server)?;
    let mut took = Vec::new();
    let began = Instant::now();
    while began.elapsed() < LOOK_FOR {
        if way == Way::OursMoving {
            installation::everybody_reads_one(redis).await?;
        }
        if way == Way::OursFirst {
            looker = self::looker(server)?;
        }
        let asked = Instant::now();
        match way {
            Way::Nobody => {}
            Way::Exporter => exporter.expect("it was started").scrape().await?,
            Way::Bare => bare::sample(&mut bare).await?,
            Way::Ours | Way::OursMoving | Way::OursFirst => {
                let snapshot = looker.look().await?;
                anyhow::ensure!(snapshot.streams.len() == installation::STREAMS, "not all streams were seen");
            }
        }
        took.push(asked.elapsed().as_secs_f64());
        tokio::time::sleep(PAUSE).await;
    }
    let waits = ping.stop()?;
    let after = Counters::read(&mut server.connect()?)?;
    took.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "some thousand at most")]
    let (samples, pings) = (took.len() as f64, waits.count as f64);
    Ok(Round {
        seconds: took[took.len() / 2],
        commands: (after.commands - before.commands - pings) / samples,
        redis_cpu_ms: (after.cpu_seconds - before.cpu_seconds) * 1_000.0 / samples,
        ping_p99_ms: waits.p99_ms,
    })
}

fn looker(server: &Server) -> Result<Sampler> {
    Ok(sampler(Redis::new(&server.url())?, Metrics::default(), NEVER).0)
}

fn section(measured: &[(Way, Vec<Round>)], load: &machine::Load) -> Section {
    let of = |wanted: Way| measured.iter().find(|(way, _)| *way == wanted).map_or(&[][..], |(_, rounds)| rounds);
    let ratios = |way: Way, to: Way, figure: fn(&Round) -> f64| -> Vec<f64> {
        of(way).iter().zip(of(to)).map(|(one, other)| figure(one) / figure(other)).collect()
    };
    let mut section = Section::new(
        "Observe",
        format!(
            "{} streams of {} groups of {} consumers, {} entries each, {} pending and {} unread in every group; all samples tell \
             streams, groups and consumers, ours also the oldest pending and the oldest unread entry. {} rounds; each way \
             looks for {} s, {} ms between two samples, with a PING every millisecond beside it. {load}",
            installation::STREAMS,
            installation::GROUPS,
            installation::CONSUMERS,
            installation::ENTRIES,
            installation::PENDING,
            installation::ENTRIES - installation::PENDING,
            of(Way::Ours).len(),
            LOOK_FOR.as_secs(),
            PAUSE.as_millis(),
        ),
        &[
            "who looks",
            "one sample, ms",
            "ratio to limit",
            "exporter / this",
            "commands",
            "Redis CPU ms",
            "PING p99 ms",
        ],
    );
    for (way, rounds) in measured {
        let cell = |figure: fn(&Round) -> f64| Spread::cell(&rounds.iter().map(figure).collect::<Vec<_>>());
        let looks = *way != Way::Nobody;
        let or_nothing = |text: String| if looks { text } else { "-".to_owned() };
        // the reading between the looks is in the counters and in the PINGs as well
        let alone = looks && *way != Way::OursMoving;
        let only_alone = |text: String| if alone { text } else { "-".to_owned() };
        section.row([
            way.label().to_owned(),
            or_nothing(cell(|round| round.seconds * 1_000.0)),
            or_nothing(Spread::cell(&ratios(*way, Way::Bare, |round| round.seconds))),
            or_nothing(Spread::cell(&ratios(Way::Exporter, *way, |round| round.seconds))),
            only_alone(of(*way).first().map_or_else(|| "-".to_owned(), |round| short(round.commands))),
            only_alone(cell(|round| round.redis_cpu_ms)),
            if *way == Way::OursMoving { "-".to_owned() } else { cell(|round| round.ping_p99_ms) },
        ]);
    }
    let median = |values: Vec<f64>| Spread::of(&values).map(|spread| spread.median);
    let seconds = |round: &Round| round.seconds;
    section.targets.push(Target::new(
        "exporter / ours, seconds of a sample",
        Wanted::AtLeast(10.0),
        median(ratios(Way::Exporter, Way::Ours, seconds)),
    ));
    section.targets.push(Target::new(
        "exporter / ours where every group has moved, seconds of a sample",
        Wanted::AtLeast(10.0),
        median(ratios(Way::Exporter, Way::OursMoving, seconds)),
    ));
    section.targets.push(Target::new(
        "ours / limit, p99 of a PING beside it",
        Wanted::AtMost(2.0),
        median(ratios(Way::Ours, Way::Bare, |round| round.ping_p99_ms)),
    ));
    section
}
