//! A throw-away Redis Cluster.

use tempfile::TempDir;

use super::node::{Node, free_port};
use crate::wait;

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;
/// A node that is silent for so long counts as dead: short, because tests wait for it; long enough for a busy machine.
const DEAD_AFTER_MS: &str = "1500";

/// Three masters with a third of the slots each. Dies with the value.
#[derive(Debug)]
pub struct Cluster {
    /// The masters in the order of their slots, then the replica of the first one, if there is one.
    nodes: Vec<Node>,
    _folder: TempDir,
}

impl Cluster {
    /// Three masters.
    pub async fn start() -> Self {
        Self::start_as(0).await
    }

    /// Three masters, and a replica of the first one that takes its place when it dies.
    pub async fn start_with_replica() -> Self {
        Self::start_as(1).await
    }

    async fn start_as(replicas: usize) -> Self {
        let folder = tempfile::Builder::new().prefix("redis-cluster-").tempdir().expect("a folder for a cluster");
        let mut nodes = Vec::new();
        for name in 0..MASTERS + replicas {
            let start = Node::start(folder.path(), |command| {
                // the usual port of the bus, 10 000 higher, may not exist for a port that happened to be free
                command.args(["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()]);
                command.args([
                    "--cluster-config-file",
                    &format!("{name}.conf"),
                    "--cluster-node-timeout",
                    DEAD_AFTER_MS,
                ]);
                command.args(["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]);
            });
            nodes.push(start.await);
        }
        let cluster = Self { nodes, _folder: folder };
        cluster.join().await;
        cluster
    }

    async fn join(&self) {
        for (place, node) in self.nodes.iter().enumerate() {
            node.until(&format!("CLUSTER SET-CONFIG-EPOCH {}", place + 1), "+OK").await;
            if place < MASTERS {
                let (first, end) = (place * SLOTS / MASTERS, (place + 1) * SLOTS / MASTERS);
                node.until(&format!("CLUSTER ADDSLOTSRANGE {first} {}", end - 1), "+OK").await;
            }
        }
        for other in &self.nodes[1..] {
            let bus = other.bus_port().await;
            self.nodes[0].until(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", other.port), "+OK").await;
        }
        let known = format!("cluster_known_nodes:{}", self.nodes.len());
        for node in &self.nodes {
            node.until("CLUSTER INFO", &known).await;
        }
        let first = self.id(0).await;
        for replica in &self.nodes[MASTERS..] {
            replica.until(&format!("CLUSTER REPLICATE {first}"), "+OK").await;
            replica.until("INFO replication", "master_link_status:up").await;
        }
        for node in &self.nodes {
            node.until("CLUSTER INFO", "cluster_state:ok").await;
            // a replica that a master has not heard of would not be voted for
            for other in &self.nodes[MASTERS..] {
                let replica = format!("127.0.0.1:{}", other.port);
                wait::until("everybody knows the replica", || async {
                    let nodes = node.ask("CLUSTER NODES").await;
                    nodes.lines().any(|line| line.contains(&replica) && line.contains("slave")).then_some(())
                })
                .await;
            }
        }
    }

    /// Address for `streams::Redis::new`.
    pub fn url(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    /// Address of one node alone.
    pub fn url_of(&self, place: usize) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[place].port)
    }

    /// The masters in the order of their slots, then the replica.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Which master had the slot of this key at the start.
    pub async fn home(&self, key: &str) -> usize {
        let answer = self.nodes[0].ask(&format!("CLUSTER KEYSLOT {key}")).await;
        let slot: usize = answer.trim_start_matches(':').trim().parse().expect("a slot");
        (0..MASTERS).find(|place| slot < (place + 1) * SLOTS / MASTERS).expect("a master")
    }

    /// Ends a node as a crash would.
    pub fn kill(&mut self, place: usize) {
        self.nodes[place].kill();
    }

    /// Begins to move the slot of a key: new keys of it are made at `to`, and asked for there if `from` has them not.
    pub async fn begin_move(&self, key: &str, from: usize, to: usize) {
        let slot = self.slot(key).await;
        self.nodes[to].until(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", self.id(from).await), "+OK").await;
        self.nodes[from].until(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", self.id(to).await), "+OK").await;
    }

    /// Moves one key of a slot that is on its way.
    pub async fn move_key(&self, key: &str, from: usize, to: usize) {
        let migrate = format!("MIGRATE 127.0.0.1 {} {key} 0 5000", self.nodes[to].port);
        self.nodes[from].until(&migrate, "+OK").await;
    }

    /// Ends the move of the slot of a key: it is `to`'s, as everybody knows.
    pub async fn end_move(&self, key: &str, to: usize) {
        let (slot, id) = (self.slot(key).await, self.id(to).await);
        self.nodes[to].until(&format!("CLUSTER SETSLOT {slot} NODE {id}"), "+OK").await;
        for node in self.nodes.iter().filter(|node| node.runs()) {
            node.until(&format!("CLUSTER SETSLOT {slot} NODE {id}"), "").await;
        }
    }

    async fn slot(&self, key: &str) -> String {
        let answer = self.nodes[0].ask(&format!("CLUSTER KEYSLOT {key}")).await;
        answer.trim_start_matches(':').trim().to_owned()
    }

    async fn id(&self, place: usize) -> String {
        let answer = self.nodes[place].ask("CLUSTER MYID").await;
        answer.lines().nth(1).expect("an id").to_owned()
    }
}

impl Node {
    async fn bus_port(&self) -> String {
        let answer = self.ask("CONFIG GET cluster-port").await;
        answer.lines().last().expect("a port").to_owned()
    }
}
