//! One rule: what can be done with it, and its form.

use domain::{Permission, alert::Rule};
use leptos::prelude::*;

use super::{form, page::closed, rules::capitalised};
use crate::{
    address::{self, here_with},
    clock,
    context::context,
    part::{Clock, Panel, Submit, act_button, act_link},
};

/// For how long a rule can be muted by one press, in minutes.
const MUTES: [(u64, &str); 3] = [(60, "1 h"), (8 * 60, "8 h"), (7 * 24 * 60, "7 d")];

pub(super) fn rule(rule: &Rule) -> AnyView {
    let context = context();
    let administer = context.may(Permission::Administer);
    let switch = {
        let (label, enabled) = if rule.enabled { ("Switch off", "false") } else { ("Switch on", "true") };
        let fields = vec![("rule_id", rule.id.clone()), ("enabled", enabled.to_owned())];
        act_button("off-switch", "button", label, "/api/fn/alert/enable", fields, administer.clone())
    };
    let delete = act_link("off-delete", "Delete…", here_with(&[("act", Some("delete"))]), administer);
    let state = if rule.enabled { "It watches." } else { "It is off: it watches nothing." };
    let body = view! {
        <div class="panel-body">
            <section class="panel-section" aria-label="State">
                <p>{capitalised(&rule.terms.sentence())} ". " {state}</p>
                <div class="button-row top-gap">{switch} {delete}</div>
            </section>
            <section class="panel-section" aria-labelledby="mute-rule">
                <h3 id="mute-rule">"Mute"</h3>
                {mute(rule)}
            </section>
            {form::change(rule)}
        </div>
    };
    let (title, body) = (rule.terms.name.clone().into_any(), body.into_any());
    view! {
        <Panel kicker="Alert rule" title=title close=closed()>
            {body}
        </Panel>
    }
    .into_any()
}

fn mute(rule: &Rule) -> AnyView {
    let operate = context().may(Permission::Operate);
    let until = rule.muted_until.filter(|until| *until > clock::now());
    let words = match until {
        Some(until) => view! {
            <p>
                "It tells nobody until "
                <Clock at=until />
                ". What still fires then is told then."
            </p>
        }
        .into_any(),
        None => view! { <p class="muted">"While it is muted it watches on and is shown here, and tells nobody."</p> }
            .into_any(),
    };
    let act = |id: &'static str, label: String, minutes: u64| {
        let fields = vec![("rule_id", rule.id.clone()), ("minutes", minutes.to_string())];
        act_button(id, "button", &label, "/api/fn/alert/mute", fields, operate.clone())
    };
    let acts = match until {
        Some(_) => vec![act("off-unmute", "Unmute".to_owned(), 0)],
        None => ["off-mute-1", "off-mute-2", "off-mute-3"]
            .into_iter()
            .zip(MUTES)
            .map(|(id, (minutes, words))| act(id, format!("Mute for {words}"), minutes))
            .collect(),
    };
    view! {
        {words}
        <div class="button-row top-gap">{acts}</div>
    }
    .into_any()
}

pub(super) fn delete(rule: &Rule) -> AnyView {
    let close = here_with(&[("act", None)]);
    let (title, id) = (rule.terms.name.clone().into_any(), rule.id.clone());
    view! {
        <Panel kicker="Delete" title=title close=close.clone()>
            <form method="post" action=address::at("/api/fn/alert/delete")>
                <input type="hidden" name="rule_id" value=id />
                <div class="panel-body">
                    <section class="panel-section">
                        <p>
                            "Nothing is watched by it any more, and what it has found is over. Its firings stay in the history. "
                            "To silence it for a while, mute it; to keep it for later, switch it off."
                        </p>
                    </section>
                </div>
                <footer class="panel-foot">
                    <Submit label="Delete rule" class="danger armed" needs=Permission::Administer id="why-delete-rule" />
                    <a class="button" href=close>
                        "Keep it"
                    </a>
                </footer>
            </form>
        </Panel>
    }
    .into_any()
}
