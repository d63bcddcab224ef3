//! What to do when something is red: the texts of `docs/runbooks`, compiled in.

mod page;

pub(crate) use page::RunbookPage;

/// The texts, by the names of their files.
const TEXTS: [(&str, &str); 21] = [
    ("asked-in-vain", include_str!("../../../docs/runbooks/asked-in-vain.md")),
    ("body-lost", include_str!("../../../docs/runbooks/body-lost.md")),
    ("consumers-left-behind", include_str!("../../../docs/runbooks/consumers-left-behind.md")),
    ("data-gone", include_str!("../../../docs/runbooks/data-gone.md")),
    ("database-unreachable", include_str!("../../../docs/runbooks/database-unreachable.md")),
    ("dead-letters", include_str!("../../../docs/runbooks/dead-letters.md")),
    ("entries-lost", include_str!("../../../docs/runbooks/entries-lost.md")),
    ("entry-stuck", include_str!("../../../docs/runbooks/entry-stuck.md")),
    ("figures-missing", include_str!("../../../docs/runbooks/figures-missing.md")),
    ("group-falling-behind", include_str!("../../../docs/runbooks/group-falling-behind.md")),
    ("lag-unknown", include_str!("../../../docs/runbooks/lag-unknown.md")),
    ("never-trimmed", include_str!("../../../docs/runbooks/never-trimmed.md")),
    ("no-dead-letters", include_str!("../../../docs/runbooks/no-dead-letters.md")),
    ("outbox-grows", include_str!("../../../docs/runbooks/outbox-grows.md")),
    ("pending-vanished", include_str!("../../../docs/runbooks/pending-vanished.md")),
    ("poison", include_str!("../../../docs/runbooks/poison.md")),
    ("redis-memory", include_str!("../../../docs/runbooks/redis-memory.md")),
    ("redis-restarted", include_str!("../../../docs/runbooks/redis-restarted.md")),
    ("redis-unreachable", include_str!("../../../docs/runbooks/redis-unreachable.md")),
    ("replication", include_str!("../../../docs/runbooks/replication.md")),
    ("taken-too-early", include_str!("../../../docs/runbooks/taken-too-early.md")),
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

#[cfg(test)]
mod tests {
    use domain::finding::Kind;

    use super::text;

    #[test]
    fn every_kind_of_finding_has_a_runbook_that_is_listed() {
        let listed = include_str!("../../../docs/runbooks/README.md");
        for kind in Kind::ALL {
            assert!(text(kind.runbook()).is_some(), "{kind:?}");
            assert!(listed.contains(&format!("({}.md)", kind.runbook())), "{kind:?}");
        }
    }
}
