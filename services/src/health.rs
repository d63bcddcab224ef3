//! Whether a service can do its work (contract §2.0): its own database and Redis decide, peers are reported.

use std::{collections::BTreeMap, future::Future, time::Duration};

use domain::health::{NOT_READY, READY, Readiness};
use store::Database;
use streams::Redis;

use crate::{Services, clock};

/// How long a probe may take: an operator's load balancer asks every few seconds.
const TIMEOUT: Duration = Duration::from_secs(2);

/// One of the four services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Project,
    Backlog,
    Sprint,
    Chronicle,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Project, Self::Backlog, Self::Sprint, Self::Chronicle];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Backlog => "backlog",
            Self::Sprint => "sprint",
            Self::Chronicle => "chronicle",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.as_str() == word)
    }

    /// Whom it calls (contract §1).
    const fn peers(self) -> &'static [Self] {
        match self {
            Self::Project | Self::Chronicle => &[],
            Self::Backlog => &[Self::Project],
            Self::Sprint => &[Self::Project, Self::Backlog, Self::Chronicle],
        }
    }

    fn database(self, services: &Services) -> &Database {
        let databases = services.databases();
        match self {
            Self::Project => &databases.project,
            Self::Backlog => &databases.backlog,
            Self::Sprint => &databases.sprint,
            Self::Chronicle => &databases.chronicle,
        }
    }
}

/// Asks all at once; none is waited for longer than two seconds.
pub async fn readiness(services: &Services, redis: &Redis, service: Service) -> Readiness {
    let peers = service.peers().iter().map(|peer| async move {
        (format!("{}_service", peer.as_str()), word(answers(peer.database(services).ready()).await))
    });
    let (database, redis, external_apis) = tokio::join!(
        answers(service.database(services).ready()),
        answers(redis.ping()),
        futures::future::join_all(peers)
    );
    Readiness {
        service: format!("{}-service", service.as_str()),
        status: if database && redis { READY } else { NOT_READY }.to_owned(),
        database: word(database),
        redis: word(redis),
        external_apis: BTreeMap::from_iter(external_apis),
        timestamp: clock::now(),
    }
}

/// Whether the database of each service answers. All are asked at once, and none is waited for longer than two seconds.
pub async fn databases(services: &Services) -> Vec<(Service, bool)> {
    let asked = Service::ALL.map(|service| async move { (service, answers(service.database(services).ready()).await) });
    futures::future::join_all(asked).await
}

async fn answers<E>(probe: impl Future<Output = Result<(), E>>) -> bool {
    matches!(tokio::time::timeout(TIMEOUT, probe).await, Ok(Ok(())))
}

fn word(ok: bool) -> String {
    if ok { "ok" } else { "error" }.to_owned()
}
