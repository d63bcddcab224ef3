//! A number on a screen that never lies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Exact, a lower bound, or unknown with the reason: never a made-up zero.
///
/// In JSON: `{"exact": 12}`, `{"at_least": 1200}`, `{"unknown": "entries were deleted ahead of the group"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    Exact(u64),
    AtLeast(u64),
    Unknown(String),
}

impl Figure {
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }

    /// The number, or the lower bound; `None` where nothing is known.
    pub fn lower_bound(&self) -> Option<u64> {
        match self {
            Self::Exact(n) | Self::AtLeast(n) => Some(*n),
            Self::Unknown(_) => None,
        }
    }

    /// Whether the number is certainly above `limit`.
    pub fn exceeds(&self, limit: u64) -> bool {
        self.lower_bound().is_some_and(|n| n > limit)
    }
}

/// Sum of figures: as uncertain as its least certain part.
impl std::iter::Sum for Figure {
    fn sum<I: Iterator<Item = Self>>(figures: I) -> Self {
        figures.fold(Self::Exact(0), |sum, figure| match (sum, figure) {
            (Self::Exact(a), Self::Exact(b)) => Self::Exact(a.saturating_add(b)),
            (a, b) => Self::AtLeast(a.lower_bound().unwrap_or(0).saturating_add(b.lower_bound().unwrap_or(0))),
        })
    }
}

/// `1 842`: digits in groups of three, with a thin no-break space.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_documented_json() {
        let json = |f: &Figure| serde_json::to_string(f).expect("json");
        assert_eq!(json(&Figure::Exact(12)), r#"{"exact":12}"#);
        assert_eq!(json(&Figure::AtLeast(1200)), r#"{"at_least":1200}"#);
        assert_eq!(json(&Figure::unknown("why")), r#"{"unknown":"why"}"#);
    }

    #[test]
    fn a_sum_with_an_unknown_part_is_only_a_lower_bound() {
        let sum: Figure = [Figure::Exact(3), Figure::unknown("why"), Figure::Exact(4)].into_iter().sum();
        assert_eq!(sum, Figure::AtLeast(7));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(842), "842");
    }
}
