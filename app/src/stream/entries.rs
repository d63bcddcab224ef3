//! The entries of a stream, newest first.

use domain::{
    figure::grouped,
    stream::{Entry, EntryPage, Field},
};
use leptos::prelude::*;

use super::load::{StreamView, is_time};
use crate::{
    address::{self, Parameters},
    part::{Clock, Empty, turning},
};

/// Characters of an entry's fields that a row shows.
const EXCERPT: usize = 240;

pub(super) fn entries(view: &StreamView, query: &Parameters) -> AnyView {
    let Some(found) = &view.entries else { return ().into_any() };
    let body = match found {
        Err(refusal) => {
            view! { <p class="muted">{format!("The entries cannot be read: {}.", refusal.message)}</p> }.into_any()
        }
        Ok(page) if page.entries.is_empty() => nothing(page, query),
        Ok(page) => table(page, query),
    };
    view! {
        <section aria-label="Entries">
            {filters(view, query)}
            {body}
        </section>
    }
    .into_any()
}

fn filters(view: &StreamView, query: &Parameters) -> AnyView {
    let value = |name: &str| query.get(name).unwrap_or_default();
    let is_filtered = !value("text").is_empty() || !value("type").is_empty();
    let clear = is_filtered.then(|| {
        let href = address::here_with(&[("text", None), ("type", None), ("before", None), ("after", None)]);
        view! {
            <a class="button quiet" href=href>
                "Clear"
            </a>
        }
    });
    let mut types: Vec<String> = match &view.entries {
        Some(Ok(page)) => page.entries.iter().filter_map(|entry| entry.event_type.clone()).collect(),
        _ => Vec::new(),
    };
    types.sort_unstable();
    types.dedup();
    let types = types.into_iter().map(|name| view! { <option value=name></option> }).collect_view();
    view! {
        <form class="filters" id="filters" method="get" action=address::stream(&view.name) role="search">
            <input
                class="input"
                type="search"
                name="text"
                value=value("text")
                aria-label="Filter entries by text"
                placeholder="Text in any field"
            />
            <input
                class="input"
                name="type"
                list="event-types"
                value=value("type")
                aria-label="Filter entries by event type"
                placeholder="Event type"
                autocomplete="off"
            />
            <datalist id="event-types">{types}</datalist>
            <button class="button">"Filter"</button>
            {clear}
        </form>
    }
    .into_any()
}

fn nothing(page: &EntryPage, query: &Parameters) -> AnyView {
    let is_filtered = query.get("text").is_some() || query.get("type").is_some();
    let on = page.older.map(|id| {
        let href = address::here_with(&[("before", Some(&id.to_string())), ("after", None)]);
        view! {
            <p>
                <a href=href>"Look further"</a>
                " among older entries; each look goes through 5 000 of them."
            </p>
        }
    });
    let (title, words) = match (is_filtered, page.older.is_some()) {
        (true, true) => ("Nothing so far", "None of the entries that were looked at matches."),
        (true, false) => ("No entry matches", "Check the spelling, or clear the filter."),
        (false, _) => {
            ("No entries", "The stream is empty: everything that was in it was read and trimmed, or deleted.")
        }
    };
    view! {
        <Empty title=title>
            <p>{words}</p>
            {on}
        </Empty>
    }
    .into_any()
}

fn table(page: &EntryPage, query: &Parameters) -> AnyView {
    let open = query.get("open").unwrap_or_default();
    let rows = page.entries.iter().map(|entry| row(entry, &open)).collect_view();
    let link = |change: [(&str, Option<&str>); 3]| address::here_with(&change);
    let newer = page.newer.map(|id| link([("after", Some(&id.to_string())), ("before", None), ("open", None)]));
    let older = page.older.map(|id| link([("before", Some(&id.to_string())), ("after", None), ("open", None)]));
    let words = format!("{} entries, newest first; times are UTC", grouped(page.entries.len() as u64));
    let foot = (newer.is_some() || older.is_some()).then(|| turning(words, newer, older, ["Newer", "Older"]));
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="hidden-text">"Entries, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Entry"</th>
                        <th scope="col" class="second">
                            "Added"
                        </th>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Fields"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {foot}
    }
    .into_any()
}

fn row(entry: &Entry, open: &str) -> AnyView {
    let id = entry.id.to_string();
    let href = address::here_with(&[("open", Some(&id)), ("view", None)]);
    let dash = || view! { <span class="muted">"–"</span> }.into_any();
    let added = if is_time(entry.id) { view! { <Clock at=entry.id.added_at() /> }.into_any() } else { dash() };
    let named = |text: &Option<String>, class: &'static str| match text {
        Some(text) => view! {
            <span class=class title=text.clone()>
                {text.clone()}
            </span>
        }
        .into_any(),
        None => dash(),
    };
    view! {
        <tr data-key=id.clone() aria-current=(id == open).then_some("true")>
            <th scope="row" class="lead">
                <a class="mono" href=href>
                    {id.clone()}
                </a>
            </th>
            <td class="second" data-label="Added">
                {added}
            </td>
            <td data-label="Type">{named(&entry.event_type, "clipped")}</td>
            <td data-label="Key">{named(&entry.key, "mono clipped")}</td>
            <td class="grow wide">
                <span class="mono muted excerpt">{excerpt(&entry.fields)}</span>
            </td>
        </tr>
    }
    .into_any()
}

/// The beginning of all fields on one line.
fn excerpt(fields: &[Field]) -> String {
    let mut out = String::new();
    for field in fields {
        if !out.is_empty() {
            out.push_str("  ");
        }
        out.push_str(&field.name);
        out.push(' ');
        let room = EXCERPT.saturating_sub(out.chars().count());
        out.extend(field.value.chars().take(room).map(|c| if c.is_whitespace() { ' ' } else { c }));
        if field.value.chars().nth(room).is_some() {
            out.push('…');
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        let field = |value: &str| Field { name: "data".into(), value: value.into(), exact: true, bytes: 0 };
        assert_eq!(excerpt(&[field("a\nb"), field("c")]), "data a b  data c");
        assert!(excerpt(&[field(&"x".repeat(10_000)), field("y")]).chars().count() <= EXCERPT + 1);
    }
}
