//! The form over the entries, what was not understood of it, how far a search is, and what can be written.

use console::search::{Progress, Pursuit};
use domain::{
    Status,
    figure::grouped,
    filter::{Comparison, Filter, Subject, Value},
    stream::{Entry, StreamSample},
};
use leptos::prelude::*;
use serde_json::Value as Json;

use super::{
    asked::{Asked, PARAMETERS, Problem},
    load::StreamView,
};
use crate::{
    address,
    part::{Icon, Shape},
};

/// Characters of a value that an example takes.
const EXAMPLE: usize = 40;
/// Levels of JSON in which a value for an example is looked for.
const EXAMPLE_LEVELS: usize = 4;

/// What is typed, what is wrong with it, and the grammar.
pub(super) fn form(view: &StreamView) -> AnyView {
    let asked = &view.asked;
    let clear = (asked.is_narrowed() || asked.problem.is_some() || !asked.at.is_empty()).then(|| {
        let href = address::here_with(&PARAMETERS.map(|name| (name, None)));
        view! {
            <a class="button quiet" href=href>
                "Clear"
            </a>
        }
    });
    let is_bad = |input: &str| asked.problem.as_ref().is_some_and(|problem| problem.input == input);
    let place = |name: &'static str, label: &'static str, value: &str, hint: &'static str| {
        let is_bad = is_bad(name);
        view! {
            <label class="range">
                <span>{label}</span>
                <input
                    class="input"
                    class:is-bad=is_bad
                    name=name
                    value=value.to_owned()
                    maxlength="64"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=hint
                    aria-invalid=is_bad.then_some("true")
                    aria-describedby=is_bad.then_some("filter-problem")
                />
            </label>
        }
    };
    let held = asked.held.map(|held| view! { <input type="hidden" name="held" value=held.to_string() /> });
    let is_filter_bad = is_bad("filter");
    view! {
        <form class="entry-search" id="filters" method="get" action=address::stream(&view.name) role="search">
            <div class="filters">
                <input
                    class="input mono"
                    class:is-bad=is_filter_bad
                    type="search"
                    name="filter"
                    value=asked.filter.clone()
                    maxlength="2000"
                    aria-label="Filter entries"
                    placeholder="Text in any field, or type = … and data.… > …"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=is_filter_bad.then_some("true")
                    aria-describedby=is_filter_bad.then_some("filter-problem")
                />
                <button class="button">"Filter"</button>
                {clear}
            </div>
            {asked.problem.as_ref().filter(|_| is_filter_bad).map(|problem| mistake(asked, problem))}
            <div class="filters ranges">
                {place("from", "From", &asked.from, "time or entry id")}
                {place("to", "To", &asked.to, "time or entry id")}
                {place("at", "Go to", &asked.at, "time or entry id")} {held}
            </div>
            {asked.problem.as_ref().filter(|_| !is_filter_bad).map(|problem| mistake(asked, problem))}
        </form>
        {help(view)}
    }
    .into_any()
}

/// Under the input: what was typed, the place, and what could stand there.
fn mistake(asked: &Asked, problem: &Problem) -> AnyView {
    let typed = match problem.input {
        "from" => &asked.from,
        "to" => &asked.to,
        "at" => &asked.at,
        _ => &asked.filter,
    };
    let before: String = typed.chars().take(problem.at).collect();
    let meant: String = typed.chars().skip(problem.at).collect();
    // at the end there is nothing to underline
    let meant = if meant.is_empty() { "\u{a0}".to_owned() } else { meant };
    view! {
        <div class="mistake" id="filter-problem" role="alert">
            <code>{before}<mark>{meant}</mark></code>
            <p>{format!("Here it needs {}.", problem.expected)}</p>
        </div>
    }
    .into_any()
}

/// The grammar by examples, with values of this stream where a page of it is at hand.
fn help(view: &StreamView) -> AnyView {
    let entries = match &view.entries {
        Some(Ok(found)) => found.page.entries.as_slice(),
        _ => &[],
    };
    let examples = examples(entries).into_iter().map(|(filter, words)| {
        let href =
            address::here_with(&[("filter", Some(&filter)), ("before", None), ("after", None), ("search", None)]);
        view! {
            <dt>
                <a class="mono" href=href>
                    {filter}
                </a>
            </dt>
            <dd>{words}</dd>
        }
    });
    view! {
        <details class="filter-help" id="filter-help">
            <summary>"What can be written here"</summary>
            <dl>{examples.collect_view()}</dl>
            <p>
                "Before the sign: " <code>"type"</code> ", " <code>"key"</code> ", " <code>"event_id"</code> ", "
                <code>"correlation_id"</code> ", " <code>"id"</code> ", " <code>"added"</code> ", a field as "
                <code>"field.name"</code> ", a place in the JSON of the field data as " <code>"data.a.b"</code>
                " or of another as " <code>"field.name.a.b"</code> ". Signs: " <code>"= != < <= > >="</code> " "
                <code>"contains"</code> " " <code>"starts"</code> " " <code>"ends"</code> " " <code>"exists"</code>
                ". Put together by " <code>"and"</code> ", " <code>"or"</code> ", " <code>"not"</code>
                " and parentheses. What has spaces or signs in it stands in quotes. Times are UTC."
            </p>
            <p>
                <code>"="</code>
                " compares every letter; texts are found whatever their letter case. A list fits where one of its items does. "
                <code>"!="</code> " fits too where there is nothing to compare."
            </p>
        </details>
    }
    .into_any()
}

