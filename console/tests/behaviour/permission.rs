//! Who may what.

use console::Actor;
use domain::{Permission, audit::AuditState, refusal::RefusalKind};

use crate::{
    act::Act,
    redis::everything,
    world::{kind, on_both},
};

#[tokio::test]
async fn whoever_lacks_the_one_permission_is_refused_and_nothing_happens() {
    on_both(async |world| {
        world.failures().await;
        world.consume().await;
        let before = everything(&world.server);
        for (act, name, needed) in Act::ALL {
            let others: Vec<_> = Permission::ALL.into_iter().filter(|held| *held != needed).collect();
            let who = Actor::new("somebody", &others);
            for dry_run in [false, true] {
                assert_eq!(kind(act.run(&world, &who, dry_run).await), RefusalKind::Forbidden, "{name}");
            }
            assert!(!world.held(), "{name}");
        }
        assert_eq!(everything(&world.server), before);
        assert_eq!(world.log().await, []);
    })
    .await;
}

#[tokio::test]
async fn the_one_permission_is_enough_and_the_log_has_who_used_it() {
    on_both(async |world| {
        world.failures().await;
        world.consume().await;
        for (act, name, needed) in Act::ALL {
            let before = everything(&world.server);
            let who = Actor::new("somebody", &[needed]);
            act.run(&world, &who, false).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let entry = world.newest().await;
            assert_eq!((entry.act.as_str(), entry.permission, entry.who.as_str()), (name, needed, "somebody"));
            assert_eq!((entry.state, entry.report.is_some()), (AuditState::Done, act.has_preview()), "{entry:?}");
            assert_eq!(everything(&world.server) != before, act.has_preview(), "{name}");
            assert_eq!(world.held(), act == Act::Pause);
        }
        assert_eq!(world.log().await.len(), Act::ALL.len());
    })
    .await;
}

#[tokio::test]
async fn a_preview_changes_nothing_and_leaves_no_trace() {
    on_both(async |world| {
        world.failures().await;
        world.consume().await;
        let before = everything(&world.server);
        for (act, name, needed) in Act::ALL.into_iter().filter(|(act, ..)| act.has_preview()) {
            let who = Actor::new("somebody", &[needed]);
            act.run(&world, &who, true).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert_eq!(everything(&world.server), before);
        assert_eq!(world.log().await, []);
    })
    .await;
}
