//! Where things are: the only place that spells the address of a page, so that every link to a thing is the same link.

mod parameters;

use std::fmt::Write;

use domain::{alert::Subject, connection::HOME, dead_letter::Cursor, stream::EntryId};
use leptos::prelude::with_context;
use percent_encoding::percent_decode_str;

use crate::context::Context;

pub(crate) use parameters::{Parameters, segment_after};

/// Percent-encodes everything that is not an unreserved character (RFC 3986): names of streams are any text.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string");
        }
    }
    out
}

/// What is before every address of a connection: `/at/orders`, and nothing before those of home.
pub fn prefix_of(connection: &str) -> String {
    if connection == HOME { String::new() } else { format!("/at/{connection}") }
}

/// A path of the connection whose page is being answered; of home where nobody asks.
pub(crate) fn at(path: &str) -> String {
    let mut address = with_context::<Context, _>(|context| context.connection.prefix().to_owned()).unwrap_or_default();
    address.push_str(path);
    address
}

/// The path of the page that is being answered, as every connection has it.
pub(crate) fn here() -> String {
    parameters::path()
}

/// A segment of a path as the text that it stands for.
pub(crate) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// `path` with these parameters; those without a value are left out.
pub(crate) fn with_query<'a>(path: &str, parameters: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let mut out = path.to_owned();
    let mut mark = if path.contains('?') { '&' } else { '?' };
    for (name, value) in parameters {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            write!(out, "{mark}{}={}", encoded(name), encoded(&value)).expect("writing to a string");
            mark = '&';
        }
    }
    out
}

/// The page that is being answered, with these parameters changed (`None` = left out). What a form left behind (`done`,
/// `refused`, `kept.…`) does not stay.
pub(crate) fn here_with(changes: &[(&str, Option<&str>)]) -> String {
    let here = Parameters::here();
    let is_outcome = |name: &str| name == "done" || name == "refused" || name.starts_with("kept.");
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = here.iter().filter(|(name, _)| !is_outcome(name) && !is_changed(name));
    let kept = kept.map(|(name, value)| (name, Some(value.to_owned())));
    let changed = changes.iter().map(|(name, value)| (*name, value.map(str::to_owned)));
    with_query(&at(&parameters::path()), kept.chain(changed))
}

pub fn stream(name: &str) -> String {
    at(&format!("/streams/{}", encoded(name)))
}

pub fn entry(stream_name: &str, id: EntryId) -> String {
    format!("{}?open={id}", stream(stream_name))
}

/// The entries of a stream as a file.
pub(crate) fn export(stream_name: &str, filter: &str, from: &str, to: &str, format: &str) -> String {
    let path = at(&format!("/api/console/streams/{}/export", encoded(stream_name)));
    let parameters = [("format", format), ("filter", filter), ("from", from), ("to", to)];
    with_query(&path, parameters.map(|(name, value)| (name, Some(value.to_owned()))))
}

/// Recovery jobs.
pub(crate) fn recovery() -> String {
    at("/recovery")
}

pub(crate) fn recovery_job(id: i64) -> String {
    at(&format!("/recovery/{id}"))
}

/// The form of a new job.
pub(crate) fn new_recovery() -> String {
    with_query(&recovery(), [("new", Some("dead_letters".to_owned()))])
}

/// The form of a job that gives a group once more what it was given before.
pub(crate) fn handle_again(stream_name: &str, group_name: &str) -> String {
    let parameters = [("new", "history"), ("stream", stream_name), ("group", group_name)];
    with_query(&recovery(), parameters.map(|(name, value)| (name, Some(value.to_owned()))))
}

/// The entries of a job as a file.
pub(crate) fn recovery_export(id: i64, format: &str) -> String {
    with_query(&at(&format!("/api/console/recovery/{id}/export")), [("format", Some(format.to_owned()))])
}

/// The audit log as a file.
pub(crate) fn audit_export(text: Option<&str>, format: &str) -> String {
    let parameters = [("format", Some(format.to_owned())), ("text", text.map(str::to_owned))];
    with_query(&at("/api/console/audit/export"), parameters)
}

pub fn group(stream_name: &str, group: &str) -> String {
    format!("{}/groups/{}", stream(stream_name), encoded(group))
}

/// The groups of a stream.
pub(crate) fn groups(stream_name: &str) -> String {
    format!("{}?tab=groups", stream(stream_name))
}

