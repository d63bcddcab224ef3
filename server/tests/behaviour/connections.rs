//! Several Redis: each is seen, operated and remembered by itself (docs/adr/0021).

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{
    redis::{Cluster, Secured, Sentinel, Server},
    wait,
};

use crate::{
    running::ask,
    several::{GROUP, STREAM, Several, furnish, ids, pending, table},
};

#[tokio::test]
async fn the_same_stream_of_two_redis_shows_the_figures_of_each() {
    let b = Server::start().await;
    let several = Several::start(&table("b", &b.url())).await;
    furnish(&several.home, 3);
    furnish(&b, 7);
    for (prefix, length) in [("", 3), ("/at/b", 7)] {
        let path = format!("{prefix}/api/console/streams/{STREAM}");
        several.until("its own figures", &path, |stream| (stream["length"] == length).then_some(())).await;
        let exposition = several.request("GET", &format!("{prefix}/metrics")).send().await.expect("an answer");
        let exposition = exposition.text().await.expect("text");
        assert!(exposition.contains(&format!("dsm_stream_entries{{stream=\"{STREAM}\"}} {length}")), "{exposition}");
        assert_eq!(exposition.contains("dsm_outbox"), prefix.is_empty(), "the services are at home: {exposition}");
    }
    let waits = |count: u64| move |one: &Value| (one["seen"]["waiting"]["exact"] == count).then(|| one.clone());
    let told = several.connection("b", "b waits for 7", waits(7)).await;
    assert_eq!((&told["prefix"], &told["kind"], &told["tls"]), (&json!("/at/b"), &json!("server"), &json!(false)));
    assert_eq!((&told["seen"]["role"], &told["error"]), (&json!("operate"), &Value::Null));
    let home = several.connection("home", "home waits for 3", waits(3)).await;
    assert_eq!(home["prefix"], "");
    let (status, page) = several.page("/connections").await;
    assert!(status.is_success() && page.contains("href=\"/at/b/\""), "{page}");
    several.program.stop().await;
}

#[tokio::test]
async fn an_act_at_a_connection_touches_it_alone_and_is_in_its_audit_log_alone() {
    let b = Server::start().await;
    let several = Several::start(&table("b", &b.url())).await;
    furnish(&several.home, 3);
    furnish(&b, 3);
    let at_home = pending(&several.home);
    let group = format!("/at/b/api/console/streams/{STREAM}/groups/{GROUP}");
    several.until("b was looked at", &group, |group| (group["pending"] == 2).then_some(())).await;
    let act = json!({"act": "acknowledge", "ids": [ids(&b)[0]], "reason": "a test"});
    let (status, report) = several.post(&format!("{group}/pending"), act).await;
    assert_eq!((status, &report["items"][0]["outcome"]), (StatusCode::OK, &json!("done")), "{report}");
    assert_eq!(ids(&b).len(), 1);
    assert_eq!(pending(&several.home), at_home);
    let log = several.get("/at/b/api/console/audit").await;
    assert_eq!(
        (log["entries"].as_array().map(Vec::len), &log["entries"][0]["act"]),
        (Some(1), &json!("pending.acknowledge"))
    );
    assert_eq!(several.get("/api/console/audit").await["entries"].as_array().map(Vec::len), Some(0));
    several.program.stop().await;
}

#[tokio::test]
async fn a_redis_that_hangs_or_is_away_neither_slows_nor_hides_the_others() {
    let (mut gone, hung, well) = (Server::start().await, Server::start().await, Server::start().await);
    let named = [("gone", &gone), ("hung", &hung), ("well", &well)].map(|(name, server)| table(name, &server.url()));
    let several = Several::start(&named.concat()).await;
    for name in ["gone", "hung", "well"] {
        several.connection(name, "it was looked at", |one| one["seen"].is_object().then_some(())).await;
    }
    hung.pause();
    gone.stop();
    for name in ["gone", "hung"] {
        let told =
            several.connection(name, "it is told to be away", |one| one["error"].is_string().then(|| one.clone()));
        let told = told.await;
        assert_eq!(told["status"], "bad");
        assert!(told["looked_at"].is_string(), "the last look stays: {told}");
    }
    // the others are looked at as often as ever, and their pages come at once
    for path in ["/api/console/snapshot", "/at/well/api/console/snapshot"] {
        let first = several.get(path).await["at"].clone();
        several
            .until("another look", path, |seen| (seen["at"] != first && seen["error"].is_null()).then_some(()))
            .await;
    }
    for page in ["/", "/connections", "/at/well/", "/at/well/streams", "/at/hung/", "/at/gone/streams"] {
        let begun = Instant::now();
        let (status, _) = several.page(page).await;
        assert!(
            status.is_success() && begun.elapsed() < Duration::from_secs(4),
            "{page}: {status} {:?}",
            begun.elapsed()
        );
    }
    let (_, page) = several.page("/connections").await;
    assert_eq!(page.matches("No answer since").count(), 2, "{page}");
    hung.resume();
    several.connection("hung", "it is back", |one| one["error"].is_null().then_some(())).await;
    several.program.stop().await;
}

