//! Where traces go, by the variables that OpenTelemetry has made the standard.

use std::time::Duration;

use clap::Args;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceArguments {
    /// A collector that takes traces by OTLP over HTTP with protobuf: http://localhost:4318; they go to /v1/traces below it.
    /// Not set: nothing is exported. Also read: OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME (dsm-console where it is not
    /// set), OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER with OTEL_TRACES_SAMPLER_ARG, and OTEL_BSP_SCHEDULE_DELAY,
    /// OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE.
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true)]
    pub(crate) base: Option<String>,

    /// The same as a whole URL, used as it is.
    #[arg(long = "otlp-traces-endpoint", env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", hide_env_values = true)]
    pub(crate) whole: Option<String>,

    /// How long a collector may take for a batch, in milliseconds.
    #[arg(long = "otlp-timeout", env = "OTEL_EXPORTER_OTLP_TIMEOUT", default_value = "10000", value_parser = clap::value_parser!(u64).range(1..=300_000))]
    pub(crate) timeout_ms: u64,
}

impl TraceArguments {
    /// The URL that takes traces; `None` where nothing is exported.
    pub(crate) fn endpoint(&self) -> Option<String> {
        // a variable that is set and empty names nothing
        let given = |value: &Option<String>| value.clone().filter(|value| !value.trim().is_empty());
        let below = |base: String| format!("{}/v1/traces", base.trim_end_matches('/'));
        given(&self.whole).or_else(|| given(&self.base).map(below))
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: Option<&str>, whole: Option<&str>) -> Option<String> {
        let (base, whole) = (base.map(str::to_owned), whole.map(str::to_owned));
        TraceArguments { base, whole, timeout_ms: 1 }.endpoint()
    }

    #[test]
    fn the_path_is_added_to_a_base_and_not_to_a_whole_url() {
        assert_eq!(endpoint(None, None), None);
        assert_eq!(endpoint(Some(" "), Some("")), None);
        assert_eq!(endpoint(Some("http://c:4318/"), None).as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(endpoint(Some("http://c:4318"), Some("http://d/x")).as_deref(), Some("http://d/x"));
    }
}
