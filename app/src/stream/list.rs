//! All streams.

use domain::{
    Figure, Status,
    figure::grouped,
    stream::{GroupSample, StreamSample},
};
use leptos::prelude::*;

use crate::{
    address::{self, Parameters},
    context::context,
    part::{Badge, Empty, FigureText, Order, Page, PageNumber, RedisAway, StatusWord, bytes, number, rate, sort_head},
};

/// Streams on one page of the table.
const PER_PAGE: usize = 100;

#[component]
pub(crate) fn StreamsPage() -> impl IntoView {
    let query = Parameters::here();
    let snapshot = context().snapshot();
    let (dead, own): (Vec<_>, Vec<_>) = snapshot.streams.iter().partition(|stream| stream.source.is_some());
    let shows_dead = query.get("kind").is_some_and(|kind| kind == "dead");
    let text = query.get("q").unwrap_or_default();
    let needle = text.to_lowercase();
    let of_kind = if shows_dead { &dead } else { &own };
    let matching = of_kind.iter().copied().filter(|stream| stream.name.to_lowercase().contains(&needle)).collect();
    let lede = lede(&own, &dead);
    let body = view! {
        <RedisAway />
        {filters(&text, shows_dead, dead.len())}
        {table(matching, of_kind.len(), &text, shows_dead, &query)}
    }
    .into_any();
    view! {
        <Page title="Streams" lede=lede.into_any()>
            {body}
        </Page>
    }
    .into_any()
}

fn lede(own: &[&StreamSample], dead: &[&StreamSample]) -> String {
    let entries: u64 = own.iter().map(|stream| stream.length).sum();
    let letters: u64 = dead.iter().map(|stream| stream.length).sum();
    let plural = |count: usize| if count == 1 { "stream".to_owned() } else { "streams".to_owned() };
    let dead = match dead.len() {
        0 => String::new(),
        1 => format!(" One more holds {} dead letters.", grouped(letters)),
        n => format!(" {} more hold {} dead letters.", grouped(n as u64), grouped(letters)),
    };
    format!("{} {} with {} entries.{dead}", grouped(own.len() as u64), plural(own.len()), grouped(entries))
}

fn filters(text: &str, shows_dead: bool, dead: usize) -> AnyView {
    let kind = shows_dead.then(|| view! { <input type="hidden" name="kind" value="dead" /> });
    let href = address::here_with(&[("kind", (!shows_dead).then_some("dead")), ("page", None)]);
    let chip = (dead > 0 || shows_dead).then(|| {
        view! {
            <a class="chip" href=href aria-current=shows_dead.then_some("true")>
                {format!("Dead-letter streams {dead}")}
            </a>
        }
    });
    view! {
        <form class="filters" id="filters" method="get" action=address::at("/streams") role="search">
            <input
                class="input"
                type="search"
                name="q"
                value=text.to_owned()
                aria-label="Filter streams by name"
                placeholder="Filter by name"
            />
            {kind}
            <button class="button">"Filter"</button>
            {chip}
        </form>
    }
    .into_any()
}

fn table(streams: Vec<&StreamSample>, of: usize, text: &str, shows_dead: bool, query: &Parameters) -> AnyView {
    if streams.is_empty() {
        return nothing(of, text, shows_dead);
    }
    let sort = query.get("sort").unwrap_or_else(|| "stream".to_owned());
    let streams = sorted(streams, &sort);
    let slice = PageNumber::read(query).of_long(streams.len(), PER_PAGE);
    let rows = slice.of(streams).into_iter().map(row).collect_view();
    let figure = |column, label, class| sort_head(column, label, Order::Descending, class, &sort);
    view! {
        <section aria-label="Streams">
            <div class="table-wrap">
                <table class="table">
                    <caption class="hidden-text">"Streams"</caption>
                    <thead>
                        <tr>
                            {sort_head("stream", "Stream", Order::Ascending, "", &sort)}
                            {figure("status", "Groups", "")} {figure("entries", "Entries", "num")}
                            {figure("added", "Added", "num")} {figure("memory", "Memory", "num second")}
                            {figure("lag", "Worst lag", "num")} {figure("dead", "Dead", "num")}
                            {figure("last", "Last entry", "num third")}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {slice.foot("Streams")}
        </section>
    }
    .into_any()
}

