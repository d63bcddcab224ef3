//! What fires now, and what has fired.

use std::collections::BTreeMap;

use domain::{
    Figure, Timestamp,
    alert::{Comparison, Delivery, Firing, FiringNow, Phase, Reason, Rule, Severity, Subject, Watched, readings},
};
use store::rows;

use super::{message, rule};
use crate::{Console, Error};

/// Firings that are listed at once; who has more of them looks for their common cause.
const NOW_AT_MOST: i64 = 500;
const LONGEST_PAGE: usize = 500;

pub(super) const COLUMNS: &str = "f.id, f.rule_id, f.rule, f.severity, f.watched, f.comparison, f.threshold, f.note, \
                                  f.subject, f.began_us, f.fired_at_us, f.figure, f.resolved_at_us, f.reason";

/// A page of the history, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub firings: Vec<Firing>,
    /// Cursor (exclusive) for the page of older firings; `None` at the end.
    pub older: Option<String>,
}

/// How many subjects of a rule are in which state. What is fine is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub pending: u64,
    /// Also those that are calm, not for long enough.
    pub firing: u64,
    /// Those of both whose figure is not known.
    pub unknown: u64,
}

/// Everything that fires, worst first, then the oldest; 500 at most.
pub async fn now(console: &Console) -> Result<Vec<FiringNow>, Error> {
    let statement = format!(
        "select {COLUMNS}, s.phase as phase from alert_firings f join alert_states s on s.firing_id = f.id
         where f.resolved_at_us is null
         order by case f.severity when 'critical' then 0 when 'warning' then 1 else 2 end, f.id limit $1"
    );
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    let rows: Vec<RowNow> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(NOW_AT_MOST)
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| Error::AlertsAway(error.into()))?;
    drop(connection);
    let phases: Vec<String> = rows.iter().map(|row| row.phase.clone()).collect();
    let firings = with_deliveries(console, rows.into_iter().map(|row| row.firing).collect()).await?;
    let rules = rule::list(console).await?;
    let mut figures = BTreeMap::new();
    for rule in rules.iter().filter(|rule| firings.iter().any(|firing| firing.rule_id == rule.id)) {
        figures.insert(rule.id.clone(), figures_of(console, rule));
    }
    let firings = firings.into_iter().zip(phases).map(|(firing, phase)| {
        let rule = rules.iter().find(|rule| rule.id == firing.rule_id);
        let figure = figures.get(&firing.rule_id).map(|figures| match figures {
            None => Figure::unknown("redis does not answer"),
            Some(figures) => figures.get(&firing.subject).cloned().unwrap_or_else(|| Figure::unknown("it is gone")),
        });
        FiringNow {
            phase: Phase::parse(&phase).unwrap_or(Phase::Firing),
            now: figure.unwrap_or_else(|| Figure::unknown("its rule was deleted just now")),
            muted_until: rule.and_then(|rule| rule.muted_until),
            firing,
        }
    });
    Ok(firings.collect())
}

/// What the rule reads now; `None` while Redis does not answer.
fn figures_of(console: &Console, rule: &Rule) -> Option<BTreeMap<Subject, Figure>> {
    let arrivals = console.alerts().arrivals.borrow().clone();
    Some(readings(&rule.terms, &console.snapshot(), &arrivals)?.into_iter().collect())
}

/// How many subjects the rule watches; `None` while Redis does not answer.
pub fn watched(console: &Console, rule: &Rule) -> Option<usize> {
    figures_of(console, rule).map(|figures| figures.len())
}

/// A page of the history, newest first; `before` is the cursor of the last page, `rule_id` leaves out other rules.
pub async fn history(
    console: &Console,
    rule_id: Option<&str>,
    before: Option<&str>,
    count: usize,
) -> Result<Page, Error> {
    let count = count.clamp(1, LONGEST_PAGE);
    let statement = format!(
        "select {COLUMNS} from alert_firings f
         where ($1 = '' or f.rule_id = $1) and ($2 = '' or f.id < $2) order by f.id desc limit $3"
    );
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    let mut rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
        .bind(rule_id.unwrap_or_default())
        .bind(before.unwrap_or_default())
        // one more than asked for tells whether there is another page
        .bind(i64::try_from(count + 1).expect("a page is short"))
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| Error::AlertsAway(error.into()))?;
    drop(connection);
    let more = rows.len() > count;
    rows.truncate(count);
    let older = rows.last().filter(|_| more).map(|row| row.id.clone());
    Ok(Page { firings: with_deliveries(console, rows).await?, older })
}

/// The states of every rule that has found something.
pub async fn tallies(console: &Console) -> Result<BTreeMap<String, Tally>, Error> {
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select rule_id, phase, cast(count(*) as bigint), cast(count(unknown_since_us) as bigint)
         from alert_states group by rule_id, phase",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| Error::AlertsAway(error.into()))?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for (rule_id, phase, count, unknown) in rows {
        let tally = tallies.entry(rule_id).or_default();
        let count = u64::try_from(count).unwrap_or(0);
        if phase == Phase::Pending.as_str() {
            tally.pending += count;
        } else {
            tally.firing += count;
        }
        tally.unknown += u64::try_from(unknown).unwrap_or(0);
    }
    Ok(tallies)
}

async fn with_deliveries(console: &Console, firings: Vec<Row>) -> Result<Vec<Firing>, Error> {
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    let mut deliveries: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for ids in firings.chunks(rows::ROWS_PER_STATEMENT) {
        let ids: Vec<&str> = ids.iter().map(|row| row.id.as_str()).collect();
        let found = message::of_firings(&mut connection, &ids).await.map_err(Error::AlertsAway)?;
        for (firing, delivery) in found {
            deliveries.entry(firing).or_default().push(delivery);
        }
    }
    firings
        .into_iter()
        .map(|row| {
            let deliveries = deliveries.remove(&row.id).unwrap_or_default();
            Ok(Firing { deliveries, ..Firing::try_from(row)? })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct RowNow {
    #[sqlx(flatten)]
    firing: Row,
    phase: String,
}

/// A firing as stored, without its messages.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: String,
    rule_id: String,
    rule: String,
    severity: String,
    watched: String,
    comparison: String,
    threshold: i64,
    note: String,
    subject: String,
    began_us: i64,
    fired_at_us: i64,
    figure: String,
    resolved_at_us: Option<i64>,
    reason: Option<String>,
}

impl TryFrom<Row> for Firing {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let odd = |what: &str| Error::Internal(anyhow::anyhow!("stored {what} of firing {}", row.id));
        let reason = row.reason.as_deref().map(|word| Reason::parse(word).ok_or_else(|| odd("reason"))).transpose()?;
        Ok(Self {
            severity: Severity::parse(&row.severity).ok_or_else(|| odd("severity"))?,
            watched: Watched::parse(&row.watched).ok_or_else(|| odd("figure"))?,
            comparison: Comparison::parse(&row.comparison).ok_or_else(|| odd("comparison"))?,
            threshold: u64::try_from(row.threshold).unwrap_or(0),
            subject: serde_json::from_str(&row.subject).map_err(|_| odd("subject"))?,
            figure: serde_json::from_str(&row.figure).map_err(|_| odd("value"))?,
            began: Timestamp::from_micros(row.began_us),
            fired_at: Timestamp::from_micros(row.fired_at_us),
            resolved_at: row.resolved_at_us.map(Timestamp::from_micros),
            reason,
            rule_id: row.rule_id,
            rule: row.rule,
            note: row.note,
            deliveries: Vec::new(),
            id: row.id,
        })
    }
}
