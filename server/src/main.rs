//! The process: configuration, router, HTTP API, workers, live push, shutdown.
//!
//! | module | what |
//! | --- | --- |
//! | `cli` | words that look at streams and repair them, through a running console |
//! | `config` | options and environment variables |
//! | `log` | how a line of the log looks |
//! | `export` | traces leave by OTLP |
//! | `further` | what watches the connections beside home |
//! | `process` `stage` | starts the parts, waits for the signal, ends them in order |
//! | `site` | pages, static files, and which request is for whom |

mod cli;
mod config;
mod export;
mod further;
mod log;
mod process;
mod site;
mod stage;

use std::process::ExitCode;

use clap::Parser;

use self::config::{Arguments, Command};

fn main() -> ExitCode {
    let serve = match Arguments::parse().command {
        Command::Serve(serve) => serve,
        Command::Cli(command) => return cli::run(*command),
    };
    if let Err(error) = log::begin(&serve) {
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
