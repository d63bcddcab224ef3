//! What the consumers of this process measure, and the switch that holds them.

use domain::stream::Handling;

/// Counts, handler times and the pause switch of every group consumed here. Cheap to clone, shared.
#[derive(Clone, Default)]
pub struct Metrics(std::sync::Arc<()>);

impl Metrics {
    /// The last minute of a group; `None` where no consumer of it runs here.
    pub fn handling(&self, _stream: &str, _group: &str) -> Option<Handling> {
        unimplemented!()
    }
    /// Holds the consumers of a group in this process, or lets them go on.
    pub fn pause(&self, _stream: &str, _group: &str, _paused: bool) {
        unimplemented!()
    }
}
