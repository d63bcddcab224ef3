//! Readiness: the own database and Redis decide, peers are reported.

use services::health::{Service, databases, readiness};
use streams::Redis;
use testkit::redis::Server;

use crate::world::{Away, on_both, without};

#[tokio::test]
async fn every_service_is_ready_when_its_database_and_redis_answer() {
    let redis = Server::start().await;
    let redis = Redis::new(&redis.url()).map(|client| (client, redis)).expect("a URL");
    on_both(async |world| {
        for service in Service::ALL {
            let readiness = readiness(&world.services, &redis.0, service).await;
            assert!(readiness.is_ready(), "{readiness:?}");
            assert_eq!(readiness.service, format!("{}-service", service.as_str()));
        }
    })
    .await;
}

/// fault 45
#[tokio::test]
async fn a_peer_that_is_away_is_reported_and_does_not_gate() {
    let server = Server::start().await;
    let redis = Redis::new(&server.url()).expect("a URL");
    without(Away::Project, async |world| {
        let sprint = readiness(&world.services, &redis, Service::Sprint).await;
        assert!(sprint.is_ready(), "{sprint:?}");
        assert_eq!(sprint.external_apis["project_service"], "error");
        assert_eq!(sprint.external_apis["backlog_service"], "ok");
        let project = readiness(&world.services, &redis, Service::Project).await;
        assert_eq!((project.status.as_str(), project.database.as_str()), ("not_ready", "error"));
        assert!(project.external_apis.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_the_others_are_not_taken_for_it() {
    without(Away::Project, async |world| {
        let up: Vec<_> = databases(&world.services).await.into_iter().filter(|(_, up)| *up).collect();
        assert_eq!(up, [Service::Backlog, Service::Sprint, Service::Chronicle].map(|service| (service, true)));
    })
    .await;
}

/// faults 12, 13
#[tokio::test]
async fn redis_gates_at_start_and_when_it_goes_and_readiness_heals_by_itself() {
    let mut server = Server::start().await;
    server.stop();
    let redis = Redis::new(&server.url()).expect("a URL");
    on_both(async |world| {
        let readiness = readiness(&world.services, &redis, Service::Backlog).await;
        assert_eq!(
            (readiness.is_ready(), readiness.redis.as_str(), readiness.database.as_str()),
            (false, "error", "ok")
        );
    })
    .await;
    server.start_again().await;
    on_both(async |world| {
        testkit::wait::until("redis is seen again", || async {
            readiness(&world.services, &redis, Service::Backlog).await.is_ready().then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_files_lie_in_the_folder_whatever_it_is_called() {
    let parent = testkit::postgres::Sqlite::new().expect("a folder");
    for name in ["plain", "with space", "100%25 #1?", "Zürich"] {
        let folder = parent.folder().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let services = services::Services::new(services::Databases::sqlite(&folder).expect("databases"));
        assert!(services::project::list(&services).await.expect("a list").is_empty());
        assert!(folder.join("project.db").exists(), "{name}");
    }
}
