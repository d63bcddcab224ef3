//! The form that shows what a repair would do, and does it.

use domain::operation::{Outcome, Report};
use leptos::prelude::*;

use crate::{
    address::{self, Parameters},
    part::{Icon, report, sentence},
};

/// What the form sends, and what it asks for.
pub(crate) struct Confirm {
    /// The address of the server function.
    pub(crate) action: &'static str,
    /// What is sent along, with the token of the preview.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// What stands over the preview.
    pub(crate) title: &'static str,
    pub(crate) needs_reason: bool,
    /// The name that is to be typed, for the worst.
    pub(crate) typed: Option<String>,
    pub(crate) button: String,
    /// Whether it destroys: the button is red, and on only when all that is asked for is there.
    pub(crate) is_danger: bool,
}

/// The preview with the form that does it; without a button where there is nothing to do.
pub(crate) fn confirm(form: &Confirm, made: &Report, query: &Parameters) -> AnyView {
    let class = if form.is_danger { "button danger armed" } else { "button primary" };
    let label = form.button.clone();
    let fields =
        form.fields.iter().map(|(name, value)| view! { <input type="hidden" name=*name value=value.clone() /> });
    let can_be_done = made.count(Outcome::Would) > 0;
    let asked = can_be_done.then(|| {
        view! {
            {reason_field(form.needs_reason, query)}
            {form.typed.as_ref().map(|name| typed_name(name, query))}
        }
    });
    let foot = can_be_done.then(|| {
        view! {
            <footer class="panel-foot">
                <button class=class>{label}</button>
            </footer>
        }
    });
    view! {
        <form class="confirm" method="post" action=address::at(form.action) data-needs-redis="">
            {fields.collect_view()}
            <input type="hidden" name="state_token" value=made.state_token.clone() />
            <div class="panel-body">
                <section class="panel-section">
                    <h3>{form.title}</h3>
                    {report(made)}
                </section>
                {asked}
            </div>
            {foot}
        </form>
    }
    .into_any()
}

pub(crate) fn message(words: &str) -> AnyView {
    view! {
        <div class="panel-body">
            <section class="panel-section">
                <p>{sentence(words)}</p>
            </section>
        </div>
    }
    .into_any()
}

/// Why, for the audit log; what was typed before a refusal is there again.
pub(crate) fn reason_field(required: bool, query: &Parameters) -> AnyView {
    let kept = query.get("kept.reason").unwrap_or_default();
    let label = if required { "Reason, for the audit log" } else { "Reason, for the audit log (optional)" };
    view! {
        <section class="panel-section" aria-label="For the audit log">
            <label class="field">
                {label}
                <input class="input" name="reason" value=kept required=required maxlength="2000" autocomplete="off" />
            </label>
            <p class="reason top-gap">
                <Icon name="clock" />
                <span>"If the state changes after this preview, nothing is done and the preview is shown anew."</span>
            </p>
        </section>
    }
    .into_any()
}

/// The name of what is changed, to be typed: a form of which it is a part cannot be sent without it.
fn typed_name(name: &str, query: &Parameters) -> AnyView {
    let kept = query.get("kept.confirm").unwrap_or_default();
    view! {
        <section class="panel-section" aria-label="Confirmation">
            <label class="field">
                <span>"Type " <b>{name.to_owned()}</b> " to confirm"</span>
                <input
                    class="input"
                    name="confirm"
                    value=kept
                    required
                    pattern=exactly(name)
                    autocomplete="off"
                    spellcheck="false"
                />
            </label>
        </section>
    }
    .into_any()
}

/// The pattern of an input that takes this text only.
fn exactly(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if "^$\\.*+?()[]{}|/".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_takes_signs_as_they_are() {
        assert_eq!(exactly("a.b-c (d)"), "a\\.b-c \\(d\\)");
    }
}
