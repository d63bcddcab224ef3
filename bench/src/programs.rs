//! Who is measured, how each is started and with how many events. Slow ones get fewer, so that a round stays short.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A consumer in a process of its own. It reads `REDIS_URL` and `N`, and prints `RESULT <events> <seconds>` at its end.
pub(crate) struct Program {
    /// The word of `--only`.
    pub(crate) name: &'static str,
    /// What it is, for the table.
    pub(crate) label: &'static str,
    pub(crate) events: usize,
    pub(crate) made_by: MadeBy,
    /// Whether it reads the stream `ev` in the group `g`, which we fill; others fill a form of their own.
    pub(crate) reads_our_stream: bool,
}

pub(crate) enum MadeBy {
    /// `bench run NAME`: this very program.
    Us,
    /// A script of `bench/peers`, its environment and a word for it.
    Python {
        environment: &'static str,
        script: &'static str,
        style: &'static str,
    },
    Node {
        environment: &'static str,
        script: &'static str,
    },
    Cargo {
        environment: &'static str,
        program: &'static str,
    },
}

/// In the order in which they run in every round.
pub(crate) const PROGRAMS: [Program; 13] = [
    us("limit", "**limit**: async, COUNT 100, parse, one XACK"),
    us("ceiling", "ceiling: blocking, the next read is sent before this batch is parsed"),
    us("ours", "**ours**: `streams::Consumer`, everything on"),
    us("ours-together", "ours with a handler that takes 100 together"),
    Program {
        name: "sea-streamer",
        label: "sea-streamer-redis, load-balanced, rolling commit, batches of 100",
        events: 50_000,
        made_by: MadeBy::Cargo { environment: "sea-streamer", program: "sea-streamer-peer" },
        reads_our_stream: true,
    },
    Program {
        name: "apalis",
        label: "apalis-redis, 50 at once, batches of 100",
        events: 5_000, // 8 500 waiting tasks end it at its start with "too many results to unpack"
        made_by: MadeBy::Cargo { environment: "apalis", program: "apalis-peer" },
        reads_our_stream: false,
    },
    python("faststream-batch", "FastStream, `batch=True`, 100", 20_000, "faststream", "faststream_peer.py", "batch"),
    python("faststream", "FastStream, one by one", 5_000, "faststream", "faststream_peer.py", "single"),
    python("taskiq", "taskiq-redis streams, 100 at once", 5_000, "taskiq", "taskiq_peer.py", ""),
    Program {
        name: "bullmq",
        label: "BullMQ, 50 at once",
        events: 20_000,
        made_by: MadeBy::Node { environment: "bullmq", script: "bullmq_peer.mjs" },
        reads_our_stream: false,
    },
    python("arq", "arq, 50 at once, polled every 10 ms", 3_000, "arq", "arq_peer.py", ""),
    python("celery", "Celery, prefork 2, acks_late", 2_000, "celery", "celery_peer.py", ""),
    Program {
        reads_our_stream: true,
        ..python(
            "reference",
            "the reference's style: redis.asyncio, COUNT 1",
            5_000,
            "reference",
            "reference_peer.py",
            "",
        )
    },
];

const fn us(name: &'static str, label: &'static str) -> Program {
    Program { name, label, events: 100_000, made_by: MadeBy::Us, reads_our_stream: true }
}

const fn python(
    name: &'static str,
    label: &'static str,
    events: usize,
    environment: &'static str,
    script: &'static str,
    style: &'static str,
) -> Program {
    let made_by = MadeBy::Python { environment, script, style };
    Program { name, label, events, made_by, reads_our_stream: false }
}

/// A command without its last word, which is `fill` or `run`.
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What was installed, as `setup.sh` wrote it down.
    pub(crate) version: Option<String>,
}

impl Program {
    /// How to start it, or why it cannot be started here.
    pub(crate) fn command(&self) -> Result<Command> {
        let version = self.environment().map(installed).transpose()?;
        let script = |name: &str| vec![scripts().join(name).display().to_string()];
        let (program, arguments, variables) = match &self.made_by {
            MadeBy::Us => (std::env::current_exe()?, vec!["run".to_owned(), self.name.to_owned()], Vec::new()),
            MadeBy::Python { environment, script: name, style } => {
                let style = vec![("STYLE", (*style).to_owned())];
                (environments().join(environment).join("bin/python"), script(name), style)
            }
            MadeBy::Node { environment, script: name } => {
                let modules = environments().join(environment).display().to_string();
                (PathBuf::from("node"), script(name), vec![("MODULES", modules)])
            }
            MadeBy::Cargo { environment, program } => {
                (environments().join(environment).join("release").join(program), Vec::new(), Vec::new())
            }
        };
        Ok(Command { program, arguments, variables, version })
    }

    fn environment(&self) -> Option<&'static str> {
        match self.made_by {
            MadeBy::Us => None,
            MadeBy::Python { environment, .. }
            | MadeBy::Node { environment, .. }
            | MadeBy::Cargo { environment, .. } => Some(environment),
        }
    }
}

/// The line that `setup.sh` writes last, when an environment is whole.
fn installed(environment: &str) -> Result<String> {
    let folder = environments();
    std::fs::read_to_string(folder.join(environment).join("VERSION")).map(|line| line.trim().to_owned()).map_err(|_| {
        // the last line of what went wrong, where it was tried
        let log = std::fs::read_to_string(folder.join(format!("{environment}.log"))).unwrap_or_default();
        match log.lines().rfind(|line| !line.trim().is_empty()) {
            Some(line) => anyhow::anyhow!("its environment could not be made: {}", line.trim()),
            None => anyhow::anyhow!("its environment was not made; `bench/peers/setup.sh` does that"),
        }
    })
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scripts() -> PathBuf {
    here().join("peers")
}

pub(crate) fn environments() -> PathBuf {
    here().join("../target/peers")
}

/// Those that are named, or all.
pub(crate) fn selected(only: &[String]) -> Result<Vec<&'static Program>> {
    if only.is_empty() {
        return Ok(PROGRAMS.iter().collect());
    }
    let known = || PROGRAMS.map(|program| program.name).join(", ");
    let find = |name: &String| PROGRAMS.iter().find(|program| program.name == name);
    only.iter().map(|name| find(name).with_context(|| format!("no consumer {name}; there are {}", known()))).collect()
}
