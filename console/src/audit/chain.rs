//! The chain through the log: what makes a change of it show. A link hashes what an act said when it was begun, or ended,
//! together with the link before, so that nothing can be changed, left out or put in without every later link telling.
//! Who may write the database can make a new chain from there on; its head differs from the one that was written down
//! elsewhere, which every log line of an act has.

use std::{collections::BTreeSet, fmt::Write as _};

use domain::{
    Timestamp,
    audit::{AuditFault, Verification},
};
use sha2::{Digest, Sha256};
use sqlx::{Row as _, any::AnyRow};
use store::Transaction;
use tokio::sync::Mutex;

use super::answered;
use crate::{Console, Error, clock};

/// Links looked at in one statement. Each can come with a report of 256 kB.
const STEP: i64 = 100;
/// Faults that are told one by one: the first ones tell where somebody has been.
const FAULTS_AT_MOST: usize = 100;

/// Which half of an act a link is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Begun,
    Ended,
}

impl Said {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Ended => "ended",
        }
    }

    /// The columns that the half consists of, as they are stored.
    const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Begun => &["id", "at_us", "who", "permission", "act", "subject", "request", "reason", "search_text"],
            Self::Ended => &["id", "state", "finished_at_us", "report", "result"],
        }
    }

    /// What somebody has done who changed it.
    const fn changed(self) -> &'static str {
        match self {
            Self::Begun => "who asked for what was changed after it was written",
            Self::Ended => "what became of it was changed after it was written",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Begun, Self::Ended].into_iter().find(|said| said.as_str() == word)
    }
}

/// The end of the chain, whose row is locked while there is one.
pub(super) struct End {
    pub(super) last_id: i64,
    link: i64,
    head: String,
}

impl End {
    /// Takes the writer's turn, and as many ids as are asked for.
    pub(super) async fn take(transaction: &mut Transaction, ids: i64) -> Result<Self, store::Error> {
        let (last_id, link, head, unchained): (i64, i64, String, i64) = sqlx::query_as(
            "update audit_position set last_id = last_id + $1 where only_row = 1
             returning last_id, last_link, head, unchained",
        )
        .bind(ids)
        .fetch_one(&mut **transaction)
        .await?;
        let head = if head.is_empty() { beginning(unchained) } else { head };
        Ok(Self { last_id, link, head })
    }

    /// Adds the link of what was just written of this act; gives its hash, the new head.
    pub(super) async fn add(
        self,
        transaction: &mut Transaction,
        entry: i64,
        said: Said,
    ) -> Result<String, store::Error> {
        let statement = format!("select {} from audit where id = $1", as_texts(said, "audit").join(", "));
        let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(entry).fetch_one(&mut **transaction).await?;
        let digest = digest(&row, 0, said)?;
        let link = self.link + 1;
        let hash = hash(&self.head, link, entry, said.as_str(), &digest);
        sqlx::query("insert into audit_links (link, entry, said, digest, hash) values ($1, $2, $3, $4, $5)")
            .bind(link)
            .bind(entry)
            .bind(said.as_str())
            .bind(digest)
            .bind(&hash)
            .execute(&mut **transaction)
            .await?;
        sqlx::query("update audit_position set last_link = $1, head = $2 where only_row = 1")
            .bind(link)
            .bind(&hash)
            .execute(&mut **transaction)
            .await?;
        Ok(hash)
    }
}

/// The columns as texts, numbers in decimals: both databases spell them alike, and what was stored is what is hashed.
fn as_texts(said: Said, table: &str) -> Vec<String> {
    said.columns().iter().map(|column| format!("cast({table}.{column} as text)")).collect()
}

/// The hash of the columns of a half, which begin at this place of the row.
fn digest(row: &AnyRow, from: usize, said: Said) -> Result<String, sqlx::Error> {
    let texts = (from..from + said.columns().len()).map(|place| row.try_get::<Option<String>, _>(place));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    Ok(sha256(texts.iter().map(|text| text.as_deref())))
}

/// What the first link is tied to.
fn beginning(unchained: i64) -> String {
    sha256([Some("dsm-console audit log"), Some(&unchained.to_string())].into_iter())
}

