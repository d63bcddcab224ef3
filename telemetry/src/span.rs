//! One span, made only while spans are exported.

use std::{borrow::Cow, sync::OnceLock};

use domain::trace::TraceContext;
use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    global::{self, BoxedSpan, BoxedTracer},
    trace::{Span as _, SpanContext, Status, TraceContextExt, TraceState, Tracer},
};
pub use opentelemetry::{KeyValue, trace::SpanKind};

/// Name of the part that makes the spans, as backends show it.
const SCOPE: &str = "dsm-console";
/// Longest text kept of why something failed.
const WHY_CHARS: usize = 500;

/// Set once, by the process, before it begins its work.
static TRACER: OnceLock<BoxedTracer> = OnceLock::new();

/// From now on every span goes to `provider`. The first call counts.
pub fn export_by<P>(provider: P)
where
    P: opentelemetry::trace::TracerProvider + Send + Sync + 'static,
    P::Tracer: Send + Sync + 'static,
    <P::Tracer as Tracer>::Span: Send + Sync + 'static,
{
    TRACER.get_or_init(|| {
        global::set_tracer_provider(provider);
        global::tracer(SCOPE)
    });
}

/// Whether spans are made at all: one look at a flag.
pub fn is_exporting() -> bool {
    TRACER.get().is_some()
}

/// What a span says from its start on.
pub struct Start {
    pub kind: SpanKind,
    pub name: Cow<'static, str>,
    pub attributes: Vec<KeyValue>,
}

/// A piece of work in a trace. Ends when it is dropped.
pub struct Span {
    context: Option<TraceContext>,
    recorded: Option<BoxedSpan>,
}

impl Span {
    /// Begins a span below `parent`; without one, a new trace. `start` is asked only while spans are exported; otherwise
    /// the parent's context is passed on as it is.
    pub fn start(parent: Option<TraceContext>, start: impl FnOnce() -> Start) -> Self {
        let Some(tracer) = TRACER.get() else { return Self { context: parent, recorded: None } };
        let Start { kind, name, attributes } = start();
        let builder = tracer.span_builder(name).with_kind(kind).with_attributes(attributes);
        let span = tracer.build_with_context(builder, &above(parent));
        let context = of(span.span_context()).or(parent);
        Self { context, recorded: Some(span) }
    }

    /// What work below this span belongs to.
    pub fn context(&self) -> Option<TraceContext> {
        self.context
    }

    pub fn rename(&mut self, name: String) {
        if let Some(span) = &mut self.recorded {
            span.update_name(name);
        }
    }

    /// Adds what is known only later.
    pub fn tell(&mut self, key: &'static str, value: impl Into<opentelemetry::Value>) {
        if let Some(span) = &mut self.recorded {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Says that the work failed: the kind of failure in a word, and why.
    pub fn fail(&mut self, kind: &'static str, why: impl FnOnce() -> String) {
        if let Some(span) = &mut self.recorded {
            span.set_attribute(KeyValue::new("error.type", kind));
            span.set_status(Status::error(why().chars().take(WHY_CHARS).collect::<String>()));
        }
    }
}

fn above(parent: Option<TraceContext>) -> Context {
    let Some(parent) = parent else { return Context::new() };
    let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let (trace_id, span_id) = (TraceId::from(parent.trace_id), SpanId::from(parent.span_id));
    Context::new().with_remote_span_context(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE))
}

fn of(context: &SpanContext) -> Option<TraceContext> {
    context.is_valid().then(|| TraceContext {
        trace_id: u128::from_be_bytes(context.trace_id().to_bytes()),
        span_id: u64::from_be_bytes(context.span_id().to_bytes()),
        sampled: context.is_sampled(),
    })
}
