//! The page: everything that is found, by status and stream.

use domain::{
    Status,
    figure::grouped,
    finding::{Finding, Kind},
    stream::Snapshot,
};
use leptos::prelude::*;

use super::list::list;
use crate::{
    address::{self, Parameters},
    context::context,
    part::{Empty, Page, PageNumber, RedisAway},
};

/// Statuses that the list can be narrowed to, as the address names them and as people do.
const STATUSES: [(Status, &str); 4] =
    [(Status::Bad, "Bad"), (Status::Warn, "Warnings"), (Status::Unknown, "Unknown"), (Status::Idle, "Notes")];

#[component]
pub(crate) fn FindingsPage() -> impl IntoView {
    let query = Parameters::here();
    let snapshot = context().snapshot();
    let found = &snapshot.found;
    let (status, stream) = (status(&query), query.get("stream").filter(|name| !name.is_empty()));
    let of_stream: Vec<&Finding> = found
        .findings
        .iter()
        .filter(|finding| stream.is_none() || finding.stream.as_deref() == stream.as_deref())
        .collect();
    let shown: Vec<&Finding> =
        of_stream.iter().copied().filter(|finding| status.is_none_or(|status| finding.status == status)).collect();
    let body = view! {
        <RedisAway />
        {filters(&of_stream, status, stream.as_deref())}
        {shown_or_nothing(shown, &snapshot)}
        {watched_for()}
    }
    .into_any();
    let lede = lede(&snapshot);
    view! {
        <Page title="Findings" lede=lede.into_any()>
            {body}
        </Page>
    }
    .into_any()
}

fn status(query: &Parameters) -> Option<Status> {
    let word = query.get("status")?;
    STATUSES.into_iter().map(|(status, _)| status).find(|status| status.as_str() == word)
}

/// `1 bad, 2 warnings.`
fn lede(snapshot: &Snapshot) -> String {
    if !snapshot.was_looked() {
        return "Redis has not been looked at yet, so nothing is known.".to_owned();
    }
    let found = &snapshot.found;
    let counts: Vec<String> = found
        .counts()
        .into_iter()
        .map(|(status, count)| match (status, count) {
            (Status::Bad, n) => format!("{n} bad"),
            (Status::Warn, 1) => "1 warning".to_owned(),
            (Status::Warn, n) => format!("{n} warnings"),
            (_, n) => format!("{n} that nobody can know"),
        })
        .collect();
    let counts = if counts.is_empty() { "Nothing is wrong".to_owned() } else { counts.join(", ") };
    let left_out = match found.left_out {
        0 => String::new(),
        n => format!(" {} more are left out.", grouped(n)),
    };
    let as_of = if snapshot.error.is_some() { " at the last look that succeeded" } else { "" };
    format!("{counts}{as_of}. Looked for at every look at Redis.{left_out}")
}

fn filters(findings: &[&Finding], chosen: Option<Status>, stream: Option<&str>) -> AnyView {
    let chips = STATUSES.map(|(status, word)| {
        let count = findings.iter().filter(|finding| finding.status == status).count();
        let is_on = chosen == Some(status);
        let href = address::here_with(&[("status", (!is_on).then_some(status.as_str())), ("page", None)]);
        view! {
            <a class="chip" href=href aria-current=is_on.then_some("true")>
                {format!("{word} {count}")}
            </a>
        }
    });
    let of_stream = stream.map(|stream| {
        let href = address::here_with(&[("stream", None), ("page", None)]);
        view! {
            <a class="chip" href=href aria-current="true" title="Show those of all streams">
                <span class="clipped">{format!("Stream {stream}")}</span>
            </a>
        }
    });
    view! { <div class="filters" id="filters">{chips.collect_view()} {of_stream}</div> }.into_any()
}

fn shown_or_nothing(shown: Vec<&Finding>, snapshot: &Snapshot) -> AnyView {
    let found = &snapshot.found;
    if shown.is_empty() {
        let (title, words) = if !snapshot.was_looked() {
            (
                "Not looked yet",
                "What is found shows here as soon as Redis answers. What is watched for is listed below.",
            )
        } else if found.findings.is_empty() {
            (
                "Nothing is wrong",
                "Redis Streams fail without an error. What is watched for is listed below; it shows here at the next look, with what to do.",
            )
        } else {
            ("Nothing of this kind", "There are findings of another status, or of other streams.")
        };
        let others =
            (!found.findings.is_empty()).then(|| view! { <p><a href=address::at("/findings")>"Show all"</a></p> });
        return view! {
            <Empty title=title>
                <p>{words}</p>
                {others}
            </Empty>
        }
        .into_any();
    }
    let slice = PageNumber::here().of(shown.len());
    view! {
        <section aria-label="Findings">
            {list(slice.of(shown), false)} {slice.foot("Findings")}
        </section>
    }
    .into_any()
}

/// Every kind there is, with what it is recognised by.
fn watched_for() -> AnyView {
    let rows = Kind::ALL.map(|kind| {
        view! {
            <tr data-key=kind.as_str()>
                <th scope="row" class="lead">
                    <a href=address::runbook(kind.runbook())>{kind.title()}</a>
                </th>
                <td class="grow wraps">{kind.looked_at().replace('`', "")}</td>
            </tr>
        }
    });
    view! {
        <details class="watched-for" id="watched-for">
            <summary>{format!("What is watched for ({})", Kind::ALL.len())}</summary>
            <div class="table-wrap">
                <table class="table small">
                    <caption class="hidden-text">"Kinds of findings"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Finding"</th>
                            <th scope="col">"Recognised by"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;

    #[test]
    fn before_the_first_look_nothing_is_said_to_be_right() {
        let not_asked = Snapshot::not_asked();
        assert_eq!(lede(&not_asked), "Redis has not been looked at yet, so nothing is known.");
        assert!(shown_or_nothing(vec![], &not_asked).to_html().contains("Not looked yet"));
        let looked = Snapshot { at: Timestamp::from_millis(1), error: None, ..not_asked };
        assert!(lede(&looked).starts_with("Nothing is wrong. "), "{}", lede(&looked));
        let away = Snapshot { error: Some("away".into()), ..looked };
        assert!(lede(&away).starts_with("Nothing is wrong at the last look that succeeded. "), "{}", lede(&away));
    }
}
