//! Where a word leads: what the palette offers while somebody types.

use std::{future::Future, time::Duration};

use app::address;
use axum::{Json, extract::State};
use domain::{
    Status,
    dead_letter::{Cursor, Filter},
    stream::{Entry, EntryId, Snapshot},
};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use services::{project, sprint};
use streams::inspect::Browse;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Context, extract::Parameters};
use crate::guard::table::{self, Surface};

/// Places offered at once.
const BEST: usize = 20;
/// The one page that no connection has for itself.
const CONNECTIONS: &str = "/connections";
/// How long one source may take: a palette that waits is no help.
const PATIENCE: Duration = Duration::from_secs(1);
/// Streams asked for an entry id: one cheap question each.
const STREAMS_BY_ID: usize = 100;
/// Streams searched for an event id: some thousand entries each, and only when a whole event id was typed.
const STREAMS_BY_EVENT: usize = 10;

pub(super) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new().routes(routes!(find_places))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// What was typed so far; without it, all pages and what needs a look.
    #[serde(default)]
    q: String,
}

/// Something that can be gone to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Place {
    kind: Kind,
    title: String,
    detail: String,
    href: String,
}

/// In the order in which places of one rank are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Page,
    Connection,
    Project,
    Sprint,
    Stream,
    Group,
    Trace,
    Entry,
    #[serde(rename = "dead letter")]
    DeadLetter,
}

/// Find places by a part of their name, or an entry or event by its whole id
///
/// The best 20. A source that is away is left out.
#[utoipa::path(
    get,
    path = "/api/console/places",
    tag = "console",
    params(Wanted),
    responses((status = 200, description = "Best first", body = Vec<Place>))
)]
async fn find_places(State(context): State<Context>, Parameters(wanted): Parameters<Wanted>) -> Json<Vec<Place>> {
    let words = wanted.q.trim().to_lowercase();
    let snapshot = context.snapshot();
    let mut places: Vec<Place> = pages().filter(|page| is_here(&context, &page.href)).collect();
    places.extend(connections(&context));
    if words.is_empty() {
        places.extend(need_a_look(&snapshot));
        places.truncate(BEST);
        return Json(of_connection(&context, places));
    }
    let (projects, sprints, by_id, by_event, dead) = tokio::join!(
        soon(at_home(&context, projects(&context))),
        soon(at_home(&context, sprints(&context))),
        entries_by_id(&context, &snapshot, &words),
        entries_by_event(&context, &snapshot, &words),
        soon(dead_letters_by_event(&context, &words)),
    );
    places.extend(streams_and_groups(&snapshot));
    places.extend([projects, sprints].into_iter().flatten());
    let mut found = best(&words, places);
    // what was named by its whole id is what was meant
    let trace: Vec<Place> = is_event_id(&words).then(|| trace_place(&words)).into_iter().collect();
    found.splice(0..0, [by_id, by_event, dead, trace].into_iter().flatten());
    found.truncate(BEST);
    Json(of_connection(&context, found))
}

/// Whether a page is at the connection that is asked: those of the services are at home, and the list of all connections is
/// one for all.
fn is_here(context: &Context, page: &str) -> bool {
    context.is_home() || page == CONNECTIONS || table::place(Surface::Page, page) == table::Place::Everywhere
}

/// What was found, where it is at this connection.
fn of_connection(context: &Context, places: Vec<Place>) -> Vec<Place> {
    let prefix = context.connection.prefix();
    let at = |place: Place| match place.kind {
        Kind::Connection => place,
        _ if place.href == CONNECTIONS => place,
        _ => Place { href: format!("{prefix}{}", place.href), ..place },
    };
    places.into_iter().map(at).collect()
}

/// The other connections, by their names.
fn connections(context: &Context) -> impl Iterator<Item = Place> {
    let here = context.connection.name();
    context.connections.iter().filter(move |other| other.name() != here).map(|other| Place {
        kind: Kind::Connection,
        title: other.name().to_owned(),
        detail: format!("another Redis, {}", other.kind().as_str()),
        href: format!("{}/", other.prefix()),
    })
}

/// Nothing where a source is away or slow.
async fn soon<E>(source: impl Future<Output = Result<Vec<Place>, E>>) -> Vec<Place> {
    tokio::time::timeout(PATIENCE, source).await.ok().and_then(Result::ok).unwrap_or_default()
}

