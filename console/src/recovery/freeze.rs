//! Writes down what a job is about, and what would become of each entry. After it nothing is chosen any more.

use std::collections::{BTreeMap, HashMap};

use domain::{
    recovery::{ITEMS_AT_MOST, ItemState, Job, Order, Selection, State},
    stream::EntryId,
};
use store::rows;
use streams::dead_letter::choose::{self, Choices};

use super::{
    answered, item,
    job::{self, Source},
};
use crate::{Console, Error, act::counted};

/// Takes the next step; whether everything is written down.
pub(super) async fn step(console: &Console, job: &Job, holder: &str) -> Result<bool, Error> {
    let sources = job::sources(console, job.id).await.map_err(Error::RecoveryAway)?;
    if job.counts.total() > ITEMS_AT_MOST {
        let note = format!("there are more than {ITEMS_AT_MOST}: choose fewer, and make a second job of the rest");
        let ended = job::advance(console, (job.id, holder), (State::Freezing, State::Cancelled), Some(&note)).await;
        ended.map_err(Error::RecoveryAway)?;
        return Ok(false);
    }
    let Some(source) = sources.iter().find(|source| source.frozen_to.is_none_or(|to| to < source.up_to)) else {
        return finish(console, job, holder).await.map(|()| true);
    };
    if let Selection::DeadLetters(items) = &job.terms.selection {
        let found = choose::chosen(console.redis(), items).await?;
        let all: Vec<_> = sources.iter().map(|source| (source, source.up_to)).collect();
        return write(console, job.id, &found, &all).await.map(|()| false);
    }
    let Choices { found, after } = match &job.terms.selection {
        Selection::DeadLettersThat(filter) => {
            let after = source.frozen_to.unwrap_or(EntryId::ZERO);
            choose::dead_letters(console.redis(), &source.stream, filter, after, source.up_to).await?
        }
        Selection::History { stream, group, from, to } => {
            let after = source.frozen_to.or_else(|| before(*from));
            choose::history(console.redis(), stream, group, after, *to).await?
        }
        Selection::DeadLetters(_) => unreachable!("they were written down above"),
    };
    write(console, job.id, &found, &[(source, after.unwrap_or(source.up_to))]).await.map(|()| false)
}

/// The id before this one; `None` where it is the first.
fn before(id: EntryId) -> Option<EntryId> {
    match (id.ms, id.seq) {
        (0, 0) => None,
        (ms, 0) => Some(EntryId { ms: ms - 1, seq: u64::MAX }),
        (ms, seq) => Some(EntryId { ms, seq: seq - 1 }),
    }
}

