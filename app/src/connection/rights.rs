//! What the user of a connection may do, in words.

use domain::connection::{Rights, Role};

/// As a person reads it.
pub(super) const fn words(role: Role) -> &'static str {
    match role {
        Role::Operate => "may operate",
        Role::OperateInPart => "may operate in part",
        Role::WatchOnly => "watch only",
        Role::Unknown => "rights unknown",
    }
}

/// Why, on hover.
pub(super) fn reason(rights: &Rights) -> String {
    if let Some(why) = &rights.unknown {
        return format!("What this user may do is not known: {why}.");
    }
    let keys = if rights.keys_refused { " No key may be written to." } else { "" };
    if rights.refused.is_empty() {
        return format!("It may send everything that this console sends.{keys}");
    }
    format!("Redis refuses it: {}.{keys}", rights.refused.join(", "))
}
