//! Sending dead letters back, or throwing them away. Preview and act are one path: the act looks first, as the preview
//! does, and then does what the look found possible.

use std::collections::BTreeSet;

use crate::{
    Error, Redis,
    dead_letter::{
        find,
        record::Record,
        resend::{self, Resend, Sent, Why},
        source_present,
    },
    keys,
    operate::{AT_MOST, Look, Tries, check_size, group_names},
};
use domain::{
    dead_letter::Cursor,
    operation::{DeadLetterSelection, ItemReport, Outcome, ReplayWay, Report},
};

/// Sends dead letters back to the groups that failed (design §4): into the group's pending list where the entry is
/// still in its stream, so that nobody else sees it; else as a new entry with a mark that our consumers honour.
pub async fn replay(redis: &Redis, selection: &DeadLetterSelection) -> Result<Report, Error> {
    let records = look(redis, selection).await?;
    let mut plans = Vec::with_capacity(records.len());
    let mut groups = Groups::default();
    let known: Vec<Record> = records.iter().filter_map(|(_, record)| record.clone()).collect();
    let mut present = source_present(redis, &known).await?.into_iter();
    for (at, record) in &records {
        plans.push(match record {
            None => Plan::Skip(Why::Gone.sentence(&at.stream, "")),
            Some(record) => {
                let present = present.next().expect("one answer per record");
                plan(redis, &mut groups, at, record, present).await?
            }
        });
    }
    let look = Look::new(records.iter().zip(&plans).map(|((at, _), plan)| format!("{at} {}", plan.word())));
    look.check(selection.state_token.as_deref())?;
    let (mut items, mut tries) = (Vec::with_capacity(records.len()), Tries::default());
    for ((at, record), plan) in records.iter().zip(&plans) {
        items.push(match (plan, record) {
            (Plan::Send(way), Some(record)) if !selection.dry_run => {
                tries.next(at.to_string(), send(redis, at, record, *way)).await
            }
            (Plan::Send(way), Some(record)) => item(at, Outcome::Would, way_text(*way, &record.provenance.group)),
            (Plan::Skip(why), _) => item(at, Outcome::Skipped, why.clone()),
            (Plan::Send(_), None) => unreachable!("only what was found is sent"),
        });
    }
    Ok(Report { items, warnings: warnings(&groups, &plans, &records), state_token: look.token(), audit_id: None })
}

/// Throws dead letters away. Needs a reason, because nothing brings them back.
pub async fn discard(redis: &Redis, selection: &DeadLetterSelection) -> Result<Report, Error> {
    let reason = selection.reason.as_deref().map_or("", str::trim);
    if reason.is_empty() && !selection.dry_run {
        return Err(Error::Refused("discarding needs a reason".to_owned()));
    }
    let records = look(redis, selection).await?;
    let look = Look::new(records.iter().map(|(at, record)| format!("{at} {}", record.is_some())));
    look.check(selection.state_token.as_deref())?;
    let (mut items, mut tries) = (Vec::with_capacity(records.len()), Tries::default());
    for (at, record) in &records {
        items.push(match record {
            None => gone(at),
            Some(_) if selection.dry_run => item(at, Outcome::Would, "would be deleted for good".to_owned()),
            Some(_) => tries.next(at.to_string(), delete(redis, at)).await,
        });
    }
    let count = records.iter().filter(|(_, record)| record.is_some()).count();
    let warnings = match count {
        0 => vec![],
        1 => vec!["1 dead letter is deleted for good, with its payload".to_owned()],
        count => vec![format!("{count} dead letters are deleted for good, with their payloads")],
    };
    Ok(Report { items, warnings, state_token: look.token(), audit_id: None })
}

async fn delete(redis: &Redis, at: &Cursor) -> Result<ItemReport, Error> {
    let stream = keys::dead_letter_stream(&at.stream);
    let deleted: u64 = redis.query(redis::cmd("XDEL").arg(stream).arg(at.id.to_string())).await?;
    Ok(if deleted == 1 { item(at, Outcome::Done, "deleted for good".to_owned()) } else { gone(at) })
}

