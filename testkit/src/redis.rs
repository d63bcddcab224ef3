//! A throw-away `redis-server` per test, on a unix socket in a folder of its own: nothing of it outlives the test. For
//! what needs several servers, a [`Cluster`] and a master watched by [`Sentinel`]s, and one that speaks TLS ([`Secured`]), on free ports of the loopback.

mod cluster;
mod node;
mod process;
mod secured;
mod sentinel;

use std::{path::PathBuf, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use self::process::Process;
pub use self::{cluster::Cluster, node::Node, secured::Secured, sentinel::Sentinel};
use crate::wait;

/// A private Redis. Dies with the value.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    keeps_data: bool,
    process: Option<Process>,
}

impl Server {
    /// An empty server, without persistence: once stopped, everything is gone.
    pub async fn start() -> Self {
        Self::start_as(false).await
    }

    /// An empty server with an append-only file: [`Server::start_again`] finds its data.
    pub async fn start_durable() -> Self {
        Self::start_as(true).await
    }

    async fn start_as(keeps_data: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("redis-").tempdir().expect("a folder for a private redis");
        let mut server = Self { folder, keeps_data, process: None };
        server.start_again().await;
        server
    }

    /// Address for `streams::Redis::new`; stays the same over stops and starts.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Starts a server that was stopped or killed.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let append_only = if self.keeps_data { "yes" } else { "no" };
        let mut command = process::redis_server();
        command
            .args(["--port", "0", "--save", "", "--appendfsync", "always", "--appendonly", append_only])
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.socket());
        self.process = Some(Process::start(command));
        wait::until("the private redis answers", || async { self.answers().await.then_some(()) }).await;
    }

    /// Ends it in an orderly way.
    pub fn stop(&mut self) {
        self.process.take().expect("the server runs").end("-TERM");
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.take().expect("the server runs").end("-KILL");
    }

    /// Freezes it: connections stay open, nothing answers.
    pub fn pause(&self) {
        self.process.as_ref().expect("the server runs").signal("-STOP");
    }

    /// Ends [`Server::pause`].
    pub fn resume(&self) {
        self.process.as_ref().expect("the server runs").signal("-CONT");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    async fn answers(&self) -> bool {
        let ask = async {
            let mut stream = UnixStream::connect(self.socket()).await.ok()?;
            stream.write_all(b"PING\r\n").await.ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await.ok()?;
            (&answer == b"+PONG").then_some(())
        };
        tokio::time::timeout(Duration::from_secs(1), ask).await.is_ok_and(|answered| answered.is_some())
    }
}
