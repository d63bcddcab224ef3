//! Events that wait to be published.

use domain::health::OutboxState;

use crate::Services;

pub async fn waiting(_services: &Services) -> Vec<OutboxState> {
    Vec::new()
}
