//! What was done to a group, for the lines on its charts.

use console::{audit, dead_letter, group};
use domain::{
    Timestamp,
    audit::AuditEntry,
    operation::{GroupMove, Position},
};

use crate::world::{GROUP, OTHERS, STREAM, WATCHED, World, local, on_both};

async fn marks(world: &World, stream: &str, group: &str, between: (Timestamp, Timestamp)) -> Vec<String> {
    let acts: Vec<AuditEntry> = audit::on_group(&world.console, stream, group, between).await.expect("the log");
    acts.into_iter().map(|act| act.act).collect()
}

#[tokio::test]
async fn acts_on_a_group_and_replays_into_it_are_marks_and_those_on_others_are_not() {
    on_both(async |world| {
        world.failures().await;
        world.consume().await;
        let replayed = dead_letter::replay(&world.console, &local(), &world.dead_letters().await).await;
        assert!(replayed.is_ok(), "{replayed:?}");
        let to = GroupMove { to: Position::End, dry_run: false, state_token: None, reason: Some("a test".to_owned()) };
        group::move_to(&world.console, &local(), STREAM, OTHERS, &to).await.expect("a move");
        for paused in [true, false] {
            group::pause(&world.console, &local(), WATCHED.0, WATCHED.1, paused).await.expect("a pause");
        }
        group::pause(&world.console, &local(), STREAM, OTHERS, true).await.expect_err("nobody consumes it here");

        let always = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
        assert_eq!(marks(&world, STREAM, GROUP, always).await, ["dead_letters.replay"]);
        assert_eq!(marks(&world, STREAM, OTHERS, always).await, ["group.move"], "what failed is none");
        assert_eq!(
            marks(&world, WATCHED.0, WATCHED.1, always).await,
            ["group.pause", "group.resume"],
            "in their order"
        );
        assert_eq!(marks(&world, STREAM, "nobody", always).await, Vec::<String>::new());
        let before = (Timestamp::from_micros(0), Timestamp::from_millis(1_000));
        assert_eq!(marks(&world, STREAM, GROUP, before).await, Vec::<String>::new());
    })
    .await;
}
