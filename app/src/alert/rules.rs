//! The rules, and what each has found.

use domain::{Status, alert::Scope, figure::grouped};
use leptos::prelude::*;

use super::load::{Open, RuleShown, Shown};
use crate::{
    address::{self, here_with},
    clock,
    part::{Clock, Empty, StatusWord},
};

pub(super) fn rules(shown: &Shown) -> AnyView {
    let open = match &shown.open {
        Open::Rule(rule) | Open::Delete(rule) => Some(rule.id.as_str()),
        _ => None,
    };
    let body = if shown.rules.is_empty() {
        view! {
            <Empty title="No rules">
                <p>"Without a rule nothing is watched, and nobody is called when a group stops at night."</p>
                <p>
                    <a href=address::at("/alerts?new=rule")>"Make a rule"</a>
                    ". A good first one: the time behind of any group, above 60 s for 2 minutes."
                </p>
            </Empty>
        }
        .into_any()
    } else {
        table(&shown.rules, open)
    };
    view! {
        <section aria-labelledby="rules">
            <div class="section-head">
                <h2 id="rules">"Rules"</h2>
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn table(rules: &[RuleShown], open: Option<&str>) -> AnyView {
    let rows = rules.iter().map(|rule| row(rule, open == Some(rule.rule.id.as_str())));
    view! {
        <div class="table-wrap">
            <table class="table tall small">
                <caption class="hidden-text">"Rules by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Rule"</th>
                        <th scope="col" class="second">
                            "Watches"
                        </th>
                        <th scope="col">"Severity"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(shown: &RuleShown, is_open: bool) -> AnyView {
    let rule = &shown.rule;
    let href = here_with(&[("rule", Some(&rule.id)), ("new", None), ("act", None)]);
    view! {
        <tr data-key=rule.id.clone() aria-current=is_open.then_some("true")>
            <th scope="row" class="grow lead">
                <span class="two-lines">
                    <a class="name" href=href>
                        {rule.terms.name.clone()}
                    </a>
                    <small>{capitalised(&rule.terms.sentence())}</small>
                </span>
            </th>
            <td class="second" data-label="Watches">
                {watches(shown)}
            </td>
            <td data-label="Severity">
                <StatusWord status=rule.terms.severity.status() word=rule.terms.severity.as_str() />
            </td>
            <td data-label="State">{state(shown)}</td>
        </tr>
    }
    .into_any()
}

/// `12 groups`, `3 streams of eu:*`.
fn watches(shown: &RuleShown) -> String {
    let terms = &shown.rule.terms;
    let noun = match terms.watched.scope() {
        Scope::Redis => return "Redis".to_owned(),
        Scope::Stream => "stream",
        Scope::Group => "group",
    };
    let of = match (terms.stream.as_str(), terms.group.as_str()) {
        ("*", "*") => String::new(),
        (stream, "*") => format!(" of {stream}"),
        ("*", group) => format!(" named {group}"),
        (stream, group) => format!(" {stream}/{group}"),
    };
    match shown.watched {
        None => format!("{noun}s{of}"),
        Some(1) => format!("1 {noun}{of}"),
        Some(n) => format!("{} {noun}s{of}", grouped(n as u64)),
    }
}

fn state(shown: &RuleShown) -> AnyView {
    let (rule, tally) = (&shown.rule, shown.tally);
    if !rule.enabled {
        return view! { <StatusWord status=Status::Idle word="Off" /> }.into_any();
    }
    let word = |status, word: String| view! { <StatusWord status=status word=word /> }.into_any();
    let counts = match (tally.firing, tally.pending) {
        (0, 0) => word(Status::Ok, "Quiet".to_owned()),
        (0, pending) => word(Status::Unknown, format!("{} pending", grouped(pending))),
        (firing, 0) => word(rule.terms.severity.status(), format!("{} firing", grouped(firing))),
        (firing, pending) => {
            word(rule.terms.severity.status(), format!("{} firing, {} pending", grouped(firing), grouped(pending)))
        }
    };
    let unknown = (tally.unknown > 0).then(|| format!(", {} not known", grouped(tally.unknown)));
    let muted = rule.muted_until.filter(|until| *until > clock::now()).map(|until| {
        view! {
            <small class="muted">
                "muted until "
                <Clock at=until />
            </small>
        }
    });
    view! {
        <span class="rule-state">
            <span>{counts} {unknown}</span>
            {muted}
        </span>
    }
    .into_any()
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
