//! Groups of any stream: made and deleted, what pends in them, where they stand, who reads them.

use domain::{
    Permission, Refusal,
    connection::needs,
    operation::{
        ConsumerDelete, GroupCreate, GroupDelete, GroupMove, LaneClear, Outcome, ParkedLane, PendingAct,
        PendingSelection, Position, Report,
    },
    stream::{EntryId, PendingPage},
};
use streams::{
    inspect::{self, PendingBrowse},
    operate,
};

use crate::{
    Actor, Console, Error,
    act::{self, Act, OnRedis, counted, enumerated},
    audit::Ended,
};

/// A page of pending entries, see [`inspect::pending`].
pub async fn pending(
    console: &Console,
    stream: &str,
    group: &str,
    browse: &PendingBrowse,
) -> Result<PendingPage, Error> {
    Ok(inspect::pending(console.redis(), stream, group, browse).await?)
}

/// Claims, acknowledges or dead-letters pending entries; needs `recover` (`destroy` and a reason to acknowledge: the
/// group never sees them again). A preview leaves no trace.
pub async fn repair(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    selection: &PendingSelection,
) -> Result<Report, Error> {
    let (name, permission, needs_reason, commands) = match selection.act {
        PendingAct::Claim => ("pending.claim", Permission::Recover, None, needs::CLAIM),
        PendingAct::Acknowledge => {
            let why = Some("acknowledging entries that were not handled");
            ("pending.acknowledge", Permission::Destroy, why, needs::ACKNOWLEDGE)
        }
        PendingAct::DeadLetter => ("pending.dead_letter", Permission::Recover, None, needs::BURY),
    };
    let count = counted(selection.ids.len(), "pending entry", "pending entries");
    let ids = enumerated(selection.ids.iter());
    let act = Act {
        name,
        permission,
        subject: subject(stream, group),
        request: match selection.act {
            PendingAct::Claim => format!("claim {count}: {ids}"),
            PendingAct::Acknowledge => format!("acknowledge {count} without handling: {ids}"),
            PendingAct::DeadLetter => format!("move {count} to the dead letters: {ids}"),
        },
        reason: selection.reason.clone(),
        needs_reason,
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands }),
    };
    let (redis, metrics, wanted) = (console.redis().clone(), console.metrics().clone(), selection.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move {
        let report = operate::pending(&redis, &stream, &group, &wanted).await?;
        // a claim makes them somebody else's, which consumers see by themselves; the others are gone, which they would take
        // for an accident, and put right
        if matches!(wanted.act, PendingAct::Acknowledge | PendingAct::DeadLetter) {
            metrics.forget(&stream, &group, &done(&report));
        }
        Ok(report)
    };
    act::repair(console, who, act, selection.dry_run, work).await
}

/// The entries that were done with.
fn done(report: &Report) -> Vec<EntryId> {
    let done = report.items.iter().filter(|item| item.outcome == Outcome::Done);
    done.filter_map(|item| item.item.parse().ok()).collect()
}

