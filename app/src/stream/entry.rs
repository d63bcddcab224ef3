//! One entry, whole, and what became of it in each group.

use std::time::Duration;

use domain::{
    Refusal, Status,
    stream::{Entry, Field},
    time::humane,
};
use leptos::prelude::*;

use super::{
    asked::{PARAMETERS, of_key},
    load::{OpenEntry, Place},
    preview::{DELETE_ENTRIES, permission},
};
use crate::{
    address::{self, Parameters},
    context::context,
    part::{Ago, Id, Panel, Shape, act_link, bytes, value, visible},
};

pub(super) fn panel(stream: &str, open: &Result<OpenEntry, Refusal>, query: &Parameters) -> AnyView {
    let close = address::here_with(&[("open", None), ("view", None)]);
    match open {
        Err(refusal) => {
            let id = query.get("open").unwrap_or_default();
            let message = format!("{}.", refusal.message);
            view! {
                <Panel kicker="Entry" title=id.into_any() close=close>
                    <div class="panel-body">
                        <section class="panel-section">
                            <p>{message}</p>
                            <p class="muted">"An entry goes when its stream is trimmed, or when somebody deletes it."</p>
                        </section>
                    </div>
                </Panel>
            }
            .into_any()
        }
        Ok(OpenEntry { entry, places }) => {
            let raw = query.get("view").is_some_and(|view| view == "raw");
            let title = view! { <Id text=entry.id.to_string() /> }.into_any();
            let body = view! {
                <div class="panel-body">
                    {facts(stream, entry)}
                    {fields(entry, raw)}
                    {groups(stream, places)}
                </div>
                <footer class="panel-foot">{delete(stream, entry)}</footer>
            }
            .into_any();
            view! {
                <Panel kicker="Entry" title=title close=close>
                    {body}
                </Panel>
            }
            .into_any()
        }
    }
}

/// To the panel that deletes it, with what that costs.
fn delete(stream: &str, entry: &Entry) -> AnyView {
    let parameters = [("act", Some(DELETE_ENTRIES.to_owned())), ("ids", Some(entry.id.to_string()))];
    let href = address::with_query(&address::stream(stream), parameters);
    act_link("off-delete-entry", "Delete entry…", href, context().may(permission(DELETE_ENTRIES)))
}

fn facts(stream: &str, entry: &Entry) -> AnyView {
    let size: u64 = entry.fields.iter().map(|field| field.bytes).sum();
    let added = entry.id.tells_time().then(|| {
        let at = entry.id.added_at();
        view! {
            <dt>"Added"</dt>
            <dd>
                <Ago at=at />
                " "
                <span class="muted mono">{at.iso_millis()}</span>
            </dd>
        }
    });
    let id_fact = |name: &'static str, text: &Option<String>| {
        text.clone().map(|text| {
            view! {
                <dt>{name}</dt>
                <dd>
                    <Id text=text />
                </dd>
            }
        })
    };
    let same_key = entry.key.as_ref().map(|key| {
        let filter = of_key(key);
        let elsewhere = PARAMETERS.map(|name| (name, (name == "filter").then_some(filter.as_str())));
        let href = address::here_with(&elsewhere.into_iter().chain([("tab", None)]).collect::<Vec<_>>());
        view! {
            <dt></dt>
            <dd>
                <a href=href>"Entries of this key"</a>
            </dd>
        }
    });
    let trace = entry.event_id.as_ref().map(|id| {
        let href = address::trace_of_entry(id, stream, entry.id);
        view! {
            <dt></dt>
            <dd>
                <a href=href>"Its way through the services"</a>
            </dd>
        }
    });
    let event_type = entry.event_type.clone().map(|name| {
        view! {
            <dt>"Type"</dt>
            <dd>{name}</dd>
        }
    });
    view! {
        <section class="panel-section" aria-label="Facts">
            <dl class="facts">
                {added} {event_type} {id_fact("Key", &entry.key)} {same_key}
                {id_fact("Event id", &entry.event_id)} {trace} <dt>"Size"</dt> <dd>{bytes(size)}</dd>
            </dl>
        </section>
    }
    .into_any()
}

fn fields(entry: &Entry, raw: bool) -> AnyView {
    let (view, words) = if raw { (None, "Tree") } else { (Some("raw"), "Raw") };
    let href = address::here_with(&[("view", view)]);
    let sections = entry.fields.iter().enumerate().map(|(n, field)| {
        let link = (n == 0).then(|| {
            view! {
                <span class="end">
                    <a href=href.clone()>{words}</a>
                </span>
            }
        });
        let shown = value(format!("field-{n}"), &field.value, raw);
        view! {
            <section class="panel-section" data-key=format!("field-{n}")>
                <h3>
                    <span class="mono">{visible(&field.name)}</span>
                    {link}
                </h3>
                {shown}
                {inexact(field)}
            </section>
        }
    });
    sections.collect_view().into_any()
}

/// Says that what is shown is not byte for byte what is stored.
fn inexact(field: &Field) -> Option<impl IntoView + use<>> {
    let words = format!(
        "The value is {} long; what is no UTF-8 is shown as \\xNN, and what is longer than a megabyte is cut.",
        bytes(field.bytes)
    );
    (!field.exact).then(|| view! { <p class="muted"><small>{words}</small></p> })
}

fn groups(stream: &str, places: &[(String, Place)]) -> AnyView {
    if places.is_empty() {
        return view! {
            <section class="panel-section">
                <h3>"Groups"</h3>
                <p class="muted">"No group reads this stream."</p>
            </section>
        }
        .into_any();
    }
    let rows = places.iter().map(|(group, place)| {
        let (status, words, href) = place_words(stream, group, place);
        view! {
            <li data-key=group.clone() data-status=status.as_str()>
                <Shape status=status />
                <a class="name" href=href>
                    {group.clone()}
                </a>
                <small>{words}</small>
            </li>
        }
    });
    view! {
        <section class="panel-section">
            <h3>"In each group"</h3>
            <ul class="timeline in-groups">{rows.collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn place_words(stream: &str, group: &str, place: &Place) -> (Status, String, String) {
    match place {
        Place::NotRead => (Status::Idle, "not read yet".to_owned(), address::group(stream, group)),
        Place::Pending(pending) => {
            let since = humane(Duration::from_millis(pending.idle_ms));
            let times =
                if pending.deliveries == 1 { "once".to_owned() } else { format!("{} times", pending.deliveries) };
            let words = match pending.consumer.as_str() {
                "" => format!("pending: released, belongs to nobody, given out {times}"),
                consumer => format!("pending: given to {consumer} {times}, {since} ago"),
            };
            (Status::Run, words, address::pending(stream, group))
        }
        Place::Through => (
            Status::Idle,
            "past it: acknowledged, moved to the dead letters, or passed over by a move".to_owned(),
            address::dead_letters_of(stream, Some(group)),
        ),
        Place::Unknown(why) => (Status::Unknown, why.clone(), address::group(stream, group)),
    }
}