/// What a stream weighs, and trimming it.
pub(crate) fn memory(stream_name: &str) -> String {
    format!("{}?tab=memory", stream(stream_name))
}

/// What an alert is about.
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Redis => at("/status"),
        Subject::Stream { stream: name } => stream(name),
        Subject::Group { stream, group: name } => group(stream, name),
    }
}

/// A rule, open in the list of rules.
pub(crate) fn alert_rule(id: &str) -> String {
    with_query(&at("/alerts"), [("rule", Some(id.to_owned()))])
}

/// Everything known of one correlation, event or trace.
pub fn trace(id: &str) -> String {
    at(&format!("/trace/{}", encoded(id)))
}

/// The same, with an entry that belongs to it and need not be looked for.
pub(crate) fn trace_of_entry(id: &str, stream_name: &str, entry: EntryId) -> String {
    with_query(&trace(id), [("at", Some(format!("{stream_name}@{entry}")))])
}

/// The pending entries of a group, in its list.
pub(crate) fn pending(stream_name: &str, group_name: &str) -> String {
    format!("{}#pending", group(stream_name, group_name))
}

/// The dead letters of a group.
pub(crate) fn dead_letters_of(stream_name: &str, group_name: Option<&str>) -> String {
    let parameters = [("stream", Some(stream_name.to_owned())), ("group", group_name.map(str::to_owned))];
    with_query(&at("/dead-letters"), parameters)
}

/// One dead letter, open.
pub fn dead_letter(record: &Cursor) -> String {
    with_query(&at("/dead-letters"), [("open", Some(record.to_string()))])
}

/// What to do about it, by the name of its file in `docs/runbooks`.
pub(crate) fn runbook(name: &str) -> String {
    at(&format!("/runbooks/{name}"))
}

/// The records of one cause.
pub(crate) fn cause(stream_name: &str, group: &str, fingerprint: &str) -> String {
    let parameters = [("stream", stream_name), ("group", group), ("cause", fingerprint)];
    with_query(&at("/dead-letters"), parameters.map(|(name, value)| (name, Some(value.to_owned()))))
}

/// All connections, in a line each; at home, as what follows: the scrum services are there alone.
pub(crate) const CONNECTIONS: &str = "/connections";

pub fn project(id: &str) -> String {
    format!("/projects/{}", encoded(id))
}

pub(crate) fn backlog(project_id: &str) -> String {
    with_query("/backlog", [("project", Some(project_id.to_owned()))])
}

pub(crate) fn sprints(project_id: &str) -> String {
    with_query("/sprints", [("project", Some(project_id.to_owned()))])
}

pub fn sprint(id: &str) -> String {
    format!("/sprints/{}", encoded(id))
}

/// The form that creates a project.
pub(crate) const NEW_PROJECT: &str = "/projects?new=project";

/// A task of the backlog, open.
pub(crate) fn task(project_id: &str, task_id: &str) -> String {
    with_query(&backlog(project_id), [("open", Some(task_id.to_owned()))])
}

/// A task on the board of its sprint, open.
pub(crate) fn sprint_task(sprint_id: &str, task_id: &str) -> String {
    with_query(&sprint(sprint_id), [("open", Some(task_id.to_owned()))])
}

pub(crate) fn sprint_tab(sprint_id: &str, tab: &str) -> String {
    with_query(&sprint(sprint_id), [("tab", Some(tab.to_owned()))])
}

/// The plan of a project's next sprint.
pub(crate) fn plan(project_id: &str) -> String {
    with_query(&sprints(project_id), [("start", Some("preview".to_owned()))])
}

/// What is told of a project.
pub(crate) fn chronicle(project_id: &str) -> String {
    with_query("/chronicle", [("project", Some(project_id.to_owned()))])
}

/// `path` after something was done there.
pub(crate) fn done(path: &str, message: &str) -> String {
    with_query(path, [("done", Some(message.to_owned()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_one_segment() {
        assert_eq!(stream("a/b?c#d e%"), "/streams/a%2Fb%3Fc%23d%20e%25");
    }

    #[test]
    fn parameters_without_a_value_are_left_out() {
        assert_eq!(
            with_query("/x", [("a", None), ("b", Some("1 2".into())), ("c", Some(String::new()))]),
            "/x?b=1%202"
        );
        assert_eq!(with_query("/x?y=1", [("a", Some("&".into()))]), "/x?y=1&a=%26");
    }
}
