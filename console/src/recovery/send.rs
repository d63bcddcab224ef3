//! Gives the next entries of a job to their groups. Redis remembers what it was told in the step that does it, so whoever
//! dies between that and the note in SQL asks again and is told the same.

use std::collections::BTreeMap;

use domain::{
    recovery::{ItemState, Job, Order},
    stream::EntryId,
};
use streams::dead_letter::{self, Resend, Sent};

use super::{
    answered,
    item::{self, COLUMNS, Outcome, Row},
    now_us,
};
use crate::{Console, Error};

/// Entries of one step: small enough that Redis does nothing else for some milliseconds at most.
pub(super) const AT_ONCE: u64 = 250;

/// The next entries that may be sent, at most `count`: the oldest first; in order, those that wait for none of their key.
pub(super) async fn next(console: &Console, job: &Job, count: u64) -> Result<Vec<Row>, Error> {
    let waits_for_none = match job.terms.order {
        Order::AsIs => "",
        Order::InOrder => {
            "and (key_text is null or not exists (
                 select 1 from recovery_items as earlier
                 where earlier.job = item.job and earlier.stream = item.stream and earlier.group_name = item.group_name
                 and earlier.key_text = item.key_text and earlier.state in ('queued', 'sent')
                 and (earlier.source_ms < item.source_ms or (earlier.source_ms = item.source_ms
                     and (earlier.source_seq < item.source_seq
                          or (earlier.source_seq = item.source_seq and earlier.place < item.place))))))"
        }
    };
    let statement = format!(
        "select {COLUMNS} from recovery_items as item where job = $1 and state = 'queued' {waits_for_none}
         order by source_ms, source_seq, place limit $2"
    );
    answered(async {
        let mut connection = console.database().connection().await?;
        let query = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(job.id);
        Ok(query.bind(i64::try_from(count).unwrap_or(i64::MAX)).fetch_all(&mut *connection).await?)
    })
    .await
    .map_err(Error::RecoveryAway)
}

/// Sends these and writes down what became of each; how many were given to their groups.
pub(super) async fn send(console: &Console, job: &Job, rows: &[Row]) -> Result<u64, Error> {
    let mut given = 0;
    let mut groups: BTreeMap<(&str, &str), Vec<&Row>> = BTreeMap::new();
    for row in rows {
        groups.entry((&row.stream, &row.group_name)).or_default().push(row);
    }
    for ((stream, group), rows) in groups {
        let entries: Vec<Resend> =
            rows.iter().map(|row| Resend { record: row.record(), source_id: row.source_id() }).collect();
        let sent = dead_letter::send(console.redis(), Some(job.id), stream, group, &entries).await?;
        // what became of many alike is one statement
        let mut outcomes: BTreeMap<(ItemState, String, Option<EntryId>), Vec<i64>> = BTreeMap::new();
        for (row, sent) in rows.iter().zip(sent) {
            let outcome = match sent {
                Sent::ToGroup => (ItemState::Sent, format!("given back to {group}"), None),
                Sent::Added(id) => (ItemState::Sent, format!("added again as {id}, marked for {group}"), Some(id)),
                Sent::Not(why) => (ItemState::Skipped, why.sentence(stream, group), None),
            };
            outcomes.entry(outcome).or_default().push(row.place);
        }
        let now = now_us();
        answered(async {
            let mut transaction = console.database().begin().await?;
            for ((to, detail, added_as), places) in &outcomes {
                let sent_at_us = (*to == ItemState::Sent).then_some(now);
                let outcome = Outcome { from: ItemState::Queued, to: *to, detail, added_as: *added_as, sent_at_us };
                item::settle(&mut transaction, job.id, places, &outcome).await?;
            }
            transaction.commit().await
        })
        .await
        .map_err(Error::RecoveryAway)?;
        let sent = outcomes.iter().filter(|((to, ..), _)| *to == ItemState::Sent).map(|(_, places)| places.len());
        given += sent.sum::<usize>() as u64;
    }
    Ok(given)
}
