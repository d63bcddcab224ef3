//! The form of a rule, new or known. What is wrong stands beside its field, and what was typed is there again.

use domain::{
    Permission,
    alert::{Rule, Severity, Terms, Watched},
};
use leptos::prelude::*;

use super::page::closed;
use crate::{
    address::{self, Parameters},
    part::{Kept, Panel, Submit, choices, sentence, suggestions},
};

/// What a field shows: what was typed before a refusal, else what the rule says; and what is wrong with it.
struct Field {
    name: &'static str,
    label: &'static str,
    value: String,
    hint: &'static str,
    problem: Option<String>,
}

/// The fields, filled.
struct Fields {
    kept: Kept,
    refused: Option<String>,
}

impl Fields {
    fn here() -> Self {
        Self { kept: Kept::here(), refused: Parameters::here().get("refused") }
    }

    fn field(&self, name: &'static str, label: &'static str, value: impl Into<String>, hint: &'static str) -> Field {
        let problem = self.refused.as_deref().and_then(|refused| refused.strip_prefix(name)?.strip_prefix(": "));
        Field {
            name,
            label,
            value: self.kept.or(&format!("rule[{name}]"), value),
            hint,
            problem: problem.map(sentence),
        }
    }
}

impl Field {
    fn id(&self) -> String {
        format!("rule-{}", self.name)
    }

    /// The label, the input that `input` makes from id, name and description, then what is wrong or what to know.
    fn show(self, input: impl FnOnce(&Self, String, String, String) -> AnyView) -> AnyView {
        let (id, name, note) = (self.id(), format!("rule[{}]", self.name), format!("note-{}", self.name));
        let input = input(&self, id.clone(), name, note.clone());
        let words = match self.problem {
            Some(problem) => view! {
                <small class="hint problem" id=note data-status="bad">
                    {problem}
                </small>
            }
            .into_any(),
            None => view! {
                <small class="hint" id=note>
                    {self.hint}
                </small>
            }
            .into_any(),
        };
        view! {
            <div class="field">
                <label for=id>{self.label}</label>
                {input}
                {words}
            </div>
        }
        .into_any()
    }

    fn text(self, longest: &'static str, list: Option<&'static str>) -> AnyView {
        self.show(|field, id, name, note| {
            let class = if field.problem.is_some() { "input is-bad" } else { "input" };
            view! {
                <input
                    class=class
                    id=id
                    name=name
                    value=field.value.clone()
                    maxlength=longest
                    autocomplete="off"
                    list=list
                    aria-invalid=field.problem.is_some().then_some("true")
                    aria-describedby=note
                />
            }
            .into_any()
        })
    }

    /// Not `type=number`: a browser keeps what is no number to itself, and the sentence of the server says more.
    fn number(self) -> AnyView {
        self.show(|field, id, name, note| {
            let class = if field.problem.is_some() { "input is-bad" } else { "input" };
            view! {
                <input
                    class=class
                    id=id
                    name=name
                    value=field.value.clone()
                    inputmode="numeric"
                    maxlength="20"
                    autocomplete="off"
                    aria-invalid=field.problem.is_some().then_some("true")
                    aria-describedby=note
                />
            }
            .into_any()
        })
    }

    fn choice(self, options: Vec<(String, String)>) -> AnyView {
        self.show(|field, id, name, note| {
            let class = if field.problem.is_some() { "input is-bad" } else { "input" };
            view! {
                <select class=class id=id name=name aria-describedby=note>
                    {choices(&field.value, options)}
                </select>
            }
            .into_any()
        })
    }

    fn lines(self) -> AnyView {
        self.show(|field, id, name, note| {
            let class = if field.problem.is_some() { "input is-bad" } else { "input" };
            view! {
                <textarea class=class id=id name=name rows="3" maxlength="1000" aria-describedby=note>
                    {field.value.clone()}
                </textarea>
            }
            .into_any()
        })
    }
}

/// What a new rule is proposed to say.
fn proposed() -> Terms {
    Terms {
        name: String::new(),
        watched: Watched::BehindSeconds,
        stream: "*".to_owned(),
        group: "*".to_owned(),
        comparison: domain::alert::Comparison::Above,
        threshold: 60,
        for_seconds: 120,
        resolve_threshold: 10,
        resolve_for_seconds: 120,
        severity: Severity::Warning,
        note: String::new(),
    }
}

