//! `cargo xtask …`: what cargo cannot say by itself.
//!
//! | module | what |
//! | --- | --- |
//! | [`native`] | the server half: one cargo call |
//! | [`toolchain`] | a cargo that can compile for the browser, wherever it comes from |
//! | [`front`] | the browser half: wasm, its JavaScript, the style sheet, the public files |
//! | [`compress`] | `.br` and `.gz` beside every file, made once instead of at each request |
//! | [`size`] | what the first page costs, held to a budget |
//! | [`dist`] | the release program with all it needs in one folder |
//! | [`dev`] | build again and restart when a file changes |
//! | [`command`] | how programs are started and reported |

mod command;
mod compress;
mod dev;
mod dist;
mod front;
mod native;
mod size;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds DSM Console and looks after what it weighs.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build both halves: target/debug/dsm-console and target/site (with --release: target/release and target/site-release).
    Build {
        /// Small and fast instead of quickly built; the site's files are compressed.
        #[arg(long)]
        release: bool,
        /// Only the browser half.
        #[arg(long, conflicts_with = "server")]
        front: bool,
        /// Only the server half.
        #[arg(long)]
        server: bool,
    },
    /// Fill dist/ with the release program and everything it needs.
    Dist,
    /// Build, serve, and do both again whenever a source file changes.
    Dev {
        /// Where to serve, and any further words for `dsm-console serve`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        serve: Vec<String>,
    },
    /// Print what the first page weighs; fail above the budget.
    Size,
    /// Run services and a Redis under faults and judge what became of every event (`cargo xtask chaos -- --help`).
    Chaos {
        /// Words for the program: `--seed 7 --seconds 60`, `--seeds 1..=30 --jobs 2`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
}

/// How a half is built. Profile names and folders follow from it, here and nowhere else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Development,
    Release,
}

impl Mode {
    /// The folder that `dsm-console --site` is given.
    fn site(self) -> PathBuf {
        root().join(match self {
            Self::Development => "target/site",
            Self::Release => "target/site-release",
        })
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ stands in the workspace's root folder")
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Build { release, front, server } => {
            let mode = if release { Mode::Release } else { Mode::Development };
            if !front {
                native::build(mode)?;
            }
            if !server {
                front::build(mode)?;
            }
            Ok(())
        }
        Task::Dist => dist::fill(),
        Task::Dev { serve } => dev::run(&serve),
        Task::Size => size::check(),
        Task::Chaos { words } => native::chaos(&words),
    }
}
