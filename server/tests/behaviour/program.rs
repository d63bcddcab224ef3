//! The built program for one test, with a Redis of the test and SQLite files in its folder.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use testkit::redis::Server;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

/// The built program, running.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    log: JoinHandle<Vec<String>>,
}

impl Program {
    /// Starts it and waits until it serves.
    pub(crate) async fn start(folder: &Path, redis: &Server) -> Self {
        Self::start_with("dsm-1", folder, redis, &[]).await
    }

    /// As one of several processes, each of which has a name.
    pub(crate) async fn start_as(instance: &str, folder: &Path, redis: &Server) -> Self {
        Self::start_with(instance, folder, redis, &[]).await
    }

    /// The same with variables of its environment.
    pub(crate) async fn start_with(
        instance: &str,
        folder: &Path,
        redis: &Server,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dsm-console"))
            .args(["serve", "--listen", "127.0.0.1:0", "--keep-entries", "1000000", "--redis-url", &redis.url()])
            .args(["--instance", instance])
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--site")
            .arg(folder.join("site"))
            .env_remove("DATABASE_URL")
            .env("LOG_LEVEL", "info")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let log = tokio::spawn(async move {
            let mut log = Vec::new();
            while let Ok(Some(line)) = lines.next_line().await {
                log.push(line);
            }
            log
        });
        let mut said = BufReader::new(child.stdout.take().expect("piped")).lines();
        let line = said.next_line().await.expect("its output").expect("its address");
        let url = line.strip_prefix("listening on ").expect("its address").to_owned();
        Self { child, url, log }
    }

    /// Sends SIGTERM and waits for the end, which must be an orderly one; how long it took.
    pub(crate) async fn stop(self) -> Duration {
        self.end().await.0
    }

    /// The same; what it has logged.
    pub(crate) async fn stop_and_tell(self) -> Vec<String> {
        self.end().await.1
    }

    async fn end(mut self) -> (Duration, Vec<String>) {
        let id = self.child.id().expect("it runs").to_string();
        let begun = Instant::now();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill");
        assert!(sent.success());
        let ended = self.child.wait().await.expect("its end");
        let took = begun.elapsed();
        let log = self.log.await.expect("its log");
        let orderly = ended.success() && log.iter().any(|line| line.contains("ended in order"));
        assert!(orderly, "{ended}:\n{}", log.join("\n"));
        (took, log)
    }
}
