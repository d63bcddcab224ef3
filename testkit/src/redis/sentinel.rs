//! A throw-away master with a replica, watched by sentinels.

use std::path::Path;

use tempfile::TempDir;

use super::{
    node::{Node, free_port},
    process::redis_server,
};
use crate::wait;

const SENTINELS: usize = 3;
const QUORUM: usize = 2;
/// The name under which the sentinels know the master.
const SERVICE: &str = "mymaster";
/// A master that is silent for so long counts as dead: short, because tests wait for it; long enough for a busy machine.
const DEAD_AFTER_MS: usize = 1_000;

/// A master, its replica and three sentinels. Dies with the value.
#[derive(Debug)]
pub struct Sentinel {
    /// The master, and the replica that takes its place.
    servers: Vec<Node>,
    sentinels: Vec<Node>,
    _folder: TempDir,
}

impl Sentinel {
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("redis-sentinel-").tempdir().expect("a folder for sentinels");
        let master = Node::start(folder.path(), |command| {
            command.args(["--repl-diskless-sync-delay", "0"]);
        })
        .await;
        let replica = Node::start(folder.path(), |command| {
            command.args(["--replicaof", &format!("127.0.0.1 {}", master.port)]);
        })
        .await;
        replica.until("INFO replication", "master_link_status:up").await;
        let mut sentinels = Vec::new();
        while sentinels.len() < SENTINELS {
            // a port that was taken in between
            let Some(sentinel) = watch(folder.path(), master.port).await else { continue };
            sentinels.push(sentinel);
        }
        for sentinel in &sentinels {
            // numbers as they come over the wire: one replica, two other sentinels
            for known in ["num-slaves\r\n$1\r\n1", "num-other-sentinels\r\n$1\r\n2"] {
                sentinel.until(&format!("SENTINEL MASTER {SERVICE}"), known).await;
            }
            sentinel.until(&format!("SENTINEL CKQUORUM {SERVICE}"), "+OK").await;
        }
        Self { servers: vec![master, replica], sentinels, _folder: folder }
    }

    /// Address for `streams::Redis::new`; stays the same over a failover.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis-sentinel://{}/{SERVICE}", hosts.join(","))
    }

    /// Address of the server that is the master at the start (0), or its replica (1).
    pub fn url_of(&self, place: usize) -> String {
        format!("redis://127.0.0.1:{}", self.servers[place].port)
    }

    pub fn servers(&self) -> &[Node] {
        &self.servers
    }

    /// Ends one of the sentinels as a crash would.
    pub fn kill_sentinel(&mut self, place: usize) {
        self.sentinels[place].kill();
    }

    /// Ends the master as a crash would, and waits until its replica has taken its place.
    pub async fn kill_master(&mut self) {
        self.servers[0].kill();
        self.wait_for_failover().await;
    }

    /// Freezes the master: connections to it stay open. Waits until its replica has taken its place.
    pub async fn freeze_master(&mut self) {
        self.servers[0].pause();
        self.wait_for_failover().await;
    }

    /// Makes the replica the master while the old one lives, and waits until both are what they shall be.
    pub async fn fail_over(&self) {
        wait::until("a sentinel begins the failover", || async {
            let answer = self.sentinels[0].ask(&format!("SENTINEL FAILOVER {SERVICE}")).await;
            answer.starts_with("+OK").then_some(())
        })
        .await;
        self.wait_for_failover().await;
        self.servers[0].until("INFO replication", "role:slave").await;
    }

    async fn wait_for_failover(&self) {
        self.servers[1].until("INFO replication", "role:master").await;
        let port = self.servers[1].port.to_string();
        for sentinel in self.sentinels.iter().filter(|sentinel| sentinel.runs()) {
            sentinel.until(&format!("SENTINEL GET-MASTER-ADDR-BY-NAME {SERVICE}"), &port).await;
        }
    }
}

async fn watch(folder: &Path, master: u16) -> Option<Node> {
    let port = free_port();
    // a sentinel writes into its file what it learns
    let file = folder.join(format!("sentinel-{port}.conf"));
    let text = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {SERVICE} 127.0.0.1 {master} {QUORUM}\n\
         sentinel down-after-milliseconds {SERVICE} {DEAD_AFTER_MS}\nsentinel failover-timeout {SERVICE} 3000\n",
        folder.display()
    );
    std::fs::write(&file, text).expect("a file for a sentinel");
    let mut command = redis_server();
    command.arg(&file).arg("--sentinel");
    Node::with(port, command).await
}
