//! What each permission allows, in one sentence.

use domain::Permission;

pub(super) const fn meaning(permission: Permission) -> &'static str {
    match permission {
        Permission::SeeMetadata => "See names, figures and states: streams, groups, projects, sprints, the audit log.",
        Permission::SeeBody => "See payloads: entries, dead letters, notes of the chronicle.",
        Permission::Recover => "Send dead letters back; claim and dead-letter pending entries.",
        Permission::Edit => "Change a payload before it is sent back.",
        Permission::Operate => {
            "Create, move, pause and resume groups, remove consumers that are gone, start and stop the demo traffic."
        }
        Permission::Destroy => "Discard, acknowledge unhandled, trim, delete: what cannot be taken back from Redis.",
        Permission::ManageSprints => "Create and change projects, people, backlogs and sprints.",
        Permission::Administer => "Manage accounts and settings.",
    }
}
