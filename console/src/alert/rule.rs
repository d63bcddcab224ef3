//! The rules, and the acts on them. The watcher reads them at every look, so an act is felt within a second.

use std::{future::Future, time::Duration};

use domain::{
    Permission, Refusal, Timestamp,
    alert::{Comparison, Rule, Severity, Terms, Watched},
    time::humane,
};
use sqlx::AnyConnection;
use uuid::Uuid;

use crate::{
    Actor, Console, Error,
    act::{self, Act},
    audit::{Ended, storable},
    clock,
};

/// Rules that there may be: each is asked at every look.
const RULES_AT_MOST: i64 = 200;
/// Longest that a rule may be muted: who wants it longer switches it off.
const MUTE_AT_MOST: Duration = Duration::from_hours(31 * 24);

const COLUMNS: &str = "id, name, watched, stream, group_name, comparison, threshold, for_seconds, resolve_threshold, \
                       resolve_for_seconds, severity, note, enabled, muted_until_us";

/// Every rule, by name.
pub async fn list(console: &Console) -> Result<Vec<Rule>, Error> {
    let mut connection = console.database().connection().await.map_err(Error::AlertsAway)?;
    all(&mut connection).await.map_err(Error::AlertsAway)?.into_iter().map(Rule::try_from).collect()
}

/// One rule.
pub async fn get(console: &Console, id: &str) -> Result<Rule, Error> {
    let found = list(console).await?.into_iter().find(|rule| rule.id == id);
    found.ok_or_else(|| Error::Refused(unknown()))
}

/// What is said of a rule that is not there.
pub fn unknown() -> Refusal {
    Refusal::not_found("there is no such rule; it may have been deleted")
}

pub(super) async fn all(connection: &mut AnyConnection) -> Result<Vec<Row>, store::Error> {
    let statement = format!("select {COLUMNS} from alert_rules order by name, id");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(statement)).fetch_all(connection).await?)
}

