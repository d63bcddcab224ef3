//! One correlation as a waterfall.

use domain::{
    Refusal, Status,
    figure::grouped,
    time::humane,
    trace::waterfall::{Step, short, span},
};
use leptos::prelude::*;
use services::{relay::KEEP_DONE, trace::LOOK_AT_MOST};

use super::{
    bar::Axis,
    gather::{Gathered, gather},
    query::{PATH, places, written},
    step::{all_steps, event},
};
use crate::{
    address::{self, Parameters, segment_after, with_query},
    context::context,
    part::{Clock, Empty, Id, Notice, Page, Shape, counted, loaded},
};

/// Longest id that is looked for.
const LONGEST: usize = 500;

#[component]
pub(crate) fn TracePage() -> impl IntoView {
    let query = Parameters::here();
    let id = segment_after("trace");
    let (known, further) = (places(&query, "at"), places(&query, "further"));
    let gathered = {
        let (context, known) = (context(), known.clone());
        async move {
            if id.is_empty() || id.len() > LONGEST {
                return Err(Refusal::invalid(format!("an id has between 1 and {LONGEST} bytes")));
            }
            gather(context, id, known, further).await
        }
    };
    loaded(gathered, |gathered| show(&gathered))
}

fn show(gathered: &Gathered) -> AnyView {
    let steps = all_steps(&gathered.events, gathered.now);
    let lede = "Every event of this correlation on its way: written, published, and what each group did with it.";
    let crumbs = vec![(address::at(PATH), "Trace".to_owned())];
    let body = if gathered.events.is_empty() { nothing(gathered) } else { waterfall(gathered, &steps) };
    let (facts, foot) = (facts(gathered, &steps), foot(gathered));
    let away = gathered.away.clone().into_iter().map(|words| {
        view! {
            <Notice status=Status::Unknown>
                <p>{words} " What it knows is missing here."</p>
            </Notice>
        }
    });
    let away = away.collect_view();
    view! {
        <Page title="Trace" lede=lede.into_any() crumbs=crumbs>
            {facts}
            {away}
            {body}
            {foot}
        </Page>
    }
    .into_any()
}

fn facts(gathered: &Gathered, steps: &[Vec<Step>]) -> AnyView {
    let gaps = steps.iter().flatten().filter(|step| step.is_gap).count() as u64;
    let (status, said) = match gaps {
        0 if is_partial(gathered, steps) => (Status::Unknown, "no gap in what is known".to_owned()),
        0 => (Status::Ok, "no gap".to_owned()),
        _ => (worst(steps), counted(gaps, "gap")),
    };
    let verdict = (!gathered.events.is_empty()).then(|| {
        view! {
            <dt>"State"</dt>
            <dd>
                <span class="status" data-status=status.as_str()>
                    <Shape status=status />
                    {said}
                </span>
                {format!(" in {}", counted(gathered.events.len() as u64, "event"))}
            </dd>
        }
    });
    let when = span(steps.iter().flatten()).map(|(from, to)| {
        view! {
            <dt>"From"</dt>
            <dd>
                <Clock at=from />
                {format!(", over {}", short(to.since(from)))}
            </dd>
        }
    });
    let mut traces: Vec<_> = gathered.events.iter().filter_map(|event| event.trace_id.clone()).collect();
    traces.sort_unstable();
    traces.dedup();
    let traces = (!traces.is_empty()).then(|| {
        let ids = traces.into_iter().take(3).map(|id| view! { <Id text=id /> " " }).collect_view();
        view! {
            <dt>"OpenTelemetry"</dt>
            <dd>{ids}</dd>
        }
    });
    view! {
        <dl class="facts" aria-label="What is known">
            <dt>"Id"</dt>
            <dd>
                <Id text=gathered.id.clone() />
            </dd>
            {verdict} {when} {traces}
        </dl>
    }
    .into_any()
}

/// Whether something that could have a gap is not known.
fn is_partial(gathered: &Gathered, steps: &[Vec<Step>]) -> bool {
    let is_unknown = steps.iter().flatten().any(|step| step.status == Status::Unknown);
    is_unknown || gathered.more || !gathered.away.is_empty() || !gathered.go_on.is_empty()
}

fn worst(steps: &[Vec<Step>]) -> Status {
    steps.iter().flatten().filter(|step| step.is_gap).map(|step| step.status).min().unwrap_or(Status::Ok)
}

fn waterfall(gathered: &Gathered, steps: &[Vec<Step>]) -> AnyView {
    let axis = span(steps.iter().flatten()).map(Axis::new);
    let rows = gathered.events.iter().zip(steps).enumerate();
    let rows = rows.map(|(nth, (one, steps))| event(one, steps, axis, nth)).collect_view();
    view! {
        <section class="waterfall" aria-label="Events">
            <div class="head" aria-hidden="true">
                <span>"Where"</span>
                {axis.map(Axis::scale)}
                <span>"What"</span>
            </div>
            <ol class="events">{rows}</ol>
        </section>
    }
    .into_any()
}

