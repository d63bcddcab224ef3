//! Which trace this task works for.

use std::{future::Future, sync::Arc};

use domain::trace::TraceContext;
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    static CURRENT: Current;
}

/// What a task works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    pub context: TraceContext,
    /// Of the event that is handled.
    pub correlation_id: Option<Arc<str>>,
}

impl From<TraceContext> for Current {
    fn from(context: TraceContext) -> Self {
        Self { context, correlation_id: None }
    }
}

/// What this task works for, as far as it is known.
pub fn current() -> Option<Current> {
    CURRENT.try_with(Current::clone).ok()
}

/// Does `work` for a trace. A task that `work` spawns is told anew.
pub fn within<F: Future>(current: Current, work: F) -> TaskLocalFuture<Current, F> {
    CURRENT.scope(current, work)
}

/// A trace that begins here and that nobody exports: its ids still tell what belongs together.
pub fn new_trace() -> TraceContext {
    TraceContext { trace_id: rand::random::<u128>().max(1), span_id: rand::random::<u64>().max(1), sampled: false }
}

/// The context of work that is done for many at once: theirs, if they are of one trace.
pub fn shared(contexts: impl IntoIterator<Item = Option<TraceContext>>) -> Option<TraceContext> {
    let mut contexts = contexts.into_iter();
    let first = contexts.next()??;
    contexts.all(|other| other.is_some_and(|other| other.trace_id == first.trace_id)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_for_several_traces_belongs_to_none() {
        let (one, other) = (new_trace(), new_trace());
        assert_eq!(shared([]), None);
        assert_eq!(shared([Some(one), Some(one)]), Some(one));
        assert_eq!(shared([Some(one), Some(other)]), None);
        assert_eq!(shared([Some(one), None]), None);
    }

    #[test]
    fn a_new_trace_is_one_that_the_standard_allows() {
        let new = new_trace();
        assert_eq!(TraceContext::parse(&new.to_string()), Some(new));
    }

    #[tokio::test]
    async fn the_work_knows_its_trace_and_what_it_spawns_does_not() {
        let context = new_trace();
        assert_eq!(current(), None);
        let work = async {
            let spawned = tokio::spawn(async { current() }).await.expect("a task");
            (current().map(|current| current.context), spawned)
        };
        assert_eq!(within(context.into(), work).await, (Some(context), None));
    }
}