pub(super) fn new_rule() -> AnyView {
    let close = closed();
    view! {
        <Panel kicker="Create" title="New rule".into_any() close=close.clone()>
            <form method="post" action=address::at("/api/fn/alert/create")>
                <div class="panel-body">
                    <div class="panel-section fields">{fields(&proposed())}</div>
                </div>
                <footer class="panel-foot">
                    <Submit label="Create rule" class="primary" needs=Permission::Administer id="why-create-rule" />
                    <a class="button" href=close>
                        "Cancel"
                    </a>
                </footer>
            </form>
        </Panel>
    }
    .into_any()
}

/// The form that changes a rule, without the panel around it.
pub(super) fn change(rule: &Rule) -> AnyView {
    view! {
        <form class="panel-section fields" method="post" action=address::at("/api/fn/alert/change") aria-labelledby="change-rule">
            <h3 id="change-rule">"What it says"</h3>
            <input type="hidden" name="rule_id" value=rule.id.clone() />
            {fields(&rule.terms)}
            <Submit label="Save rule" class="primary" needs=Permission::Administer id="why-change-rule" />
        </form>
    }
    .into_any()
}

fn fields(terms: &Terms) -> AnyView {
    let fields = Fields::here();
    let watched = Watched::ALL.map(|watched| (watched.as_str().to_owned(), figure_words(watched))).to_vec();
    let comparison = ["above", "below"].map(|word| (word.to_owned(), word.to_owned())).to_vec();
    let severity = Severity::ALL.map(|severity| (severity.as_str().to_owned(), severity.as_str().to_owned())).to_vec();
    let snapshot = crate::context::context().snapshot();
    let streams = snapshot.streams.iter().map(|stream| stream.name.clone()).collect();
    let mut groups: Vec<String> =
        snapshot.streams.iter().flat_map(|stream| &stream.groups).map(|group| group.name.clone()).collect();
    groups.sort_unstable();
    groups.dedup();
    view! {
        {fields.field("name", "Name", &terms.name, "What people read when they are called").text("100", None)}
        {fields.field("watched", "Figure", terms.watched.as_str(), "").choice(watched)}
        <div class="pair">
            {fields
                .field("stream", "Stream", &terms.stream, "A name; * stands for anything")
                .text("500", Some("alert-streams"))}
            {fields
                .field("group", "Group", &terms.group, "Only for figures of groups")
                .text("500", Some("alert-groups"))}
        </div>
        <div class="pair">
            {fields.field("comparison", "Fires when it is", terms.comparison.as_str(), "").choice(comparison)}
            {fields
                .field("threshold", "Threshold", terms.threshold.to_string(), "In the unit of the figure; yes and no: 0")
                .number()}
        </div>
        {fields
            .field("for_seconds", "Fires after, in seconds", terms.for_seconds.to_string(), "How long it must be so; 0 is at once")
            .number()}
        <div class="pair">
            {fields
                .field(
                    "resolve_threshold",
                    "Calm at",
                    terms.resolve_threshold.to_string(),
                    "On the good side of the threshold, so that a figure at the edge does not flap",
                )
                .number()}
            {fields
                .field(
                    "resolve_for_seconds",
                    "Over after, in seconds",
                    terms.resolve_for_seconds.to_string(),
                    "How long it must be calm before it is over",
                )
                .number()}
        </div>
        {fields.field("severity", "Severity", terms.severity.as_str(), "").choice(severity)}
        {fields
            .field("note", "Note for who is called", &terms.note, "What it means, what to do first")
            .lines()}
        {suggestions("alert-streams", streams)}
        {suggestions("alert-groups", groups)}
    }
    .into_any()
}

/// `Group: lag (entries)`.
fn figure_words(watched: Watched) -> String {
    let of = match watched.scope() {
        domain::alert::Scope::Group => "Group",
        domain::alert::Scope::Stream => "Stream",
        domain::alert::Scope::Redis => "Redis",
    };
    let unit = match watched {
        watched if watched.is_yes_or_no() => " (yes or no)".to_owned(),
        watched if watched.unit().is_empty() => String::new(),
        watched => format!(" ({})", watched.unit()),
    };
    format!("{of}: {}{unit}", watched.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proposed_rule_lacks_nothing_but_its_name() {
        assert_eq!(proposed().check().expect_err("no name yet").field, "name");
        assert_eq!(Terms { name: "n".into(), ..proposed() }.check(), Ok(()));
    }

    #[test]
    fn a_problem_stands_at_its_field_and_nowhere_else() {
        let refused = Some("threshold: nothing is below 0".to_owned());
        let fields = Fields { kept: Kept::here(), refused };
        assert_eq!(fields.field("threshold", "", "", "").problem.as_deref(), Some("Nothing is below 0."));
        assert_eq!(fields.field("resolve_threshold", "", "", "").problem, None);
    }
}
