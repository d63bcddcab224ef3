//! What must happen as one step in Redis. Each script tells its keys, arguments and answer in its head.

use std::sync::LazyLock;

use redis::Script;

macro_rules! script {
    ($name:ident, $file:literal) => {
        pub(crate) static $name: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!($file)));
    };
}

/// A script that acts only on what its preview has shown, with what such scripts share before it.
macro_rules! script_of_a_look {
    ($name:ident, $file:literal) => {
        pub(crate) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!(include_str!("script/look.lua"), include_str!($file))));
    };
}

script!(MOVE, "script/move.lua");
script!(HOLD, "script/hold.lua");
script!(ADOPT, "script/adopt.lua");
script!(HAND_OVER, "script/hand_over.lua");
script!(REPLAY, "script/replay.lua");
script!(PUBLISH, "script/publish.lua");
script!(PROGRESS, "script/progress.lua");
script!(TRIM, "script/trim.lua");
script!(BEAT, "script/beat.lua");
script!(DELETE_CONSUMER, "script/delete_consumer.lua");
script_of_a_look!(CREATE_GROUP, "script/create_group.lua");
script_of_a_look!(DELETE_GROUP, "script/delete_group.lua");
script_of_a_look!(DELETE_EMPTY_CONSUMERS, "script/delete_empty_consumers.lua");
script_of_a_look!(DELETE_ENTRIES, "script/delete_entries.lua");
script_of_a_look!(CUT, "script/cut.lua");

/// Idle time given to entries that any reclaimer may take at once: longer than every sensible lease (365 days).
pub(crate) const FREE_IDLE_MS: u64 = 365 * 24 * 3_600 * 1_000;

#[cfg(test)]
mod tests {
    use crate::keys;

    #[test]
    fn scripts_spell_names_as_keys_does() {
        assert!(include_str!("script/adopt.lua").contains(&format!("'{}'", keys::HANDED_OVER)));
        assert!(include_str!("script/hand_over.lua").contains(&format!("'{}'", keys::HANDED_OVER)));
        assert!(include_str!("script/replay.lua").contains(&format!("'{}'", keys::HANDED_OVER)));
        assert!(include_str!("script/replay.lua").contains(&format!("'{}'", keys::REPLAY)));
        assert!(include_str!("script/publish.lua").contains(&format!("'{}'", keys::DATA)));
    }
}
