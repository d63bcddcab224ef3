//! Traces leave by OTLP where an endpoint is set: in batches, beside the work, which never waits for them.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use opentelemetry::KeyValue;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use reqwest::redirect::Policy;
use tokio::runtime::Handle;

use crate::config::Serve;

/// How long a stop waits for spans that were not sent yet. What the collector has not taken by then is lost.
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// What the SDK says where nobody has given the service a name.
const NAMELESS: &str = "unknown_service";

/// The export of traces, while it runs.
pub(crate) struct Export(SdkTracerProvider);

impl Export {
    /// Begins it, if it was asked for. Whether the collector is there is not asked: that may change at any time.
    pub(crate) fn begin(serve: &Serve) -> anyhow::Result<Option<Self>> {
        let Some(endpoint) = serve.traces.endpoint() else { return Ok(None) };
        let url = reqwest::Url::parse(&endpoint).context("the OTLP endpoint is not a URL")?;
        ensure!(matches!(url.scheme(), "http" | "https"), "the OTLP endpoint is neither http:// nor https://");
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Line::new(serve.traces.timeout())?)
            .with_endpoint(endpoint)
            .with_timeout(serve.traces.timeout())
            .build()
            .context("traces cannot be exported")?;
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource(serve)).build();
        telemetry::export_by(provider.clone());
        // no path and no user: who has to know them has set them
        tracing::info!(collector = url.host_str(), "traces are exported");
        Ok(Some(Self(provider)))
    }

    /// Sends what was not sent yet, as far as the collector takes it in time.
    pub(crate) async fn end(self) {
        // it waits for a thread of its own
        let ended = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(STOP_WITHIN)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces were not exported: the collector did not take them in time");
        }
    }
}

/// What every span says of where it comes from; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go before.
fn resource(serve: &Serve) -> Resource {
    let given = Resource::builder().build();
    let name =
        given.get(&"service.name".into()).map(|name| name.to_string()).filter(|name| !name.starts_with(NAMELESS));
    let ours = [
        ("service.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id", serve.instance.clone()),
        ("deployment.environment.name", serve.environment.clone()),
    ];
    let not_given = ours.into_iter().filter(|(key, _)| given.get(&(*key).into()).is_none());
    Resource::builder()
        .with_attributes(not_given.map(|(key, value)| KeyValue::new(key, value)))
        .with_service_name(name.unwrap_or_else(|| "dsm-console".to_owned()))
        .build()
}

/// The way to the collector: the same client and TLS as everything that leaves, run by the runtime of the program, as the
/// exporter has a thread and no runtime.
#[derive(Debug)]
struct Line {
    client: reqwest::Client,
    runtime: Handle,
    is_broken: std::sync::Arc<AtomicBool>,
}

impl Line {
    fn new(timeout: Duration) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(timeout).build()?;
        Ok(Self { client, runtime: Handle::current(), is_broken: std::sync::Arc::default() })
    }
}

impl HttpClient for Line {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let (client, is_broken) = (self.client.clone(), std::sync::Arc::clone(&self.is_broken));
        let sending = self.runtime.spawn(async move {
            let sent = send(&client, request).await;
            tell_once(&is_broken, &sent);
            sent
        });
        Box::pin(async move { Ok(sending.await?.map_err(|why| why.to_string())?) })
    }
}

/// The error says why in words for people, and no address.
async fn send(client: &reqwest::Client, request: Request<Bytes>) -> anyhow::Result<Response<Bytes>> {
    let answer = match client.execute(request.try_into()?).await {
        Ok(answer) => answer,
        Err(error) if error.is_timeout() => bail!("it does not answer in time"),
        Err(_) => bail!("it cannot be reached"),
    };
    let status = answer.status();
    if status.is_redirection() {
        bail!("it answers {status}: redirects are not followed, give the address that it leads to");
    }
    ensure!(status.is_success(), "it answers {status}");
    // what it says is of no use here, and may be of any length
    let mut taken = Response::new(Bytes::new());
    *taken.status_mut() = status;
    Ok(taken)
}

/// Says that the collector is away when it goes and when it comes back, and not with every batch.
fn tell_once<T>(is_broken: &AtomicBool, sent: &anyhow::Result<T>) {
    match sent {
        Ok(_) if is_broken.swap(false, Ordering::Relaxed) => tracing::info!("the collector takes traces again"),
        Err(why) if !is_broken.swap(true, Ordering::Relaxed) => tracing::warn!(
            %why,
            "the collector takes no traces; what it does not take is lost, and this is not told again"
        ),
        _ => {}
    }
}