#[tokio::test]
async fn history_and_audit_log_of_a_connection_survive_a_restart() {
    let b = Server::start_durable().await;
    let file = table("eu-1", &b.url());
    let several = Several::start(&file).await;
    furnish(&b, 43);
    let pause = json!({"act": "claim", "ids": [ids(&b)[0]], "reason": "before"});
    let group = format!("/at/eu-1/api/console/streams/{STREAM}/groups/{GROUP}/pending");
    let chart = format!("/at/eu-1/streams/{STREAM}/groups/{GROUP}?range=1h&table=lag-chart");
    wait::until("the lag is on the page", async || {
        let (_, page) = several.page(&chart).await;
        page.contains(">41</td>").then_some(())
    })
    .await;
    assert_eq!(several.post(&group, pause).await.0, StatusCode::OK);
    let several = several.again(&file).await;
    ask(&b, &["XGROUP", "SETID", STREAM, GROUP, "$"]);
    assert_eq!(several.get("/at/eu-1/api/console/audit").await["entries"][0]["reason"], "before");
    wait::until("the lag of before is on the page", async || {
        let (_, page) = several.page(&chart).await;
        page.contains(">41</td>").then_some(())
    })
    .await;
    let kept = several.folder.path().join("data/console-eu-1.db");
    assert!(kept.is_file(), "{}", kept.display());
    several.program.stop().await;
}

#[tokio::test]
async fn a_user_that_may_only_watch_is_enough_and_every_act_is_refused_with_what_to_grant() {
    const DOCUMENT: &str = include_str!("../../../docs/connections.md");
    let b = Server::start().await;
    furnish(&b, 5);
    let line = DOCUMENT.lines().find(|line| line.starts_with("ACL SETUSER console-watch ")).expect("the line");
    let line = line.replace(">PASSWORD", ">s3cret-word");
    assert_eq!(ask(&b, &line.split(' ').collect::<Vec<_>>()), "OK");
    ask(&b, &["XADD", "{orders}:dlq", "1-0", "dlq.stream", STREAM, "dlq.group", GROUP, "dlq.source_id", "1-1"]);
    ask(&b, &["CONFIG", "RESETSTAT"]);
    let url = format!("{}?user=console-watch&pass=s3cret-word", b.url());
    let several = Several::start(&table("b", &url)).await;
    let told = several.connection("b", "its rights are known", |one| (one["seen"]["groups"] == 1).then(|| one.clone()));
    let told = told.await;
    assert_eq!(
        (&told["seen"]["role"], &told["seen"]["rights"]["user"]),
        (&json!("watch_only"), &json!("console-watch"))
    );
    assert_eq!(told["seen"]["dead_letters"], 1);
    let before = (pending(&b), ask(&b, &["XINFO", "GROUPS", STREAM]), ask(&b, &["XLEN", "{orders}:dlq"]));

    let group = format!("/at/b/api/console/streams/{STREAM}/groups/{GROUP}");
    let (reason, id) = ("a test", ids(&b)[0].clone());
    let item = json!({"items": [{"stream": STREAM, "id": "1-0"}], "reason": reason});
    for (path, body, grant) in [
        (format!("{group}/pending"), json!({"act": "claim", "ids": [id], "reason": reason}), "+xclaim"),
        (format!("{group}/pending"), json!({"act": "acknowledge", "ids": [id], "reason": reason}), "+xack"),
        (format!("{group}/pending"), json!({"act": "dead_letter", "ids": [id], "reason": reason}), "+xadd"),
        (format!("{group}/move"), json!({"to": "end", "reason": reason}), "+xgroup|setid"),
        ("/at/b/api/console/dead-letters/replay".to_owned(), item.clone(), "+xdel"),
        ("/at/b/api/console/dead-letters/discard".to_owned(), item, "+xdel"),
    ] {
        let (status, answer) = several.post(&path, body.clone()).await;
        let detail = answer["detail"].as_str().unwrap_or_default();
        assert_eq!(status, StatusCode::FORBIDDEN, "{path} {body}: {answer}");
        assert!(detail.contains("console-watch") && detail.contains(grant), "{path} {body}: {answer}");
    }
    let after = (pending(&b), ask(&b, &["XINFO", "GROUPS", STREAM]), ask(&b, &["XLEN", "{orders}:dlq"]));
    assert_eq!(after, before);
    assert_eq!(several.get("/at/b/api/console/audit").await["entries"].as_array().map(Vec::len), Some(0));

    // pages, with their buttons off
    let (_, page) = several.page(&format!("/at/b/streams/{STREAM}/groups/{GROUP}")).await;
    assert!(page.contains("ACL SETUSER console-watch") && !page.contains("name=\"act\" value=\"claim\""), "{page}");
    for path in ["/at/b/", "/at/b/dead-letters", "/at/b/trace?field=order&value=1", "/at/b/findings"] {
        assert!(several.page(path).await.0.is_success(), "{path}");
    }
    let found = several.get(&format!("/at/b/api/console/streams/{STREAM}/entries?text=3")).await;
    assert_eq!(found["entries"].as_array().map(Vec::len), Some(1));

    // whoever watched so has run nothing that writes; what stands here is of this test's own hand
    let statistics = ask(&b, &["INFO", "commandstats"]);
    for command in
        ["xadd", "xack", "xclaim", "xdel", "xgroup", "eval", "evalsha", "script", "set", "zadd", "del", "exec"]
    {
        let ran = statistics
            .lines()
            .find(|line| line.strip_prefix("cmdstat_").and_then(|rest| rest.split([':', '|']).next()) == Some(command));
        assert!(ran.is_none_or(|line| line.contains("calls=0,")), "{ran:?}");
    }

    // and no secret has left
    let told = [
        several.page("/connections").await.1,
        several.page("/at/b/status").await.1,
        several.get("/api/console/connections").await.to_string(),
        several.request("GET", "/at/b/metrics").send().await.expect("an answer").text().await.expect("text"),
        several.program.stop_and_tell().await.join("\n"),
    ];
    assert!(told.iter().all(|text| !text.contains("s3cret-word")));
}

