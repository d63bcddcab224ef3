//! What a repair would do, or has done: what to know, how many, and each entry.

use domain::{
    Status,
    operation::{ItemReport, Outcome, Report},
};
use leptos::prelude::*;

use super::{Notice, Shape, counted};

/// Items that are shown without a click.
const OPEN_AT_MOST: usize = 12;

/// Warnings, counts with their sentence, then each item in a list that folds when it is long.
pub(crate) fn report(report: &Report) -> AnyView {
    let warnings = report.warnings.iter().map(|warning| {
        let text = sentence(warning);
        view! {
            <Notice status=Status::Warn>
                <p>{text}</p>
            </Notice>
        }
    });
    let tally = tally(report);
    let is_alike = tally.len() == 1;
    // of one thing its name says more than its number
    let only = report.items.first().filter(|_| report.items.len() == 1);
    let counts = tally.into_iter().map(|(outcome, detail, count)| {
        let (status, word) = told(outcome);
        let what = only.map_or_else(|| count.to_string(), |only| only.item.clone());
        view! {
            <li data-status=status.as_str()>
                <Shape status=status />
                <span><b>{format!("{what}{word}")}</b> " " {detail.to_owned()}</span>
            </li>
        }
    });
    let items = report.items.iter().map(|one| item(one, is_alike));
    let list = match report.items.as_slice() {
        [] | [_] => None,
        all => Some(
            view! {
                <details class="report-items" id="report-items" open=all.len() <= OPEN_AT_MOST>
                    <summary>{counted(all.len() as u64, "item")}</summary>
                    <ul>{items.collect_view()}</ul>
                </details>
            }
            .into_any(),
        ),
    };
    view! {
        {warnings.collect_view()}
        <ul class="tally">{counts.collect_view()}</ul>
        {list}
    }
    .into_any()
}

/// `is_alike`: the sentence above is that of every item.
fn item(item: &ItemReport, is_alike: bool) -> AnyView {
    let (status, _) = told(item.outcome);
    let detail = (!is_alike).then(|| view! { <small>{item.detail.clone()}</small> });
    view! {
        <li data-key=item.item.clone() data-status=status.as_str()>
            <Shape status=status />
            <code>{item.item.clone()}</code>
            {detail}
        </li>
    }
    .into_any()
}

/// How often each outcome with the same sentence occurs, in the order of first appearance.
fn tally(report: &Report) -> Vec<(Outcome, &str, usize)> {
    let mut tally: Vec<(Outcome, &str, usize)> = Vec::new();
    for item in &report.items {
        match tally.iter_mut().find(|(outcome, detail, _)| *outcome == item.outcome && *detail == item.detail) {
            Some((.., count)) => *count += 1,
            None => tally.push((item.outcome, &item.detail, 1)),
        }
    }
    tally
}

/// What is done is said by its sentence; what is not done needs a word before it.
const fn told(outcome: Outcome) -> (Status, &'static str) {
    match outcome {
        Outcome::Would => (Status::Run, ""),
        Outcome::Done => (Status::Ok, ""),
        Outcome::Skipped => (Status::Idle, " left alone:"),
        Outcome::Failed => (Status::Bad, " failed:"),
    }
}

/// A message of the program as a sentence: with a capital and a full stop.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_outcomes_are_counted_together() {
        let item = |outcome, detail: &str| ItemReport { item: "s/1-0".into(), outcome, detail: detail.into() };
        let report = Report {
            items: vec![
                item(Outcome::Done, "sent"),
                item(Outcome::Skipped, "gone"),
                item(Outcome::Done, "sent"),
                item(Outcome::Done, "added"),
            ],
            warnings: vec![],
            state_token: String::new(),
            audit_id: None,
        };
        assert_eq!(
            tally(&report),
            [(Outcome::Done, "sent", 2), (Outcome::Skipped, "gone", 1), (Outcome::Done, "added", 1)]
        );
    }

    #[test]
    fn a_message_becomes_a_sentence() {
        assert_eq!(sentence("the state has changed"), "The state has changed.");
        assert_eq!(sentence("Done."), "Done.");
    }
}
