//! Findings, a row each: status, what and where, since when, what to do.

use domain::{
    Permission, Status,
    connection::needs,
    finding::{Action, Finding},
    operation::PendingAct,
    stream::EntryId,
};
use leptos::prelude::*;

use crate::{
    address,
    context::context,
    part::{Clock, StatusWord, act_link, sentence},
};

/// Rows; `here` leaves out where they are, on the page of that stream or group.
pub(super) fn list<'a>(findings: impl IntoIterator<Item = &'a Finding>, here: bool) -> AnyView {
    let rows = findings.into_iter().enumerate().map(|(place, finding)| row(finding, place, here)).collect_view();
    view! { <ul class="findings">{rows}</ul> }.into_any()
}

fn row(finding: &Finding, place: usize, here: bool) -> AnyView {
    let names = [&finding.stream, &finding.group, &finding.consumer].map(|name| name.as_deref().unwrap_or_default());
    let key = format!("{} {}", finding.kind.as_str(), names.join(" "));
    let until = finding.until.map(|until| {
        view! {
            " · told until "
            <Clock at=until />
        }
    });
    let at = if finding.until.is_some() { "at " } else { "since " };
    view! {
        <li data-key=key data-status=finding.status.as_str()>
            <StatusWord status=finding.status word=finding.kind.title() reason=meaning(finding.status) />
            <div class="finding-words">
                {(!here).then(|| subject(finding))} <p>{finding.explanation.clone()}</p>
                <small>{at} <Clock at=finding.since /> {until}</small>
            </div>
            <div class="button-row">
                {act(finding, place)}
                <a class="button quiet" href=address::runbook(&finding.runbook)>
                    "What to do"
                </a>
            </div>
        </li>
    }
    .into_any()
}

/// What a status says of a finding, on hover.
fn meaning(status: Status) -> &'static str {
    match status {
        Status::Bad => "something is lost or stands still",
        Status::Warn => "something will be lost or stand still if nobody looks",
        Status::Unknown => "nobody can know",
        _ => "a note: nothing is wrong yet",
    }
}

/// Where it is, as far as it is somewhere.
fn subject(finding: &Finding) -> AnyView {
    let consumer = finding.consumer.clone().map(|consumer| {
        view! {
            " · "
            <span class="name">{consumer}</span>
        }
    });
    match (&finding.stream, &finding.group) {
        (Some(stream), Some(group)) => view! {
            <p class="finding-where">
                <a class="name" href=address::group(stream, group)>
                    {group.clone()}
                </a>
                " on "
                <a class="name" href=address::stream(stream)>
                    {stream.clone()}
                </a>
                {consumer}
            </p>
        }
        .into_any(),
        (Some(stream), None) => view! {
            <p class="finding-where">
                <a class="name" href=address::stream(stream)>
                    {stream.clone()}
                </a>
            </p>
        }
        .into_any(),
        _ => view! {
            <p class="finding-where">
                <a href=address::at("/status")>"Redis"</a>
            </p>
        }
        .into_any(),
    }
}

/// The preview of the one act that makes nothing worse; nothing where the runbook is all there is.
fn act(finding: &Finding, place: usize) -> Option<AnyView> {
    let (label, href, needs) = way(finding)?;
    let allowed = needs.map_or(Ok(()), |(permission, commands)| {
        context().may_send(permission, commands).map_err(|why| sentence(&why))
    });
    Some(act_link(&format!("off-finding-{place}"), &label, href, allowed))
}

/// A permission, and the commands that are sent to Redis.
type Needs = (Permission, &'static [&'static str]);

fn way(finding: &Finding) -> Option<(String, String, Option<Needs>)> {
    let stream = finding.stream.as_deref()?;
    let group = finding.group.as_deref();
    Some(match &finding.action {
        Action::Read => return None,
        Action::Repair { act, ids } => {
            let (verb, wanted) = match act {
                PendingAct::Claim => ("Claim", (Permission::Recover, needs::CLAIM)),
                PendingAct::Acknowledge => ("Acknowledge", (Permission::Destroy, needs::ACKNOWLEDGE)),
                PendingAct::DeadLetter => ("Dead-letter", (Permission::Recover, needs::BURY)),
            };
            let listed = ids.iter().map(EntryId::to_string).collect::<Vec<_>>().join(",");
            let parameters = [("ids", Some(listed)), ("act", Some(act.as_str().to_owned()))];
            let href = address::with_query(&address::group(stream, group?), parameters);
            (format!("{verb} {}…", ids.len()), href, Some(wanted))
        }
        Action::Move => {
            let href = address::with_query(&address::group(stream, group?), [("act", Some("move".to_owned()))]);
            ("Move group…".to_owned(), href, Some((Permission::Operate, needs::MOVE)))
        }
        Action::ListPending => ("Show pending".to_owned(), address::pending(stream, group?), None),
        Action::ListEntries { from } => {
            let after = from.previous().map(|id| id.to_string());
            ("Show entries".to_owned(), address::with_query(&address::stream(stream), [("after", after)]), None)
        }
    })
}

#[cfg(test)]
mod tests {
    use domain::{Timestamp, finding::Kind};

    use super::*;

    fn finding(action: Action) -> Finding {
        Finding {
            kind: Kind::BodyLost,
            status: Status::Bad,
            stream: Some("a/b".into()),
            group: Some("g".into()),
            consumer: None,
            since: Timestamp::default(),
            until: None,
            explanation: String::new(),
            runbook: String::new(),
            action,
        }
    }

    #[test]
    fn every_act_begins_with_its_preview() {
        let ids = vec![EntryId { ms: 5, seq: 0 }, EntryId { ms: 6, seq: 1 }];
        let href = |action| way(&finding(action)).map(|(_, href, _)| href);
        let group = "/streams/a%2Fb/groups/g";
        let repair = |act| href(Action::Repair { act, ids: ids.clone() }).expect("a way");
        assert_eq!(repair(PendingAct::Claim), format!("{group}?ids=5-0%2C6-1&act=claim"));
        assert_eq!(repair(PendingAct::DeadLetter), format!("{group}?ids=5-0%2C6-1&act=dead_letter"));
        assert_eq!(href(Action::Move).expect("a way"), format!("{group}?act=move"));
        assert_eq!(href(Action::Read), None);
        let entries = href(Action::ListEntries { from: EntryId { ms: 5, seq: 3 } });
        assert_eq!(entries.expect("a way"), "/streams/a%2Fb?after=5-2");
    }
}
