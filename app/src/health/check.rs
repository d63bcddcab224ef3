//! The rules by which each part is judged. They see only what was measured, so that they can be tested.

use std::time::Duration;

use domain::{
    Status, Timestamp,
    connection::{Rights, Role},
    figure::grouped,
    health::{LossKind, OutboxState, Readiness},
    stream::{RedisFacts, Snapshot},
    time::humane,
};

/// From here on memory is worth a look, in percent of its limit.
const MEMORY_WARN: u64 = 80;
/// Events that wait longer than this are not being published.
const OUTBOX_WARN: Duration = Duration::from_secs(10);
/// For so long a loss is something that somebody must look at.
const LOSS_IS_NEWS: Duration = Duration::from_hours(24);
/// Ticks that the sampler may miss.
const LATE_AFTER: u32 = 3;

/// The state of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) word: &'static str,
    /// Why it is judged so.
    pub(super) reason: String,
    /// What can be done all the same; empty while all is well.
    pub(super) still: &'static str,
}

fn check(name: impl Into<String>, status: Status, word: &'static str, reason: impl Into<String>) -> Check {
    Check { name: name.into(), status, word, reason: reason.into(), still: "" }
}

impl Check {
    fn still(self, still: &'static str) -> Self {
        Self { still, ..self }
    }
}

/// Whether the server answers; what still works without it depends on whether the services are there.
pub(super) fn connection(snapshot: &Snapshot, is_home: bool) -> Check {
    match &snapshot.error {
        None if snapshot.at == Timestamp::default() => {
            check("Redis", Status::Unknown, "Not asked yet", "the sampler has not looked at it yet")
        }
        None => check("Redis", Status::Ok, "Answers", "it answered the last time it was asked"),
        Some(error) => check("Redis", Status::Bad, "Away", error.clone()).still(if is_home {
            "Projects, backlog, sprints and the audit log work. Events wait in the outbox and are published when it is back. \
             Pages show what was seen last."
        } else {
            "Every other connection. Pages show what was seen last, with history and audit log."
        }),
    }
}

/// What this console's user may do there.
pub(super) fn rights(rights: &Rights) -> Check {
    let user = rights.user.as_deref().unwrap_or("of this connection");
    if let Some(why) = &rights.unknown {
        return check("Rights", Status::Unknown, "Unknown", why.clone()).still("What Redis allows.");
    }
    if let Some(why) = rights.blind_spots() {
        return check("Rights", Status::Warn, "Not all is seen", why)
            .still("What it may see. docs/connections.md has the whole list.");
    }
    match rights.role() {
        Role::WatchOnly => {
            let refused = format!("the user {user} may read everything and change nothing");
            check("Rights", Status::Ok, "Watch only", refused).still("Looking at everything. Repairs are off.")
        }
        Role::OperateInPart => {
            let refused = format!("the user {user} is refused {}", rights.refused.join(", "));
            check("Rights", Status::Idle, "In part", refused).still("Repairs that need nothing else.")
        }
        Role::Operate | Role::Unknown => {
            check("Rights", Status::Ok, "Operate", format!("the user {user} may watch and repair"))
        }
    }
}

/// Whether the server may delete whole streams when its memory is full (F8).
pub(super) fn eviction(redis: &RedisFacts) -> Check {
    let policy = &redis.eviction_policy;
    if redis.evicted_keys > 0 {
        let reason =
            format!("{} keys were deleted to free memory since the server started", grouped(redis.evicted_keys));
        return check("Eviction", Status::Bad, "Keys were lost", reason)
            .still("Set maxmemory-policy to noeviction: a stream that is evicted is gone with its groups.");
    }
    match (policy.as_str(), redis.max_memory_bytes) {
        ("", _) => check("Eviction", Status::Unknown, "Unknown", untold(redis, "the server has not told its policy")),
        ("noeviction", _) => {
            check("Eviction", Status::Ok, "Off", "when memory is full, writes are refused; nothing is lost")
        }
        (_, 0) => check(
            "Eviction",
            Status::Warn,
            "Armed",
            format!("the policy is {policy}; without a memory limit it does nothing yet"),
        )
        .still("Everything works. Set maxmemory-policy to noeviction before somebody sets a limit."),
        _ => check(
            "Eviction",
            Status::Bad,
            "May lose streams",
            format!("the policy is {policy}: when memory is full, whole streams can be deleted"),
        )
        .still("Everything works until memory is full. Set maxmemory-policy to noeviction."),
    }
}

