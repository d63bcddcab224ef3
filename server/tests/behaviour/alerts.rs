//! Alerts over HTTP: rules made by forms without a script, what they find read as JSON.

use serde_json::{Value, json};

use crate::running::{Running, add};

const FORM: &str = "application/x-www-form-urlencoded";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// Where a browser without a script that was on the page of alerts is sent.
async fn submitted(server: &Running, function: &str, fields: &[(&str, &str)]) -> String {
    let referer = format!("http://{}/alerts?new=rule", server.address);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = server.request("POST", &format!("/api/fn/alert/{function}"));
    let request = request.header("content-type", FORM).header("accept", BROWSER).header("referer", referer);
    let response = request.body(body).send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 303, "{function} {fields:?}");
    response.headers()["location"].to_str().expect("text").to_owned()
}

const RULE: [(&str, &str); 11] = [
    ("rule[name]", "Too long & wide"),
    ("rule[watched]", "stream_length"),
    ("rule[stream]", "ord*"),
    ("rule[group]", ""),
    ("rule[comparison]", "above"),
    ("rule[threshold]", "1"),
    ("rule[for_seconds]", "0"),
    ("rule[resolve_threshold]", ""),
    ("rule[resolve_for_seconds]", "0"),
    ("rule[severity]", "critical"),
    ("rule[note]", "Read it."),
];

#[tokio::test]
async fn a_rule_made_by_a_form_finds_something_and_is_over_when_it_is_switched_off() {
    let server = Running::start().await;
    let sent_to = submitted(&server, "create", &RULE).await;
    assert!(sent_to.starts_with("/alerts?rule=") && sent_to.contains("done="), "{sent_to}");
    let rules = server.expect(200, "GET", "/api/console/alerts/rules", Value::Null).await;
    let rules = rules.as_array().expect("rules");
    assert_eq!(rules.len(), 6, "five are there from the start");
    let rule = rules.iter().find(|rule| rule["name"] == "Too long & wide").expect("the rule");
    assert_eq!((&rule["group"], &rule["resolve_threshold"]), (&json!("*"), &json!(1)));

    for _ in 0..2 {
        add(&server.redis, "orders", "order", "1");
    }
    let firing = server.until("it fires", "/api/console/alerts", |firing| firing.get(0).cloned()).await;
    assert_eq!(firing["subject"], json!({"kind": "stream", "stream": "orders"}));
    assert_eq!((&firing["phase"], &firing["now"]), (&json!("firing"), &json!({"exact": 2})));
    let id = rule["id"].as_str().expect("an id");
    submitted(&server, "enable", &[("rule_id", id), ("enabled", "false")]).await;
    server.until("it is over", "/api/console/alerts", |firing| (*firing == json!([])).then_some(())).await;
    let history = server.expect(200, "GET", &format!("/api/console/alerts/history?rule={id}"), Value::Null).await;
    assert_eq!(history["firings"][0]["reason"], "rule_off");
    assert_eq!((history["firings"].as_array().map(Vec::len), &history["older"]), (Some(1), &Value::Null));
}

#[tokio::test]
async fn what_cannot_be_kept_comes_back_with_the_field_that_is_wrong_and_everything_that_was_typed() {
    let server = Running::start().await;
    let mut wrong = RULE;
    wrong[5].1 = "a lot";
    let sent_to = submitted(&server, "create", &wrong).await;
    let (page, query) = sent_to.split_once('?').expect("a query");
    assert_eq!(page, "/alerts");
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(value("new"), Some("rule"));
    assert_eq!(value("refused"), Some("threshold: give a whole number, 0 or more"));
    for (name, typed) in wrong {
        assert_eq!(value(&format!("kept.{name}")), Some(typed), "{name}");
    }
    let rules = server.expect(200, "GET", "/api/console/alerts/rules", Value::Null).await;
    assert_eq!(rules.as_array().map(Vec::len), Some(5), "nothing was made");
}
