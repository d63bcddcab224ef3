//! What is said of the machine beside every figure.

use std::fmt;

use anyhow::Result;
use time::{OffsetDateTime, macros::format_description};

use crate::server;

/// The load averages that were seen during a measurement. Our own programs make some of it.
#[derive(Default)]
pub(crate) struct Load(Vec<f64>);

impl Load {
    pub(crate) fn look(&mut self) {
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        self.0.extend(text.split(' ').next().and_then(|load| load.parse::<f64>().ok()));
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(0.0, f64::max);
        if self.0.is_empty() { write!(f, "Load unknown.") } else { write!(f, "Load average {least:.1}-{most:.1}.") }
    }
}

/// The first lines of the results: when, where, with what.
pub(crate) fn header() -> Result<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let cores = std::thread::available_parallelism()?;
    let date = OffsetDateTime::now_utc().format(format_description!("[year]-[month]-[day] [hour]:[minute]"))?;
    Ok(format!(
        "# Results of `make bench`\n\n\
         Written by it. Machines differ and are shared: only the ratios mean something somewhere else.\n\n\
         | what | here |\n| --- | --- |\n\
         | date | {date} UTC |\n| CPU | {model}, {cores} cores |\n| kernel | {} {} |\n| Redis | {} |\n\n\
         Rounds are interleaved (A B C … A B C …), a ratio is formed inside each round, and a figure is the median \
         [least-most] over the rounds. Everything talks over TCP loopback with a Redis without persistence that is \
         started for it. The peers run in environments of their own, with their fast settings (see \
         [peers](peers/README.md)).\n",
        read("/proc/sys/kernel/ostype").trim(),
        read("/proc/sys/kernel/osrelease").trim(),
        server::version()?,
    ))
}