fn examples(entries: &[Entry]) -> Vec<(String, &'static str)> {
    let is = |subject, value: &str| Filter::Compare(subject, Comparison::Is, Value::new(value));
    let mut found: Vec<(Filter, &'static str)> = Vec::new();
    let first = |part: fn(&Entry) -> Option<&String>| {
        entries.iter().find_map(part).filter(|text| !text.is_empty() && text.chars().count() <= EXAMPLE)
    };
    let of_type = first(|entry| entry.event_type.as_ref());
    if let Some(name) = of_type {
        found.push((is(Subject::Type, name), "events of one type"));
    }
    if let Some(key) = first(|entry| entry.key.as_ref()) {
        found.push((is(Subject::Key, key), "what happened to one thing"));
    }
    if let Some((field, steps, value)) =
        entries.iter().find_map(|entry| in_json(entry, 2).or_else(|| in_json(entry, 1)))
    {
        let subject = Subject::field(&field, &steps);
        found.push((is(subject.clone(), &value), "a value in the JSON of a field"));
        if let Some(name) = of_type {
            let both = Filter::Any(vec![is(Subject::Type, name), Filter::Not(Box::new(Filter::Exists(subject)))]);
            found.push((both, "conditions together"));
        }
    } else if let Some(field) = entries.iter().find_map(|entry| entry.fields.first()) {
        let value: String = field.value.split_whitespace().next().unwrap_or_default().chars().take(EXAMPLE).collect();
        if !value.is_empty() {
            let subject = Subject::field(&field.name, &[]);
            found.push((Filter::Compare(subject, Comparison::Contains, Value::new(value)), "text in one field"));
        }
    }
    if let Some(entry) = entries.last().filter(|entry| entry.id.tells_time()) {
        let at = Value::new(entry.id.added_at().to_string());
        found.push((Filter::Compare(Subject::Added, Comparison::AtLeast, at), "added at a time or later"));
    }
    let mut examples: Vec<_> = found.into_iter().map(|(filter, words)| (filter.to_string(), words)).collect();
    if examples.is_empty() {
        let of_grammar = [
            ("type = SprintStarted", "events of one type"),
            ("data.payload.project_id = \"ACM-7\"", "a value in the JSON of the field data"),
            ("field.total >= 12.5 and not key exists", "conditions together"),
        ];
        examples.extend(of_grammar.map(|(filter, words)| (filter.to_owned(), words)));
    }
    examples
}

/// A short text in the JSON of an entry that lies at least so many levels deep, with the way to it.
fn in_json(entry: &Entry, least: usize) -> Option<(String, Vec<String>, String)> {
    entry.fields.iter().filter(|field| field.exact).find_map(|field| {
        let json: Json = serde_json::from_str(&field.value).ok()?;
        let (steps, value) = text_in(&json, Vec::new(), least)?;
        Some((field.name.clone(), steps, value))
    })
}

fn text_in(json: &Json, steps: Vec<String>, least: usize) -> Option<(Vec<String>, String)> {
    match json {
        Json::String(text) if steps.len() >= least && !text.is_empty() && text.chars().count() <= EXAMPLE => {
            Some((steps, text.clone()))
        }
        Json::Object(members) if steps.len() < EXAMPLE_LEVELS => members.iter().find_map(|(name, value)| {
            let deeper: Vec<String> = steps.iter().cloned().chain([name.clone()]).collect();
            text_in(value, deeper, least).filter(|_| !name.is_empty())
        }),
        _ => None,
    }
}

/// Whether the newest entries are followed, and what can be done with those that are shown.
pub(super) fn bar(view: &StreamView) -> AnyView {
    let asked = &view.asked;
    let file = |format: &'static str, words: &'static str| {
        let href = address::export(&view.name, &asked.filter, &asked.from, &asked.to, format);
        view! {
            <a class="button quiet" href=href download="">
                <Icon name="download" />
                {words}
            </a>
        }
    };
    view! {
        <div class="entry-bar" id="entry-bar">
            {following(asked, view.sample())} <span class="end">
                {file("jsonl", "JSON lines")} {file("csv", "CSV")}
            </span>
        </div>
    }
    .into_any()
}

fn following(asked: &Asked, sample: Option<&StreamSample>) -> AnyView {
    let newest = [("to", None), ("held", None), ("at", None), ("before", None), ("after", None), ("search", None)];
    if asked.follows() {
        let pause = sample.map(|sample| {
            let (to, held) = (sample.last_id.to_string(), sample.entries_added.to_string());
            let href = address::here_with(&[("to", Some(&to)), ("held", Some(&held)), ("search", None)]);
            view! {
                <a class="button quiet" href=href>
                    <Icon name="pause" />
                    "Pause"
                </a>
            }
        });
        return view! {
            <span class="muted">"Follows the newest entries."</span>
            {pause}
        }
        .into_any();
    }
    let words = match (asked.held, sample) {
        (Some(held), Some(sample)) => {
            let since = counted_entries(sample.entries_added.saturating_sub(held));
            format!("Paused. {since} added since.")
        }
        _ => "The newest entries are not followed here.".to_owned(),
    };
    view! {
        <span class="muted">{words}</span>
        <a class="button quiet" href=address::here_with(&newest)>
            <Icon name="play" />
            "Follow the newest"
        </a>
    }
    .into_any()
}

/// `1 entry`, `14 entries`.
pub(super) fn counted_entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{} entries", grouped(count)) }
}