/// How full the server is.
pub(super) fn memory(redis: &RedisFacts, used: &str, limit: &str) -> Check {
    if redis.version.is_empty() {
        return check("Memory", Status::Unknown, "Unknown", untold(redis, "the server was never reached"));
    }
    if redis.max_memory_bytes == 0 {
        return check("Memory", Status::Ok, "No limit", format!("{used} used; the machine's memory is the limit"));
    }
    let percent = redis.used_memory_bytes.saturating_mul(100) / redis.max_memory_bytes;
    let reason = format!("{used} of {limit} used, {percent} %");
    if percent < MEMORY_WARN {
        return check("Memory", Status::Ok, "Has room", reason);
    }
    check("Memory", Status::Warn, "Nearly full", reason)
        .still("Everything works. When it is full, Redis refuses what is written: trim streams or raise maxmemory.")
}

fn untold(redis: &RedisFacts, otherwise: &str) -> String {
    redis.untold.clone().unwrap_or_else(|| otherwise.to_owned())
}

/// Whether a service can do its work.
pub(super) fn service(readiness: &Readiness) -> Check {
    let name = readiness.service.trim_end_matches("-service").to_owned();
    let away: Vec<&str> =
        readiness.external_apis.iter().filter(|(_, word)| *word != "ok").map(|(peer, _)| peer.as_str()).collect();
    let (database, redis) = (readiness.database == "ok", readiness.redis == "ok");
    match (database, redis) {
        (true, true) if away.is_empty() => check(name, Status::Ok, "Ready", "its database and Redis answer"),
        (true, true) => {
            check(name, Status::Warn, "Ready, a peer is away", format!("it cannot ask {}", away.join(", ")))
                .still("What it can do without them.")
        }
        (true, false) => check(name, Status::Bad, "Not ready", "Redis does not answer")
            .still("Reading and writing. What goes by event waits, and nothing is lost."),
        (false, true) => check(name, Status::Bad, "Not ready", "its database does not answer")
            .still("The other services; its consumers wait and lose nothing."),
        (false, false) => {
            check(name, Status::Bad, "Not ready", "neither its database nor Redis answers").still("The other services.")
        }
    }
}

/// Whether a database answers.
pub(super) fn database(name: &str, answers: bool, kind: &str, still: &'static str) -> Check {
    if answers {
        return check(name, Status::Ok, "Answers", kind.to_owned());
    }
    check(name, Status::Bad, "Away", format!("{kind} does not answer; it is tried again all the time")).still(still)
}

/// Whether what was committed is published. `None`: the database of the outbox is away.
pub(super) fn outbox(service: &str, state: Option<&OutboxState>, now: Timestamp) -> Check {
    let name = format!("{service} outbox");
    let Some(state) = state else {
        return check(name, Status::Unknown, "Unknown", "its database does not answer, so nobody can count")
            .still("Nothing is lost: events are committed with the rows they speak of.");
    };
    let Some(oldest) = state.oldest.filter(|_| state.unsent > 0) else {
        return check(name, Status::Ok, "Empty", "everything that was committed is published");
    };
    let waited = now.since(oldest);
    let reason = format!("{} wait, the oldest for {}", grouped(state.unsent), humane(waited));
    if waited < OUTBOX_WARN {
        return check(name, Status::Run, "Publishing", reason);
    }
    check(name, Status::Warn, "Waiting", reason).still(
        "Nothing is lost: they are published in order as soon as Redis answers. Until then groups learn nothing new.",
    )
}