/// Writes a page down together with how far that is: a process that dies in between repeats nothing.
async fn write(
    console: &Console,
    job: i64,
    found: &[choose::Choice],
    reached: &[(&Source, EntryId)],
) -> Result<(), Error> {
    let place = item::last_place(console, job).await.map_err(Error::RecoveryAway)?;
    answered(async {
        let mut transaction = console.database().begin().await?;
        item::insert(&mut transaction, job, place, found).await?;
        for (source, to) in reached {
            sqlx::query("update recovery_sources set frozen_to = $3 where job = $1 and stream = $2")
                .bind(job)
                .bind(&source.stream)
                .bind(to.to_string())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    })
    .await
    .map_err(Error::RecoveryAway)
}

/// What can be told only when everything is known: which keys have newer entries, and what to read before the start.
async fn finish(console: &Console, job: &Job, holder: &str) -> Result<(), Error> {
    let queued = item::in_state(console, job.id, ItemState::Queued).await.map_err(Error::RecoveryAway)?;
    let mut groups: BTreeMap<(&str, &str), Vec<&item::Row>> = BTreeMap::new();
    for row in &queued {
        groups.entry((&row.stream, &row.group_name)).or_default().push(row);
    }
    let mut newer: Vec<(i64, Option<u64>)> = Vec::new();
    for ((stream, group), rows) in &groups {
        if let Some(delivered) = choose::delivered(console.redis(), stream, group).await? {
            newer.extend(newer_of(console, stream, delivered, rows).await?);
        }
    }
    let overtaken = newer.iter().filter(|(_, count)| count.is_some_and(|count| count > 0)).count();
    let unknown = newer.iter().filter(|(_, count)| count.is_none()).count();
    let warnings = warnings(console, job, &groups, overtaken, unknown).await?;
    let leave_alone = job.terms.order == Order::InOrder;
    let json = serde_json::to_string(&warnings).expect("a list of sentences");
    answered(async {
        let mut transaction = console.database().begin().await?;
        sqlx::query("update recovery_items set newer = 0 where job = $1 and state = 'queued'")
            .bind(job.id)
            .execute(&mut *transaction)
            .await?;
        let odd: Vec<_> = newer.iter().filter(|(_, count)| *count != Some(0)).collect();
        for part in odd.chunks(rows::ROWS_PER_STATEMENT) {
            let statement = format!(
                "update recovery_items set newer = told.column2
                 from (values {}) as told where job = $1 and place = told.column1",
                typed_after(1, part.len())
            );
            let mut query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(job.id);
            for (place, count) in part {
                query = query.bind(*place).bind(count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
            }
            query.execute(&mut *transaction).await?;
        }
        if leave_alone {
            sqlx::query(
                "update recovery_items set state = 'skipped', detail =
                     case when newer is null then 'left alone: whether its key has newer entries is not known, too much was added since'
                     else 'left alone: its group was given newer entries of its key' end
                 where job = $1 and state = 'queued' and key_text is not null and (newer is null or newer > 0)",
            )
            .bind(job.id)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(
            "update recovery_jobs set state = 'ready', warnings = $3, note = null
             where id = $1 and holder = $2 and state = 'freezing'",
        )
        .bind(job.id)
        .bind(holder)
        .bind(json)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    })
    .await
    .map_err(Error::RecoveryAway)
}

/// `(cast($2 as bigint), cast($3 as bigint)), …` behind `first` other values.
fn typed_after(first: usize, rows: usize) -> String {
    let row = |row: usize| {
        let at = first + 2 * row;
        format!("(cast(${} as bigint), cast(${} as bigint))", at + 1, at + 2)
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Newer entries of the same key that the group was given, those left out that are in the job themselves.
async fn newer_of(
    console: &Console,
    stream: &str,
    delivered: EntryId,
    rows: &[&item::Row],
) -> Result<Vec<(i64, Option<u64>)>, Error> {
    let keyed: Vec<(&item::Row, &str)> = rows.iter().filter_map(|row| Some((*row, row.key_text.as_deref()?))).collect();
    let asked: Vec<_> = keyed.iter().map(|(row, key)| (row.source_id(), *key)).collect();
    let counts = choose::newer(console.redis(), stream, delivered, &asked).await?;
    let mut ours: HashMap<&str, Vec<EntryId>> = HashMap::new();
    for (row, key) in keyed.iter().filter(|(row, _)| row.is_in_stream()) {
        ours.entry(key).or_default().push(row.source_id());
    }
    for ids in ours.values_mut() {
        ids.sort_unstable();
    }
    let without_ours = |((row, key), count): (&(&item::Row, &str), Option<u64>)| {
        let id = row.source_id();
        let in_job = ours.get(key).map_or(0, |ids| ids.len() - ids.partition_point(|other| *other <= id)) as u64;
        (row.place, count.map(|count| count.saturating_sub(in_job)))
    };
    Ok(keyed.iter().zip(counts).map(without_ours).collect())
}

/// Sentences to read before the start: who else sees entries, what can go wrong.
async fn warnings(
    console: &Console,
    job: &Job,
    groups: &BTreeMap<(&str, &str), Vec<&item::Row>>,
    overtaken: usize,
    unknown: usize,
) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    let snapshot = console.snapshot();
    for ((stream, group), rows) in groups {
        let added = rows.iter().filter(|row| !row.is_in_stream()).count();
        if added > 0 {
            let all = choose::delivered_of_all(console.redis(), stream).await?;
            let others: Vec<_> = all.iter().map(|(name, _)| name).filter(|name| name != group).collect();
            if !others.is_empty() {
                let entries = counted(added, "entry", "entries");
                warnings.push(format!(
                    "{entries} of {stream} that {group} failed on are added again, as they are no longer there: {} will see \
                     them too; consumers of this program skip them, others handle them once more",
                    crate::act::enumerated(others.into_iter())
                ));
            }
        }
        let sample = snapshot.streams.iter().find(|sample| sample.name == *stream);
        let sample = sample.and_then(|sample| sample.groups.iter().find(|sample| sample.name == *group));
        if sample.is_none_or(|sample| sample.handling.is_none()) {
            warnings.push(format!(
                "{group} of {stream} is read by another program: whether it bears an event twice, only its makers know, and \
                 what is given to it waits until it takes over idle entries"
            ));
        }
    }
    if overtaken > 0 {
        let entries = counted(overtaken, "entry is", "entries are");
        let what = match job.terms.order {
            Order::InOrder => "left alone",
            Order::AsIs => "sent all the same",
        };
        warnings.push(format!("{entries} older than what the group was given of the same key since: {what}"));
    }
    if unknown > 0 {
        let entries = counted(unknown, "entry", "entries");
        warnings
            .push(format!("of {entries} nobody knows whether their keys have newer ones: too much was added since"));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_begins_with_its_first_entry() {
        assert_eq!(before(EntryId { ms: 5, seq: 0 }), Some(EntryId { ms: 4, seq: u64::MAX }));
        assert_eq!(before(EntryId { ms: 5, seq: 2 }), Some(EntryId { ms: 5, seq: 1 }));
        assert_eq!(before(EntryId::ZERO), None);
    }

    #[test]
    fn values_are_numbered_behind_the_others() {
        assert_eq!(typed_after(1, 1), "(cast($2 as bigint), cast($3 as bigint))");
    }
}
