//! The rail: every page by its word, with what is wrong there as a shape or a count.

use domain::{Status, figure::grouped};
use leptos::{either::Either, prelude::*};

use crate::{
    address,
    context::{Context, context},
    part::{Icon, Shape},
};

/// A page in the rail.
struct Place {
    href: &'static str,
    icon: &'static str,
    name: &'static str,
    /// Stays in the bar of a narrow screen; the others are behind *More*.
    primary: bool,
}

const fn place(href: &'static str, icon: &'static str, name: &'static str, primary: bool) -> Place {
    Place { href, icon, name, primary }
}

const OPERATE: [Place; 7] = [
    place("/", "overview", "Overview", true),
    place("/streams", "streams", "Streams", true),
    place("/dead-letters", "dead", "Dead letters", true),
    place("/recovery", "recovery", "Recovery", false),
    place("/findings", "search", "Findings", false),
    place("/trace", "trace", "Trace", false),
    place("/alerts", "alerts", "Alerts", false),
];
const SCRUM: [Place; 4] = [
    place("/projects", "projects", "Projects", false),
    place("/backlog", "backlog", "Backlog", false),
    place("/sprints", "sprint", "Sprints", true),
    place("/chronicle", "chronicle", "Chronicle", false),
];
const GOVERN: [Place; 5] = [
    place(address::CONNECTIONS, "connections", "Connections", false),
    place("/audit", "audit", "Audit", false),
    place("/access", "access", "Access", false),
    place("/status", "health", "Health", false),
    place("/api", "download", "API", false),
];

#[component]
pub(crate) fn Rail() -> impl IntoView {
    let context = context();
    let list = |places: &'static [Place]| places.iter().map(|place| item(&context, place)).collect_view();
    // the scrum is where its events are
    let scrum: &'static [Place] = if context.is_home() { &SCRUM } else { &[] };
    let behind_more = [&OPERATE[..], scrum, &GOVERN].into_iter().flatten().filter(|place| !place.primary);
    let more = behind_more.map(|place| item(&context, place)).collect_view();
    view! {
        <nav class="rail" id="rail" data-live="" aria-label="Pages">
            <a class="brand" href=address::at("/") aria-label="DSM Console, overview">
                <Icon name="brand" />
                <span>"DSM Console"</span>
            </a>
            <p class="rail-title">"Operate"</p>
            <ul>{list(&OPERATE)}</ul>
            {(!scrum.is_empty())
                .then(|| {
                    view! {
                        <p class="rail-title">"Scrum"</p>
                        <ul>{list(scrum)}</ul>
                    }
                })}
            <p class="rail-title">"Govern"</p>
            <ul>{list(&GOVERN)}</ul>
            <details class="rail-more" id="rail-more">
                <summary>
                    <Icon name="more" />
                    <span>"More"</span>
                </summary>
                <ul>{more}</ul>
            </details>
            {foot(&context)}
        </nav>
    }
    .into_any()
}

fn item(context: &Context, place: &'static Place) -> impl IntoView + use<> {
    let path = address::here();
    let is_here = if place.href == "/" { path == "/" } else { path.starts_with(place.href) };
    let count = (place.href == "/dead-letters").then(|| context.snapshot().dead_letters()).filter(|count| *count > 0);
    let worst = match place.href {
        "/" => worst(context).map(|(status, count)| (status, count.to_string(), " groups need a look")),
        "/findings" => found(context).map(|(status, count)| (status, count.to_string(), " findings")),
        "/alerts" => firing(context).map(|(status, count)| (status, grouped(count), " alerts fire")),
        _ => None,
    };
    let href = if place.href == address::CONNECTIONS { place.href.to_owned() } else { address::at(place.href) };
    view! {
        <li class=place.primary.then_some("primary")>
            <a class="rail-link" href=href aria-current=is_here.then_some("page") title=place.name>
                <Icon name=place.icon />
                <span>{place.name}</span>
                {count.map(|count| view! { <span class="rail-count">{grouped(count)}</span> })}
                {worst
                    .map(|(status, count, what)| {
                        view! {
                            <span class="rail-count" data-status=status.as_str()>
                                <Shape status=status />
                                {count}
                                <span class="hidden-text">{what}</span>
                            </span>
                        }
                    })}
            </a>
        </li>
    }
}

/// The worst state of any group, if it needs a person, and how many groups are in it.
fn worst(context: &Context) -> Option<(Status, usize)> {
    let snapshot = context.snapshot();
    let states: Vec<Status> = snapshot.streams.iter().flat_map(|s| &s.groups).map(|g| g.verdict.status).collect();
    let worst = states.iter().copied().min().filter(|status| matches!(status, Status::Bad | Status::Warn))?;
    Some((worst, states.iter().filter(|status| **status == worst).count()))
}

/// The worst status of what is found, if it needs a person, and how many findings have it.
fn found(context: &Context) -> Option<(Status, usize)> {
    let worst = context.snapshot().found.counts().into_iter().next();
    worst.filter(|(status, _)| matches!(status, Status::Bad | Status::Warn))
}

/// The worst severity that fires, and how many alerts do.
fn firing(context: &Context) -> Option<(Status, u64)> {
    let counts = context.console.firing();
    Some((counts.worst()?.status(), counts.all()))
}

fn foot(context: &Context) -> impl IntoView + use<> {
    let snapshot = context.snapshot();
    let redis = &snapshot.redis;
    let server = if redis.untold.is_some() {
        Either::Left("Redis does not tell its version")
    } else if redis.version.is_empty() {
        Either::Left("no Redis yet")
    } else {
        let product = if redis.product == "valkey" { "Valkey" } else { "Redis" };
        Either::Right(format!("{product} {} · {}", redis.version, redis.mode))
    };
    view! {
        <div class="rail-foot">
            <p>{server} <br /> {format!("console {}", context.settings.version)}</p>
            <form method="post" action=address::at("/api/fn/view/prefer")>
                <button class="rail-link rail-fold" name="rail" value="toggle" title="Fold or unfold the rail">
                    <Icon name="rail" />
                    <span>"Fold"</span>
                </button>
            </form>
        </div>
    }
}
