//! One job: how far it is, what can be said to it, and what became of each entry.

use console::recovery;
use domain::{
    Permission, Refusal, Status,
    connection::needs,
    figure::grouped,
    recovery::{ItemPage, ItemState, Job, Order, State, Word},
    time::humane,
};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::{items, list::sent_percent, words};
use crate::{
    address::{self, Parameters},
    context::{Context, context},
    part::{Clock, Icon, Metric, Notice, Page, Progress, StatusWord, Submit, loaded, metric, metrics, sentence},
};

/// Entries on a page.
const PAGE: usize = 50;

pub(super) struct Shown {
    pub(super) job: Job,
    pub(super) page: ItemPage,
    pub(super) state: Option<ItemState>,
    pub(super) after: i64,
}

#[component]
pub(crate) fn JobPage() -> impl IntoView {
    let id = use_params_map().with_untracked(|parameters| parameters.get("job")).unwrap_or_default();
    let parameters = Parameters::here();
    let state = parameters.get("state").and_then(|state| ItemState::parse(&state));
    let after = parameters.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let context = context();
    loaded(async move { load(&context, &id, state, after).await }, |shown| show(&shown))
}

async fn load(context: &Context, id: &str, state: Option<ItemState>, after: i64) -> Result<Shown, Refusal> {
    let number = id.parse().map_err(|_| Refusal::not_found(format!("there is no recovery job {id}")))?;
    let job = recovery::get(&context.console, number).await?;
    let page = recovery::items(&context.console, number, state, after, PAGE).await?;
    Ok(Shown { job, page, state, after })
}

fn show(shown: &Shown) -> AnyView {
    let job = &shown.job;
    let crumbs = vec![(address::recovery(), "Recovery".to_owned())];
    let (lede, actions) = (lede(job), actions(job));
    let body = (notices(job), figures(job), facts(job), items::section(shown));
    view! {
        <Page title=format!("Job {}", job.id) lede=lede crumbs=crumbs actions=actions>
            {body}
        </Page>
    }
    .into_any()
}

fn lede(job: &Job) -> AnyView {
    let (status, word, means) = words::told(job);
    view! {
        <StatusWord status=status word=word />
        ". "
        {capitalised(&job.terms.selection.sentence())}
        ". "
        {means}
    }
    .into_any()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What can be said to it now.
fn actions(job: &Job) -> AnyView {
    let start = match job.state {
        State::Ready if job.terms.canary > 0 => {
            let canary = job.terms.canary.min(job.counts.queued);
            Some(format!("Start with a canary of {}", grouped(canary)))
        }
        State::Ready => Some(format!("Start, send {}", grouped(job.counts.queued))),
        State::Canaried => Some(format!("Send the other {}", grouped(job.counts.queued))),
        _ => None,
    };
    let pauses = matches!(job.state, State::Canary | State::Running | State::Confirming);
    let file = |format: &'static str, label: &'static str| {
        view! {
            <a class="button quiet" href=address::recovery_export(job.id, format) download="">
                <Icon name="download" />
                {label}
            </a>
        }
    };
    view! {
        {file("jsonl", "JSON lines")}
        {file("csv", "CSV")}
        {(!job.state.is_over()).then(|| word(job.id, Word::Cancel, "Cancel job".to_owned(), "", "off-cancel"))}
        {pauses.then(|| word(job.id, Word::Pause, "Pause".to_owned(), "", "off-pause"))}
        {(job.state == State::Paused).then(|| word(job.id, Word::Resume, "Resume".to_owned(), "primary", "off-resume"))}
        {start.map(|label| word(job.id, Word::Start, label, "primary", "off-start"))}
    }
    .into_any()
}

fn word(job: i64, word: Word, label: String, class: &'static str, off: &'static str) -> AnyView {
    // what only ends something sends nothing
    let sends = if matches!(word, Word::Start | Word::Resume) { needs::RECOVER } else { &[] };
    view! {
        <form method="post" action=address::at("/api/fn/recovery/say")>
            <input type="hidden" name="job" value=job />
            <input type="hidden" name="word" value=word.as_str() />
            <Submit label=label class=class needs=Permission::Recover sends=sends id=off />
        </form>
    }
    .into_any()
}

fn notices(job: &Job) -> AnyView {
    let note = job.note.as_ref().map(|note| {
        let status = if job.state.is_at_work() { Status::Warn } else { Status::Unknown };
        let note = sentence(note);
        view! {
            <Notice status=status>
                <p>{note}</p>
            </Notice>
        }
    });
    let warnings = (!job.warnings.is_empty() && !job.state.is_over()).then(|| {
        let sentences = job.warnings.iter().map(|warning| view! { <li>{sentence(warning)}</li> }).collect_view();
        view! {
            <Notice status=Status::Warn>
                <ul class="sentences">{sentences}</ul>
            </Notice>
        }
    });
    view! {
        {note}
        {warnings}
    }
    .into_any()
}

fn figures(job: &Job) -> AnyView {
    let counts = job.counts;
    let cell = |id, label, value: u64, note: String, status| {
        metric(Metric { id, label, value: grouped(value).into_any(), unit: "", note, status, spark: None })
    };
    let sent = counts.given();
    let rate = job.rate.map_or_else(
        || format!("at most {}\u{202f}/s", grouped(job.terms.rate_per_second)),
        |rate| format!("{}\u{202f}/s, at most {}", grouped(rate), grouped(job.terms.rate_per_second)),
    );
    let left = job.remaining_seconds.filter(|_| counts.queued > 0).map_or_else(
        || "to be sent".to_owned(),
        |seconds| format!("to be sent, in about {}", humane(std::time::Duration::from_secs(seconds.max(1)))),
    );
    let again = (counts.failed_again > 0).then_some(Status::Bad);
    metrics(
        "How far the job is",
        vec![
            cell("metric-queued", "Queued", counts.queued, left, None),
            cell("metric-sent", "Sent", sent, rate, None),
            cell("metric-handled", "Handled", counts.confirmed, format!("{} still out", grouped(counts.sent)), None),
            cell("metric-again", "Failed again", counts.failed_again, "dead letters once more".to_owned(), again),
            cell("metric-alone", "Left alone", counts.skipped, "the list says why".to_owned(), None),
        ],
    )
}

fn facts(job: &Job) -> AnyView {
    let order = match job.terms.order {
        Order::InOrder => "in order, key by key",
        Order::AsIs => "as they are",
    };
    let canary = if job.terms.canary == 0 { "none".to_owned() } else { grouped(job.terms.canary) };
    let moment = |label: &'static str, at: Option<domain::Timestamp>| {
        at.map(|at| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd>
                        <Clock at=at />
                    </dd>
                </div>
            }
        })
    };
    let reason = job.terms.reason.clone().map(|reason| {
        view! {
            <div>
                <dt>"Reason"</dt>
                <dd>{reason}</dd>
            </div>
        }
    });
    view! {
        <dl class="fact-line">
            <div>
                <dt>"Sent"</dt>
                <dd>
                    <Progress percent=sent_percent(job) of=format!("job {}", job.id) />
                </dd>
            </div>
            <div>
                <dt>"Order"</dt>
                <dd>{order}</dd>
            </div>
            <div>
                <dt>"Canary"</dt>
                <dd>{canary}</dd>
            </div>
            <div>
                <dt>"Who"</dt>
                <dd>{job.who.clone()}</dd>
            </div>
            {moment("Made", Some(job.created_at))}
            {moment("Started", job.started_at)}
            {moment("Ended", job.ended_at)}
            {reason}
        </dl>
    }
    .into_any()
}