/// How far the search is. It says so at each tick, without being read aloud each time.
pub(super) fn progress(progress: &Progress, found: usize, sample: Option<&StreamSample>) -> AnyView {
    let of = sample.map_or_else(String::new, |sample| format!(" of about {}", grouped(sample.length)));
    let back = progress
        .position
        .filter(|id| id.tells_time())
        .map_or_else(String::new, |id| format!(", as far as {} {}", id.added_at().date(), id.added_at().clock()));
    let looked = format!("Looked at {}{of} entries{back}; {found} found.", grouped(progress.looked_at));
    let (status, word, advice) = match &progress.pursuit {
        Pursuit::Running => (Status::Run, "Searching", "It goes on while somebody looks at this page.".to_owned()),
        Pursuit::Waiting => {
            (Status::Idle, "Waiting", "It goes on when one of the other searches has ended.".to_owned())
        }
        Pursuit::Stopped => (Status::Idle, "Stopped", String::new()),
        Pursuit::Failed(why) => (Status::Warn, "Held up", format!("{why}; it is tried again.")),
    };
    let is_stopped = progress.pursuit == Pursuit::Stopped;
    let act = if is_stopped {
        let href = address::here_with(&[("search", None)]);
        view! {
            <a class="button" href=href>
                "Search on"
            </a>
        }
        .into_any()
    } else {
        let href = address::here_with(&[("search", Some("stopped"))]);
        let again = address::here_with(&[]);
        view! {
            <a class="button" href=href>
                "Stop"
            </a>
            // without script nothing looks again by itself
            <a class="button quiet without-script" href=again>
                "Look again"
            </a>
        }
        .into_any()
    };
    let bar = sample.filter(|sample| sample.length > 0).map(|sample| {
        view! { <progress max=sample.length.to_string() value=progress.looked_at.to_string() aria-label="Searched"></progress> }
    });
    view! {
        <div class="notice entry-progress" id="search" data-status=status.as_str()>
            <Shape status=status />
            <div>
                <p>
                    <strong>{word}". "</strong>
                    {looked}
                    " "
                    {advice}
                </p>
                {bar}
            </div>
            <span class="end">{act}</span>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use domain::stream::Field;

    use super::*;

    #[test]
    fn every_example_is_a_filter() {
        let entry = |name: &str, value: &str| Entry {
            id: "1773152545187-0".parse().expect("id"),
            fields: vec![Field { name: name.into(), value: value.into(), exact: true, bytes: 0 }],
            event_type: Some("Order \"made\"".into()),
            event_id: None,
            key: Some("and".into()),
        };
        let json = r#"{"x":1,"payload":{"a b":{"project id":"ACM \"7\""}}}"#;
        let lists = [vec![], vec![entry("data", json)], vec![entry("or der", "a=(b")], vec![entry("", "")]];
        for entries in lists {
            let examples = examples(&entries);
            assert!(!examples.is_empty());
            for (filter, _) in examples {
                assert!(filter.parse::<Filter>().is_ok(), "{filter}");
            }
        }
        let of_json = examples(&[entry("data", json)]);
        assert_eq!(of_json[2].0, r#"data.payload."a b"."project id" = "ACM \"7\"""#);
    }
}
