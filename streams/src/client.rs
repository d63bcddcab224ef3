//! The connection to Redis: shared, lazy, reconnecting.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, Pipeline, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
};

use crate::Error;

/// How long an answer may take before it counts as lost. Long enough for a busy server, short enough for a page.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// A Redis server. Cheap to clone; all clones share one connection, which is made when first needed and made again
/// after it was lost, so that nothing waits for Redis to start.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    shared: OnceLock<ConnectionManager>,
}

impl Redis {
    /// Reads the URL (`redis://host:port/db`, `rediss://user:password@host` for TLS, `unix:///path/redis.sock`), connects
    /// to nothing. The certificate of a server must be signed by an authority that this machine trusts, or by one in the
    /// file that `SSL_CERT_FILE` names.
    pub fn new(url: &str) -> Result<Self, Error> {
        // the first one stays; it is the same one
        let _ = rustls::crypto::ring::default_provider().install_default();
        let refuse = |cause: redis::RedisError| Error::Refused(format!("not a redis url: {cause}"));
        let client = Client::open(url.into_connection_info().map_err(refuse)?).map_err(refuse)?;
        Ok(Self(Arc::new(Inner { client, shared: OnceLock::new() })))
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.query(&redis::cmd("PING")).await
    }

    /// The shared connection. Never for commands that block: they would hold up everybody else.
    fn shared(&self) -> ConnectionManager {
        let connect = || {
            // No retries inside: a caller learns at once that Redis is away, and its next call tries again.
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(0)
                .set_connection_timeout(Some(CONNECT_WITHIN))
                .set_response_timeout(Some(ANSWER_WITHIN));
            ConnectionManager::new_lazy_with_config(self.0.client.clone(), config)
                .expect("a lazy connection without push messages has nothing to refuse")
        };
        self.0.shared.get_or_init(connect).clone()
    }

    /// A connection of its own for reads that block for up to `block`.
    pub(crate) async fn dedicated(&self, block: Duration) -> Result<MultiplexedConnection, Error> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(block + ANSWER_WITHIN));
        Ok(self.0.client.get_multiplexed_async_connection_with_config(&config).await?)
    }

    pub(crate) async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, Error> {
        match command.query_async(&mut self.shared()).await {
            Err(error) if is_old_news(&error) => Ok(command.query_async(&mut self.shared()).await?),
            answer => Ok(answer?),
        }
    }

    pub(crate) async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, Error> {
        match pipeline.query_async(&mut self.shared()).await {
            Err(error) if is_old_news(&error) => Ok(pipeline.query_async(&mut self.shared()).await?),
            answer => Ok(answer?),
        }
    }

    pub(crate) async fn script<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Error> {
        match call.invoke_async(&mut self.shared()).await {
            Err(error) if is_old_news(&error) => Ok(call.invoke_async(&mut self.shared()).await?),
            answer => Ok(answer?),
        }
    }
}

/// Whether this tells how the *last* attempt to connect ended, which may be long ago: the connection is tried again only
/// after somebody was told. Nothing was sent, so asking once more is safe and gives the news of today.
fn is_old_news(error: &redis::RedisError) -> bool {
    error.is_connection_refusal()
}

/// Without the address: it may hold a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
