//! A throw-away `redis-server` per test, on a unix socket in a folder of its own: nothing of it outlives the test.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use crate::wait;

/// A private Redis. Dies with the value.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    keeps_data: bool,
    child: Option<Child>,
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
        let mut server = Self { folder, keeps_data, child: None };
        server.start_again().await;
        server
    }

    /// Address for `streams::Redis::new`; stays the same over stops and starts.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Starts a server that was stopped or killed.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let append_only = if self.keeps_data { "yes" } else { "no" };
        // another program of the family, for the matrix of versions
        let program = std::env::var_os("DSM_TEST_REDIS").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(&program)
            .args(["--port", "0", "--save", "", "--appendfsync", "always", "--appendonly", append_only])
            .arg("--dir")
            .arg(self.folder.path())
            .arg("--unixsocket")
            .arg(self.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
        self.child = Some(child);
        wait::until("the private redis answers", || async { self.answers().await.then_some(()) }).await;
    }

    /// Ends it in an orderly way.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        self.reap();
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        self.reap();
    }

    /// Freezes it: connections stay open, nothing answers.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Ends [`Server::pause`].
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the server runs").id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().expect("kill in PATH");
        assert!(sent.success(), "kill {signal} {id}");
    }

    fn reap(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.wait().expect("the server can be waited for");
        }
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

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // SIGKILL ends a paused process too; both calls fail only if it is gone already
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