#[tokio::test]
async fn a_redis_that_speaks_tls_is_watched_by_the_user_whose_password_is_in_a_file() {
    let secured = Secured::start().await;
    secured.node().ask("ACL SETUSER operator on >p@ss/word ~* +@all").await;
    secured.node().ask(&format!("XADD {STREAM} * order 1")).await;
    let secret = TempDir::new().expect("a folder");
    let file = secret.path().join("secret");
    std::fs::write(&file, "p@ss/word\n").expect("a file");
    let url = secured.url().replacen("://", "://operator@", 1);
    let known = format!("{}password_file = '{}'\n", table("known", &url), file.display());
    // the certificate holds for 127.0.0.1 alone
    let foreign = table("foreign", &secured.url().replace("127.0.0.1", "localhost"));
    let authority = secured.authority();
    let several =
        Several::start_with(&(known + &foreign), &[("SSL_CERT_FILE", authority.to_str().expect("text"))]).await;
    let told =
        several.connection("known", "its stream is seen", |one| (one["seen"]["streams"] == 1).then(|| one.clone()));
    let told = told.await;
    assert_eq!(
        (&told["tls"], &told["user"], &told["seen"]["rights"]["user"]),
        (&json!(true), &json!("operator"), &json!("operator"))
    );
    let told = several.connection("foreign", "its certificate is refused", |one| {
        one["error"].as_str().filter(|error| error.contains("certificate")).map(str::to_owned)
    });
    assert!(!told.await.contains("word"));
    several.program.stop().await;
}

#[tokio::test]
async fn sentinels_and_clusters_are_watched_beside_a_single_server() {
    let (cluster, sentinel) = (Cluster::start().await, Sentinel::start().await);
    let file = table("many", &cluster.url()) + &table("safe", &sentinel.url());
    let several = Several::start(&file).await;
    cluster.nodes()[cluster.home(STREAM).await].ask(&format!("XADD {STREAM} * order 1")).await;
    sentinel.servers()[0].ask(&format!("XADD {STREAM} * order 1")).await;
    for (name, kind, mode) in [("many", "cluster", "cluster"), ("safe", "sentinel", "sentinel")] {
        let told =
            several.connection(name, "its stream is seen", |one| (one["seen"]["streams"] == 1).then(|| one.clone()));
        let told = told.await;
        assert_eq!((&told["kind"], &told["seen"]["role"]), (&json!(kind), &json!("operate")), "{told}");
        let snapshot = several.get(&format!("/at/{name}/api/console/snapshot")).await;
        assert_eq!(snapshot["redis"]["mode"], mode);
        let (status, page) = several.page(&format!("/at/{name}/streams/{STREAM}")).await;
        assert!(status.is_success() && page.contains("data-colour="), "{page}");
    }
    several.program.stop().await;
}
