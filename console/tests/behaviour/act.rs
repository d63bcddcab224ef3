//! Everything that changes something, as a table.

use console::{Actor, Error, dead_letter, group, stream};
use domain::{
    Permission,
    operation::{
        ConsumerDelete, DeadLetterSelection, EntriesDelete, GroupCreate, GroupDelete, GroupMove, LaneClear, PendingAct,
        PendingSelection, Position, Trim, TrimTo,
    },
};

use crate::world::{GROUP, OTHERS, PARKED, STREAM, WATCHED, World, entry, pending};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Replay,
    Discard,
    Claim,
    Acknowledge,
    DeadLetter,
    Move,
    Pause,
    Resume,
    CreateGroup,
    DeleteGroup,
    DeleteConsumers,
    ClearLane,
    DeleteEntries,
    Trim,
}

impl Act {
    pub(crate) const ALL: [(Self, &'static str, Permission); 14] = [
        (Self::Replay, "dead_letters.replay", Permission::Recover),
        (Self::Claim, "pending.claim", Permission::Recover),
        (Self::DeadLetter, "pending.dead_letter", Permission::Recover),
        (Self::Acknowledge, "pending.acknowledge", Permission::Destroy),
        (Self::Move, "group.move", Permission::Operate),
        (Self::Pause, "group.pause", Permission::Operate),
        (Self::Resume, "group.resume", Permission::Operate),
        (Self::CreateGroup, "group.create", Permission::Operate),
        (Self::DeleteConsumers, "consumers.delete", Permission::Operate),
        (Self::ClearLane, "lane.clear", Permission::Recover),
        (Self::DeleteGroup, "group.delete", Permission::Destroy),
        (Self::DeleteEntries, "entries.delete", Permission::Destroy),
        (Self::Trim, "stream.trim", Permission::Destroy),
        // last: of the dead letters that the first one leaves
        (Self::Discard, "dead_letters.discard", Permission::Destroy),
    ];

    /// Pausing has no preview.
    pub(crate) fn has_preview(self) -> bool {
        !matches!(self, Self::Pause | Self::Resume)
    }

    /// Does it to the world of [`World::failures`] and [`World::consume`]: each act to entries of its own.
    pub(crate) async fn run(self, world: &World, who: &Actor, dry_run: bool) -> Result<(), Error> {
        let console = &world.console;
        let repair = async |act, number| {
            let selection = PendingSelection { act, dry_run, ..pending([number]) };
            group::repair(console, who, STREAM, GROUP, &selection).await
        };
        let first_dead_letter = async || {
            let all = world.dead_letters().await;
            DeadLetterSelection { items: all.items[..1].to_vec(), dry_run, ..all }
        };
        match self {
            Self::Replay => dead_letter::replay(console, who, &first_dead_letter().await).await.map(drop),
            Self::Discard => dead_letter::discard(console, who, &first_dead_letter().await).await.map(drop),
            Self::Claim => repair(PendingAct::Claim, 3).await.map(drop),
            Self::Acknowledge => repair(PendingAct::Acknowledge, 4).await.map(drop),
            Self::DeadLetter => repair(PendingAct::DeadLetter, 5).await.map(drop),
            Self::Move => {
                let reason = Some("a test".to_owned());
                let to = GroupMove { to: Position::Start, dry_run, state_token: None, reason };
                group::move_to(console, who, STREAM, GROUP, &to).await.map(drop)
            }
            Self::CreateGroup => {
                let new = GroupCreate {
                    group: "new".to_owned(),
                    at: Position::End,
                    make_stream: false,
                    dry_run,
                    state_token: None,
                    reason: None,
                };
                group::create(console, who, STREAM, &new).await.map(drop)
            }
            Self::DeleteGroup => {
                let delete = GroupDelete { dry_run, state_token: None, reason: Some("a test".to_owned()) };
                group::delete(console, who, STREAM, OTHERS, &delete).await.map(drop)
            }
            Self::DeleteConsumers => {
                let delete = ConsumerDelete { consumers: vec!["one".to_owned()], dry_run, ..ConsumerDelete::default() };
                group::delete_consumers(console, who, STREAM, GROUP, &delete).await.map(drop)
            }
            Self::ClearLane => {
                let clear = LaneClear { entry: entry(PARKED), dry_run, state_token: None, reason: None };
                group::clear_lane(console, who, WATCHED.0, WATCHED.1, &clear).await.map(drop)
            }
            Self::DeleteEntries => {
                let reason = Some("a test".to_owned());
                let delete = EntriesDelete { ids: vec![entry(6)], dry_run, state_token: None, reason };
                stream::delete_entries(console, who, STREAM, &delete).await.map(drop)
            }
            Self::Trim => {
                let (to, reason) = (TrimTo::Keep(1), Some("a test".to_owned()));
                let trim = Trim { to, past_groups: true, dry_run, state_token: None, reason };
                stream::trim(console, who, STREAM, &trim).await.map(drop)
            }
            Self::Pause => group::pause(console, who, WATCHED.0, WATCHED.1, true).await,
            Self::Resume => group::pause(console, who, WATCHED.0, WATCHED.1, false).await,
        }
    }
}
