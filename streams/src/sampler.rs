//! s
use crate::{Metrics, Redis};
use domain::stream::Snapshot;
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
pub struct Sampler;
pub fn sampler(_redis: Redis, _metrics: Metrics, _every: Duration) -> (Sampler, watch::Receiver<Arc<Snapshot>>) {
    unimplemented!()
}
impl Sampler {
    pub async fn run(self, _stop: CancellationToken) {
        unimplemented!()
    }
}
