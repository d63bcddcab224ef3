//! One of several servers, on a free port of the loopback.

use std::{
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::process::{Process, redis_server};
use crate::wait;

/// Free ports are found by asking for one and giving it back, so another program may take it in between.
const START_ATTEMPTS: usize = 5;
/// A server that has not answered by then is tried anew.
const START_WITHIN: Duration = Duration::from_secs(10);

/// A server of a [`super::Cluster`] or beside [`super::Sentinel`]s.
#[derive(Debug)]
pub struct Node {
    pub(super) port: u16,
    process: Option<Process>,
}

impl Node {
    /// Starts a server with these arguments on a port that is free.
    pub(super) async fn start(folder: &Path, arguments: impl Fn(&mut Command)) -> Self {
        for _ in 0..START_ATTEMPTS {
            let port = free_port();
            let mut command = redis_server();
            command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
            command.args(["--dbfilename", &format!("{port}.rdb"), "--dir"]).arg(folder);
            arguments(&mut command);
            if let Some(node) = Self::with(port, command).await {
                return node;
            }
        }
        panic!("no server could be started in {START_ATTEMPTS} attempts");
    }

    /// `None` where the process ends at once: the port was taken.
    pub(super) async fn with(port: u16, command: Command) -> Option<Self> {
        let mut process = Process::start(command);
        let mut answers_or_ended = async || {
            let answers = ask(port, "PING").await.is_some_and(|answer| answer.starts_with("+PONG"));
            if answers { Some(true) } else { process.ended().map(|_| false) }
        };
        let deadline = Instant::now() + START_WITHIN;
        let answers = loop {
            match answers_or_ended().await {
                Some(answers) => break answers,
                None if Instant::now() > deadline => break false,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        answers.then_some(Self { port, process: Some(process) })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until a replica has everything that this server has now.
    pub async fn wait_for(&self, replica: &Self) {
        wait::until("the replica has everything", || async {
            let (here, there) = (self.ask("INFO replication").await, replica.ask("INFO replication").await);
            (offset(&here)? == offset(&there)?).then_some(())
        })
        .await;
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.take().expect("the server runs").end("-KILL");
    }

    /// Freezes it: connections stay open, nothing answers.
    pub fn pause(&self) {
        self.process.as_ref().expect("the server runs").signal("-STOP");
    }

    /// Ends [`Node::pause`].
    pub fn resume(&self) {
        self.process.as_ref().expect("the server runs").signal("-CONT");
    }

    pub(super) fn runs(&self) -> bool {
        self.process.is_some()
    }

    /// The answer to a command (words separated by spaces) as it comes over the wire; panics where there is none.
    pub async fn ask(&self, words: &str) -> String {
        ask(self.port, words).await.unwrap_or_else(|| panic!("no answer to {words}"))
    }

    /// Asks until the answer holds `part`.
    pub(super) async fn until(&self, words: &str, part: &str) {
        wait::until(&format!("{words} says {part}"), || async {
            ask(self.port, words).await.filter(|answer| answer.contains(part))
        })
        .await;
    }
}

/// The answer as it comes over the wire; `None` where there is none within a second. The end of an answer is known by
/// asking something else after it.
async fn ask(port: u16, words: &str) -> Option<String> {
    const LAST: &str = "+PONG\r\n";
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(format!("{words}\r\nPING\r\n").as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        while !answer.ends_with(LAST.as_bytes()) || (words == "PING" && answer.len() < 2 * LAST.len()) {
            if stream.read_buf(&mut answer).await.ok()? == 0 {
                return None;
            }
        }
        answer.truncate(answer.len() - LAST.len());
        String::from_utf8(answer).ok()
    };
    tokio::time::timeout(Duration::from_secs(1), ask).await.ok().flatten()
}

/// How far the text of INFO says that the server has come.
fn offset(info: &str) -> Option<u64> {
    info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"))?.trim().parse().ok()
}

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
