//! What the consumers of one process measure is on the pages of another one.

use domain::{
    latency::EventType,
    stream::{Handling, Snapshot},
};
use tempfile::TempDir;
use testkit::{redis::Server, wait};

use crate::{
    program::Program,
    running::{add, answer_of, ask},
    stopping::set_up,
};

const STREAM: &str = "task_update_events";
const GROUP: &str = "backlog_service_group";

async fn handling(program: &Program, group: &str) -> Option<Handling> {
    let request = reqwest::Client::new().get(format!("{}/api/console/snapshot", program.url));
    let (status, answer) = answer_of(request).await;
    if !status.is_success() {
        return None;
    }
    let snapshot: Snapshot = serde_json::from_value(answer).expect("a snapshot");
    snapshot.stream(STREAM)?.groups.iter().find(|known| known.name == group)?.handling.clone()
}

async fn page(program: &Program, group: &str) -> Option<String> {
    let url = format!("{}/streams/{STREAM}/groups/{group}", program.url);
    let answer = reqwest::Client::new().get(url).header("accept", "text/html").send().await.ok()?;
    if answer.status().is_success() { answer.text().await.ok() } else { None }
}

fn names(handling: &Handling) -> Vec<&str> {
    handling.reports.iter().map(|report| report.instance.as_str()).collect()
}

#[tokio::test]
async fn a_second_process_shows_the_event_types_of_the_first_until_that_one_ends() {
    let (redis, folder) = (Server::start_durable().await, TempDir::new().expect("a folder"));
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    let first = Program::start_as("first", folder.path(), &redis).await;
    set_up(&first.url).await;
    let updated = EventType::Named("TASK_UPDATED".to_owned());
    let has_updates =
        |handling: &Handling| handling.types.iter().any(|one| one.event_type == updated && one.handled > 0);
    wait::until("the first has handled some", async || handling(&first, GROUP).await.filter(has_updates)).await;

    let second = Program::start_as("second", folder.path(), &redis).await;
    // the first record may be older than the first event
    wait::until("the second knows of both, and of what the first has handled", async || {
        handling(&second, GROUP)
            .await
            .filter(|handling| names(handling) == ["second", "first"] && has_updates(handling))
    })
    .await;
    let shown = page(&second, GROUP).await.expect("the page");
    for words in ["Latency and errors", "TASK_UPDATED", "second", "first", "Measured by"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    first.stop().await;
    let left = wait::until("only the second tells", async || {
        handling(&second, GROUP).await.filter(|handling| names(handling) == ["second"])
    });
    left.await;
    // a line of the processes; among the consumers of the group its name stays
    let is_line = |page: &str| page.contains("/first\"");
    assert!(is_line(&shown), "the premise: {shown}");
    assert!(!is_line(&page(&second, GROUP).await.expect("the page")), "its record went with it");
    second.stop().await;
    assert_eq!(ask(&redis, &["KEYS", "dsm:console:*"]), "", "an orderly stop leaves nothing behind");
}

#[tokio::test]
async fn a_group_of_strangers_has_only_what_can_be_derived_and_says_so() {
    let (redis, folder) = (Server::start_durable().await, TempDir::new().expect("a folder"));
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    ask(&redis, &["XGROUP", "CREATE", STREAM, "strangers", "0", "MKSTREAM"]);
    add(&redis, STREAM, "order", "1");
    ask(&redis, &["XREADGROUP", "GROUP", "strangers", "c", "STREAMS", STREAM, ">"]);
    let program = Program::start(folder.path(), &redis).await;
    let shown = wait::until("the page knows of the entry", async || {
        page(&program, "strangers").await.filter(|page| page.contains("the oldest pending entry was last delivered"))
    })
    .await;
    for words in ["derived", "a lower bound", "only its consumers can measure it", "at least"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    assert!(!shown.contains("Measured by"), "nobody measured");
    program.stop().await;
}
