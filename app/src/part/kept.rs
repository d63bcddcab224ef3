//! What was typed into a form that was refused: the page shows it again.

use crate::address::Parameters;

/// The values that came back with a refusal (`kept.<field>=`).
#[derive(Clone)]
pub(crate) struct Kept(Parameters);

impl Kept {
    /// Those of the page that is being answered.
    pub(crate) fn here() -> Self {
        Self(Parameters::here())
    }

    /// What was typed into `field`, else what it holds when nothing was typed yet.
    pub(crate) fn or(&self, field: &str, otherwise: impl Into<String>) -> String {
        self.0.get(&format!("kept.{field}")).unwrap_or_else(|| otherwise.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_wins_even_when_it_is_empty() {
        let kept = Kept([("kept.name", "half a na"), ("kept.id", "")].into_iter().collect());
        assert_eq!(kept.or("name", "Cart"), "half a na");
        assert_eq!(kept.or("id", "ACM"), "");
        assert_eq!(kept.or("status", "inactive"), "inactive");
    }
}
