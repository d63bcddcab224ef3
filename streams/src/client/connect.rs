//! Connecting: to the server itself, to the master that the sentinels name, or to the nodes of a cluster.

use std::{sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisResult, ServerErrorKind,
    aio::MultiplexedConnection,
    cluster::ClusterClientBuilder,
    cluster_routing::{RoutingInfo, SingleNodeRoutingInfo},
    sentinel::Sentinel,
};

use super::{
    address::Address,
    door::{Connected, Door, Node},
    link::ATTEMPT_WITHIN,
    slots,
};
use crate::{
    Error,
    server::{Info, Mode, Server},
};

/// How long an answer may take before it counts as lost. Long enough for a busy server, short enough for a page.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long connecting to one server may take.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// Waits between the tries of one command in a cluster that is being rearranged; longer troubles are the caller's to wait
/// out.
const RETRY_AFTER_MS: std::ops::RangeInclusive<u64> = 20..=200;

impl Address {
    pub(super) async fn connect(self: Arc<Self>) -> Result<Connected, Error> {
        tokio::time::timeout(ATTEMPT_WITHIN, self.connect_in_time())
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("connecting took too long".to_owned())))
    }

    async fn connect_in_time(&self) -> Result<Connected, Error> {
        let (mut door, mode, client) = match self {
            Address::Server(client) => {
                (Door::One(to(client, ANSWER_WITHIN).await?, None), Mode::Standalone, Some(client.clone()))
            }
            Address::Sentinel { .. } => {
                let (client, node) = self.master().await?;
                (Door::One(to(&client, ANSWER_WITHIN).await?, node), Mode::Sentinel, Some(client))
            }
            Address::Cluster(seeds) => {
                let cluster = ClusterClientBuilder::new(seeds.clone())
                    .connection_timeout(CONNECT_WITHIN)
                    .response_timeout(ANSWER_WITHIN)
                    // with all tries: what took this long is not tried again
                    .overall_response_timeout(Some(ANSWER_WITHIN))
                    .retries(slots::REDIRECTIONS)
                    .min_retry_wait(*RETRY_AFTER_MS.start())
                    .max_retry_wait(*RETRY_AFTER_MS.end())
                    .build()?;
                (Door::Cluster(cluster.get_async_connection().await?, None), Mode::Cluster, None)
            }
        };
        let server = ask_who(&mut door, mode).await?;
        server.check(mode)?;
        Ok(Connected { door, server: Arc::new(server), client })
    }

    /// The master that the sentinels name now, and that says itself that it is one.
    pub(super) async fn master(&self) -> Result<(Client, Option<Node>), Error> {
        let Address::Sentinel { sentinels, service, master, .. } = self else {
            return Err(Error::Unavailable("there are no sentinels to ask".to_owned()));
        };
        let mut sentinel = Sentinel::build(sentinels.clone())?;
        let asked = tokio::time::timeout(ATTEMPT_WITHIN, sentinel.async_master_for(service, Some(master))).await;
        let client = asked.map_err(|_| Error::Unavailable("no sentinel answers".to_owned()))??;
        let node = node_of(client.get_connection_info().addr());
        Ok((client, Some(node)))
    }
}

/// Connects to one server, on which an answer may take this long.
pub(super) async fn to(client: &Client, answer_within: Duration) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(answer_within));
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Asks the server what it is. One that does not let this user ask is taken as it is.
async fn ask_who(door: &mut Door, mode: Mode) -> Result<Server, Error> {
    let mut command = redis::cmd("INFO");
    command.arg(&["server", "replication"]);
    let answer: RedisResult<String> = match door {
        Door::One(connection, _) => command.query_async(connection).await,
        Door::Cluster(connection, _) => {
            let any = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
            let answer = connection.route_command(command, any).await;
            answer.and_then(|answer| Ok(redis::from_redis_value(answer.extract_error()?)?))
        }
    };
    match answer {
        Ok(info) => Ok(Server::read(&Info::read(&info), mode)),
        Err(error) if error.kind() == ServerErrorKind::NoPerm.into() => Ok(Server { mode, ..Server::default() }),
        Err(error) => Err(error.into()),
    }
}

/// How to connect to a node of a cluster: as to those that the URL names.
pub(super) fn like(seeds: &[ConnectionInfo], node: &Node) -> Result<ConnectionInfo, Error> {
    let seed = seeds.first().ok_or_else(|| Error::Refused("the redis url names no node".to_owned()))?;
    let (host, port) = (node.host().to_owned(), node.port());
    let address = match seed.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    Ok(address.into_connection_info()?.set_redis_settings(seed.redis_settings().clone()))
}

pub(super) fn node_of(address: &ConnectionAddr) -> Node {
    match address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => Node::new(host, *port),
        _ => Node::new("", 0),
    }
}