fn best(words: &str, places: Vec<Place>) -> Vec<Place> {
    let mut ranked: Vec<_> = places
        .into_iter()
        .filter_map(|place| {
            // a name says more than what stands beside it
            let by_title = rank(words, &place.title).map(|rank| 2 * rank);
            let by_detail = rank(words, &place.detail).map(|rank| 2 * rank + 1);
            let rank = by_title.into_iter().chain(by_detail).min()?;
            Some((rank, place))
        })
        .collect();
    ranked.sort_by(|(a_rank, a), (b_rank, b)| {
        (a_rank, a.kind, a.title.len(), &a.title).cmp(&(b_rank, b.kind, b.title.len(), &b.title))
    });
    ranked.into_iter().map(|(_, place)| place).collect()
}

/// How well `words` (lower case) names `text`: 0 is the whole of it, then its start, the start of a word, any part.
fn rank(words: &str, text: &str) -> Option<u8> {
    let text = text.to_lowercase();
    let position = text.find(words)?;
    if text.len() == words.len() {
        return Some(0);
    }
    if position == 0 {
        return Some(1);
    }
    let starts_a_word = |at: usize| text[..at].chars().next_back().is_some_and(|before| !before.is_alphanumeric());
    Some(if text.match_indices(words).any(|(at, _)| starts_a_word(at)) { 2 } else { 3 })
}

fn pages() -> impl Iterator<Item = Place> {
    [
        ("Overview", "is anything wrong, and since when", "/"),
        ("Streams", "entries, groups, consumers, memory", "/streams"),
        ("Dead letters", "what groups gave up on, by cause", "/dead-letters"),
        ("Recovery", "many entries sent back as one job", "/recovery"),
        ("Findings", "what is wrong with Redis, and what to do", "/findings"),
        ("Trace", "one correlation, event by event, and its gaps", "/trace"),
        ("Alerts", "what fires, the rules, who is told", "/alerts"),
        ("Connections", "every Redis that is watched", CONNECTIONS),
        ("Projects", "projects and their teams", "/projects"),
        ("Backlog", "tasks and who has them", "/backlog"),
        ("Sprints", "board, burndown, velocity", "/sprints"),
        ("Chronicle", "reports and recorded events", "/chronicle"),
        ("Audit", "who did what", "/audit"),
        ("Access", "permissions, and what you hold", "/access"),
        ("Health", "components and their runbooks", "/status"),
        ("API", "the HTTP API and its document", "/api"),
    ]
    .into_iter()
    .map(|(title, detail, href)| Place {
        kind: Kind::Page,
        title: title.to_owned(),
        detail: detail.to_owned(),
        href: href.to_owned(),
    })
}

fn need_a_look(snapshot: &Snapshot) -> impl Iterator<Item = Place> {
    let groups = snapshot.groups_worst_first().into_iter();
    groups.filter(|group| matches!(group.verdict.status, Status::Bad | Status::Warn | Status::Unknown)).map(|group| {
        Place {
            kind: Kind::Group,
            title: group.name.clone(),
            detail: format!("{} · {}", group.verdict.word, group.stream),
            href: address::group(&group.stream, &group.name),
        }
    })
}

fn streams_and_groups(snapshot: &Snapshot) -> impl Iterator<Item = Place> {
    snapshot.streams.iter().flat_map(|stream| {
        let groups = stream.groups.iter().map(|group| Place {
            kind: Kind::Group,
            title: group.name.clone(),
            detail: stream.name.clone(),
            href: address::group(&stream.name, &group.name),
        });
        let href = address::stream(&stream.name);
        let detail = format!("{} entries", stream.length);
        let place = Place { kind: Kind::Stream, title: stream.name.clone(), detail, href };
        std::iter::once(place).chain(groups)
    })
}

/// Nothing of the services at another connection.
async fn at_home<E>(context: &Context, source: impl Future<Output = Result<Vec<Place>, E>>) -> Result<Vec<Place>, E> {
    if context.is_home() { source.await } else { Ok(Vec::new()) }
}

async fn projects(context: &Context) -> Result<Vec<Place>, services::Error> {
    let projects = project::list(&context.services).await?;
    Ok(projects
        .into_iter()
        .map(|project| Place {
            kind: Kind::Project,
            href: address::project(&project.id),
            title: project.id,
            detail: project.name,
        })
        .collect())
}

async fn sprints(context: &Context) -> Result<Vec<Place>, services::Error> {
    let projects = sprint::list_projects(&context.services).await?;
    Ok(projects
        .into_iter()
        .flat_map(|project| project.sprints)
        .map(|sprint| Place {
            kind: Kind::Sprint,
            href: address::sprint(&sprint.sprint_id),
            title: sprint.sprint_id,
            detail: sprint.sprint_name,
        })
        .collect())
}

