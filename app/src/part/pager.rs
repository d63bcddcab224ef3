//! Pages of a list that is at hand as a whole, and the foot that turns pages of any list.

use domain::figure::grouped;
use leptos::prelude::*;

use super::{Icon, Off};
use crate::address::{self, Parameters};

/// Rows of a page: what a person looks through before narrowing the search.
const ROWS: usize = 50;

/// The page that was asked for (`?page=`), from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageNumber(usize);

impl PageNumber {
    /// Of the address that is being answered.
    pub(crate) fn here() -> Self {
        Self::read(&Parameters::here())
    }

    pub(crate) fn read(parameters: &Parameters) -> Self {
        Self(parameters.get("page").and_then(|page| page.parse().ok()).unwrap_or(1))
    }

    /// The rows of this page, or of the last one there is.
    pub(crate) fn of(self, total: usize) -> Slice {
        self.of_long(total, ROWS)
    }

    /// As [`of`](Self::of), where a page has another number of rows.
    pub(crate) fn of_long(self, total: usize, per_page: usize) -> Slice {
        Slice { page: self.0.clamp(1, total.div_ceil(per_page).max(1)), total, per_page }
    }
}

/// Which rows are shown, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    page: usize,
    total: usize,
    per_page: usize,
}

impl Slice {
    pub(crate) fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip((self.page - 1) * self.per_page).take(self.per_page).collect()
    }

    /// `Streams 51–100 of 1 234`, and the way to the others. Nothing while all fit on a page.
    pub(crate) fn foot(self, noun: &str) -> Option<AnyView> {
        let Self { page, total, per_page } = self;
        if total <= per_page {
            return None;
        }
        let (first, last) = ((page - 1) * per_page + 1, (page * per_page).min(total));
        let words = format!("{noun} {}–{} of {}", grouped(first as u64), grouped(last as u64), grouped(total as u64));
        let to = |page: usize| address::here_with(&[("page", (page > 1).then(|| page.to_string()).as_deref())]);
        let back = (page > 1).then(|| to(page - 1));
        let on = (last < total).then(|| to(page + 1));
        Some(turning(words, back, on, ["Previous", "Next"]))
    }
}

/// The foot of a table that has more pages: what is shown, and the way back and on, each off at its end.
pub(crate) fn turning(words: String, back: Option<String>, on: Option<String>, labels: [&'static str; 2]) -> AnyView {
    let [back_label, on_label] = labels;
    let back = back.map_or_else(
        || view! { <Off label=back_label why="This is the first page." id="first-page" /> }.into_any(),
        |href| view! { <a class="button quiet" href=href rel="prev"><Icon name="prev" />{back_label}</a> }.into_any(),
    );
    let on = on.map_or_else(
        || view! { <Off label=on_label why="This is the last page." id="last-page" /> }.into_any(),
        |href| view! { <a class="button quiet" href=href rel="next">{on_label}<Icon name="next" /></a> }.into_any(),
    );
    view! {
        <div class="table-foot">
            <span>{words}</span>
            <nav aria-label="Pages of the table">{back} {on}</nav>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_past_the_end_is_the_last_page() {
        let rows: Vec<usize> = (0..120).collect();
        assert_eq!(PageNumber(1).of(120).of(rows.clone()).len(), ROWS);
        assert_eq!(PageNumber(3).of(120).of(rows.clone()), (100..120).collect::<Vec<_>>());
        assert_eq!(PageNumber(99).of(120).of(rows), (100..120).collect::<Vec<_>>());
        assert_eq!(PageNumber(0).of(0).of(Vec::<usize>::new()), Vec::<usize>::new());
    }

    #[test]
    fn what_is_no_number_is_the_first_page() {
        let read = |text: &str| PageNumber::read(&[("page", text)].into_iter().collect());
        assert_eq!(read("2"), PageNumber(2));
        assert_eq!(read("x"), PageNumber(1));
        assert_eq!(PageNumber::read(&Parameters::default()), PageNumber(1));
    }
}
