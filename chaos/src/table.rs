//! Reports in a line each.

use chaos::{
    checker::{self, Finding},
    conduct::{Report, Settings},
};
use clap::ValueEnum;

/// The names of the columns.
pub(crate) fn head() -> String {
    format!(
        "{:>6} {:>8} {:>6} {:>8} {:>12} {:>10} {:>7} {:>9} {:>5} {:>8} {:>10} {:>7}  verdict",
        "seed",
        "events",
        "faults",
        "effected",
        "dead letters",
        "sent again",
        "removed",
        "destroyed",
        "lost",
        "doubled",
        "overtaken",
        "seconds"
    )
}

pub(crate) fn line(report: &Report) -> String {
    let history = &report.history;
    let groups = history.groups.values();
    let effected: usize = groups.clone().map(|group| group.effects.len()).sum();
    let dead: usize = groups.map(|group| checker::buried(history, group).len()).sum();
    let destroyed: usize = history.groups.keys().map(|name| checker::missing_without_blame(history, name)).sum();
    let count = |word: &str| report.findings.iter().filter(|finding| finding.word() == word).count();
    format!(
        "{:>6} {:>8} {:>6} {:>8} {:>12} {:>10} {:>7} {:>9} {:>5} {:>8} {:>10} {:>7.1}  {}",
        report.settings.seed,
        history.accepted.len(),
        report.faults,
        effected,
        dead,
        history.sent_again.len(),
        history.removed.len(),
        destroyed,
        count("lost"),
        count("doubled"),
        count("overtaken"),
        report.took.as_secs_f64(),
        verdict(&report.findings),
    )
}

/// `green`, or which kinds of findings there are.
fn verdict(findings: &[Finding]) -> String {
    let mut words: Vec<_> = findings.iter().map(Finding::word).collect();
    words.sort_unstable();
    words.dedup();
    if words.is_empty() { "green".to_owned() } else { format!("red: {}", words.join(", ")) }
}

/// The words that run this history again.
pub(crate) fn command(settings: &Settings) -> String {
    let kinds = settings.faults.iter().filter_map(ValueEnum::to_possible_value);
    let kinds: Vec<_> = kinds.map(|kind| kind.get_name().to_owned()).collect();
    format!(
        "cargo xtask chaos --seed {} --seconds {} --rate {} --handlers {} --faults {}",
        settings.seed,
        settings.seconds,
        settings.rate,
        settings.handlers,
        kinds.join(",")
    )
}
