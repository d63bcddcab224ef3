//! Heads of columns that sort by link.

use leptos::prelude::*;

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
    let href = address::here_with(&[("sort", Some(column)), ("page", None), ("open", None)]);
    view! {
        <th scope="col" class=(!class.is_empty()).then_some(class) aria-sort=(column == sorted_by).then_some(order)>
            <a href=href>{label}</a>
        </th>
    }
    .into_any()
}
