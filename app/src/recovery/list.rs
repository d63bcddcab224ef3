//! Every job, newest first, and the form of a new one.

use console::recovery;
use domain::{
    Permission, Refusal,
    figure::grouped,
    recovery::{Job, State},
};
use leptos::prelude::*;

use super::{form, words};
use crate::{
    address::{self, Parameters, with_query},
    context::{Context, context},
    part::{ActLink, Ago, Empty, Icon, Page, Progress, Split, StatusWord, counted, loaded},
};

/// Jobs on a page.
const PAGE: usize = 25;

struct Shown {
    jobs: Vec<Job>,
    older: Option<i64>,
    is_first: bool,
}

#[component]
pub(crate) fn JobsPage() -> impl IntoView {
    let parameters = Parameters::here();
    let before = parameters.get("before").and_then(|before| before.parse().ok());
    let context = context();
    loaded(async move { load(&context, before).await }, |shown| show(&shown))
}

async fn load(context: &Context, before: Option<i64>) -> Result<Shown, Refusal> {
    let mut jobs = recovery::list(&context.console, before, PAGE + 1).await?;
    let more = jobs.len() > PAGE;
    jobs.truncate(PAGE);
    let older = jobs.last().filter(|_| more).map(|job| job.id);
    Ok(Shown { jobs, older, is_first: before.is_none() })
}

fn show(shown: &Shown) -> AnyView {
    let panel = form::asked().map(|choice| form::panel(&choice));
    let new = address::new_recovery();
    let actions = view! {
        <ActLink label="New job…" href=new class="primary" needs=Permission::Recover is_open=panel.is_some() id="off-new-job" />
    };
    let body = if shown.jobs.is_empty() && shown.is_first { empty() } else { table(shown) };
    let lede = lede(shown);
    view! {
        <Split panel=panel>
            <Page title="Recovery" lede=lede.into_any() actions=actions.into_any()>
                {body}
            </Page>
        </Split>
    }
    .into_any()
}

fn lede(shown: &Shown) -> String {
    let at_work = shown.jobs.iter().filter(|job| job.state.is_at_work()).count();
    let waiting = shown.jobs.iter().filter(|job| matches!(job.state, State::Ready | State::Canaried | State::Paused));
    match (at_work, waiting.count()) {
        (0, 0) => "Many entries sent back as one job: frozen, tried with a few, at a bounded rate.".to_owned(),
        (at_work, 0) => format!("{} at work.", counted(at_work as u64, "job")),
        (0, waiting) => format!("{} for a word.", waits(waiting)),
        (at_work, waiting) => format!("{} at work, {} for a word.", counted(at_work as u64, "job"), waits(waiting)),
    }
}

fn waits(count: usize) -> String {
    format!("{} {}", counted(count as u64, "job"), if count == 1 { "waits" } else { "wait" })
}

fn empty() -> AnyView {
    view! {
        <Empty title="No job yet">
            <p>
                "A job sends many entries back to the group that failed. What you choose is frozen, and its dry run says what "
                "would become of each entry; then a few go first, and the rest follows at the rate you set. It can be paused, "
                "goes on after a crash, and ends with a result for each entry."
            </p>
            <p>
                "Begin at " <a href=address::at("/dead-letters")>"Dead letters"</a>
                ": choose a cause, then " <b>"Recover as a job"</b> "."
            </p>
        </Empty>
    }
    .into_any()
}

fn table(shown: &Shown) -> AnyView {
    let rows = shown.jobs.iter().map(row).collect_view();
    let newest = (!shown.is_first).then(|| {
        view! {
            <a class="button quiet" href=address::recovery()>
                <Icon name="prev" />
                "Newest"
            </a>
        }
    });
    let older = shown.older.map(|older| {
        view! {
            <a class="button quiet" href=with_query(&address::recovery(), [("before", Some(older.to_string()))])>
                "Older"
                <Icon name="next" />
            </a>
        }
    });
    view! {
        <section aria-label="Jobs">
            <div class="table-wrap">
                <table class="table small">
                    <caption class="hidden-text">"Recovery jobs, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Job"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Sent"</th>
                            <th scope="col" class="num">
                                "Handled"
                            </th>
                            <th scope="col" class="num">
                                "Failed again"
                            </th>
                            <th scope="col" class="num">
                                "Left alone"
                            </th>
                            <th scope="col" class="second">
                                "Who"
                            </th>
                            <th scope="col" class="num">
                                "Made"
                            </th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <div class="table-foot">
                <span>{counted(shown.jobs.len() as u64, "job")}</span>
                <nav aria-label="Pages of jobs">{newest} {older}</nav>
            </div>
        </section>
    }
    .into_any()
}

fn row(job: &Job) -> AnyView {
    let (status, word, means) = words::told(job);
    let counts = job.counts;
    view! {
        <tr data-key=format!("job-{}", job.id)>
            <th scope="row" class="grow lead">
                <span class="two-lines">
                    <a class="name" href=address::recovery_job(job.id)>
                        {format!("Job {}", job.id)}
                    </a>
                    <small title=job.terms.selection.sentence()>{job.terms.selection.sentence()}</small>
                </span>
            </th>
            <td data-label="State">
                <StatusWord status=status word=word reason=means />
            </td>
            <td data-label="Sent">
                <Progress percent=sent_percent(job) of=format!("job {}", job.id) />
            </td>
            <td class="num" data-label="Handled">
                {grouped(counts.confirmed)}
            </td>
            <td class="num" data-label="Failed again">
                {grouped(counts.failed_again)}
            </td>
            <td class="num" data-label="Left alone">
                {grouped(counts.skipped)}
            </td>
            <td class="second" data-label="Who">
                {job.who.clone()}
            </td>
            <td class="num" data-label="Made">
                <Ago at=job.created_at />
            </td>
        </tr>
    }
    .into_any()
}

/// Of what can be sent, how much was; 100 only if nothing is queued.
pub(super) fn sent_percent(job: &Job) -> i64 {
    let (given, all) = (job.counts.given(), job.counts.given() + job.counts.queued);
    (given * 100).checked_div(all).map_or(0, |percent| i64::try_from(percent).unwrap_or(100))
}
