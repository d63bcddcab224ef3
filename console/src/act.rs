//! How everything that changes something is carried out: may this person, is there a reason, intent, work, result.

use std::future::Future;

use domain::{
    Permission, Refusal,
    operation::{Outcome, Report},
    refusal::RefusalKind,
};
use tracing::Instrument;

use crate::{
    Actor, Console, Error,
    audit::{self, Ended, Intent},
};

/// Longest reason, in characters: a page of text. A longer one belongs where the log can point to it.
const REASON_AT_MOST: usize = 2_000;
/// Ids or streams named in one sentence. The report names all; this is what is known if the process dies before it.
const NAMED_AT_MOST: usize = 20;

/// What somebody wants done.
pub(crate) struct Act {
    /// `dead_letters.replay`, `group.move`, …
    pub(crate) name: &'static str,
    pub(crate) permission: Permission,
    pub(crate) subject: String,
    pub(crate) request: String,
    pub(crate) reason: Option<String>,
    /// Set where it is done only for a reason: the beginning of the sentence that asks for one.
    pub(crate) needs_reason: Option<&'static str>,
    /// What it does on Redis; `None` where Redis is not touched.
    pub(crate) on_redis: Option<OnRedis>,
}

/// What an act sends to Redis.
pub(crate) struct OnRedis {
    /// The stream that it changes; of several, one.
    pub(crate) stream: String,
    /// As [`domain::connection::needs`] has them.
    pub(crate) commands: &'static [&'static str],
}

/// Previews or carries out a repair. `work` does either, so that they are one code path; a preview leaves no trace.
pub(crate) async fn repair<W>(console: &Console, who: &Actor, act: Act, preview: bool, work: W) -> Result<Report, Error>
where
    W: Future<Output = Result<Report, Error>> + Send + 'static,
{
    allow(who, &act)?;
    if preview {
        let mut report = work.await?;
        // as the last look knows it: a page asks for its preview again at every tick
        let known = &console.snapshot().redis.rights;
        let refused = act.on_redis.as_ref().and_then(|on| known.allow(on.commands).err());
        report.warnings.extend(refused);
        return Ok(report);
    }
    allowed_by_redis(console, &act).await?;
    carry_out(console, who, act, work, |report, id| {
        report.audit_id = Some(id);
        let failed = report.count(Outcome::Failed) > 0;
        Ended::new(!failed, Some(report.clone()), summary(report))
    })
    .await
}

/// Carries an act out between its intent and its result in the audit log. `end` tells from what was done, and the id of
/// the audit entry, what the log is to keep.
pub(crate) async fn carry_out<T, W, E>(console: &Console, who: &Actor, act: Act, work: W, end: E) -> Result<T, Error>
where
    T: Send + 'static,
    W: Future<Output = Result<T, Error>> + Send + 'static,
    E: FnOnce(&mut T, i64) -> Ended + Send + 'static,
{
    allow(who, &act)?;
    let intent = Intent { who: who.name().to_owned(), reason: reason(&act)?, act };
    let in_task = console.clone();
    let whole = async move {
        let id = audit::begin(&in_task, &intent).await?;
        // the log and the caller are told the same words, and what is internal the same id
        let mut done = work.await.map_err(Refusal::from);
        let ended = match &mut done {
            Ok(done) => end(done, id),
            Err(refusal) => Ended::new(false, None, refusal.message.clone()),
        };
        match audit::finish(&in_task, id, &ended).await {
            // where log lines leave this machine, the head proves later that the log was not written anew
            Ok(head) => tracing::info!(
                audit.id = id,
                audit.act = intent.act.name,
                audit.head = head,
                result = ended.result(),
                "an act has ended"
            ),
            Err(error) => tracing::error!(
                audit.id = id,
                audit.act = intent.act.name,
                audit.subject = intent.act.subject,
                result = ended.result(),
                cause = format!("{error:#}"),
                "an act has ended, but the audit log could not be told: its entry stays as intended"
            ),
        }
        done.map_err(Error::Refused)
    };
    // on its own: a caller that goes away must not leave half an act behind
    let ended = console.acts().spawn(whole.in_current_span()).await;
    ended.unwrap_or_else(|gone| Err(Error::Internal(anyhow::Error::new(gone).context("an act was cut short"))))
}

fn allow(who: &Actor, act: &Act) -> Result<(), Error> {
    who.require(act.permission).inspect_err(|_| {
        tracing::warn!(
            who = who.name(),
            permission = act.permission.as_str(),
            act = act.name,
            subject = act.subject,
            "an act was refused: the permission is not held"
        );
    })
}

/// Refuses (403) before anything is begun what Redis would refuse this console's user half way. Where it cannot be found
/// out the act goes on, and Redis itself says.
async fn allowed_by_redis(console: &Console, act: &Act) -> Result<(), Error> {
    let Some(OnRedis { stream, commands }) = &act.on_redis else { return Ok(()) };
    let Ok(rights) = streams::rights(console.redis(), stream).await else { return Ok(()) };
    rights.allow(commands).map_err(|why| {
        tracing::warn!(act = act.name, subject = act.subject, why, "an act was refused: Redis does not let this user");
        Error::Refused(Refusal::new(RefusalKind::Forbidden, why))
    })
}

/// The reason without white space around it; refuses an act that lacks the reason it needs.
fn reason(act: &Act) -> Result<Option<String>, Error> {
    let reason = act.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if let (None, Some(what)) = (reason, act.needs_reason) {
        return Err(Error::Refused(Refusal::invalid(format!("{what} needs a reason"))));
    }
    if reason.is_some_and(|reason| reason.chars().count() > REASON_AT_MOST) {
        return Err(Error::Refused(Refusal::invalid(format!("the reason is longer than {REASON_AT_MOST} characters"))));
    }
    Ok(reason.map(str::to_owned))
}

/// `3 done, 1 skipped`.
fn summary(report: &Report) -> String {
    let words = [(Outcome::Done, "done"), (Outcome::Skipped, "skipped"), (Outcome::Failed, "failed")];
    let counts = words.map(|(outcome, word)| (report.count(outcome), word));
    let told: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if told.is_empty() { "there was nothing to do".to_owned() } else { told.join(", ") }
}

/// `3 dead letters`, `1 dead letter`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `a, b and 12 more`.
pub(crate) fn enumerated(names: impl ExactSizeIterator<Item = impl ToString>) -> String {
    let more = names.len().saturating_sub(NAMED_AT_MOST);
    let named: Vec<String> = names.take(NAMED_AT_MOST).map(|name| name.to_string()).collect();
    let named = named.join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_told_by_the_first_ones_and_a_count() {
        assert_eq!(enumerated(["a", "b"].into_iter()), "a, b");
        let many = enumerated((0..25).collect::<Vec<_>>().into_iter());
        assert!(many.starts_with("0, 1, 2") && many.ends_with("18, 19 and 5 more"), "{many}");
    }
}
