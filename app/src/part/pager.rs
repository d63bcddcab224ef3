//! Pages of a list that is at hand as a whole.

use domain::figure::grouped;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::address;

/// Rows of a page: what a person looks through before narrowing the search.
pub(crate) const ROWS: usize = 50;

/// The page that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageNumber(usize);

impl PageNumber {
    /// Of the address that is being answered (`?page=`).
    pub(crate) fn here() -> Self {
        let wanted = use_query_map().get_untracked().get("page").and_then(|page| page.parse().ok());
        Self(wanted.unwrap_or(1))
    }

    /// The rows of this page, or of the last one there is.
    pub(crate) fn of(self, total: usize) -> PageSlice {
        PageSlice { page: self.0.clamp(1, total.div_ceil(ROWS).max(1)), total }
    }
}

/// Which rows are shown, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageSlice {
    page: usize,
    total: usize,
}

impl PageSlice {
    pub(crate) fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip((self.page - 1) * ROWS).take(ROWS).collect()
    }
}

/// `51 to 100 of 1 234`, and the way to the next ones. Nothing while all fit on a page.
#[component]
pub(crate) fn Pager(slice: PageSlice) -> impl IntoView {
    let PageSlice { page, total } = slice;
    (total > ROWS).then(|| {
        let (first, last) = ((page - 1) * ROWS + 1, (page * ROWS).min(total));
        let to = |page: usize| address::here_with(&[("page", Some(&page.to_string()))]);
        let newer = (page > 1).then(|| view! { <a class="button quiet" href=to(page - 1)>"Previous"</a> });
        let older = (last < total).then(|| view! { <a class="button quiet" href=to(page + 1)>"Next"</a> });
        view! {
            <div class="table-foot">
                <span>{format!("{} to {} of {}", grouped(first as u64), grouped(last as u64), grouped(total as u64))}</span>
                <nav aria-label="Pages of the list">{newer} {older}</nav>
            </div>
        }
    })
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
}
