//! A rule: which figure of what, where the line is, for how long, and how bad it is.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Figure, Status, Timestamp,
    alert::{Scope, Watched, watched::span},
};

/// Longest name and patterns, in characters.
const NAME_AT_MOST: usize = 100;
const PATTERN_AT_MOST: usize = 500;
/// Longest note for the person who is called, in characters.
const NOTE_AT_MOST: usize = 1_000;
/// Longest time that something must hold: what is looked at once a day is no alert.
const HOLD_AT_MOST: Duration = Duration::from_hours(24);

/// On which side of the line it is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Above,
    Below,
}

impl Comparison {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Above, Self::Below].into_iter().find(|comparison| comparison.as_str() == word)
    }
}

/// How bad it is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Critical,
    Warning,
    Info,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Info];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }

    pub const fn status(self) -> Status {
        match self {
            Self::Critical => Status::Bad,
            Self::Warning => Status::Warn,
            Self::Info => Status::Run,
        }
    }
}

/// What a rule has found something about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    Redis,
    Stream { stream: String },
    Group { stream: String, group: String },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis => f.write_str("Redis"),
            Self::Stream { stream } => f.write_str(stream),
            Self::Group { stream, group } => write!(f, "{stream}/{group}"),
        }
    }
}

/// What a rule says; everything about it that a person edits in one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Terms {
    pub name: String,
    pub watched: Watched,
    /// Which streams: an exact name, or a pattern in which `*` stands for anything.
    pub stream: String,
    /// Which groups of them.
    pub group: String,
    pub comparison: Comparison,
    /// Beyond this it is bad, in the unit of the figure.
    pub threshold: u64,
    /// How long it must be bad before it fires.
    pub for_seconds: u64,
    /// Up to this it is calm again: at the threshold, or on the good side of it.
    pub resolve_threshold: u64,
    /// How long it must be calm before it is over.
    pub resolve_for_seconds: u64,
    pub severity: Severity,
    /// For the person who is called: what it means, what to do first.
    pub note: String,
}

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    pub id: String,
    #[serde(flatten)]
    pub terms: Terms,
    /// Off: it watches nothing.
    pub enabled: bool,
    /// Until then it watches, and is shown, and tells nobody.
    pub muted_until: Option<Timestamp>,
}

impl Rule {
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }
}

/// What is wrong with one field of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Problem {
    pub field: &'static str,
    pub message: String,
}

impl Problem {
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

impl Terms {
    pub fn fires_after(&self) -> Duration {
        Duration::from_secs(self.for_seconds)
    }

    pub fn resolves_after(&self) -> Duration {
        Duration::from_secs(self.resolve_for_seconds)
    }

    /// Whether these terms can be kept; the first field that is wrong, and what to write there.
    pub fn check(&self) -> Result<(), Problem> {
        let wrong = |field, message: &str| Err(Problem::new(field, message));
        let length = |text: &str| text.chars().count();
        if self.name.trim().is_empty() || length(&self.name) > NAME_AT_MOST {
            return Err(Problem::new("name", format!("a rule has a name of at most {NAME_AT_MOST} characters")));
        }
        let patterns = [("stream", &self.stream, Scope::Redis), ("group", &self.group, Scope::Stream)];
        for (field, pattern, _) in patterns.into_iter().filter(|(field, ..)| self.has(field)) {
            if pattern.is_empty() || length(pattern) > PATTERN_AT_MOST {
                return wrong(field, "give a name, or * for all");
            }
        }
        if self.comparison == Comparison::Below && self.threshold == 0 {
            return wrong("threshold", "nothing is below 0");
        }
        if self.watched.is_yes_or_no() && (self.comparison, self.threshold) != (Comparison::Above, 0) {
            return wrong("threshold", "this figure is yes (1) or no (0): fire above 0");
        }
        if i64::try_from(self.threshold.max(self.resolve_threshold)).is_err() {
            return wrong("threshold", "this is larger than any figure");
        }
        match self.comparison {
            Comparison::Above if self.resolve_threshold > self.threshold => {
                wrong("resolve_threshold", "what fires above the threshold is calm at the threshold or below it")
            }
            Comparison::Below if self.resolve_threshold < self.threshold => {
                wrong("resolve_threshold", "what fires below the threshold is calm at the threshold or above it")
            }
            _ if self.fires_after() > HOLD_AT_MOST => wrong("for_seconds", "at most a day (86400)"),
            _ if self.resolves_after() > HOLD_AT_MOST => wrong("resolve_for_seconds", "at most a day (86400)"),
            _ if length(&self.note) > NOTE_AT_MOST => {
                Err(Problem::new("note", format!("at most {NOTE_AT_MOST} characters")))
            }
            _ => Ok(()),
        }
    }

