//! The sample project.

use domain::{demo::DemoState, project::Done};
use tokio_util::sync::CancellationToken;

use crate::{Error, Services};

#[derive(Default)]
pub struct Switches {}

pub fn start_traffic(_services: &Services) {}
pub fn stop_traffic(_services: &Services) {}
pub fn set_failing(_services: &Services, _failing: bool) {}
pub struct Traffic(Services);
impl Traffic {
    pub fn new(services: Services) -> Self {
        Self(services)
    }
    pub async fn run(self, stop: CancellationToken) {
        stop.cancelled().await;
        drop(self.0);
    }
}

/// x
pub async fn load_sample(_services: &Services) -> Result<Done, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}

/// x
pub async fn state(_services: &Services) -> Result<DemoState, Error> {
    Err(Error::Unavailable("this service starts soon".into()))
}
