//! What stands in a stream, read by Redis' own client and not by ours.

use std::process::Command;

use serde_json::Value;
use testkit::redis::Server;

/// An answer of Redis as JSON.
pub(crate) fn ask(server: &Server, command: &[&str]) -> Value {
    let url = server.url();
    let socket = url.strip_prefix("unix://").expect("a unix socket");
    let output = Command::new("redis-cli").args(["-s", socket, "--json"]).args(command).output().expect("redis-cli");
    let text = String::from_utf8(output.stdout).expect("utf-8");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command:?} answered {text:?}: {error}"))
}

/// The events of a stream, oldest first. Each entry must have the one field `data`.
pub(crate) fn events(server: &Server, stream: &str) -> Vec<Value> {
    let entries = ask(server, &["xrange", stream, "-", "+"]);
    entries.as_array().expect("entries").iter().map(data).collect()
}

fn data(entry: &Value) -> Value {
    let fields = entry[1].as_array().expect("fields");
    assert_eq!((fields.len(), fields[0].as_str()), (2, Some("data")), "one field named data");
    serde_json::from_str(fields[1].as_str().expect("a text")).expect("an event is JSON")
}
