//! How a line of the log looks: for people or as JSON, each with the trace for which the work was done.

use std::fmt;

use domain::trace::TraceContext;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{DefaultFields, Format, JsonFields, Writer},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::config::{LogFormat, Serve};

/// The log goes to standard error: standard output says one thing, the address.
pub(crate) fn begin(serve: &Serve) -> anyhow::Result<()> {
    // redis-rs tells of every try to reach a node of a cluster; what it means for us is told by whoever asked
    let filter = EnvFilter::try_new(format!("redis=off,{}", serve.log))?;
    let text = (serve.log_format == LogFormat::Text)
        .then(|| tracing_subscriber::fmt::layer().event_format(Text(Format::default())).with_writer(std::io::stderr));
    let json = (serve.log_format == LogFormat::Json).then(|| {
        tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(Json(Format::default().json()))
            .with_writer(std::io::stderr)
    });
    tracing_subscriber::registry().with(filter).with(text).with(json).try_init()?;
    Ok(())
}

/// A line for people, with the trace behind it.
struct Text(Format);

impl<S> FormatEvent<S, DefaultFields> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, DefaultFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(current) = telemetry::current() else { return self.0.format_event(context, writer, event) };
        let format = self.0.clone().with_ansi(writer.has_ansi_escapes());
        let line = formatted(&format, context, event)?;
        write!(writer, "{} trace_id={}", line.trim_end_matches('\n'), current.context.trace_id_text())?;
        if let Some(correlation_id) = current.correlation_id {
            // text of anybody: written as it would be in code, so that it cannot begin a line of its own
            write!(writer, " correlation_id={correlation_id:?}")?;
        }
        writeln!(writer)
    }
}

/// A JSON object, with the ids of the trace beside the other fields.
struct Json(Format<tracing_subscriber::fmt::format::Json>);

impl<S> FormatEvent<S, JsonFields> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(current) = telemetry::current() else { return self.0.format_event(context, writer, event) };
        let line = formatted(&self.0, context, event)?;
        let line = line.trim_end();
        let Some(object) = line.strip_suffix('}') else { return writeln!(writer, "{line}") };
        let TraceContext { span_id, .. } = current.context;
        write!(writer, r#"{object},"trace_id":"{}","span_id":"{span_id:016x}""#, current.context.trace_id_text())?;
        if let Some(correlation_id) = current.correlation_id {
            write!(writer, r#","correlation_id":{}"#, serde_json::Value::from(&*correlation_id))?;
        }
        writeln!(writer, "}}")
    }
}

fn formatted<S, F>(
    format: &impl FormatEvent<S, F>,
    context: &FmtContext<'_, S, F>,
    event: &Event<'_>,
) -> Result<String, fmt::Error>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: for<'a> FormatFields<'a> + 'static,
{
    let mut line = String::new();
    format.format_event(context, Writer::new(&mut line), event)?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;
    use telemetry::Current;

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of one event outside of a trace and one within, whose correlation is hostile.
    async fn logged(subscriber: impl Subscriber + Send + Sync + 'static, sink: &Sink) -> Vec<String> {
        let _guard = tracing::subscriber::set_default(subscriber);
        tracing::info!(n = 1, "outside");
        let current = Current { correlation_id: Some("a\n\"b\"".into()), ..telemetry::new_trace().into() };
        telemetry::within(current, async { tracing::info!(n = 2, "within") }).await;
        let text = String::from_utf8(sink.0.lock().expect("no panic").clone()).expect("text");
        text.lines().map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn a_json_line_has_the_ids_of_the_trace_in_which_it_was_written() {
        let sink = Sink::default();
        let writer = sink.clone();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(JsonFields::new())
            .event_format(Json(Format::default().json()))
            .with_writer(move || writer.clone());
        let lines = logged(tracing_subscriber::registry().with(layer), &sink).await;
        let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((lines.len(), lines[0].get("trace_id"), &lines[1]["fields"]["n"]), (2, None, &Value::from(2)));
        assert_eq!(lines[1]["trace_id"].as_str().map(str::len), Some(32));
        assert_eq!(lines[1]["span_id"].as_str().map(str::len), Some(16));
        assert_eq!(lines[1]["correlation_id"], "a\n\"b\"");
    }

    #[tokio::test]
    async fn a_line_for_people_stays_one_line() {
        let sink = Sink::default();
        let writer = sink.clone();
        let layer =
            tracing_subscriber::fmt::layer().event_format(Text(Format::default())).with_writer(move || writer.clone());
        let lines = logged(tracing_subscriber::registry().with(layer), &sink).await;
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(!lines[0].contains("trace_id=") && lines[1].contains("within"), "{lines:?}");
        assert!(lines[1].contains("trace_id=") && lines[1].ends_with(r#"correlation_id="a\n\"b\"""#), "{lines:?}");
    }
}
