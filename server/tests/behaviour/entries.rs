//! Filters and files of entries, as the API has them.

use domain::{
    Permission,
    stream::{Entry, EntryPage},
};
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::Value;
use testkit::wait;

use crate::running::{Running, add};

/// A stream of any name, and its address.
const STREAM: &str = "or\"ders/../\r\n=x";
const PATH: &str = "/api/console/streams/or%22ders%2F..%2F%0D%0A%3Dx";

async fn with_orders() -> Running {
    let server = Running::start().await;
    for n in 0..30 {
        let data = format!(r#"{{"event_type":"Ordered","aggregate_id":"k{}","total":{n}.5,"note":"=1+{n}"}}"#, n % 3);
        add(&server.redis, STREAM, "data", &data);
    }
    server
}

#[tokio::test]
async fn entries_are_filtered_by_the_grammar_and_a_mistake_is_told_with_its_place() {
    let server = with_orders().await;
    let list = async |query: &str| {
        let page = server.expect(200, "GET", &format!("{PATH}/entries?{query}"), Value::Null).await;
        serde_json::from_value::<EntryPage>(page).expect("a page").entries.len()
    };
    assert_eq!(list("filter=type+%3D+Ordered+and+data.total+%3E%3D+20").await, 10);
    assert_eq!(list("filter=key+%3D+k1&text=ordered&event_type=Ordered").await, 10);
    assert_eq!(list("from=2001-01-01&to=2002-01-01").await, 0);
    assert_eq!(list("from=2001-01-01&filter=").await, 30);
    for (query, word) in
        [("filter=type+%3D", "byte 6"), ("from=soon", "2026-03-10 14:32"), ("filter=colour+%3D+1", "field.colour")]
    {
        let refused = server.expect(422, "GET", &format!("{PATH}/entries?{query}"), Value::Null).await;
        let message = refused["detail"][0]["msg"].as_str().expect("a message");
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn entries_are_exported_with_a_name_and_a_type_that_any_machine_takes() {
    let server = with_orders().await;
    let answer = server.request("GET", &format!("{PATH}/export?format=csv")).send().await.expect("an answer");
    let header = |name| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header(CONTENT_TYPE.as_str()), "text/csv; charset=utf-8; header=present");
    assert_eq!(header(CONTENT_DISPOSITION.as_str()), "attachment; filename=\"entries-or_ders_______x.csv\"");
    assert_eq!(header("x-export-limit"), "entries=1000000, bytes=1073741824");
    assert_eq!(header("cache-control"), "no-store");
    let text = answer.text().await.expect("a file");
    assert_eq!(text.split_terminator("\r\n").count(), 32);

    let answer = server.request("GET", &format!("{PATH}/export?filter=data.total+%3C+3")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-ndjson");
    let text = answer.text().await.expect("a file");
    let lines: Vec<&str> = text.lines().collect();
    let totals: Vec<String> = lines[..lines.len() - 1]
        .iter()
        .map(|line| serde_json::from_str::<Entry>(line).expect("an entry").fields[0].value.clone())
        .collect();
    assert!(totals.len() == 3 && totals[0].contains("0.5") && totals[2].contains("2.5"), "{totals:?}");
    let end: Value = serde_json::from_str(lines[3]).expect("a last line");
    assert_eq!(end["export"]["complete"], true);

    server.expect(404, "GET", "/api/console/streams/none/export", Value::Null).await;
    server.expect(422, "GET", &format!("{PATH}/export?filter=(("), Value::Null).await;
    server.expect(422, "GET", &format!("{PATH}/export?format=xlsx"), Value::Null).await;
}

#[tokio::test]
async fn who_may_not_see_payloads_gets_no_file_of_them() {
    let server = Running::holding(&[Permission::SeeMetadata]).await;
    add(&server.redis, "orders", "data", "secret");
    let refused = server.expect(403, "GET", "/api/console/streams/orders/export", Value::Null).await;
    assert!(!refused.to_string().contains("secret"));
}

#[tokio::test]
async fn who_hangs_up_ends_the_reading() {
    let server = Running::start().await;
    let long = "x".repeat(100_000);
    for _ in 0..300 {
        add(&server.redis, "long", "data", &long);
    }
    // more than fits into what lies between: nobody reads them, so none of them ends by itself
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(server.request("GET", "/api/console/streams/long/export").send().await.expect("an answer"));
    }
    server.expect(503, "GET", "/api/console/streams/long/export", Value::Null).await;
    answers.truncate(1);
    wait::until("there is room for another file", async || {
        let answer = server.request("GET", "/api/console/streams/long/export?filter=nowhere").send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}