/// Makes a rule; needs `administer`. The answer is its id.
pub async fn create(console: &Console, who: &Actor, terms: Terms) -> Result<String, Error> {
    let terms = checked(terms)?;
    let act = act("alerts.create_rule", Permission::Administer, &terms.name, terms.sentence());
    let (within, id) = (console.clone(), Uuid::now_v7().to_string());
    let made = id.clone();
    let work = async move {
        let mut transaction = within.database().begin().await.map_err(Error::AlertsAway)?;
        let (count,): (i64,) = answered(
            sqlx::query_as("select cast(count(*) as bigint) from alert_rules").fetch_one(&mut *transaction).await,
        )?;
        if count >= RULES_AT_MOST {
            let message = format!("there are {RULES_AT_MOST} rules already; delete one, or give one a wider pattern");
            return Err(Error::Refused(Refusal::conflict(message)));
        }
        let statement = format!(
            "insert into alert_rules ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, null)"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(&made);
        named_once(bind(query, &terms).execute(&mut *transaction).await, &terms.name)?;
        transaction.commit().await.map_err(Error::AlertsAway)
    };
    done(console, who, act, work, "it watches from now on").await.map(|()| id)
}

/// Gives a rule other terms; needs `administer`. What it has found goes on, as far as it is still about that.
pub async fn change(console: &Console, who: &Actor, id: &str, terms: Terms) -> Result<(), Error> {
    let terms = checked(terms)?;
    let before = get(console, id).await?;
    let act = act("alerts.change_rule", Permission::Administer, &before.terms.name, terms.sentence());
    let (within, id) = (console.clone(), id.to_owned());
    let work = async move {
        let mut transaction = within.database().begin().await.map_err(Error::AlertsAway)?;
        let query = sqlx::query(
            "update alert_rules set name = $2, watched = $3, stream = $4, group_name = $5, comparison = $6,
                 threshold = $7, for_seconds = $8, resolve_threshold = $9, resolve_for_seconds = $10, severity = $11,
                 note = $12
             where id = $1",
        )
        .bind(&id);
        let changed = named_once(bind(query, &terms).execute(&mut *transaction).await, &terms.name)?;
        there(changed)?;
        transaction.commit().await.map_err(Error::AlertsAway)
    };
    done(console, who, act, work, "it watches by its new terms").await
}

/// Lets a rule tell nobody for a while, or at once again (`None`); needs `operate`.
pub async fn mute(console: &Console, who: &Actor, id: &str, how_long: Option<Duration>) -> Result<(), Error> {
    if how_long.is_some_and(|long| long > MUTE_AT_MOST) {
        let message = format!("a rule is muted for at most {}; switch it off instead", humane(MUTE_AT_MOST));
        return Err(Error::Refused(Refusal::invalid(message)));
    }
    let request = how_long.map_or("let it tell again".to_owned(), |long| format!("tell nobody for {}", humane(long)));
    let name = if how_long.is_some() { "alerts.mute_rule" } else { "alerts.unmute_rule" };
    let until = how_long.map(|long| (clock::now() + long).micros());
    let statement = "update alert_rules set muted_until_us = $2 where id = $1";
    set(console, who, id, (name, Permission::Operate), request, statement, until).await
}

/// Switches a rule on or off; needs `administer`. What it has told is over when it is off.
pub async fn enable(console: &Console, who: &Actor, id: &str, enabled: bool) -> Result<(), Error> {
    let (name, request) =
        if enabled { ("alerts.enable_rule", "switch it on") } else { ("alerts.disable_rule", "switch it off") };
    let statement = "update alert_rules set enabled = $2 where id = $1";
    set(console, who, id, (name, Permission::Administer), request.to_owned(), statement, Some(i64::from(enabled))).await
}

/// Deletes a rule; needs `administer`. What it has told is over; its firings stay in the history.
pub async fn delete(console: &Console, who: &Actor, id: &str) -> Result<(), Error> {
    let statement = "delete from alert_rules where id = $1 and cast($2 as bigint) is null";
    let named = ("alerts.delete_rule", Permission::Administer);
    set(console, who, id, named, "delete the rule".to_owned(), statement, None).await
}

/// An act that is one statement with the rule's id and a value.
async fn set(
    console: &Console,
    who: &Actor,
    id: &str,
    (name, permission): (&'static str, Permission),
    request: String,
    statement: &'static str,
    value: Option<i64>,
) -> Result<(), Error> {
    let rule = get(console, id).await?;
    let (within, id) = (console.clone(), id.to_owned());
    let work = async move {
        let mut transaction = within.database().begin().await.map_err(Error::AlertsAway)?;
        let changed = sqlx::query(statement).bind(&id).bind(value).execute(&mut *transaction).await;
        there(answered(changed)?.rows_affected())?;
        transaction.commit().await.map_err(Error::AlertsAway)
    };
    done(console, who, act(name, permission, &rule.terms.name, request), work, "done").await
}

fn act(name: &'static str, permission: Permission, rule: &str, request: String) -> Act {
    let subject = format!("alert rule {rule}");
    Act { name, permission, subject, request, reason: None, needs_reason: None, on_redis: None }
}

async fn done<W>(console: &Console, who: &Actor, act: Act, work: W, result: &'static str) -> Result<(), Error>
where
    W: Future<Output = Result<(), Error>> + Send + 'static,
{
    act::carry_out(console, who, act, work, move |(), _| Ended::new(true, None, result.to_owned())).await
}

fn checked(mut terms: Terms) -> Result<Terms, Error> {
    terms.name = terms.name.trim().to_owned();
    terms.note = terms.note.trim().to_owned();
    terms.check().map_err(|problem| Error::Refused(Refusal::invalid(problem.to_string())))?;
    Ok(terms)
}

fn answered<T>(result: Result<T, sqlx::Error>) -> Result<T, Error> {
    result.map_err(|error| Error::AlertsAway(error.into()))
}

/// How many rows were written; refuses a name that another rule has.
fn named_once(result: Result<sqlx::any::AnyQueryResult, sqlx::Error>, name: &str) -> Result<u64, Error> {
    match result {
        // ids are never used twice, so it is the name
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            let message = format!("name: another rule is called {name} already");
            Err(Error::Refused(Refusal::conflict(message)))
        }
        result => Ok(answered(result)?.rows_affected()),
    }
}

fn there(changed: u64) -> Result<(), Error> {
    if changed == 1 {
        return Ok(());
    }
    Err(Error::Refused(Refusal::not_found("there is no such rule any more: somebody has deleted it")))
}

type Query<'a> = sqlx::query::Query<'a, sqlx::Any, sqlx::any::AnyArguments>;

fn bind<'a>(query: Query<'a>, terms: &'a Terms) -> Query<'a> {
    query
        .bind(storable(&terms.name))
        .bind(terms.watched.as_str())
        .bind(storable(&terms.stream))
        .bind(storable(&terms.group))
        .bind(terms.comparison.as_str())
        .bind(signed(terms.threshold))
        .bind(signed(terms.for_seconds))
        .bind(signed(terms.resolve_threshold))
        .bind(signed(terms.resolve_for_seconds))
        .bind(terms.severity.as_str())
        .bind(storable(&terms.note))
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A rule as stored.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: String,
    name: String,
    watched: String,
    stream: String,
    group_name: String,
    comparison: String,
    threshold: i64,
    for_seconds: i64,
    resolve_threshold: i64,
    resolve_for_seconds: i64,
    severity: String,
    note: String,
    enabled: i64,
    muted_until_us: Option<i64>,
}

impl TryFrom<Row> for Rule {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let odd = |what: &str| Error::Internal(anyhow::anyhow!("stored {what} of alert rule {}", row.id));
        Ok(Self {
            terms: Terms {
                watched: Watched::parse(&row.watched).ok_or_else(|| odd("figure"))?,
                comparison: Comparison::parse(&row.comparison).ok_or_else(|| odd("comparison"))?,
                severity: Severity::parse(&row.severity).ok_or_else(|| odd("severity"))?,
                name: row.name,
                stream: row.stream,
                group: row.group_name,
                threshold: unsigned(row.threshold),
                for_seconds: unsigned(row.for_seconds),
                resolve_threshold: unsigned(row.resolve_threshold),
                resolve_for_seconds: unsigned(row.resolve_for_seconds),
                note: row.note,
            },
            enabled: row.enabled != 0,
            muted_until: row.muted_until_us.map(Timestamp::from_micros),
            id: row.id,
        })
    }
}