/// Creates a group; needs `operate`. A preview leaves no trace.
pub async fn create(console: &Console, who: &Actor, stream: &str, wanted: &GroupCreate) -> Result<Report, Error> {
    let with_stream = if wanted.make_stream { ", and the stream if there is none" } else { "" };
    let act = Act {
        name: "group.create",
        permission: Permission::Operate,
        subject: subject(stream, &wanted.group),
        request: format!("create {} {}{with_stream}", wanted.group, place(wanted.at)),
        reason: wanted.reason.clone(),
        needs_reason: None,
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::CREATE_GROUP }),
    };
    let (redis, stream, asked) = (console.redis().clone(), stream.to_owned(), wanted.clone());
    let work = async move { Ok(operate::create_group(&redis, &stream, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}

/// Deletes a group with all that it has pending; needs `destroy` and a reason. A preview leaves no trace.
pub async fn delete(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    wanted: &GroupDelete,
) -> Result<Report, Error> {
    let act = Act {
        name: "group.delete",
        permission: Permission::Destroy,
        subject: subject(stream, group),
        request: format!("delete {group}"),
        reason: wanted.reason.clone(),
        needs_reason: Some("deleting a group"),
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::DELETE_GROUP }),
    };
    let (redis, asked) = (console.redis().clone(), wanted.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::delete_group(&redis, &stream, &group, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}

/// Deletes consumers, after what they have pending is handed over; needs `operate`, as nothing is lost. A preview leaves no
/// trace.
pub async fn delete_consumers(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    wanted: &ConsumerDelete,
) -> Result<Report, Error> {
    let named = (!wanted.consumers.is_empty()).then(|| {
        let count = counted(wanted.consumers.len(), "consumer", "consumers");
        format!("{count}: {}", enumerated(wanted.consumers.iter()))
    });
    let empty = wanted.empty_for_ms.map(|ms| format!("consumers that hold nothing and were idle for {ms} ms"));
    let which: Vec<String> = [named, empty].into_iter().flatten().collect();
    let to = wanted.hand_over_to.as_deref().filter(|name| !name.is_empty());
    let to = to.map_or_else(|| "whoever takes over idle entries".to_owned(), str::to_owned);
    let act = Act {
        name: "consumers.delete",
        permission: Permission::Operate,
        subject: subject(stream, group),
        request: format!("hand over to {to}, then delete {}", which.join(", and ")),
        reason: wanted.reason.clone(),
        needs_reason: None,
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::DELETE_CONSUMERS }),
    };
    let (redis, asked) = (console.redis().clone(), wanted.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::delete_consumers(&redis, &stream, &group, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}

/// The lanes of consumers in this process that wait behind an entry that fails; `None` where none of the group runs here.
pub async fn parked_lanes(console: &Console, stream: &str, group: &str) -> Option<Vec<ParkedLane>> {
    operate::parked_lanes(console.metrics(), stream, group).await
}

/// Dead-letters the entry that parks a lane of a consumer in this process; needs `recover`. A preview leaves no trace.
pub async fn clear_lane(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    wanted: &LaneClear,
) -> Result<Report, Error> {
    let act = Act {
        name: "lane.clear",
        permission: Permission::Recover,
        subject: subject(stream, group),
        request: format!("give up on {}, so that its lane goes on", wanted.entry),
        reason: wanted.reason.clone(),
        needs_reason: None,
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::BURY }),
    };
    let (metrics, asked) = (console.metrics().clone(), wanted.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::clear_lane(&metrics, &stream, &group, &asked).await?) };
    act::repair(console, who, act, wanted.dry_run, work).await
}

/// Moves a group; needs `operate` and a reason. A preview leaves no trace.
pub async fn move_to(
    console: &Console,
    who: &Actor,
    stream: &str,
    group: &str,
    to: &GroupMove,
) -> Result<Report, Error> {
    let act = Act {
        name: "group.move",
        permission: Permission::Operate,
        subject: subject(stream, group),
        request: format!("move {group} {}", place(to.to)),
        reason: to.reason.clone(),
        needs_reason: Some("moving a group"),
        on_redis: Some(OnRedis { stream: stream.to_owned(), commands: needs::MOVE }),
    };
    let (redis, wanted) = (console.redis().clone(), to.clone());
    let (stream, group) = (stream.to_owned(), group.to_owned());
    let work = async move { Ok(operate::move_group(&redis, &stream, &group, &wanted).await?) };
    act::repair(console, who, act, to.dry_run, work).await
}

/// Holds the consumers of a group in this process, or lets them go on; needs `operate`. 409 where none run here.
pub async fn pause(console: &Console, who: &Actor, stream: &str, group: &str, paused: bool) -> Result<(), Error> {
    let act = Act {
        name: if paused { "group.pause" } else { "group.resume" },
        permission: Permission::Operate,
        subject: subject(stream, group),
        request: if paused {
            format!("hold the consumers of {group} in this process")
        } else {
            format!("let the consumers of {group} in this process go on")
        },
        reason: None,
        needs_reason: None,
        on_redis: None,
    };
    let (metrics, stream, group) = (console.metrics().clone(), stream.to_owned(), group.to_owned());
    let work = async move {
        if metrics.pause(&stream, &group, paused) { Ok(()) } else { Err(Error::Refused(not_consumed(&stream, &group))) }
    };
    let result = if paused { "they read nothing more" } else { "they read again" };
    act::carry_out(console, who, act, work, move |(), _| Ended::new(true, None, result.to_owned())).await
}

fn place(position: Position) -> String {
    match position {
        Position::Start => "before the first entry".to_owned(),
        Position::End => "after the last entry".to_owned(),
        Position::After(id) => format!("after {id}"),
    }
}

fn not_consumed(stream: &str, group: &str) -> Refusal {
    Refusal::conflict(format!(
        "no consumer of group {group} on {stream} runs in this process, so there is nothing here to hold or let go on: \
         stop and start it where it runs"
    ))
}

fn subject(stream: &str, group: &str) -> String {
    format!("{stream}/{group}")
}
