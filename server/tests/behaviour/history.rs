//! What figures were is on the page after a restart.

use tempfile::TempDir;
use testkit::{redis::Server, wait};

use crate::{
    program::Program,
    running::{add, ask},
};

const STREAM: &str = "orders";
const GROUP: &str = "mailer";
/// Entries that nobody has read while the first process runs.
const LAG: usize = 57;

/// The page of the group over a range, with the figures of one chart as a table.
async fn page(program: &Program, range: &str, chart: &str) -> Option<String> {
    page_of(program, (STREAM, GROUP), range, chart).await
}

async fn page_of(program: &Program, (stream, group): (&str, &str), range: &str, chart: &str) -> Option<String> {
    let url = format!("{}/streams/{stream}/groups/{group}?range={range}&table={chart}", program.url);
    let answer = reqwest::Client::new().get(url).header("accept", "text/html").send().await.ok()?;
    if answer.status().is_success() { answer.text().await.ok() } else { None }
}

/// Whether a cell of a table has this number.
fn tells(page: &str, number: usize) -> bool {
    page.contains(&format!(">{number}</td>"))
}

#[tokio::test]
async fn after_a_restart_the_page_of_a_group_shows_what_was_before() {
    let (redis, folder) = (Server::start_durable().await, TempDir::new().expect("a folder"));
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    ask(&redis, &["XGROUP", "CREATE", STREAM, GROUP, "0", "MKSTREAM"]);
    for n in 0..LAG {
        add(&redis, STREAM, "order", &n.to_string());
    }
    let first = Program::start(folder.path(), &redis).await;
    wait::until("the lag is on the page", async || {
        page(&first, "1h", "lag-chart").await.filter(|page| tells(page, LAG))
    })
    .await;
    first.stop().await;

    // the second process never sees that lag
    let read = ["XREADGROUP", "GROUP", GROUP, "c", "COUNT", "1000", "NOACK", "STREAMS", STREAM, ">"];
    ask(&redis, &read);
    let second = Program::start(folder.path(), &redis).await;
    for range in ["15m", "1h", "6h", "24h", "7d", "30d"] {
        let page = wait::until("the page is there", async || {
            page(&second, range, "lag-chart").await.filter(|page| page.contains("chart-table"))
        });
        let page = page.await;
        assert!(tells(&page, LAG), "the lag of before is in {range}:\n{page}");
        assert!(page.contains(&format!("range={range}")) || range == "1h", "the links lead to other ranges");
    }
    let pending = page(&second, "1h", "pending-chart").await.expect("the page");
    assert!(!tells(&pending, LAG), "it was never pending");
    second.stop().await;
}

#[tokio::test]
async fn failures_are_charted_where_they_are_measured_and_nowhere_else() {
    let (redis, folder) = (Server::start().await, TempDir::new().expect("a folder"));
    std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
    ask(&redis, &["XGROUP", "CREATE", STREAM, GROUP, "0", "MKSTREAM"]);
    let program = Program::start(folder.path(), &redis).await;
    let ours = (services::keys::TASK_UPDATE_EVENTS, services::keys::BACKLOG_GROUP);
    wait::until("it is consumed", async || page_of(&program, ours, "1h", "failures-chart").await).await;
    add(&redis, ours.0, "data", "no event");
    wait::until("its dead letter is on the chart", async || {
        page_of(&program, ours, "1h", "failures-chart").await.filter(|page| tells(page, 1))
    })
    .await;
    let strangers = page(&program, "1h", "failures-chart").await.expect("the page");
    assert!(strangers.contains("lag-chart") && !strangers.contains("Failed attempts"), "nobody measures it");
    program.stop().await;
}
