//! What Prometheus is told: the figures of the newest look at Redis, and what this process counted (docs/metrics.md).
//! Redis is never asked here, however often somebody scrapes.
//!
//! | module | what |
//! | --- | --- |
//! | `family` | what a family of samples is |
//! | `format` | the two dialects of the text, which one is asked for, and how samples are written in it |
//! | `choice` | which streams and groups are told where there are too many |
//! | `stream` `group` `redis` `finding` `look` `consumer` `service` | the families, by what they speak of |

mod choice;
mod consumer;
mod family;
mod finding;
mod format;
mod group;
mod look;
mod redis;
mod service;
mod stream;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use app::Context;
use domain::{Timestamp, health::OutboxState, stream::Snapshot};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, registry::Registry};
use services::outbox;
use streams::metrics::{GroupTotals, Looks};

use self::{
    choice::choose,
    family::describe,
    format::write,
    look::Look,
    redis::Words,
    service::{Build, DatabaseState},
};
pub use self::{
    family::{Description, Kind},
    format::Format,
};

/// How long a database may take to answer. Prometheus gives up after ten seconds, and with it all figures are lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// All figures, as text.
pub async fn scrape(context: &Context, format: Format) -> String {
    let (databases, outboxes) = tokio::join!(service::databases(context), outboxes(context));
    let scrape = Scrape {
        most_groups: context.settings.metrics_groups,
        snapshot: context.snapshot(),
        looks: context.console.looks(),
        totals: context.console.totals(),
        databases,
        outboxes,
        build: Build { version: context.settings.version },
        now: now(),
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    format.encode(&registry)
}

/// Every family that a scrape can have.
pub fn families() -> Vec<Description> {
    let mut all = Vec::new();
    all.extend(describe(stream::FAMILIES));
    all.extend(describe(group::FAMILIES));
    all.extend(describe(consumer::FAMILIES));
    all.extend(describe(look::FAMILIES));
    all.extend(describe(redis::WORDS));
    all.extend(describe(redis::FAMILIES));
    all.extend(describe(finding::FAMILIES));
    all.extend(describe(service::DATABASES));
    all.extend(describe(service::OUTBOXES));
    all.extend(describe(service::BUILD));
    all
}

/// Nothing at a connection that has no services, and where the database is away or does not answer in time: nobody knows.
async fn outboxes(context: &Context) -> Vec<OutboxState> {
    if !context.is_home() {
        return Vec::new();
    }
    tokio::time::timeout(PATIENCE, outbox::waiting(&context.services)).await.unwrap_or_default()
}

/// What one answer is made of.
#[derive(Debug)]
struct Scrape {
    most_groups: usize,
    snapshot: Arc<Snapshot>,
    looks: Looks,
    totals: Vec<GroupTotals>,
    databases: Vec<DatabaseState>,
    outboxes: Vec<OutboxState>,
    build: Build,
    now: Timestamp,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let Self { snapshot, now, .. } = self;
        let choice = choose(snapshot, self.most_groups);
        let look = Look {
            up: snapshot.error.is_none(),
            looks: self.looks,
            streams_left_out: choice.streams_left_out,
            groups_left_out: choice.groups_left_out,
        };
        // until Redis was reached nothing is known of it
        let facts: Vec<_> = Some(&snapshot.redis).filter(|facts| !facts.version.is_empty()).into_iter().collect();
        let words: Vec<_> = facts.iter().map(|facts| Words((*facts).clone())).collect();
        let findings = if snapshot.at == Timestamp::default() { Vec::new() } else { finding::by_kind(&snapshot.found) };
        let encoder = &mut encoder;
        write(encoder, stream::FAMILIES, &choice.streams, snapshot.at)?;
        write(encoder, group::FAMILIES, &choice.groups, snapshot.at)?;
        write(encoder, consumer::FAMILIES, &self.totals.iter().collect::<Vec<_>>(), *now)?;
        write(encoder, look::FAMILIES, &[&look], *now)?;
        write(encoder, redis::WORDS, &words.iter().collect::<Vec<_>>(), snapshot.at)?;
        write(encoder, redis::FAMILIES, &facts, snapshot.at)?;
        write(encoder, finding::FAMILIES, &findings.iter().collect::<Vec<_>>(), snapshot.at)?;
        write(encoder, service::DATABASES, &self.databases.iter().collect::<Vec<_>>(), *now)?;
        write(encoder, service::OUTBOXES, &self.outboxes.iter().collect::<Vec<_>>(), *now)?;
        write(encoder, service::BUILD, &[&self.build], *now)
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
