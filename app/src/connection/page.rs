//! All connections, in a line each: where an operator with several Redis looks first.

use domain::{
    Status, Timestamp,
    connection::{Seen, Watched},
    figure::grouped,
    time::humane,
};
use leptos::prelude::*;

use super::rights;
use crate::{
    address, clock,
    context::context,
    part::{FigureText, Page, StatusWord, age_min_sec, sentence},
};

#[component]
pub(crate) fn ConnectionsPage() -> impl IntoView {
    let context = context();
    let all: Vec<Watched> = context.connections.iter().map(super::Connection::watched).collect();
    let rows = all.iter().map(row).collect_view();
    let how = context.connections.are_one().then(how_to_add);
    view! {
        <Page title="Connections" lede=lede(&all).into_any()>
            <div class="table-wrap">
                <table class="table tall connections">
                    <caption class="hidden-text">"Connections, home first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Connection"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Server"</th>
                            <th scope="col">"User"</th>
                            <th scope="col" class="num second">
                                "Streams"
                            </th>
                            <th scope="col" class="num second">
                                "Groups"
                            </th>
                            <th scope="col" class="num">
                                "Waiting"
                            </th>
                            <th scope="col" class="num">
                                "Oldest"
                            </th>
                            <th scope="col" class="num">
                                "Findings"
                            </th>
                            <th scope="col" class="num">
                                "Alerts"
                            </th>
                            <th scope="col" class="num">
                                "Dead letters"
                            </th>
                            <th scope="col" class="num second">
                                "Last look"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {how}
        </Page>
    }
}

fn lede(all: &[Watched]) -> String {
    let away = all.iter().filter(|one| one.status == Status::Bad && one.error.is_some()).count() as u64;
    let worry = all.iter().filter(|one| one.error.is_none() && one.status <= Status::Warn).count() as u64;
    let told = match (away, worry) {
        (0, 0) => "None of them needs a look.".to_owned(),
        (0, worry) => format!("{} a look.", verb(worry, "needs", "need")),
        (away, 0) => format!("{} away.", verb(away, "is", "are")),
        (away, worry) => format!("{} away, {} a look.", verb(away, "is", "are"), verb(worry, "needs", "need")),
    };
    format!("{} Redis watched. {told}", grouped(all.len() as u64))
}

fn verb(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", grouped(count)) }
}

fn row(one: &Watched) -> AnyView {
    let to = |page: &str| format!("{}{page}", one.prefix);
    let (word, away) = state(one);
    let blind = one.seen.as_ref().and_then(|seen| seen.rights.blind_spots()).map(|why| sentence(&why));
    let why: Vec<String> = away.into_iter().chain(blind).collect();
    let server = server(one);
    let figures = one.seen.as_ref().map_or_else(|| unseen(one), |seen| figures(one, seen));
    let look = one.looked_at.map_or_else(|| "never".to_owned(), age);
    view! {
        <tr data-key=one.name.clone() data-colour=one.colour.as_str() data-away=one.error.is_some().then_some("")>
            <th scope="row" class="lead">
                <span class="two-lines">
                    <a class="name" href=to("/")>
                        <span class="switch-dot"></span>
                        {one.name.clone()}
                    </a>
                    <small>{one.environment.clone()}</small>
                </span>
            </th>
            <td class="lead">
                <StatusWord status=one.status word=word />
            </td>
            <td data-label="Server">
                <span class="two-lines">
                    {server} <small>{if one.tls { "TLS" } else { "no TLS" }} " · " {one.kind.clone()}</small>
                </span>
            </td>
            {figures}
            <td class="num second" data-label="Last look">
                {look}
            </td>
        </tr>
        {(!why.is_empty())
            .then(|| {
                view! {
                    <tr class="because" data-key=format!("{} because", one.name)>
                        <td class="sub" colspan="12">
                            {why.join(" ")}
                        </td>
                    </tr>
                }
            })}
    }
    .into_any()
}

/// The word, and why it is no better one.
fn state(one: &Watched) -> (&'static str, Option<String>) {
    match (&one.error, one.looked_at, one.status) {
        (Some(_), None, Status::Unknown) => ("Not asked yet", None),
        (Some(error), None, _) => ("Away", Some(sentence(&format!("never answered: {error}")))),
        (Some(error), Some(at), _) => {
            let since = format!("no answer since {} ({} ago): {error}", at.clock(), humane(clock::now().since(at)));
            ("Away", Some(sentence(&since)))
        }
        (None, _, Status::Bad) => ("Bad", None),
        (None, _, Status::Warn) => ("Needs a look", None),
        (None, _, Status::Unknown) => ("Not all known", None),
        (None, ..) => ("Well", None),
    }
}