    /// Whether this field says something about what is watched.
    fn has(&self, field: &str) -> bool {
        match self.watched.scope() {
            Scope::Group => true,
            Scope::Stream => field == "stream",
            Scope::Redis => false,
        }
    }

    /// Whether the rule is about this.
    pub fn covers(&self, subject: &Subject) -> bool {
        match (self.watched.scope(), subject) {
            (Scope::Redis, Subject::Redis) => true,
            (Scope::Stream, Subject::Stream { stream }) => fits(&self.stream, stream),
            (Scope::Group, Subject::Group { stream, group }) => fits(&self.stream, stream) && fits(&self.group, group),
            _ => false,
        }
    }

    /// Whether a figure is beyond the threshold; `None` where that is not known.
    pub fn breached(&self, figure: &Figure) -> Option<bool> {
        match (self.comparison, figure) {
            (_, Figure::Unknown(_)) => None,
            (Comparison::Above, Figure::Exact(n)) => Some(*n > self.threshold),
            (Comparison::Above, Figure::AtLeast(n)) => (*n > self.threshold).then_some(true),
            (Comparison::Below, Figure::Exact(n)) => Some(*n < self.threshold),
            (Comparison::Below, Figure::AtLeast(n)) => (*n >= self.threshold).then_some(false),
        }
    }

    /// Whether a figure is calm, which is more than not to be beyond the threshold; `None` where that is not known.
    pub fn calm(&self, figure: &Figure) -> Option<bool> {
        match (self.comparison, figure) {
            (_, Figure::Unknown(_)) => None,
            (Comparison::Above, Figure::Exact(n)) => Some(*n <= self.resolve_threshold),
            (Comparison::Above, Figure::AtLeast(n)) => (*n > self.resolve_threshold).then_some(false),
            (Comparison::Below, Figure::Exact(n)) => Some(*n >= self.resolve_threshold),
            (Comparison::Below, Figure::AtLeast(n)) => (*n >= self.resolve_threshold).then_some(true),
        }
    }