fn nothing(gathered: &Gathered) -> AnyView {
    let words = if !gathered.away.is_empty() {
        "Nothing that could be read has an event with this event, correlation or trace id."
    } else if gathered.go_on.is_empty() {
        "No outbox, no stream and no dead letter has an event with this event, correlation or trace id. Streams are trimmed: \
         what was handled long ago may be gone."
    } else {
        "Nothing so far: neither an outbox, nor the newest entries, nor a dead letter has an event with this id."
    };
    view! {
        <Empty title="No event of this id">
            <p>{words}</p>
            <p>
                <a href=address::at(PATH)>"Look for an event by what is in it"</a>
            </p>
        </Empty>
    }
    .into_any()
}

/// How much was looked at, and the way on.
fn foot(gathered: &Gathered) -> AnyView {
    let on = (!gathered.go_on.is_empty()).then(|| {
        let known: Vec<_> =
            gathered.events.iter().filter_map(|event| Some((event.stream.clone(), Some(event.entry?)))).collect();
        let parameters = written("at", &known).chain(written("further", &gathered.go_on));
        let href = with_query(&address::trace(&gathered.id), parameters);
        let streams = counted(gathered.go_on.len() as u64, "stream");
        view! {
            " "
            <a href=href>{format!("Look further in {streams}")}</a>
        }
    });
    let more = gathered.more.then_some(" More events belong to it than are shown here.");
    let words = format!("Looked at {} of streams.", looked_at(gathered.looked_at));
    view! {
        <p class="muted top-gap">
            {words} {more} {on}
        </p>
        {since(gathered)}
    }
    .into_any()
}

/// Since when the outboxes and the streams can know of anything.
fn since(gathered: &Gathered) -> Option<AnyView> {
    let is_without_row = gathered.events.is_empty() || gathered.events.iter().any(|event| event.written.is_none());
    let outbox = is_without_row.then(|| {
        let (kept, rows) = (humane(KEEP_DONE), grouped(LOOK_AT_MOST.unsigned_abs()));
        format!("An outbox keeps an event for {kept} after every group is done with it; its newest {rows} are looked through.")
    });
    let streams: Vec<_> = gathered
        .since
        .iter()
        .enumerate()
        .map(|(nth, (stream, at))| {
            let comma = if nth == 0 { "" } else { ", " };
            view! { {comma} <span class="mono">{stream.clone()}</span> " goes back to " <Clock at=*at /> }
        })
        .collect();
    let streams = (!streams.is_empty()).then(|| view! { " " {streams} "; what was before is removed." });
    (outbox.is_some() || streams.is_some())
        .then(|| view! { <p class="muted" id="since">{outbox} {streams}</p> }.into_any())
}

pub(super) fn looked_at(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "entry" } else { "entries" })
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        stream::EntryId,
        trace::waterfall::{Body, Event, GroupState},
    };

    use super::*;

    fn handled() -> Gathered {
        let now = Timestamp::from_millis(1_800_000_000_500);
        let entry = Some(EntryId { ms: 1_800_000_000_000, seq: 0 });
        let groups = vec![("g".to_owned(), GroupState::Handled { at: now })];
        let event = Event { stream: "s".into(), entry, body: Body::Present, groups, ..Event::default() };
        Gathered { id: "c".into(), events: vec![event], now, ..Gathered::default() }
    }

    fn shown(gathered: &Gathered) -> String {
        facts(gathered, &all_steps(&gathered.events, gathered.now)).to_html()
    }

    #[test]
    fn no_gap_is_said_only_where_everything_could_be_read() {
        assert!(shown(&handled()).contains("no gap") && !shown(&handled()).contains("in what is known"));
        let away = Gathered { away: vec!["The dead letters could not be read.".into()], ..handled() };
        let further = Gathered { go_on: vec![("s".into(), None)], ..handled() };
        for gathered in [away, further] {
            assert!(shown(&gathered).contains("no gap in what is known"), "{}", shown(&gathered));
        }
        let nothing = Gathered { away: vec!["The streams could not be read.".into()], ..Gathered::default() };
        assert!(super::nothing(&nothing).to_html().contains("Nothing that could be read"));
    }

    #[test]
    fn the_page_says_since_when_anything_can_be_known() {
        let trimmed = Gathered { since: vec![("s".into(), Timestamp::from_millis(1_800_000_000_000))], ..handled() };
        let told = since(&trimmed).expect("a note").to_html();
        assert!(told.contains("for 1 h") && told.contains("goes back to"), "{told}");
    }
}
