//! e
use crate::Error;
use std::path::Path;
use tokio_util::sync::CancellationToken;
pub struct EmbeddedRedis;
impl EmbeddedRedis {
    pub async fn start(_dir: &Path) -> Result<Self, Error> {
        unimplemented!()
    }
    pub fn url(&self) -> String {
        unimplemented!()
    }
    pub async fn run(self, _stop: CancellationToken) {
        unimplemented!()
    }
}
