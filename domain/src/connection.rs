//! Several Redis watched by one console: how they are told apart, what their users may do, how each of them is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Figure, Status, Timestamp, stream::Snapshot};

/// The name of the connection that carries the services' events; every other one is named by the operator.
pub const HOME: &str = "home";
/// Longest name of a connection, in letters. It is a part of addresses, of a file's name and of a schema's.
pub const LONGEST_NAME: usize = 32;

/// Whether a connection may have this name: 1 to 32 of `a-z`, `0-9` and `-`.
pub fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_letter)
}

/// The colour of a connection: a token of the style sheet, none of them one that stands for a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Slate,
    Blue,
    Teal,
    Olive,
    Brown,
    Rose,
    Plum,
    Indigo,
}

impl Colour {
    pub const ALL: [Self; 8] =
        [Self::Slate, Self::Blue, Self::Teal, Self::Olive, Self::Brown, Self::Rose, Self::Plum, Self::Indigo];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slate => "slate",
            Self::Blue => "blue",
            Self::Teal => "teal",
            Self::Olive => "olive",
            Self::Brown => "brown",
            Self::Rose => "rose",
            Self::Plum => "plum",
            Self::Indigo => "indigo",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.as_str() == word)
    }
}

/// The commands that a repair sends, as `ACL SETUSER` names them. What a script sends counts as sent by who runs it.
pub mod needs {
    pub const CLAIM: &[&str] = &["evalsha", "script|load", "xclaim"];
    pub const ACKNOWLEDGE: &[&str] = &["xack"];
    pub const BURY: &[&str] = &["evalsha", "script|load", "xadd", "xack"];
    pub const MOVE: &[&str] = &["xgroup|setid"];
    pub const REPLAY: &[&str] = &["evalsha", "script|load", "xclaim", "xadd", "xdel"];
    pub const DISCARD: &[&str] = &["xdel"];
    pub const CREATE_GROUP: &[&str] = &["evalsha", "script|load", "exists", "xgroup|create"];
    pub const DELETE_GROUP: &[&str] = &["evalsha", "script|load", "xgroup|destroy"];
    pub const DELETE_CONSUMERS: &[&str] = &["evalsha", "script|load", "xclaim", "xadd", "xack", "xgroup|delconsumer"];
    pub const TRIM: &[&str] = &["evalsha", "script|load", "xtrim"];
    pub const DELETE_ENTRIES: &[&str] = &["evalsha", "script|load", "xdel"];
    /// A replay as a job, which Redis remembers.
    pub const RECOVER: &[&str] = &["evalsha", "script|load", "xclaim", "xadd", "xdel", "hget", "hset", "pexpire"];
    /// All of them.
    pub const OPERATE: &[&str] = &[
        "xack",
        "xadd",
        "xclaim",
        "xdel",
        "xtrim",
        "xgroup|setid",
        "xgroup|create",
        "xgroup|destroy",
        "xgroup|delconsumer",
        "exists",
        "hget",
        "hset",
        "pexpire",
        "evalsha",
        "script|load",
    ];
    /// What watching sends.
    pub const WATCH: &[&str] = &[
        "info",
        "time",
        "scan",
        "type",
        "xinfo|stream",
        "xinfo|groups",
        "xinfo|consumers",
        "xlen",
        "xrange",
        "xrevrange",
        "xpending",
        "memory|usage",
        "zrevrangebyscore",
        "zcount",
        "getrange",
    ];
}

/// What the user of a connection may do there, as Redis itself has answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Rights {
    /// The ACL user, where Redis says who that is.
    pub user: Option<String>,
    /// Commands that are refused, of those that the console sends (see [`needs`]).
    pub refused: Vec<String>,
    /// The keys that were asked about may not be written to, whatever the command.
    pub keys_refused: bool,
    /// Why all this is not known; `refused` is then empty.
    pub unknown: Option<String>,
}

/// What rights amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Operate,
    /// Some of the repairs are refused.
    OperateInPart,
    WatchOnly,
    Unknown,
}