    /// `lag above 1 000 entries for 2 min`.
    pub fn sentence(&self) -> String {
        let words = self.watched.words();
        let line = if self.watched.is_yes_or_no() {
            words.to_owned()
        } else {
            format!("{words} {} {}", self.comparison.as_str(), self.watched.amount(self.threshold))
        };
        match self.for_seconds {
            0 => line,
            _ => format!("{line} for {}", span(self.for_seconds)),
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for anything, also for nothing.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    // without a star the whole name must be the pattern
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Lag of any group above 10, calm at 5.
    pub(in crate::alert) fn terms() -> Terms {
        Terms {
            name: "lag".into(),
            watched: Watched::Lag,
            stream: "*".into(),
            group: "*".into(),
            comparison: Comparison::Above,
            threshold: 10,
            for_seconds: 3,
            resolve_threshold: 5,
            resolve_for_seconds: 4,
            severity: Severity::Warning,
            note: String::new(),
        }
    }

    #[test]
    fn a_star_stands_for_anything_and_a_plain_name_for_itself() {
        for (pattern, name) in
            [("*", ""), ("*", "a"), ("orders", "orders"), ("o*s", "orders"), ("*:eu:*", "a:eu:b"), ("a**b", "ab")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("orders", "orders2"), ("o*x", "orders"), ("ab*ba", "aba"), ("", "a"), ("*a", "b")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_lower_bound_is_bad_or_not_only_where_it_decides() {
        let above = terms();
        assert_eq!(above.breached(&Figure::AtLeast(11)), Some(true));
        assert_eq!(above.breached(&Figure::AtLeast(3)), None, "there may be more");
        assert_eq!(above.calm(&Figure::AtLeast(3)), None);
        assert_eq!(above.calm(&Figure::AtLeast(6)), Some(false));
        let below = Terms { comparison: Comparison::Below, threshold: 5, resolve_threshold: 10, ..terms() };
        assert_eq!(below.breached(&Figure::AtLeast(3)), None);
        assert_eq!(below.breached(&Figure::AtLeast(5)), Some(false));
        assert_eq!(below.calm(&Figure::AtLeast(10)), Some(true));
        for terms in [above, below] {
            let unknown = Figure::unknown("why");
            assert_eq!((terms.breached(&unknown), terms.calm(&unknown)), (None, None));
        }
    }

    #[test]
    fn what_cannot_work_is_refused_at_its_field() {
        assert_eq!(terms().check(), Ok(()));
        let field = |terms: Terms| terms.check().expect_err("a problem").field;
        assert_eq!(field(Terms { name: " ".into(), ..terms() }), "name");
        assert_eq!(field(Terms { stream: String::new(), ..terms() }), "stream");
        assert_eq!(field(Terms { group: "g".repeat(501), ..terms() }), "group");
        assert_eq!(field(Terms { resolve_threshold: 11, ..terms() }), "resolve_threshold");
        let below = Terms { comparison: Comparison::Below, ..terms() };
        assert_eq!(field(below.clone()), "resolve_threshold");
        assert_eq!(field(Terms { threshold: 0, ..below }), "threshold");
        assert_eq!(field(Terms { threshold: u64::MAX, ..terms() }), "threshold");
        assert_eq!(field(Terms { watched: Watched::VerdictBad, ..terms() }), "threshold");
        assert_eq!(field(Terms { for_seconds: 86_401, ..terms() }), "for_seconds");
        assert_eq!(field(Terms { note: "n".repeat(1_001), ..terms() }), "note");
        let redis =
            Terms { watched: Watched::RedisMemoryPercent, stream: String::new(), group: String::new(), ..terms() };
        assert_eq!(redis.check(), Ok(()), "Redis has no stream to be named");
    }

    #[test]
    fn a_rule_says_what_it_watches_in_one_sentence() {
        assert_eq!(terms().sentence(), "lag above 10\u{202f}entries for 3 s");
        let away = Terms { watched: Watched::RedisAway, threshold: 0, for_seconds: 30, ..terms() };
        assert_eq!(away.sentence(), "Redis does not answer for 30 s");
    }

    #[test]
    fn the_severities_of_the_wire_are_those_of_json() {
        for severity in Severity::ALL {
            assert_eq!(serde_json::to_value(severity).expect("json"), severity.as_str());
        }
    }

    proptest! {
        #[test]
        fn nothing_is_bad_and_calm_at_once(n in 0u64..30, threshold in 1u64..20, gap in 0u64..5, below: bool) {
            let (comparison, resolve_threshold) = if below {
                (Comparison::Below, threshold + gap)
            } else {
                (Comparison::Above, threshold.saturating_sub(gap))
            };
            let terms = Terms { comparison, threshold, resolve_threshold, ..terms() };
            prop_assert_eq!(terms.check(), Ok(()));
            for figure in [Figure::Exact(n), Figure::AtLeast(n)] {
                prop_assert!((terms.breached(&figure), terms.calm(&figure)) != (Some(true), Some(true)));
            }
        }

        #[test]
        fn a_name_with_any_part_starred_out_fits(name in "[a-z:*]{0,12}", from in 0usize..12, to in 0usize..12) {
            let (from, to) = (from.min(name.len()), to.min(name.len()));
            let (from, to) = (from.min(to), from.max(to));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            prop_assert!(fits(&pattern, &name), "{} {}", pattern, name);
        }
    }
}