/// The entries of this id: every stream may have one.
async fn entries_by_id(context: &Context, snapshot: &Snapshot, words: &str) -> Vec<Place> {
    let Some(id) = words.contains('-').then(|| words.parse::<EntryId>().ok()).flatten() else { return Vec::new() };
    let found = snapshot.streams.iter().take(STREAMS_BY_ID).map(|stream| {
        soon(async move {
            let entry = console::stream::entry(&context.console, &stream.name, id).await?;
            Ok::<_, console::Error>(vec![entry_place(&stream.name, &entry)])
        })
    });
    join_all(found).await.into_iter().flatten().collect()
}

/// The entries of streams that groups read, with this event id.
async fn entries_by_event(context: &Context, snapshot: &Snapshot, words: &str) -> Vec<Place> {
    if !is_event_id(words) {
        return Vec::new();
    }
    let read = snapshot.streams.iter().filter(|stream| !stream.groups.is_empty()).take(STREAMS_BY_EVENT);
    let found = read.map(|stream| {
        soon(async move {
            let browse = Browse { text: Some(words.to_owned()), count: BEST, ..Browse::default() };
            let page = console::stream::entries(&context.console, &stream.name, &browse).await?;
            Ok::<_, console::Error>(page.entries.iter().map(|entry| entry_place(&stream.name, entry)).collect())
        })
    });
    join_all(found).await.into_iter().flatten().collect()
}

async fn dead_letters_by_event(context: &Context, words: &str) -> Result<Vec<Place>, console::Error> {
    if !is_event_id(words) {
        return Ok(Vec::new());
    }
    let filter = Filter { text: Some(words.to_owned()), ..Filter::default() };
    let page = console::dead_letter::list(&context.console, &filter, None, BEST).await?;
    Ok(page
        .records
        .into_iter()
        .map(|record| {
            let at = Cursor { stream: record.provenance.stream, id: record.id };
            Place {
                kind: Kind::DeadLetter,
                title: record.provenance.event_id.unwrap_or_else(|| words.to_owned()),
                detail: format!("{} · {}", record.provenance.group, record.provenance.error),
                href: address::dead_letter(&at),
            }
        })
        .collect())
}

fn is_event_id(words: &str) -> bool {
    uuid::Uuid::parse_str(words).is_ok()
}

/// An event's id, a correlation's and a trace's look the same; the page finds out.
fn trace_place(id: &str) -> Place {
    Place {
        kind: Kind::Trace,
        title: id.to_owned(),
        detail: "everything of this event, correlation or trace".to_owned(),
        href: address::trace(id),
    }
}

fn entry_place(stream: &str, entry: &Entry) -> Place {
    let what = entry.event_type.as_deref().unwrap_or("entry");
    Place {
        kind: Kind::Entry,
        title: entry.id.to_string(),
        detail: format!("{what} · {stream}"),
        href: address::entry(stream, entry.id),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::guard::table::TABLE;

    fn place(kind: Kind, title: &str, detail: &str) -> Place {
        Place { kind, title: title.to_owned(), detail: detail.to_owned(), href: String::new() }
    }

    #[test]
    fn the_nearer_name_comes_first() {
        let places = vec![
            place(Kind::Stream, "reorders", "9 entries"),
            place(Kind::Project, "ACM-7", "Orders"),
            place(Kind::Group, "mailer", "orders"),
            place(Kind::Stream, "old:orders", "1 entries"),
            place(Kind::Stream, "orders", "2 entries"),
            place(Kind::Stream, "orders:eu", "2 entries"),
            place(Kind::Page, "Audit", "who did what"),
        ];
        let titles: Vec<_> = best("orders", places).into_iter().map(|place| place.title).collect();
        assert_eq!(titles, ["orders", "ACM-7", "mailer", "orders:eu", "old:orders", "reorders"]);
    }

    #[test]
    fn every_page_of_its_own_is_offered() {
        let of_one_thing = |path: &str| path.contains('{');
        let pages_of_table = TABLE.iter().filter(|entry| entry.surface == Surface::Page && !of_one_thing(entry.path));
        let wanted: BTreeSet<_> = pages_of_table.map(|entry| entry.path.to_owned()).collect();
        assert_eq!(pages().map(|place| place.href).collect::<BTreeSet<_>>(), wanted);
    }

    #[test]
    fn any_text_can_be_looked_for() {
        for words in ["ä", "%", "\\", "'", "((", "\u{0}", "İ"] {
            assert_eq!(rank(&words.to_lowercase(), &format!("x {words}")), Some(2), "{words}");
        }
    }
}
