//! The page: what fires, the rules, what has fired, who is told.

use domain::{Permission, figure::grouped};
use leptos::prelude::*;

use super::{
    form,
    history::history,
    load::{Open, Shown, load},
    now::now,
    panel,
    rules::rules,
    told::told,
};
use crate::{
    address::{Parameters, here_with},
    context::context,
    part::{ActLink, Page, RedisAway, Split, loaded},
};

#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    loaded(load(context(), Parameters::here()), |shown| show(&shown))
}

/// The page without a panel.
pub(super) fn closed() -> String {
    here_with(&[("new", None), ("rule", None), ("act", None)])
}

fn show(shown: &Shown) -> AnyView {
    let panel = match &shown.open {
        Open::Nothing => None,
        Open::New => Some(form::new_rule()),
        Open::Rule(rule) => Some(panel::rule(rule)),
        Open::Delete(rule) => Some(panel::delete(rule)),
    };
    let new = here_with(&[("new", Some("rule")), ("rule", None), ("act", None)]);
    let actions = view! {
        <ActLink
            label="New rule"
            href=new
            needs=Permission::Administer
            off=None
            is_open=matches!(shown.open, Open::New)
            id="why-new-rule"
        />
    };
    let lede = lede(shown).into_any();
    let body = view! {
        <RedisAway />
        {now(shown)}
        {rules(shown)}
        {told(shown)}
        {history(shown)}
    };
    let body = body.into_any();
    view! {
        <Split panel=panel>
            <Page title="Alerts" lede=lede actions=actions.into_any()>
                {body}
            </Page>
        </Split>
    }
    .into_any()
}

/// `2 alerts fire, 1 of them on a muted rule.`
fn lede(shown: &Shown) -> String {
    let at = crate::clock::now();
    let muted = shown.now.iter().filter(|firing| firing.muted_until.is_some_and(|until| until > at)).count();
    let head = match shown.now.len() {
        0 => "Nothing fires".to_owned(),
        1 => "1 alert fires".to_owned(),
        n => format!("{} alerts fire", grouped(n as u64)),
    };
    let muted = match muted {
        0 => String::new(),
        n if n == shown.now.len() => ", and nobody is told: what fires is muted".to_owned(),
        n => format!(", {n} of them by a muted rule"),
    };
    let on = shown.rules.iter().filter(|rule| rule.rule.enabled).count();
    let pending: u64 = shown.rules.iter().map(|rule| rule.tally.pending).sum();
    let pending = match pending {
        0 => String::new(),
        n => format!(", {} more may soon", grouped(n)),
    };
    format!("{head}{muted}{pending}. {on} of {} rules watch.", shown.rules.len())
}
