//! The process: configuration, router, HTTP API, workers, live push, shutdown.
//!
//! | module | what |
//! | --- | --- |
//! | `config` | options and environment variables |
//! | `process` | starts the parts, waits for the signal, ends them in order |
//! | `site` | pages, static files, and which request is for whom |

mod config;
mod process;
mod site;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use self::config::{Arguments, Command, LogFormat, Serve};

fn main() -> ExitCode {
    let Command::Serve(serve) = Arguments::parse().command;
    if let Err(error) = log(&serve) {
        eprintln!("dsm-console: {error:#}");
        return ExitCode::from(2);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(process::serve(*serve)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dsm-console: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The log goes to standard error: standard output says one thing, the address.
fn log(serve: &Serve) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&serve.log)?;
    let text = (serve.log_format == LogFormat::Text).then(|| fmt::layer().with_writer(std::io::stderr));
    let json = (serve.log_format == LogFormat::Json).then(|| fmt::layer().json().with_writer(std::io::stderr));
    tracing_subscriber::registry().with(filter).with(text).with(json).try_init()?;
    Ok(())
}