/// Whether Redis kept what was published. `None`: the database of the outbox is away.
pub(super) fn losses(state: Option<&OutboxState>, now: Timestamp) -> Check {
    let Some(state) = state else {
        return check("Losses in Redis", Status::Unknown, "Unknown", "the database of the report does not answer");
    };
    let Some(loss) = state.losses.first() else {
        return check("Losses in Redis", Status::Ok, "None", "every group got what was published, in 30 days");
    };
    let (ago, events) = (humane(now.since(loss.noticed_at)), grouped(loss.events));
    let stream = &loss.stream;
    match loss.how {
        LossKind::SentAgain => check(
            "Losses in Redis",
            Status::Run,
            "Sent again",
            format!(
                "{ago} ago Redis had lost {stream}; {events} events that some group may have missed were sent again"
            ),
        )
        .still("Nothing is missing: who had handled them already takes no notice."),
        LossKind::Removed => check(
            "Losses in Redis",
            if now.since(loss.noticed_at) < LOSS_IS_NEWS { Status::Warn } else { Status::Run },
            "Removed unread",
            format!("{ago} ago {events} events were found removed from {stream} before every group had read them"),
        )
        .still("The rest. Their text is kept for 30 days in the table outbox_losses of the sprint database."),
    }
}

/// Whether the figures on all pages are fresh.
pub(super) fn sampler(at: Timestamp, now: Timestamp, every: Duration) -> Check {
    if at == Timestamp::default() {
        return check("Sampler", Status::Unknown, "Not yet", "it has not looked at Redis yet");
    }
    let age = now.since(at);
    let reason = format!("it last saw Redis {} ago and looks every {}", humane(age), humane(every));
    if age <= every * LATE_AFTER {
        return check("Sampler", Status::Ok, "On time", reason);
    }
    check("Sampler", Status::Warn, "Late", reason).still("Pages show what was seen last, with its age.")
}

