//! The live connection: what it says, that it says it again and again, and that it does not hold up the end.

use std::time::Duration;

use serde_json::Value;

use crate::running::{Running, now};

/// Reads server-sent events one by one.
struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    async fn open(server: &Running) -> Self {
        let response = server.request("GET", "/api/console/live").send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, buffer: String::new() }
    }

    /// The next event's name and data; `None` when the server has ended the connection.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) =
                self.buffer.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned()))
            {
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).map(str::to_owned)
                };
                let found = field("event:").zip(field("data:"));
                self.buffer = rest;
                if let Some((name, data)) = found {
                    return Some((name, serde_json::from_str(&data).expect("data is JSON")));
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
            let chunk = chunk.expect("something within twenty seconds").expect("an open connection")?;
            self.buffer.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
}

#[tokio::test]
async fn every_look_at_redis_is_a_tick_and_its_absence_is_told() {
    let mut server = Running::start().await;
    server.until("redis was looked at", "/api/console/snapshot", |seen| seen["error"].is_null().then_some(())).await;
    let mut events = Events::open(&server).await;
    let mut last = 0;
    for _ in 0..3 {
        let (name, tick) = events.next().await.expect("a tick");
        let (at, said_now) = (tick["at"].as_i64().expect("a time"), tick["now"].as_i64().expect("a time"));
        assert_eq!((name.as_str(), &tick["error"]), ("tick", &Value::Null));
        assert!(at > last && (said_now - now().millis()).abs() < 60_000, "{tick}");
        last = at;
    }
    server.redis.stop();
    let told = async {
        loop {
            let (_, tick) = events.next().await.expect("a tick");
            if tick["error"].is_string() {
                return tick;
            }
        }
    };
    let tick = tokio::time::timeout(Duration::from_secs(20), told).await.expect("the absence is told");
    assert!(tick["at"].as_i64().is_some_and(|at| at >= last), "the last look stays: {tick}");
    server.redis.start_again().await;
    while events.next().await.expect("a tick").1["error"].is_string() {}
}

#[tokio::test]
async fn live_connections_end_with_the_server() {
    let server = Running::start().await;
    let mut open = [Events::open(&server).await, Events::open(&server).await];
    for events in &mut open {
        events.next().await.expect("a tick");
    }
    server.end().await;
    for events in &mut open {
        while events.next().await.is_some() {}
    }
}