/// The selected records as they are now; each once, in the order asked for.
async fn look(redis: &Redis, selection: &DeadLetterSelection) -> Result<Vec<(Cursor, Option<Record>)>, Error> {
    check_size(selection.items.len())?;
    let mut seen = BTreeSet::new();
    let mut records = Vec::with_capacity(selection.items.len().min(AT_MOST));
    for at in selection.items.iter().filter(|at| seen.insert((*at).clone())) {
        records.push((at.clone(), find(redis, at).await?));
    }
    Ok(records)
}

/// What is possible for one record.
enum Plan {
    Send(ReplayWay),
    Skip(String),
}

impl Plan {
    fn word(&self) -> &str {
        match self {
            Self::Send(ReplayWay::ToGroup) => "to_group",
            Self::Send(ReplayWay::AddAgain) => "add_again",
            Self::Skip(why) => why,
        }
    }
}

/// Group names of the streams asked for so far.
#[derive(Default)]
struct Groups(std::collections::HashMap<String, Vec<String>>);

impl Groups {
    async fn of(&mut self, redis: &Redis, stream: &str) -> Result<&[String], Error> {
        if !self.0.contains_key(stream) {
            self.0.insert(stream.to_owned(), group_names(redis, stream).await?);
        }
        Ok(self.known(stream))
    }

    fn known(&self, stream: &str) -> &[String] {
        self.0.get(stream).map_or(&[], Vec::as_slice)
    }
}

async fn plan(redis: &Redis, groups: &mut Groups, at: &Cursor, record: &Record, present: bool) -> Result<Plan, Error> {
    let group = &record.provenance.group;
    if record.leading == 0 {
        return Ok(Plan::Skip(Why::Foreign.sentence(&at.stream, group)));
    }
    if !groups.of(redis, &at.stream).await?.contains(group) {
        return Ok(Plan::Skip(Why::NoGroup.sentence(&at.stream, group)));
    }
    if record.fields.is_empty() {
        return Ok(Plan::Skip(Why::BodyLost.sentence(&at.stream, group)));
    }
    Ok(Plan::Send(if present { ReplayWay::ToGroup } else { ReplayWay::AddAgain }))
}

async fn send(redis: &Redis, at: &Cursor, record: &Record, seen: ReplayWay) -> Result<ItemReport, Error> {
    let p = &record.provenance;
    let resend = Resend { record: Some(at.id), source_id: p.source_id };
    let mut sent = resend::send(redis, None, &at.stream, &p.group, &[resend]).await?;
    Ok(match sent.pop().expect("an answer for each entry") {
        Sent::ToGroup => item(at, Outcome::Done, format!("given back to {}", p.group)),
        Sent::Added(id) if seen == ReplayWay::ToGroup => {
            item(at, Outcome::Done, format!("added again as {id}: its entry was trimmed since the preview"))
        }
        Sent::Added(id) => item(at, Outcome::Done, format!("added again as {id}, marked for {}", p.group)),
        Sent::Not(why) => item(at, Outcome::Skipped, why.sentence(&at.stream, &p.group)),
    })
}

fn gone(at: &Cursor) -> ItemReport {
    item(at, Outcome::Skipped, Why::Gone.sentence(&at.stream, ""))
}

fn way_text(way: ReplayWay, group: &str) -> String {
    match way {
        ReplayWay::ToGroup => format!("would be given back to {group}, seen by nobody else"),
        ReplayWay::AddAgain => format!("would be added again with a mark for {group}: its entry is no longer there"),
    }
}

fn item(at: &Cursor, outcome: Outcome, detail: String) -> ItemReport {
    ItemReport { item: at.to_string(), outcome, detail }
}

/// Names every other group that would see entries that are added again.
fn warnings(groups: &Groups, plans: &[Plan], records: &[(Cursor, Option<Record>)]) -> Vec<String> {
    let mut added: std::collections::BTreeMap<(&str, &str), usize> = std::collections::BTreeMap::new();
    for ((at, record), plan) in records.iter().zip(plans) {
        if let (Plan::Send(ReplayWay::AddAgain), Some(record)) = (plan, record) {
            for group in groups.known(&at.stream).iter().filter(|group| **group != record.provenance.group) {
                *added.entry((&at.stream, group)).or_default() += 1;
            }
        }
    }
    let sentence = |((stream, group), count): ((&str, &str), usize)| {
        format!(
            "group {group} of {stream} will see {count} entries added again: consumers of this program skip them, others \
             handle them once more"
        )
    };
    added.into_iter().map(sentence).collect()
}
