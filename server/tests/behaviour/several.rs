//! The real program with a home and further connections.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;
use testkit::{redis::Server, wait};

use crate::{
    program::Program,
    running::{add, answer_of, ask},
};

pub(crate) const STREAM: &str = "orders";
pub(crate) const GROUP: &str = "mailer";

/// The program with a home and further connections.
pub(crate) struct Several {
    pub(crate) program: Program,
    pub(crate) home: Server,
    pub(crate) folder: TempDir,
    client: Client,
}

impl Several {
    /// `connections` is the text of the file.
    pub(crate) async fn start(connections: &str) -> Self {
        Self::start_with(connections, &[]).await
    }

    /// Where these variables are set too.
    pub(crate) async fn start_with(connections: &str, more: &[(&str, &str)]) -> Self {
        let (home, folder) = (Server::start_durable().await, TempDir::new().expect("a folder"));
        std::fs::create_dir_all(folder.path().join("site/pkg")).expect("a folder");
        let program = start_with(&folder, &home, connections, more).await;
        let client = Client::builder().redirect(Policy::none()).timeout(Duration::from_secs(30)).build();
        Self { program, home, folder, client: client.expect("a client") }
    }

    /// Ends the program and starts it on the same data.
    pub(crate) async fn again(self, connections: &str) -> Self {
        let Self { program, home, folder, client } = self;
        program.stop().await;
        let program = start(&folder, &home, connections).await;
        Self { program, home, folder, client }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().expect("a method"), format!("{}{path}", self.program.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = answer_of(self.request("GET", path)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        answer_of(self.request("POST", path).json(&body)).await
    }

    /// A page as a browser asks for it.
    pub(crate) async fn page(&self, path: &str) -> (StatusCode, String) {
        let answer = self.request("GET", path).header("accept", "text/html").send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a page"))
    }

    /// Waits until a GET gives what `look` finds good.
    pub(crate) async fn until<T>(&self, what: &str, path: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        wait::until(what, async || {
            let (status, answer) = answer_of(self.request("GET", path)).await;
            if status.is_success() { look(&answer) } else { None }
        })
        .await
    }

    /// What the list of connections tells of one, as soon as `look` finds it good.
    pub(crate) async fn connection<T>(&self, name: &str, what: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        self.until(what, "/api/console/connections", |all| {
            look(all.as_array()?.iter().find(|one| one["name"] == name)?)
        })
        .await
    }
}

async fn start(folder: &TempDir, home: &Server, connections: &str) -> Program {
    start_with(folder, home, connections, &[]).await
}

async fn start_with(folder: &TempDir, home: &Server, connections: &str, more: &[(&str, &str)]) -> Program {
    let file = folder.path().join("connections.toml");
    std::fs::write(&file, connections).expect("a file");
    let file = file.to_str().expect("text");
    let environment = [&[("DSM_CONNECTIONS", file), ("DSM_SAMPLE_MS", "200")], more].concat();
    Program::start_with("dsm-1", folder.path(), home, &environment).await
}

pub(crate) fn table(name: &str, url: &str) -> String {
    format!("[connections.{name}]\nurl = '{url}'\n")
}

/// A stream with so many entries, the first two of which its group has been given.
pub(crate) fn furnish(redis: &Server, entries: usize) {
    for n in 0..entries {
        add(redis, STREAM, "order", &n.to_string());
    }
    ask(redis, &["XGROUP", "CREATE", STREAM, GROUP, "0"]);
    ask(redis, &["XREADGROUP", "GROUP", GROUP, "c", "COUNT", "2", "STREAMS", STREAM, ">"]);
}

pub(crate) fn pending(redis: &Server) -> String {
    ask(redis, &["XPENDING", STREAM, GROUP])
}

/// The ids that are pending.
pub(crate) fn ids(redis: &Server) -> Vec<String> {
    let listed = ask(redis, &["XPENDING", STREAM, GROUP, "-", "+", "10"]);
    listed.lines().step_by(4).map(str::to_owned).collect()
}
