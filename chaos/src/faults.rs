//! The plan of faults: a pure function of seed, seconds and the kinds that are wanted.

use std::{fmt, time::Duration};

use clap::ValueEnum;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::tables::{ORDERED, SHARED};

/// Workers of a history.
pub const WORKERS: usize = 3;
/// Nothing is broken before this: groups exist, entries flow.
const FIRST_AFTER_MS: u64 = 1_500;
/// Between two faults: often two at once, seldom a moment without.
const PAUSE_MS: std::ops::Range<u64> = 300..1_600;

/// What can be wanted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// SIGKILL a worker; another one takes its place and name.
    KillWorker,
    /// SIGSTOP a worker for longer than the lease.
    StopWorker,
    /// SIGTERM a worker; another one takes its place and name.
    EndWorker,
    /// SIGKILL Redis and start it again with its data.
    KillRedis,
    /// SIGSTOP Redis for a while.
    StopRedis,
    /// FLUSHALL: data, groups and dead letters are gone.
    FlushAll,
    /// DEL of the stream with its groups.
    DeleteStream,
    /// XGROUP DELCONSUMER of a worker that runs.
    DeleteConsumer,
    /// XTRIM of entries that are unread or pending. Only where asked for: entries that are trimmed and passed between two
    /// looks of the relay are not declared yet.
    Trim,
    /// Cut the connections of a worker to Redis.
    CutLink,
    /// Connections stay open and nothing arrives.
    HalfOpenLink,
    /// Requests take effect and their replies are lost.
    LoseReplies,
    /// A slow link.
    DelayLink,
    /// Entries that are in the stream are added a second time.
    SendTwice,
}

impl Kind {
    /// What is done where nothing else is asked for: all that the services promise to survive.
    pub fn promised() -> Vec<Self> {
        Self::value_variants().iter().copied().filter(|kind| *kind != Self::Trim).collect()
    }
}

/// One fault, with where and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    KillWorker { slot: usize },
    StopWorker { slot: usize, lasts: Duration },
    EndWorker { slot: usize },
    KillRedis { lasts: Duration },
    StopRedis { lasts: Duration },
    FlushAll,
    DeleteStream,
    DeleteConsumer { slot: usize, group: &'static str },
    Trim { keep: u64 },
    CutLink { slot: usize },
    HalfOpenLink { slot: usize, lasts: Duration },
    LoseReplies { slot: usize, lasts: Duration },
    DelayLink { slot: usize, by: Duration, lasts: Duration },
    SendTwice { from_newest: u64, count: u64 },
}

impl Fault {
    /// How long it lasts; zero for what happens at once.
    pub fn lasts(&self) -> Duration {
        match *self {
            Self::StopWorker { lasts, .. }
            | Self::KillRedis { lasts }
            | Self::StopRedis { lasts }
            | Self::HalfOpenLink { lasts, .. }
            | Self::LoseReplies { lasts, .. }
            | Self::DelayLink { lasts, .. } => lasts,
            _ => Duration::ZERO,
        }
    }

    fn draw(kind: Kind, random: &mut StdRng) -> Self {
        let slot = random.random_range(0..WORKERS);
        let ms = |random: &mut StdRng, range: std::ops::Range<u64>| Duration::from_millis(random.random_range(range));
        match kind {
            Kind::KillWorker => Self::KillWorker { slot },
            Kind::StopWorker => Self::StopWorker { slot, lasts: ms(random, 2_500..5_000) },
            Kind::EndWorker => Self::EndWorker { slot },
            Kind::KillRedis => Self::KillRedis { lasts: ms(random, 100..2_500) },
            Kind::StopRedis => Self::StopRedis { lasts: ms(random, 1_000..3_000) },
            Kind::FlushAll => Self::FlushAll,
            Kind::DeleteStream => Self::DeleteStream,
            Kind::DeleteConsumer => {
                let group = if slot == 0 && random.random_bool(0.5) { ORDERED } else { SHARED };
                Self::DeleteConsumer { slot, group }
            }
            Kind::Trim => Self::Trim { keep: random.random_range(0..20) },
            Kind::CutLink => Self::CutLink { slot },
            Kind::HalfOpenLink => Self::HalfOpenLink { slot, lasts: ms(random, 1_000..8_000) },
            Kind::LoseReplies => Self::LoseReplies { slot, lasts: ms(random, 500..3_000) },
            Kind::DelayLink => Self::DelayLink { slot, by: ms(random, 5..1_000), lasts: ms(random, 1_000..6_000) },
            Kind::SendTwice => {
                Self::SendTwice { from_newest: random.random_range(20..400), count: random.random_range(1..20) }
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.lasts().as_millis();
        match self {
            Self::KillWorker { slot } => write!(f, "SIGKILL worker {slot}"),
            Self::StopWorker { slot, .. } => write!(f, "SIGSTOP worker {slot} for {ms} ms"),
            Self::EndWorker { slot } => write!(f, "SIGTERM worker {slot}"),
            Self::KillRedis { .. } => write!(f, "SIGKILL redis, again after {ms} ms"),
            Self::StopRedis { .. } => write!(f, "SIGSTOP redis for {ms} ms"),
            Self::FlushAll => write!(f, "FLUSHALL"),
            Self::DeleteStream => write!(f, "DEL of the stream"),
            Self::DeleteConsumer { slot, group } => write!(f, "DELCONSUMER of worker {slot} in {group}"),
            Self::Trim { keep } => write!(f, "XTRIM to {keep}"),
            Self::CutLink { slot } => write!(f, "cut the link of worker {slot}"),
            Self::HalfOpenLink { slot, .. } => write!(f, "half-open link of worker {slot} for {ms} ms"),
            Self::LoseReplies { slot, .. } => write!(f, "lost replies to worker {slot} for {ms} ms"),
            Self::DelayLink { slot, by, .. } => {
                write!(f, "link of worker {slot} slower by {} ms for {ms} ms", by.as_millis())
            }
            Self::SendTwice { count, .. } => write!(f, "{count} entries sent twice"),
        }
    }
}

/// A fault and when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub at: Duration,
    pub fault: Fault,
}

/// The faults of a history, by time. All have ended when the seconds are over.
pub fn plan(seed: u64, seconds: u64, kinds: &[Kind]) -> Vec<Step> {
    let mut random = StdRng::seed_from_u64(seed);
    let end = Duration::from_secs(seconds);
    let mut at = Duration::from_millis(FIRST_AFTER_MS);
    let mut steps = Vec::new();
    while at < end {
        let Some(kind) = kinds.choose(&mut random) else { break };
        let fault = Fault::draw(*kind, &mut random);
        if at + fault.lasts() < end {
            steps.push(Step { at, fault });
        }
        at += Duration::from_millis(random.random_range(PAUSE_MS));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_function_of_its_seed_and_ends_in_time() {
        let kinds = Kind::value_variants();
        let steps = plan(7, 60, kinds);
        assert_eq!(steps, plan(7, 60, kinds));
        assert_ne!(steps, plan(8, 60, kinds));
        assert!(steps.iter().all(|step| step.at + step.fault.lasts() < Duration::from_mins(1)));
        assert!(steps.is_sorted_by_key(|step| step.at));
        assert!((40..100).contains(&steps.len()), "{}", steps.len());
    }

    #[test]
    fn only_the_kinds_that_are_wanted_are_planned() {
        let steps = plan(7, 60, &[Kind::CutLink]);
        assert!(!steps.is_empty() && steps.iter().all(|step| matches!(step.fault, Fault::CutLink { .. })));
        assert_eq!(plan(7, 60, &[]), []);
    }
}