fn hash(before: &str, link: i64, entry: i64, said: &str, digest: &str) -> String {
    let (link, entry) = (link.to_string(), entry.to_string());
    sha256([before, &link, &entry, said, digest].map(Some).into_iter())
}

/// SHA-256 of a list of texts, each with its length before it, so that no two lists have one spelling.
fn sha256<'a>(texts: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        match text {
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            None => hash.update([0]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("writing to a string");
    }
    text
}

/// The last walk, for pages: they ask again at every tick.
#[derive(Default)]
pub(crate) struct Verified(Mutex<Option<(Option<String>, Verification)>>);

/// A walk that began at `since` or later, made now if there is none. Others who ask meanwhile wait for it.
pub async fn verified(console: &Console, since: Timestamp, head: Option<&str>) -> Result<Verification, Error> {
    let mut last = console.verified().0.lock().await;
    let since = since.min(clock::now());
    if let Some((of, found)) = &*last
        && of.as_deref() == head
        && found.at >= since
    {
        return Ok(found.clone());
    }
    let found = verify(console, head).await?;
    *last = Some((head.map(str::to_owned), found.clone()));
    Ok(found)
}

/// Walks the whole chain and compares it with the log. With `head`, a hash that was written down elsewhere, it must be in
/// the chain too. Acts go on meanwhile.
pub async fn verify(console: &Console, head: Option<&str>) -> Result<Verification, Error> {
    let at = clock::now();
    let (links, newest, unchained): (i64, String, i64) = answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select last_link, head, unchained from audit_position where only_row = 1";
        Ok(sqlx::query_as(statement).fetch_one(&mut *connection).await?)
    })
    .await
    .map_err(Error::AuditAway)?;
    let mut walk = Walk::new(unchained, head);
    while walk.link < links {
        let rows = step(console, walk.link, links).await.map_err(Error::AuditAway)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            walk.look_at(&row).map_err(|error| Error::AuditAway(error.into()))?;
        }
    }
    walk.end(links, &newest);
    for (entry, said) in unlinked(console, unchained).await.map_err(Error::AuditAway)? {
        let half = if said == Said::Begun { "it was" } else { "its result was" };
        walk.fault(Some(entry), format!("{half} written into the log past the chain"));
    }
    let acts = acts(console).await.map_err(Error::AuditAway)?;
    Ok(walk.told(at, acts, newest))
}

/// The next links up to this one, each with the halves of its act.
async fn step(console: &Console, after: i64, to: i64) -> Result<Vec<AnyRow>, store::Error> {
    let begun = as_texts(Said::Begun, "audit").join(", ");
    // a report is read for the link that is about it only
    let ended = as_texts(Said::Ended, "audit")
        .join(", ")
        .replace("cast(audit.report as text)", "case when audit_links.said = 'ended' then audit.report else null end");
    let statement = format!(
        "select link, entry, said, digest, hash, audit.id, {begun}, {ended}
         from audit_links left join audit on audit.id = entry
         where link > $1 and link <= $2 order by link limit {STEP}"
    );
    answered(async {
        let mut connection = console.database().connection().await?;
        Ok(sqlx::query(sqlx::AssertSqlSafe(statement)).bind(after).bind(to).fetch_all(&mut *connection).await?)
    })
    .await
}

/// Halves of acts that have no link although they were written while there was a chain.
async fn unlinked(console: &Console, unchained: i64) -> Result<Vec<(i64, Said)>, store::Error> {
    let mut found = Vec::new();
    for (said, which) in [(Said::Begun, "true"), (Said::Ended, "state <> 'intended'")] {
        let statement = format!(
            "select id from audit where id > $1 and {which}
             and not exists (select 1 from audit_links where entry = id and said = $2) order by id limit {FAULTS_AT_MOST}"
        );
        let rows: Vec<(i64,)> = answered(async {
            let mut connection = console.database().connection().await?;
            let query = sqlx::query_as(sqlx::AssertSqlSafe(statement)).bind(unchained).bind(said.as_str());
            Ok(query.fetch_all(&mut *connection).await?)
        })
        .await?;
        found.extend(rows.into_iter().map(|(id,)| (id, said)));
    }
    Ok(found)
}

