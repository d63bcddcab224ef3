//! The two dialects of the text, which one is asked for, and how samples are written in it.

use std::fmt;

use axum::http::{HeaderMap, header::ACCEPT};
use domain::Timestamp;
use prometheus_client::{
    encoding::{
        DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet, prometheus_text,
        text,
    },
    metrics::MetricType,
    registry::Registry,
};
use streams::metrics::{BOUNDS_SECONDS, Times};

use super::family::{Family, Kind, Subject, Value};

/// How the figures are written. They are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The text format 0.0.4 of Prometheus, which everything understands.
    Text,
    /// `OpenMetrics` 1.0, which Prometheus asks for.
    OpenMetrics,
}

impl Format {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// `OpenMetrics` where it is named: who does not know it does not name it.
    pub fn asked_for(headers: &HeaderMap) -> Self {
        let named = headers
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/openmetrics-text")));
        if named { Self::OpenMetrics } else { Self::Text }
    }

    pub(super) fn encode(self, registry: &Registry) -> String {
        let mut page = String::new();
        let encoded = match self {
            Self::Text => prometheus_text::encode(&mut page, registry),
            Self::OpenMetrics => text::encode(&mut page, registry),
        };
        encoded.expect("a text takes whatever is written into it");
        page
    }
}

/// Writes the samples of all `subjects`. A family without a sample is left out, as by other exporters.
pub(super) fn write<S: Subject>(
    encoder: &mut DescriptorEncoder<'_>,
    families: &[Family<S>],
    subjects: &[&S],
    at: Timestamp,
) -> fmt::Result {
    for family in families {
        let subjects = subjects.iter().copied();
        let samples: Vec<_> =
            subjects.filter_map(|subject| Some((Labels::of(subject), (family.read)(subject, at)?))).collect();
        if samples.is_empty() {
            continue;
        }
        // the library adds the ending of a kind to the names of its samples
        let (name, kind) = match family.kind {
            Kind::Counter => (family.name.strip_suffix("_total").unwrap_or(family.name), MetricType::Counter),
            Kind::Info => (family.name.strip_suffix("_info").unwrap_or(family.name), MetricType::Info),
            Kind::Gauge => (family.name, MetricType::Gauge),
            Kind::Histogram => (family.name, MetricType::Histogram),
        };
        let mut metric = encoder.encode_descriptor(name, family.help, None, kind)?;
        for (labels, value) in &samples {
            match (family.kind, value) {
                (Kind::Info, _) => metric.encode_info(labels)?,
                (_, Value::Times(times)) => histogram(&mut metric.encode_family(labels)?, times)?,
                (Kind::Counter, Value::Number(number)) => {
                    metric.encode_family(labels)?.encode_counter::<NoLabelSet, f64, f64>(number, None)?;
                }
                (_, Value::Number(number)) => metric.encode_family(labels)?.encode_gauge(number)?,
            }
        }
    }
    Ok(())
}

fn histogram(metric: &mut MetricEncoder<'_>, times: &Times) -> fmt::Result {
    let bounds = BOUNDS_SECONDS.into_iter().chain([f64::INFINITY]);
    let buckets: Vec<_> = bounds.zip(times.buckets).collect();
    metric.encode_histogram::<NoLabelSet>(times.sum.as_secs_f64(), times.count(), &buckets, None)
}

/// The labels of one sample. Their values are names that strangers chose; the library escapes them.
struct Labels<'a> {
    names: &'static [&'static str],
    values: Vec<&'a str>,
}

impl<'a> Labels<'a> {
    fn of<S: Subject>(subject: &'a S) -> Self {
        Self { names: S::LABELS, values: subject.labels() }
    }
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (name, value) in self.names.iter().zip(&self.values) {
            (*name, *value).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}