impl Rights {
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { unknown: Some(why.into()), ..Self::default() }
    }

    pub fn role(&self) -> Role {
        let refused = needs::OPERATE.iter().filter(|command| self.refuses(command)).count();
        match refused {
            _ if self.unknown.is_some() => Role::Unknown,
            _ if self.keys_refused => Role::WatchOnly,
            0 => Role::Operate,
            // what sends nothing by itself is no right: EVALSHA, SCRIPT LOAD, XADD
            _ if [needs::ACKNOWLEDGE, needs::MOVE, needs::DISCARD, needs::CLAIM].iter().all(|of| self.lacks(of)) => {
                Role::WatchOnly
            }
            _ => Role::OperateInPart,
        }
    }

    fn refuses(&self, command: &str) -> bool {
        self.refused.iter().any(|refused| refused == command)
    }

    fn lacks(&self, commands: &[&str]) -> bool {
        commands.iter().any(|command| self.refuses(command))
    }

    /// The sentence why an act that sends these commands is off, with what to grant. What is not known is let through:
    /// Redis itself then refuses it.
    pub fn allow(&self, commands: &[&str]) -> Result<(), String> {
        let missing: Vec<&str> = commands.iter().copied().filter(|command| self.refuses(command)).collect();
        if missing.is_empty() && !self.keys_refused {
            return Ok(());
        }
        let user = self.user.as_deref().unwrap_or("the user");
        let keys = if self.keys_refused { Some("~*".to_owned()) } else { None };
        let grants = keys.into_iter().chain(missing.iter().map(|command| format!("+{command}")));
        Err(format!(
            "the Redis user {user} may not do this here: ACL SETUSER {user} {} would let it",
            grants.collect::<Vec<_>>().join(" ")
        ))
    }

    /// What cannot be watched, and what to grant; `None` where nothing is missing.
    pub fn blind_spots(&self) -> Option<String> {
        let missing: Vec<String> =
            needs::WATCH.iter().filter(|command| self.refuses(command)).map(|command| format!("+{command}")).collect();
        let user = self.user.as_deref().unwrap_or("the user");
        (!missing.is_empty())
            .then(|| format!("the Redis user {user} may not see everything: ACL SETUSER {user} {}", missing.join(" ")))
    }
}

/// How one connection is, in a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Watched {
    pub name: String,
    /// Where its pages and its API are: before every path; empty for `home`.
    pub prefix: String,
    pub colour: Colour,
    /// `development`, `staging` or `production`
    pub environment: String,
    /// `server`, `sentinel` or `cluster`
    pub kind: String,
    pub tls: bool,
    /// The ACL user of its URL; null where it names none.
    pub user: Option<String>,
    /// Of everything below, the worst.
    pub status: Status,
    /// Why Redis cannot be asked; null while it answers.
    pub error: Option<String>,
    /// The last look that succeeded; null before there was one.
    pub looked_at: Option<Timestamp>,
    /// What the last look saw; null before there was one.
    pub seen: Option<Seen>,
    /// Alerts that fire.
    pub firing: u64,
}

/// What a look saw, added up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// `redis` or `valkey`; empty where it does not say.
    pub product: String,
    /// Empty where it does not say.
    pub version: String,
    pub rights: Rights,
    pub role: Role,
    pub streams: u64,
    pub groups: u64,
    /// Entries not yet delivered to a group, or delivered and not acknowledged; over all groups.
    pub waiting: Figure,
    /// Age of the oldest of them; null where nothing waits, or no id tells time.
    pub oldest_ms: Option<u64>,
    /// Findings that need a look.
    pub findings: u64,
    pub dead_letters: u64,
    /// The worst of groups and findings.
    pub status: Status,
}

impl Seen {
    /// Of a look; `None` before there was one.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        if snapshot.at == Timestamp::default() {
            return None;
        }
        let groups: Vec<_> = snapshot.streams.iter().flat_map(|stream| &stream.groups).collect();
        let found = snapshot.found.counts();
        let rights = snapshot.redis.rights.clone();
        Some(Self {
            product: snapshot.redis.product.clone(),
            version: snapshot.redis.version.clone(),
            role: rights.role(),
            rights,
            streams: snapshot.streams.len() as u64,
            groups: groups.len() as u64,
            waiting: groups.iter().flat_map(|group| [group.lag.clone(), Figure::Exact(group.pending)]).sum(),
            oldest_ms: groups.iter().filter_map(|group| group.behind_ms.max(group.oldest_pending_ms)).max(),
            findings: found.iter().map(|(_, count)| *count as u64).sum::<u64>() + snapshot.found.left_out,
            dead_letters: snapshot.dead_letters(),
            status: worst(snapshot),
        })
    }
}

