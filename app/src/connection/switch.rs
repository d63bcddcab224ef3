//! The connection that is being looked at, in its colour, and the way to the others.

use domain::Status;
use leptos::prelude::*;

use super::Connection;
use crate::{
    address,
    context::{Context, context},
    part::Shape,
};

/// Name and colour, with the list of all behind it; nothing where there is but one. Works without a script.
#[component]
pub(crate) fn Switch() -> impl IntoView {
    let context = context();
    if context.connections.are_one() {
        return None;
    }
    let here = &context.connection;
    let path = address::here();
    let links = context.connections.iter().map(|other| link(&context, other, &path)).collect_view();
    Some(
        view! {
            <details class="switch" id="switch" data-live="" data-colour=here.colour().as_str()>
                <summary aria-label=format!("Connection {}: switch to another", here.name())>
                    <span class="switch-dot"></span>
                    <span class="switch-name">{here.name().to_owned()}</span>
                </summary>
                <ul>
                    {links}
                    <li class="switch-all">
                        <a href=address::CONNECTIONS>"All connections"</a>
                    </li>
                </ul>
            </details>
        }
        .into_any(),
    )
}

fn link(context: &Context, other: &Connection, path: &str) -> impl IntoView + use<> {
    let (name, status) = (other.name().to_owned(), other.status());
    let is_here = name == context.connection.name();
    let word = match status {
        _ if other.is_away() => "away",
        Status::Bad => "something is bad",
        Status::Warn => "needs a look",
        Status::Unknown => "not all known",
        Status::Run | Status::Ok | Status::Idle => "well",
    };
    let key = name.clone();
    view! {
        <li data-key=key data-colour=other.colour().as_str()>
            <a href=same_page(other, path) aria-current=is_here.then_some("true")>
                <span class="switch-dot"></span>
                <span class="switch-name">{name}</span>
                <small>{other.kind().as_str()}</small>
                <span class="end" data-status=status.as_str() title=word>
                    <Shape status=status />
                    <span class="hidden-text">{word}</span>
                </span>
            </a>
        </li>
    }
}

/// Where `path` (without a prefix) leads at another connection: the same page where it has one, else the list in which it
/// would be, else its first page. What stands behind the `?` belongs to here.
pub(super) fn same_page(other: &Connection, path: &str) -> String {
    let snapshot = other.console().snapshot();
    let segments: Vec<String> = path.trim_start_matches('/').split('/').map(address::decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let there = match segments.as_slice() {
        ["streams", stream, "groups", group]
            if snapshot.stream(stream).is_some_and(|found| found.groups.iter().any(|known| known.name == *group)) =>
        {
            path
        }
        ["streams", stream] | ["streams", stream, "groups", _] if snapshot.stream(stream).is_some() => {
            return format!("{}/streams/{}", other.prefix(), address::encoded(stream));
        }
        ["streams", ..] => "/streams",
        ["trace", ..] => "/trace",
        ["dead-letters" | "findings" | "alerts" | "audit" | "access" | "status" | "api"] | ["runbooks", _] => path,
        ["projects" | "backlog" | "sprints" | "chronicle", ..] if other.is_home() => path,
        _ => "/",
    };
    format!("{}{there}", other.prefix())
}
