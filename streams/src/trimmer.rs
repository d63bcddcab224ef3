//! t
use crate::Redis;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
#[expect(dead_code)]
pub struct Trimmer {
    redis: Redis,
    streams: Vec<String>,
    keep: u64,
    every: Duration,
}
impl Trimmer {
    /// Trims the named streams only: on a server that others use too, nothing else is ours to delete.
    pub fn new(redis: Redis, streams: Vec<String>, keep: u64, every: Duration) -> Self {
        Self { redis, streams, keep, every }
    }
    pub async fn run(self, _stop: CancellationToken) {
        unimplemented!()
    }
}