/// The worst of groups and findings; idle where there are none.
pub fn worst(snapshot: &Snapshot) -> Status {
    let of_groups = snapshot.streams.iter().flat_map(|stream| &stream.groups).map(|group| group.verdict.status);
    let of_findings = snapshot.found.counts().into_iter().map(|(status, _)| status);
    of_groups.chain(of_findings).min().unwrap_or(Status::Idle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusing(commands: &[&str]) -> Rights {
        Rights {
            user: Some("watcher".to_owned()),
            refused: commands.iter().map(|command| (*command).to_owned()).collect(),
            ..Rights::default()
        }
    }

    #[test]
    fn a_name_is_a_part_of_an_address_a_file_and_a_schema() {
        for name in ["a", "orders-eu", "0", &"x".repeat(32)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "A", "a_b", "a/b", "ä", "a b", "a.b", &"x".repeat(33)] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_colour_is_known_by_its_word() {
        for colour in Colour::ALL {
            assert_eq!(Colour::parse(colour.as_str()), Some(colour));
        }
        assert_eq!(Colour::parse("red"), None, "red is a status");
    }

    #[test]
    fn rights_are_told_by_what_is_refused() {
        assert_eq!(refusing(&[]).role(), Role::Operate);
        assert_eq!(refusing(needs::OPERATE).role(), Role::WatchOnly);
        assert_eq!(refusing(&["xdel"]).role(), Role::OperateInPart);
        assert_eq!(Rights { keys_refused: true, ..refusing(&[]) }.role(), Role::WatchOnly);
        assert_eq!(Rights::unknown("it does not say").role(), Role::Unknown);
        assert_eq!(refusing(&["xpending"]).role(), Role::Operate, "what is not seen is told elsewhere");
    }

    #[test]
    fn who_may_not_is_told_what_to_grant() {
        let why = refusing(&["xack", "xdel"]).allow(needs::BURY).expect_err("xack is refused");
        assert!(why.contains("watcher") && why.contains("ACL SETUSER watcher +xack"), "{why}");
        assert!(!why.contains("xdel"), "it does not need that: {why}");
        assert_eq!(refusing(&["xdel"]).allow(needs::BURY), Ok(()));
        assert_eq!(Rights::unknown("it does not say").allow(needs::BURY), Ok(()), "Redis will say");
        let keys = Rights { keys_refused: true, ..refusing(&[]) }.allow(needs::MOVE);
        assert!(keys.expect_err("no key may be written").contains("~*"));
        assert_eq!(refusing(&["xack"]).blind_spots(), None);
        assert!(refusing(&["xpending"]).blind_spots().expect("blind").contains("+xpending"));
    }

    #[test]
    fn every_command_of_a_repair_is_asked_about() {
        for needed in [
            needs::CLAIM,
            needs::ACKNOWLEDGE,
            needs::BURY,
            needs::MOVE,
            needs::REPLAY,
            needs::DISCARD,
            needs::CREATE_GROUP,
            needs::DELETE_GROUP,
            needs::DELETE_CONSUMERS,
            needs::TRIM,
            needs::DELETE_ENTRIES,
            needs::RECOVER,
        ] {
            assert!(needed.iter().all(|command| needs::OPERATE.contains(command)), "{needed:?}");
        }
    }

    #[test]
    fn before_the_first_look_nothing_is_told() {
        let never: Snapshot = serde_json::from_value(serde_json::json!({
            "at": "1970-01-01T00:00:00.000000", "error": "not asked yet", "redis": crate::stream::RedisFacts::default(), "streams": [],
            "found": crate::finding::Found::default(),
        }))
        .expect("a snapshot");
        assert_eq!(Seen::of(&never), None);
    }
}