async fn acts(console: &Console) -> Result<i64, store::Error> {
    answered(async {
        let mut connection = console.database().connection().await?;
        let statement = "select cast(count(*) as bigint) from audit";
        let (count,): (i64,) = sqlx::query_as(statement).fetch_one(&mut *connection).await?;
        Ok(count)
    })
    .await
}

/// One walk through the chain.
struct Walk<'a> {
    link: i64,
    /// Unknown after a gap.
    before: Option<String>,
    unchained: i64,
    /// A hash that is looked for.
    sought: Option<&'a str>,
    links: u64,
    faults: BTreeSet<(Option<i64>, String)>,
    more: u64,
}

impl<'a> Walk<'a> {
    fn new(unchained: i64, sought: Option<&'a str>) -> Self {
        let before = Some(beginning(unchained));
        let sought = sought.filter(|head| before.as_deref() != Some(*head));
        Self { link: 0, before, unchained, sought, links: 0, faults: BTreeSet::new(), more: 0 }
    }

    fn fault(&mut self, entry: Option<i64>, what: String) {
        if self.faults.len() < FAULTS_AT_MOST {
            self.faults.insert((entry, what));
        } else {
            self.more += 1;
        }
    }

    fn look_at(&mut self, row: &AnyRow) -> Result<(), sqlx::Error> {
        let (link, entry): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (said, written, written_hash): (String, String, String) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let act: Option<i64> = row.try_get(5)?;
        if link != self.link + 1 {
            self.gone(self.link + 1, link - 1);
            self.before = None;
        }
        if let Some(before) = self.before.take()
            && hash(&before, link, entry, &said, &written) != written_hash
        {
            self.fault(Some(entry), format!("link {link} does not follow from the one before it"));
        }
        match (act, Said::parse(&said)) {
            (None, _) => self.fault(Some(entry), "it is gone from the log".to_owned()),
            (Some(_), None) => self.fault(Some(entry), format!("link {link} is about nothing that is known")),
            (Some(_), Some(said)) => {
                let from = if said == Said::Begun { 6 } else { 6 + Said::Begun.columns().len() };
                if digest(row, from, said)? != written {
                    self.fault(Some(entry), said.changed().to_owned());
                }
            }
        }
        self.sought = self.sought.filter(|head| *head != written_hash);
        (self.link, self.before) = (link, Some(written_hash));
        self.links += 1;
        Ok(())
    }

    fn gone(&mut self, from: i64, to: i64) {
        let what = if from == to { format!("link {from} is gone") } else { format!("links {from} to {to} are gone") };
        self.fault(None, what);
    }

    /// `head` is what the log remembers as the hash of its newest link.
    fn end(&mut self, links: i64, head: &str) {
        if self.link < links {
            self.gone(self.link + 1, links);
        } else if links > 0 && self.before.as_deref() != Some(head) {
            self.fault(None, "the newest link is not the one that the log remembers".to_owned());
        }
        if self.sought.is_some() {
            self.fault(None, "the hash that was asked for is not in the chain: the log was written anew".to_owned());
        }
    }

    fn told(self, at: Timestamp, acts: i64, newest: String) -> Verification {
        let head = if newest.is_empty() { beginning(self.unchained) } else { newest };
        let faults = self.faults.into_iter().map(|(entry, what)| AuditFault { entry, what });
        Verification {
            at,
            acts: acts.unsigned_abs(),
            links: self.links,
            unchained: self.unchained.unsigned_abs(),
            head,
            faults: faults.collect(),
            more_faults: self.more,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lists_of_texts_have_one_hash() {
        let lists: [&[Option<&str>]; 5] = [
            &[Some("ab"), Some("c")],
            &[Some("a"), Some("bc")],
            &[Some("abc")],
            &[Some("abc"), None],
            &[Some("abc"), Some("")],
        ];
        let hashes: std::collections::BTreeSet<_> = lists.iter().map(|list| sha256(list.iter().copied())).collect();
        assert_eq!(hashes.len(), lists.len());
    }
}