fn nothing(of: usize, text: &str, shows_dead: bool) -> AnyView {
    if of > 0 {
        let title = format!("No stream has “{text}” in its name");
        let clear = address::here_with(&[("q", None), ("page", None)]);
        return view! {
            <Empty title=title>
                <p>{format!("There are {} others. ", grouped(of as u64))} <a href=clear>"Show all"</a></p>
            </Empty>
        }
        .into_any();
    }
    if shows_dead {
        return view! {
            <Empty title="No dead letters">
                <p>
                    "A group that gives up on an entry moves it, with its error, to a stream of its own beside the source. There is none, so nothing has died."
                </p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="No streams yet">
            <p>
                "A stream appears here by itself as soon as any program adds an entry to this Redis, with "
                <code>"XADD"</code> "."
            </p>
            <p>
                <a href=address::at("/")>"Load the sample project"</a>
                " to see some."
            </p>
        </Empty>
    }
    .into_any()
}

/// The group that is worst off.
fn worst(stream: &StreamSample) -> Option<&GroupSample> {
    stream.groups.iter().min_by_key(|group| group.verdict.status)
}

/// The largest lag that is known; unknown where none is.
fn worst_lag(stream: &StreamSample) -> Option<Figure> {
    let known = stream.groups.iter().map(|group| &group.lag).filter(|lag| lag.lower_bound().is_some());
    known.max_by_key(|lag| lag.lower_bound()).or_else(|| stream.groups.first().map(|group| &group.lag)).cloned()
}

fn sorted<'a>(mut streams: Vec<&'a StreamSample>, by: &str) -> Vec<&'a StreamSample> {
    let key: fn(&StreamSample) -> Option<f64> = match by {
        "status" => {
            streams.sort_by_key(|stream| worst(stream).map_or(Status::Idle, |group| group.verdict.status));
            return streams;
        }
        "entries" => |stream| Some(stream.length as f64),
        "added" => |stream| stream.added_per_second,
        "memory" => |stream| stream.memory_bytes.map(|bytes| bytes as f64),
        "lag" => |stream| worst_lag(stream)?.lower_bound().map(|lag| lag as f64),
        "dead" => |stream| Some(stream.dead_letters as f64),
        "last" => |stream| Some(stream.last_id.ms as f64),
        _ => return streams,
    };
    streams.sort_by(|a, b| match (key(a), key(b)) {
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    streams
}

fn row(stream: &StreamSample) -> AnyView {
    let of = stream.source.as_ref().map(|source| {
        view! {
            " "
            <Badge status=Status::Idle word=format!("dead letters of {source}") />
        }
    });
    let dead = match (&stream.source, stream.dead_letters) {
        (Some(_), _) | (None, 0) => number(Some(stream.dead_letters)).into_any(),
        (None, dead) => view! { <a href=address::dead_letters_of(&stream.name, None)>{grouped(dead)}</a> }.into_any(),
    };
    view! {
        <tr data-key=stream.name.clone()>
            <th scope="row" class="lead">
                <a class="name mono clipped long" href=address::stream(&stream.name) title=stream.name.clone()>
                    {stream.name.clone()}
                </a>
                {of}
            </th>
            <td class="sub" data-label="Groups">
                {groups(stream)}
            </td>
            <td class="num" data-label="Entries">
                {grouped(stream.length)}
            </td>
            <td class="num" data-label="Added">
                {rate(stream.added_per_second)}
            </td>
            <td class="num second" data-label="Memory">
                {stream.memory_bytes.map_or_else(|| "–".to_owned(), bytes)}
            </td>
            <td class="num" data-label="Worst lag">
                {worst_lag(stream)
                    .map_or_else(
                        || view! { <span class="muted">"–"</span> }.into_any(),
                        |lag| view! { <FigureText figure=lag /> }.into_any(),
                    )}
            </td>
            <td class="num" data-label="Dead">
                {dead}
            </td>
            <td class="num third" data-label="Last entry">
                {super::load::last_entry(stream)}
            </td>
        </tr>
    }
    .into_any()
}

/// How many groups there are, and the state of the worst.
fn groups(stream: &StreamSample) -> AnyView {
    match worst(stream) {
        None => view! { <span class="muted">"no group"</span> }.into_any(),
        Some(group) => {
            let count = match stream.groups.len() {
                1 => String::new(),
                n => format!(" worst of {n}"),
            };
            view! {
                <StatusWord
                    status=group.verdict.status
                    word=group.verdict.word.clone()
                    reason=format!("{}: {}", group.name, group.verdict.reason)
                />
                <span class="muted">{count}</span>
            }
            .into_any()
        }
    }
}
