//! Replay and discard: the preview in the panel, and the act itself.

use console::{Actor, Console};
use domain::{
    Refusal, Status,
    dead_letter::Cursor,
    operation::{DeadLetterSelection, Outcome, Report},
};
use leptos::prelude::*;

use super::{
    query::{AT_MOST, PATH, Query, Repair},
    rights::Rights,
};
use crate::{
    address::{self, with_query},
    context::context,
    part::{Notice, Off, counted, report, sentence},
    refused::Refused,
};

/// What a repair would do.
pub(super) struct Preview {
    pub(super) repair: Repair,
    pub(super) items: Vec<Cursor>,
    pub(super) report: Result<Report, Refusal>,
}

pub(super) async fn preview(console: &Console, who: &Actor, repair: Repair, query: &Query) -> Result<Preview, Refusal> {
    let items = if query.items.is_empty() {
        let page = console::dead_letter::list(console, &query.filter(), None, AT_MOST).await?;
        let at = |record: domain::dead_letter::DeadLetter| Cursor { stream: record.provenance.stream, id: record.id };
        // what died since the button was shown is not part of it, however often the preview is brought up to date
        page.records.into_iter().filter(|record| query.upto.is_none_or(|upto| record.id <= upto)).map(at).collect()
    } else {
        query.items.clone()
    };
    let selection = DeadLetterSelection { items: items.clone(), dry_run: true, state_token: None, reason: None };
    let report = carry_out(console, who, repair, &selection).await.map_err(Refusal::from);
    Ok(Preview { repair, items, report })
}

async fn carry_out(
    console: &Console,
    who: &Actor,
    repair: Repair,
    selection: &DeadLetterSelection,
) -> Result<Report, console::Error> {
    match repair {
        Repair::Replay => console::dead_letter::replay(console, who, selection).await,
        Repair::Discard => console::dead_letter::discard(console, who, selection).await,
    }
}

pub(super) async fn replay(items: &str, state_token: String, reason: Option<String>) -> Result<(), Refused> {
    act(Repair::Replay, items, state_token, reason).await
}

pub(super) async fn discard(items: &str, state_token: String, reason: Option<String>) -> Result<(), Refused> {
    act(Repair::Discard, items, state_token, reason).await
}

async fn act(repair: Repair, items: &str, state_token: String, reason: Option<String>) -> Result<(), Refused> {
    let context = context();
    let items = serde_json::from_str(items)
        .map_err(|_| Refusal::invalid("items is the JSON of a list of dead letters, each with stream and id"))?;
    let selection = DeadLetterSelection { items, dry_run: false, state_token: Some(state_token), reason };
    let report = carry_out(&context.console, &context.actor(), repair, &selection).await?;
    let id = report.audit_id.map(|id| id.to_string());
    leptos_axum::redirect(&with_query(&address::at(PATH), [("report", id)]));
    Ok(())
}

/// The panel: what would become of each, what else is touched, and the form that does it.
pub(super) fn panel(preview: &Preview, query: &Query, rights: &Rights) -> AnyView {
    let repair = preview.repair;
    let would = preview.report.as_ref().map_or(0, |report| report.count(Outcome::Would));
    let what = counted(preview.items.len() as u64, "dead letter");
    let body = match &preview.report {
        Ok(made) => report(made),
        Err(refusal) => {
            let message = sentence(&refusal.message);
            view! {
                <Notice status=Status::Bad>
                    <p>{message}</p>
                </Notice>
            }
            .into_any()
        }
    };
    let token = preview.report.as_ref().map(|report| report.state_token.clone()).unwrap_or_default();
    let items = serde_json::to_string(&preview.items).expect("cursors are texts");
    view! {
        <aside class="panel" id="act-panel" aria-labelledby="panel-h">
            {super::panel::head("Preview, nothing has been done yet", format!("{} {what}", repair.label()), query, None)}
            <form method="post" action=address::at(&format!("/api/fn/dead_letter/{}", repair.word())) data-needs-redis="">
                <input type="hidden" name="items" value=items />
                <input type="hidden" name="state_token" value=token />
                <div class="panel-body">
                    <section class="panel-section" aria-label="What this does">
                        <p>{does(repair)}</p>
                    </section>
                    <section class="panel-section" aria-label="What would become of each">
                        {body}
                    </section>
                    <section class="panel-section" aria-label="For the audit log">
                        {reason(repair, query)}
                    </section>
                </div>
                <footer class="panel-foot">
                    {confirm(repair, would, rights)}
                    <a class="button" href=query.address([])>
                        "Cancel"
                    </a>
                </footer>
            </form>
        </aside>
    }
    .into_any()
}

const fn does(repair: Repair) -> &'static str {
    match repair {
        Repair::Replay => {
            "Each goes back to the group that failed, which tries it again from its first attempt. What still fails comes \
             back here."
        }
        Repair::Discard => {
            "Each is deleted from Redis with its payload. Its group never handles it, and nothing brings it back."
        }
    }
}

fn reason(repair: Repair, query: &Query) -> AnyView {
    let needed = repair == Repair::Discard;
    let label = if needed { "Reason" } else { "Reason (optional)" };
    view! {
        <label class="field">
            {label}
            <input
                class="input"
                type="text"
                name="reason"
                maxlength="500"
                autocomplete="off"
                required=needed
                value=query.reason.clone().unwrap_or_default()
            />
        </label>
        <p class="muted top-gap">
            <small>"The audit log keeps it, with your name and what became of each record."</small>
        </p>
    }
    .into_any()
}

fn confirm(repair: Repair, would: usize, rights: &Rights) -> AnyView {
    let label = format!("{} {would}", repair.label());
    let off = match rights.may(repair) {
        Err(why) => Some(why),
        Ok(()) if would == 0 => Some("There is nothing left to do: see what was found above.".to_owned()),
        Ok(()) => None,
    };
    if let Some(why) = off {
        return view! { <Off label=label why=why id="off-confirm" /> }.into_any();
    }
    let class = if repair == Repair::Replay { "button primary" } else { "button danger armed" };
    view! {
        <button class=class type="submit">
            {label}
        </button>
    }
    .into_any()
}