fn server(one: &Watched) -> String {
    match &one.seen {
        Some(seen) if !seen.version.is_empty() => {
            let product = if seen.product == "valkey" { "Valkey" } else { "Redis" };
            format!("{product} {}", seen.version)
        }
        Some(_) => "does not tell its version".to_owned(),
        None => "not reached yet".to_owned(),
    }
}

fn figures(one: &Watched, seen: &Seen) -> AnyView {
    let to = |page: &str| format!("{}{page}", one.prefix);
    let user = seen.rights.user.clone().or_else(|| one.user.clone()).unwrap_or_else(|| "default".to_owned());
    let count = |count: u64, page: &str| {
        let text = grouped(count);
        if count == 0 { text.into_any() } else { view! { <a href=to(page)>{text}</a> }.into_any() }
    };
    view! {
        <td data-label="User">
            <span class="two-lines">
                {user}
                <small title=rights::reason(&seen.rights)>{rights::words(seen.role)}</small>
            </span>
        </td>
        <td class="num second" data-label="Streams">
            <a href=to("/streams")>{grouped(seen.streams)}</a>
        </td>
        <td class="num second" data-label="Groups">
            {grouped(seen.groups)}
        </td>
        <td class="num" data-label="Waiting">
            <FigureText figure=seen.waiting.clone() />
        </td>
        <td class="num" data-label="Oldest" title="min:s">
            {age_min_sec(seen.oldest_ms)}
        </td>
        <td class="num" data-label="Findings">
            {count(seen.findings, "/findings")}
        </td>
        <td class="num" data-label="Alerts">
            {count(one.firing, "/alerts")}
        </td>
        <td class="num" data-label="Dead letters">
            {count(seen.dead_letters, "/dead-letters")}
        </td>
    }
    .into_any()
}

/// Before the first look nothing is known, and no zero is told.
fn unseen(one: &Watched) -> AnyView {
    let user = one.user.clone().unwrap_or_else(|| "default".to_owned());
    let dashes = ["num second", "num second", "num", "num", "num"].map(|class| view! { <td class=class>"—"</td> });
    let firing = if one.firing > 0 { grouped(one.firing) } else { "—".to_owned() };
    view! {
        <td data-label="User">{user}</td>
        {dashes.into_iter().collect_view()}
        <td class="num" data-label="Alerts">
            {firing}
        </td>
        <td class="num">"—"</td>
    }
    .into_any()
}

fn age(at: Timestamp) -> String {
    format!("{} ago", humane(clock::now().since(at)))
}

fn how_to_add() -> AnyView {
    view! {
        <section class="prose" aria-labelledby="more-h">
            <div class="section-head">
                <h2 id="more-h">"Watch another Redis"</h2>
            </div>
            <p>
                "Name it in a file and start the program with " <code>"--connections FILE"</code>
                ". Its pages are then beside these, with a history, alerts and an audit log of its own. A user that may only read is enough to watch."
            </p>
            <pre class="code">
                "[connections.orders]\nurl = \"rediss://watcher@redis.example\"\npassword_file = \"orders.password\"\nenvironment = \"production\"\ncolour = \"teal\""
            </pre>
            <p>
                "Which commands the user needs is in docs/connections.md; " <a href=address::at("/status")>"Health"</a>
                " says how this Redis is."
            </p>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::connection::Colour;

    use super::*;

    fn one(error: Option<&str>, looked_at: Option<Timestamp>, status: Status) -> Watched {
        Watched {
            name: "a".into(),
            prefix: "/at/a".into(),
            colour: Colour::Blue,
            environment: "production".into(),
            kind: "server".into(),
            tls: true,
            user: None,
            status,
            error: error.map(str::to_owned),
            looked_at,
            seen: None,
            firing: 0,
        }
    }

    #[test]
    fn what_is_away_says_why_and_since_when() {
        let at = Timestamp::from_millis(3_723_000);
        let (word, why) = state(&one(Some("no route"), Some(at), Status::Bad));
        let why = why.expect("a reason");
        assert_eq!(word, "Away");
        assert!(why.contains("since 01:02:03") && why.contains("no route"), "{why}");
        let (word, why) = state(&one(Some("no route"), None, Status::Bad));
        assert!(word == "Away" && why.expect("a reason").contains("Never answered"));
        assert_eq!(state(&one(Some("not asked"), None, Status::Unknown)), ("Not asked yet", None));
    }

    #[test]
    fn the_lede_counts_what_is_away_and_what_needs_a_look() {
        let well = || one(None, Some(Timestamp::from_millis(1)), Status::Ok);
        assert_eq!(lede(&[well()]), "1 Redis watched. None of them needs a look.");
        let away = one(Some("gone"), None, Status::Bad);
        let warn = one(None, Some(Timestamp::from_millis(1)), Status::Warn);
        assert_eq!(lede(&[well(), away, warn]), "3 Redis watched. 1 is away, 1 needs a look.");
    }
}
