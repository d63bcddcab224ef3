//! What people are told: the body of a webhook, and the sentences for everybody else.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Figure, Timestamp,
    alert::{Comparison, Reason, Severity, Subject, Watched},
    time::humane,
};

/// One message. As JSON it is the body of a webhook (`docs/alerts.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Of this message; the same when it is sent again.
    pub id: String,
    pub kind: NoticeKind,
    /// Name of the environment, as the top bar shows it.
    pub environment: String,
    /// Of the firing; absent from a test.
    pub firing: Option<String>,
    pub rule: String,
    pub severity: Severity,
    pub subject: Subject,
    pub watched: Watched,
    pub comparison: Comparison,
    pub threshold: u64,
    /// When it fired, or, where it is over, when it was last seen.
    pub figure: Figure,
    /// When it went bad.
    pub since: Timestamp,
    pub fired_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub reason: Option<Reason>,
    pub note: String,
    /// The page of the subject; absent where the console does not know its public address.
    pub link: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    Firing,
    Resolved,
    /// Somebody tries whether messages arrive.
    Test,
}

impl NoticeKind {
    pub const ALL: [Self; 3] = [Self::Firing, Self::Resolved, Self::Test];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Notice {
    /// `Firing (critical): Redis does not answer · Redis · production`. One line, for a subject or a list.
    pub fn title(&self) -> String {
        let Self { rule, subject, environment, severity, .. } = self;
        let line = match self.kind {
            NoticeKind::Firing => format!("Firing ({}): {rule} · {subject} · {environment}", severity.as_str()),
            NoticeKind::Resolved => format!("Resolved: {rule} · {subject} · {environment}"),
            NoticeKind::Test => format!("Test: messages of the console at {environment} arrive here"),
        };
        // names are any text, and a line break would begin another header of a mail
        line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
    }

    /// What it is about, a sentence a line; without the title and the link.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = match self.kind {
            NoticeKind::Test => return vec!["Nothing is wrong: somebody pressed \"Send a test\".".to_owned()],
            NoticeKind::Firing => {
                let seen = self.watched.told(&self.figure);
                let words = capitalised(self.watched.words());
                let line = if self.watched.is_yes_or_no() {
                    format!("{words}.")
                } else {
                    let (comparison, threshold) = (self.comparison.as_str(), self.watched.amount(self.threshold));
                    format!("{words}: {seen}. It fires {comparison} {threshold}.")
                };
                vec![line, format!("Since {} UTC.", self.since.iso_millis().replace('T', " ").trim_end_matches('Z'))]
            }
            NoticeKind::Resolved => {
                let ended = self.resolved_at.unwrap_or(self.fired_at);
                let why = self.reason.map_or("", Reason::words);
                vec![format!("It is over after {}: {why}.", humane(ended.since(self.since)))]
            }
        };
        if !self.note.is_empty() && self.kind == NoticeKind::Firing {
            lines.push(self.note.clone());
        }
        lines
    }

    /// Title, lines and link.
    pub fn text(&self) -> String {
        let mut lines = vec![self.title()];
        lines.extend(self.lines());
        lines.extend(self.link.clone());
        lines.join("\n")
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::reading::tests::at;

    fn notice() -> Notice {
        Notice {
            id: "n".into(),
            kind: NoticeKind::Firing,
            environment: "production".into(),
            firing: Some("f".into()),
            rule: "Behind".into(),
            severity: Severity::Critical,
            subject: Subject::Group { stream: "orders".into(), group: "mail\r\nBcc: x".into() },
            watched: Watched::BehindSeconds,
            comparison: Comparison::Above,
            threshold: 60,
            figure: Figure::AtLeast(125),
            since: at(0),
            fired_at: at(120),
            resolved_at: None,
            reason: None,
            note: "Call the shop.".into(),
            link: Some("https://console.example/streams/orders".into()),
        }
    }

    #[test]
    fn a_message_says_what_how_much_since_when_and_where() {
        let text = notice().text();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "Firing (critical): Behind · orders/mail  Bcc: x · production",
                "Time behind: ≥\u{202f}2 min 05 s. It fires above 1 min.",
                "Since 2027-01-15 08:00:00.000 UTC.",
                "Call the shop.",
                "https://console.example/streams/orders",
            ]
        );
    }

    #[test]
    fn what_is_over_says_why_and_after_how_long() {
        let over =
            Notice { kind: NoticeKind::Resolved, resolved_at: Some(at(300)), reason: Some(Reason::Gone), ..notice() };
        assert_eq!(over.lines(), ["It is over after 5 min 00 s: what it was about is gone."]);
    }
}
