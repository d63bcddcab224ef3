//! The entries of a stream, newest first.

use console::search::{Found, Progress, Pursuit};
use domain::stream::{Entry, EntryId, EntryPage, Field};
use leptos::prelude::*;

use super::{
    load::StreamView,
    search::{bar, counted_entries, form, progress},
};
use crate::{
    address::{self, Parameters},
    part::{Clock, Empty, Icon, turning},
};

/// Characters of an entry's fields that a row shows.
const EXCERPT: usize = 240;

pub(super) fn entries(view: &StreamView, query: &Parameters) -> AnyView {
    let body = match &view.entries {
        // what was typed is not understood, which stands under it
        None => ().into_any(),
        Some(Err(refusal)) => {
            view! { <p class="muted">{format!("The entries cannot be read: {}.", refusal.message)}</p> }.into_any()
        }
        Some(Ok(found)) => {
            let Found { page, progress: far } = found;
            let far = far.as_ref();
            let list = match (page.entries.is_empty(), far) {
                (false, _) => table(page, query, far),
                (true, None) => nothing(page, view),
                (true, Some(_)) => ().into_any(),
            };
            view! {
                {bar(view)}
                {far.map(|far| progress(far, page.entries.len(), view.sample()))}
                {list}
            }
            .into_any()
        }
    };
    view! {
        <section class="entries" aria-label="Entries">
            {form(view)}
            {body}
        </section>
    }
    .into_any()
}

fn nothing(page: &EntryPage, view: &StreamView) -> AnyView {
    let is_narrowed = view.asked.is_narrowed();
    let looked = format!("{} looked at.", counted_entries(page.looked_at));
    let newest = (!view.asked.follows() && !is_narrowed).then(|| {
        let href = address::here_with(&[("at", None), ("before", None), ("after", None)]);
        view! {
            <p>
                <a href=href>"To the newest entries"</a>
            </p>
        }
    });
    let (title, words) = match (is_narrowed, newest.is_some()) {
        (true, _) => (
            "No entry fits",
            format!("{looked} Check the spelling, look into an entry for the names of its fields, or widen the range."),
        ),
        (false, true) => ("No entries here", "The stream has none at this place.".to_owned()),
        (false, false) => (
            "No entries",
            "The stream is empty: everything that was in it was read and trimmed, or deleted.".to_owned(),
        ),
    };
    view! {
        <Empty title=title>
            <p>{words}</p>
            {newest}
        </Empty>
    }
    .into_any()
}

fn table(page: &EntryPage, query: &Parameters, far: Option<&Progress>) -> AnyView {
    let open = query.get("open").unwrap_or_default();
    let rows = page.entries.iter().map(|entry| row(entry, &open)).collect_view();
    let link = |before: Option<EntryId>, after: Option<EntryId>| {
        let (before, after) = (before.map(|id| id.to_string()), after.map(|id| id.to_string()));
        let cursors = [("before", before.as_deref()), ("after", after.as_deref())];
        address::here_with(&[&cursors[..], &[("at", None), ("open", None), ("search", None)]].concat())
    };
    // a page that is still being filled has no next one
    let is_being_filled = far.is_some_and(|far| far.pursuit != Pursuit::Stopped);
    let newer = page.newer.filter(|_| !is_being_filled).map(|id| link(None, Some(id)));
    let older = page.older.filter(|_| !is_being_filled).map(|id| link(Some(id), None));
    let words = format!("{}, newest first; times are UTC", counted_entries(page.entries.len() as u64));
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
    let added = if entry.id.tells_time() { view! { <Clock at=entry.id.added_at() /> }.into_any() } else { dash() };
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
                <span class="id">
                    <a href=href>{id.clone()}</a>
                    <button class="copy" type="button" data-copy=id.clone() aria-label=format!("Copy {id}") title="Copy">
                        <Icon name="copy" />
                    </button>
                </span>
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