/// One sentence about all of them.
pub(super) fn summary(checks: &[&Check]) -> String {
    let named = |status: Status| {
        let names: Vec<&str> =
            checks.iter().filter(|check| check.status == status).map(|check| check.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    match (named(Status::Bad), named(Status::Warn), named(Status::Unknown)) {
        (Some(bad), ..) => format!("Does not work as it should: {bad}."),
        (None, Some(warn), _) => format!("Everything works; worth a look: {warn}."),
        (None, None, Some(unknown)) => format!("Not known: {unknown}."),
        (None, None, None) => "Everything works.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn redis(policy: &str, limit: u64) -> RedisFacts {
        RedisFacts {
            version: "7.0.15".into(),
            eviction_policy: policy.into(),
            max_memory_bytes: limit,
            used_memory_bytes: 90,
            ..RedisFacts::default()
        }
    }

    fn readiness(database: &str, redis: &str, peer: &str) -> Readiness {
        Readiness {
            service: "backlog-service".into(),
            status: "ready".into(),
            database: database.into(),
            redis: redis.into(),
            external_apis: BTreeMap::from([("project_service".to_owned(), peer.to_owned())]),
            timestamp: Timestamp::default(),
        }
    }

    #[test]
    fn a_policy_that_can_delete_streams_is_told_before_it_does() {
        assert_eq!(eviction(&redis("noeviction", 100)).status, Status::Ok);
        assert_eq!(eviction(&redis("allkeys-lru", 0)).status, Status::Warn);
        assert_eq!(eviction(&redis("allkeys-lru", 100)).status, Status::Bad);
        let lost = RedisFacts { evicted_keys: 3, ..redis("noeviction", 100) };
        assert_eq!(eviction(&lost).word, "Keys were lost");
        assert_eq!(eviction(&RedisFacts::default()).status, Status::Unknown);
    }

    #[test]
    fn a_user_that_may_only_watch_is_well_and_one_that_is_blind_is_not() {
        let refusing = |commands: &[&str]| Rights {
            user: Some("watcher".into()),
            refused: commands.iter().map(|command| (*command).to_owned()).collect(),
            ..Rights::default()
        };
        let watcher = rights(&refusing(domain::connection::needs::OPERATE));
        assert_eq!((watcher.status, watcher.word), (Status::Ok, "Watch only"));
        let blind = rights(&refusing(&["xpending"]));
        assert_eq!(blind.status, Status::Warn);
        assert!(blind.reason.contains("+xpending"), "{}", blind.reason);
        assert_eq!(rights(&Rights::unknown("it may not ask")).status, Status::Unknown);
    }

    #[test]
    fn what_the_server_does_not_tell_is_unknown_with_the_reason() {
        let silent = RedisFacts { untold: Some("NOPERM info".into()), ..RedisFacts::default() };
        assert_eq!((eviction(&silent).status, memory(&silent, "", "").status), (Status::Unknown, Status::Unknown));
        assert!(memory(&silent, "", "").reason.contains("NOPERM"));
    }

    #[test]
    fn memory_is_judged_by_its_limit() {
        assert_eq!(memory(&redis("noeviction", 0), "90 B", "").status, Status::Ok);
        assert_eq!(memory(&redis("noeviction", 1_000), "90 B", "1 kB").status, Status::Ok);
        assert_eq!(memory(&redis("noeviction", 100), "90 B", "100 B").status, Status::Warn);
    }

    #[test]
    fn a_peer_that_is_away_does_not_make_a_service_unready() {
        assert_eq!(service(&readiness("ok", "ok", "ok")).status, Status::Ok);
        assert_eq!(service(&readiness("ok", "ok", "error")).status, Status::Warn);
        assert_eq!(service(&readiness("ok", "error", "ok")).status, Status::Bad);
        assert!(!service(&readiness("error", "ok", "ok")).still.is_empty());
    }

    #[test]
    fn an_outbox_is_judged_by_how_long_its_oldest_event_waits() {
        let now = Timestamp::from_millis(60_000);
        let state = |unsent, oldest_ms: Option<i64>| OutboxState {
            service: "sprint".into(),
            unsent,
            oldest: oldest_ms.map(Timestamp::from_millis),
            losses: Vec::new(),
        };
        assert_eq!(outbox("sprint", Some(&state(0, None)), now).status, Status::Ok);
        assert_eq!(outbox("sprint", Some(&state(2, Some(59_000))), now).status, Status::Run);
        assert_eq!(outbox("sprint", Some(&state(2, Some(10_000))), now).status, Status::Warn);
        assert_eq!(outbox("sprint", None, now).status, Status::Unknown);
    }

    #[test]
    fn a_sampler_may_miss_a_tick_or_two() {
        let (now, every) = (Timestamp::from_millis(60_000), Duration::from_secs(1));
        assert_eq!(sampler(Timestamp::from_millis(58_000), now, every).status, Status::Ok);
        assert_eq!(sampler(Timestamp::from_millis(50_000), now, every).status, Status::Warn);
        assert_eq!(sampler(Timestamp::default(), now, every).status, Status::Unknown);
    }

    #[test]
    fn the_worst_is_told_first() {
        let bad = check("Redis", Status::Bad, "Away", "");
        let warn = check("Memory", Status::Warn, "Nearly full", "");
        let well = check("Sampler", Status::Ok, "On time", "");
        assert_eq!(summary(&[&well]), "Everything works.");
        assert_eq!(summary(&[&well, &warn]), "Everything works; worth a look: Memory.");
        assert_eq!(summary(&[&warn, &bad]), "Does not work as it should: Redis.");
    }
}
