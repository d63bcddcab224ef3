//! What to do when something is red: the texts of `docs/runbooks`, compiled in.

mod page;

pub(crate) use page::RunbookPage;

/// The texts, by the names of their files.
const TEXTS: [(&str, &str); 7] = [
    ("database-unreachable", include_str!("../../../docs/runbooks/database-unreachable.md")),
    ("dead-letters", include_str!("../../../docs/runbooks/dead-letters.md")),
    ("entry-stuck", include_str!("../../../docs/runbooks/entry-stuck.md")),
    ("group-falling-behind", include_str!("../../../docs/runbooks/group-falling-behind.md")),
    ("lag-unknown", include_str!("../../../docs/runbooks/lag-unknown.md")),
    ("outbox-grows", include_str!("../../../docs/runbooks/outbox-grows.md")),
    ("redis-unreachable", include_str!("../../../docs/runbooks/redis-unreachable.md")),
];

fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The runbook for a group's verdict; `None` where nothing needs to be done.
pub(crate) fn for_verdict(word: &str) -> Option<&'static str> {
    match word {
        "Falling behind" | "Behind" | "No consumer" | "Paused" => Some("group-falling-behind"),
        "Failing" => Some("dead-letters"),
        "Entry stuck" => Some("entry-stuck"),
        "Lag unknown" => Some("lag-unknown"),
        _ => None,
    }
}
