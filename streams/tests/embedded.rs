//! The embedded Redis: starts, keeps its data, comes back, dies with its program.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

use std::time::Duration;

use streams::{Error, Outgoing, Redis, embedded::EmbeddedRedis, publish};
use testkit::wait;
use tokio_util::sync::CancellationToken;

async fn add(redis: &Redis) {
    publish(redis, &[Outgoing { stream: "s".into(), data: "{}".into() }]).await.unwrap();
}

async fn length(redis: &Redis) -> Option<usize> {
    let page = streams::inspect::entries(redis, "s", &streams::inspect::Browse::default()).await.ok()?;
    Some(page.entries.len())
}

fn process_id(url: &str) -> String {
    let socket = url.strip_prefix("unix://").unwrap();
    let info = std::process::Command::new("redis-cli").args(["-s", socket, "info", "server"]).output().unwrap();
    let info = String::from_utf8(info.stdout).unwrap();
    info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap().trim().to_owned()
}

fn is_alive(process_id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat")).unwrap_or_default();
    // what nobody has waited for yet is dead all the same
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test]
async fn an_embedded_redis_keeps_its_data_over_an_orderly_stop() {
    let folder = tempfile::tempdir().unwrap();
    for life in 1..=2 {
        let embedded = EmbeddedRedis::start(folder.path()).await.unwrap();
        let redis = Redis::new(&embedded.url()).unwrap();
        add(&redis).await;
        assert_eq!(length(&redis).await, Some(life));
        let id = process_id(&embedded.url());
        let stop = CancellationToken::new();
        stop.cancel();
        embedded.run(stop).await;
        assert!(!is_alive(&id));
    }
}

#[tokio::test]
async fn an_embedded_redis_that_dies_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedRedis::start(folder.path()).await.unwrap();
    let redis = Redis::new(&embedded.url()).unwrap();
    add(&redis).await;
    // the append-only file is written once a second; a shutdown writes it at once
    let first = process_id(&embedded.url());
    let stop = CancellationToken::new();
    let task = tokio::spawn(embedded.run(stop.clone()));
    assert!(std::process::Command::new("kill").arg(&first).status().unwrap().success());
    wait::until("the old one is gone", || async { (!is_alive(&first)).then_some(()) }).await;
    wait::until("a new one answers", || async { length(&redis).await.filter(|n| *n == 1) }).await;
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn an_embedded_redis_dies_with_its_program_and_its_folder_can_be_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedRedis::start(folder.path()).await.unwrap();
    let id = process_id(&embedded.url());
    // what the death of the program does: the pipe closes, and nobody says goodbye
    drop(embedded);
    wait::until("redis is gone", || async { (!is_alive(&id)).then_some(()) }).await;
    let again = EmbeddedRedis::start(folder.path()).await.unwrap();
    Redis::new(&again.url()).unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn a_redis_left_over_from_an_earlier_run_is_replaced_and_its_data_kept() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().canonicalize().unwrap().join("redis.sock");
    let mut leftover = std::process::Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "yes", "--daemonize", "no"])
        .arg("--dir")
        .arg(folder.path().canonicalize().unwrap())
        .arg("--unixsocket")
        .arg(&socket)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let redis = Redis::new(&format!("unix://{}", socket.display())).unwrap();
    wait::until("the left-over answers", || async { redis.ping().await.ok() }).await;
    add(&redis).await;
    let embedded = EmbeddedRedis::start(folder.path()).await.unwrap();
    assert!(leftover.wait().unwrap().success(), "it was asked to go, not killed");
    let redis = Redis::new(&embedded.url()).unwrap();
    assert_eq!(length(&redis).await, Some(1));
}

#[tokio::test]
async fn a_folder_that_is_in_use_is_refused_and_so_is_a_path_that_is_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedRedis::start(folder.path()).await.unwrap();
    let second = EmbeddedRedis::start(folder.path()).await.err().unwrap();
    assert!(matches!(&second, Error::Refused(why) if why.contains("another dsm-console")), "{second}");
    Redis::new(&embedded.url()).unwrap().ping().await.unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(EmbeddedRedis::start(&file).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a-folder-with-a-long-name".repeat(6));
    let embedded = EmbeddedRedis::start(&deep).await.unwrap();
    Redis::new(&embedded.url()).unwrap().ping().await.unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(15), embedded.run(stop)).await.unwrap();
}
