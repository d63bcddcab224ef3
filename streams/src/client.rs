//! The connection to Redis: shared, lazy, reconnecting, whether it is one server, a master that sentinels know, or a
//! cluster.

mod address;
mod connect;
mod door;
mod link;
mod slots;
mod wire;

use std::{fmt, sync::Arc, time::Duration};

use redis::{
    Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, ServerErrorKind,
    aio::MultiplexedConnection,
    cluster_async::ClusterConnection,
    cluster_routing::{RoutingInfo, SingleNodeRoutingInfo},
};

pub use self::address::Way;
use self::{
    address::Address,
    connect::{ANSWER_WITHIN, CONNECT_WITHIN},
    door::{Connected, Door},
    link::Link,
};
pub(crate) use self::{
    door::Node,
    wire::{Answers, Batch, Wire},
};
use crate::{Error, error::first_refusal, server::Server};

/// A Redis, of one server or many. Cheap to clone; all clones share one connection, which is made when first needed and
/// made again after it was lost, so that nothing waits for Redis to start.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    address: Arc<Address>,
    link: Link,
}

impl Redis {
    /// Reads the URL, connects to nothing:
    ///
    /// - one server: `redis://host:port/db`, `rediss://user:password@host` for TLS, `unix:///path/redis.sock`;
    /// - a master that sentinels know: `redis-sentinel://user:password@host:port,host:port/service/db`, where the hosts are
    ///   sentinels and the login is the master's (the sentinels' is `?sentinel_username=…&sentinel_password=…`);
    /// - a cluster: `redis-cluster://user:password@host:port,host:port`, where some of the nodes are enough.
    ///
    /// `rediss-sentinel://` and `rediss-cluster://` are the same with TLS. The certificate of a server must be signed by an
    /// authority that this machine trusts, or by one in the file that `SSL_CERT_FILE` names.
    pub fn new(url: &str) -> Result<Self, Error> {
        // the first one stays; it is the same one
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self(Arc::new(Inner { address: Arc::new(Address::read(url)?), link: Link::default() })))
    }

    /// What the URL says of the way there: nothing is asked, and no secret is told.
    pub fn way(&self) -> Way {
        self.0.address.way()
    }

    /// Whether Redis answers; of a cluster, every master.
    pub async fn ping(&self) -> Result<(), Error> {
        self.query(&redis::cmd("PING")).await
    }

    /// What is known of the server that the shared connection leads to; of a cluster, of one of its nodes.
    pub async fn server(&self) -> Result<Server, Error> {
        Ok(Server::clone(&self.connected().await?.server))
    }

    /// A connection of its own for reads of a stream that block for up to `block`, and the server it leads to.
    pub(crate) async fn dedicated(
        &self,
        stream: &str,
        block: Duration,
    ) -> Result<(MultiplexedConnection, Option<Node>), Error> {
        let (client, node) = match &*self.0.address {
            Address::Server(client) => (client.clone(), None),
            Address::Sentinel { .. } => self.0.address.master().await?,
            Address::Cluster(seeds) => {
                let masters = self.masters_by_slots(Some(stream)).await?;
                let master = masters.into_iter().find(|master| master.has(stream));
                let master = master.ok_or_else(|| Error::Unavailable("no node has the stream's slot".to_owned()))?;
                (Client::open(connect::like(seeds, &master.node)?)?, Some(master.node))
            }
        };
        Ok((connect::to(&client, block + ANSWER_WITHIN).await?, node))
    }

    /// Every server that has streams of its own, for what must be asked of each.
    pub(crate) async fn masters(&self) -> Result<Vec<Option<Node>>, Error> {
        if !matches!(*self.0.address, Address::Cluster(_)) {
            return Ok(vec![None]);
        }
        let mut nodes = Vec::new();
        for master in self.masters_by_slots(None).await? {
            // a node with several ranges of slots is told several times
            if !nodes.contains(&Some(master.node.clone())) {
                nodes.push(Some(master.node));
            }
        }
        Ok(nodes)
    }

    async fn masters_by_slots(&self, key: Option<&str>) -> Result<Vec<slots::Master>, Error> {
        let connected = self.connected().await?;
        let (Address::Cluster(seeds), Door::Cluster(mut connection, _)) = (&*self.0.address, connected.door.clone())
        else {
            return Ok(Vec::new());
        };
        let answer = slots::ask_masters(&mut connection, key).await;
        let answer = self.settle(&connected, answer).await?;
        let same_host = seeds.first().map(|seed| connect::node_of(seed.addr()));
        slots::read_masters(answer, same_host.as_ref().map_or("", Node::host))
    }

    /// Asks one of the servers. Refused where that server is not the one we are connected to any more.
    pub(crate) async fn query_on<T: FromRedisValue>(&self, node: Option<&Node>, command: &Cmd) -> Result<T, Error> {
        let connected = self.connected().await?;
        let answer = match (connected.door.clone(), node) {
            (Door::Cluster(mut connection, _), Some(node)) => {
                let routing = RoutingInfo::SingleNode(slots::at(node));
                let answer = connection.route_command(command.clone(), routing).await;
                answer.and_then(|answer| Ok(redis::from_redis_value(answer.extract_error()?)?))
            }
            (Door::One(_, Some(master)), Some(node)) if master != *node => {
                return Err(Error::Unavailable("another server has become the master".to_owned()));
            }
            (mut door, _) => command.query_async(&mut door).await,
        };
        self.settle(&connected, answer).await
    }

    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let connected = self.connected().await?;
        let answer = command.query_async(&mut connected.door.clone()).await;
        self.settle(&connected, answer).await
    }

    /// Several commands at once; in a cluster each at the node that has its key, a transaction at the one that has all.
    pub(crate) async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Error> {
        let connected = self.connected().await?;
        let answer = pipeline.query_async(&mut connected.door.clone()).await;
        self.settle(&connected, answer).await
    }

    pub(crate) async fn script<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Error> {
        let connected = self.connected().await?;
        let answer = call.invoke_async(&mut connected.door.clone()).await;
        self.settle(&connected, answer).await
    }

    /// What must be one transaction, in parts that can be: all of it, or in a cluster the places that share a slot.
    pub(crate) fn transactions(&self, streams: impl Iterator<Item = impl AsRef<str>>) -> Vec<Vec<usize>> {
        match *self.0.address {
            Address::Cluster(_) => slots::group(streams),
            _ => vec![(0..streams.count()).collect()],
        }
    }

    /// The shared connection. Never for commands that block: they would hold up everybody else.
    async fn connected(&self) -> Result<Connected, Error> {
        let Inner { address, link } = &*self.0;
        link.get(|| Box::pin(Arc::clone(address).connect())).await
    }

    /// Gives the answer on. A connection that leads nowhere is dropped: a caller learns at once that Redis is away, and the
    /// next call connects again.
    async fn settle<T>(&self, connected: &Connected, answer: RedisResult<T>) -> Result<T, Error> {
        if let Err(error) = &answer
            && leads_nowhere(connected, error).await
        {
            self.0.link.forget(connected);
        }
        Ok(answer?)
    }
}

/// Whether a connection must be made anew after this error.
async fn leads_nowhere(connected: &Connected, error: &RedisError) -> bool {
    let is_broken = error.is_unrecoverable_error() || error.is_io_error();
    match connected.door.clone() {
        Door::One(_, None) => is_broken,
        // a master that became a replica stays connected: only its refusals tell
        Door::One(_, Some(_)) => {
            is_broken || first_refusal(error).is_some_and(|refusal| refusal.kind() == Some(ServerErrorKind::ReadOnly))
        }
        // redis-rs connects to a node again and asks the others who has its slots; but not where the node just hangs, and
        // when all nodes are away it does so without a pause
        Door::Cluster(mut connection, _) => {
            error.is_timeout() || (is_broken && !any_node_answers(&mut connection).await)
        }
    }
}

async fn any_node_answers(connection: &mut ClusterConnection) -> bool {
    let any = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
    let asked = connection.route_command(redis::cmd("PING"), any);
    tokio::time::timeout(CONNECT_WITHIN, asked).await.is_ok_and(|answer| answer.is_ok())
}

/// Without the address: it may hold a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
