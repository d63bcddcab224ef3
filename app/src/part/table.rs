//! Heads that sort by link, and the foot that turns pages.

use domain::figure::grouped;
use leptos::prelude::*;

use super::{Icon, Off};
use crate::address;

/// The direction in which a column sorts: figures begin with the largest, names with A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// A column's head: a link that sorts by it (`?sort=<column>`), marked where the table is sorted so.
pub(crate) fn sort_head(
    column: &'static str,
    label: &'static str,
    order: Order,
    class: &'static str,
    sorted_by: &str,
) -> AnyView {
    let order = match order {
        Order::Ascending => "ascending",
        Order::Descending => "descending",
    };
    let href = address::here_with(&[("sort", Some(column)), ("from", None), ("open", None)]);
    view! {
        <th scope="col" class=(!class.is_empty()).then_some(class) aria-sort=(column == sorted_by).then_some(order)>
            <a href=href>{label}</a>
        </th>
    }
    .into_any()
}

/// Which part of a long list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) from: usize,
    pub(crate) total: usize,
    pub(crate) per_page: usize,
}

impl Slice {
    /// The part that begins at `?from=`, on a page's border.
    pub(crate) fn new(from: Option<&str>, total: usize, per_page: usize) -> Self {
        let from: usize = from.and_then(|from| from.parse().ok()).unwrap_or(0);
        let last_page = total.saturating_sub(1) / per_page * per_page;
        Self { from: (from / per_page * per_page).min(last_page), total, per_page }
    }

    pub(crate) fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.from).take(self.per_page).collect()
    }

    /// The foot with the way to the other pages; nothing where one page holds all.
    pub(crate) fn foot(self, noun: &str) -> Option<AnyView> {
        if self.total <= self.per_page {
            return None;
        }
        let to = (self.from + self.per_page).min(self.total);
        let words = format!("{noun} {}–{} of {}", self.from + 1, grouped(to as u64), grouped(self.total as u64));
        let back = self.from.checked_sub(self.per_page).map(|from| from.to_string());
        let on = (to < self.total).then(|| to.to_string());
        let link = |from: &str| address::here_with(&[("from", Some(from).filter(|from| *from != "0"))]);
        Some(turning(words, back.map(|from| link(&from)), on.map(|from| link(&from)), ["Previous", "Next"]))
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
    fn a_slice_never_begins_behind_the_end() {
        assert_eq!(Slice::new(Some("250"), 120, 100).from, 100);
        assert_eq!(
            Slice::new(Some("150"), 1_000, 100).of((0..1_000).collect::<Vec<_>>()),
            (100..200).collect::<Vec<_>>()
        );
        assert_eq!(Slice::new(Some("x"), 0, 100).from, 0);
    }
}
