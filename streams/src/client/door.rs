//! What is behind a connection: one server, or a cluster whose nodes each get what is theirs.

use std::{fmt, sync::Arc};

use redis::{
    Cmd, Pipeline, RedisFuture, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::{RoutingInfo, Slot},
};

use super::slots;
use crate::server::Server;

/// A server by its address, so that a question about one of its clients is not asked of another server.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Node(Arc<(String, u16)>);

impl Node {
    pub(super) fn new(host: &str, port: u16) -> Self {
        Self(Arc::new((host.to_owned(), port)))
    }

    pub(super) fn host(&self) -> &str {
        &self.0.0
    }

    pub(super) fn port(&self) -> u16 {
        self.0.1
    }
}

/// Addresses are nobody's business but the client's.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node")
    }
}

/// A connection that was made, with what was learned of the server on that occasion.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) door: Door,
    pub(super) server: Arc<Server>,
    /// How to make another connection to the same server; `None` = there are several servers.
    pub(super) client: Option<redis::Client>,
}

impl Connected {
    /// Whether this is the same connection, not just one to the same server.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.server, &other.server)
    }
}

#[derive(Clone)]
pub(super) enum Door {
    /// The server, with its address where it can become another one.
    One(MultiplexedConnection, Option<Node>),
    /// With the slot of the last script, see below.
    Cluster(ClusterConnection, Option<Slot>),
}

impl ConnectionLike for Door {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection, _) => connection.req_packed_command(command),
            Self::Cluster(connection, script_slot) => {
                // redis-rs loads a missing script on every node, and fails where one of them is away: the one that was
                // asked is enough
                match (slots::name_of(command), *script_slot) {
                    (b"SCRIPT", Some(slot)) => {
                        let routing = RoutingInfo::SingleNode(slots::master_of(slot));
                        return Box::pin(connection.route_command(command.clone(), routing));
                    }
                    (b"EVALSHA", _) => *script_slot = slots::slot_of(command).ok(),
                    _ => {}
                }
                connection.req_packed_command(command)
            }
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection, _) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection, _) => Box::pin(async move {
                if pipeline.is_transaction() {
                    slots::transaction(connection, pipeline, offset, count).await
                } else {
                    slots::split(connection, pipeline).await
                }
            }),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection, _) => connection.get_db(),
            Self::Cluster(connection, _) => connection.get_db(),
        }
    }
}
