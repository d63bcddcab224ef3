//! What stands in Redis, read by its own client and not by ours.

use std::process::Command;

use serde_json::{Value, json};
use testkit::redis::Server;

/// An answer of Redis as JSON.
pub(crate) fn ask(server: &Server, command: &[&str]) -> Value {
    let url = server.url();
    let socket = url.strip_prefix("unix://").expect("a unix socket");
    let output = Command::new("redis-cli").args(["-s", socket, "--json"]).args(command).output().expect("redis-cli");
    let text = String::from_utf8(output.stdout).expect("utf-8");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command:?} answered {text:?}: {error}"))
}

/// Ids of a stream's entries, oldest first.
pub(crate) fn ids(server: &Server, stream: &str) -> Vec<String> {
    texts(&ask(server, &["xrange", stream, "-", "+"]))
}

/// Ids and owners of a group's pending entries.
pub(crate) fn pending(server: &Server, stream: &str, group: &str) -> Vec<(String, String)> {
    let listed = ask(server, &["xpending", stream, group, "-", "+", "1000"]);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    listed.as_array().expect("a list").iter().map(|p| (text(&p[0]), text(&p[1]))).collect()
}

/// Everything in Redis that an act could change.
pub(crate) fn everything(server: &Server) -> Value {
    let mut keys: Vec<String> = ask(server, &["keys", "*"])
        .as_array()
        .expect("names")
        .iter()
        .map(|key| key.as_str().expect("a name").to_owned())
        .collect();
    keys.sort_unstable();
    keys.into_iter()
        .map(|key| {
            let groups = ask(server, &["xinfo", "groups", &key]);
            let groups = groups.as_array().expect("groups").iter().map(|group| {
                let name = group["name"].as_str().expect("a name");
                let pending = pending(server, &key, name);
                json!({"name": name, "at": group["last-delivered-id"], "pending": pending})
            });
            json!({"key": key, "entries": ask(server, &["xrange", &key, "-", "+"]), "groups": groups.collect::<Vec<_>>()})
        })
        .collect()
}

fn texts(entries: &Value) -> Vec<String> {
    entries.as_array().expect("entries").iter().map(|entry| entry[0].as_str().expect("an id").to_owned()).collect()
}
