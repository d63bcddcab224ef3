//! Groups through the console.

use console::group;
use domain::{
    audit::AuditState,
    operation::{GroupMove, Outcome, PendingAct, PendingSelection, Position},
    refusal::RefusalKind,
};
use streams::inspect::PendingBrowse;

use crate::{
    redis::everything,
    world::{GROUP, STREAM, WATCHED, entry, kind, local, on_both, pending, refusal},
};

#[tokio::test]
async fn acknowledging_needs_a_reason_and_claiming_none() {
    on_both(async |world| {
        world.failures().await;
        let before = everything(&world.server);
        let unexplained = PendingSelection { reason: None, ..pending([3, 4]) };
        let refusal = refusal(group::repair(&world.console, &local(), STREAM, GROUP, &unexplained).await);
        assert_eq!((refusal.kind, refusal.message.contains("needs a reason")), (RefusalKind::Invalid, true));
        let preview = PendingSelection { dry_run: true, ..unexplained.clone() };
        let preview = group::repair(&world.console, &local(), STREAM, GROUP, &preview).await.expect("a preview");
        assert_eq!(preview.count(Outcome::Would), 2);
        assert_eq!((everything(&world.server), world.log().await.len()), (before, 0));

        let claim = PendingSelection { act: PendingAct::Claim, ..unexplained };
        let report = group::repair(&world.console, &local(), STREAM, GROUP, &claim).await.expect("claimed");
        let entry = world.newest().await;
        assert_eq!(entry.subject, "orders/workers");
        assert_eq!(entry.request, "claim 2 pending entries: 3-0, 4-0");
        assert_eq!((entry.report, report.audit_id), (Some(report), Some(entry.id)));
        let page = group::pending(&world.console, STREAM, GROUP, &PendingBrowse::default()).await.expect("a page");
        assert_eq!(page.total, 4, "claimed entries still pend");
    })
    .await;
}

#[tokio::test]
async fn a_repair_of_a_group_that_is_not_there_is_in_the_log_as_failed() {
    on_both(async |world| {
        world.failures().await;
        assert_eq!(
            kind(group::repair(&world.console, &local(), STREAM, "nobody", &pending([3])).await),
            RefusalKind::NotFound
        );
        let entry = world.newest().await;
        assert_eq!((entry.state, entry.subject.as_str()), (AuditState::Failed, "orders/nobody"));
        assert!(entry.result.is_some_and(|result| result.contains("nobody")));
    })
    .await;
}

#[tokio::test]
async fn moving_a_group_needs_a_reason_and_says_where_to() {
    on_both(async |world| {
        world.failures().await;
        let to = |to, dry_run| GroupMove { to, dry_run, state_token: None, reason: None };
        let there = to(Position::After(entry(2)), false);
        assert_eq!(kind(group::move_to(&world.console, &local(), STREAM, GROUP, &there).await), RefusalKind::Invalid);
        let preview = to(Position::After(entry(2)), true);
        let preview = group::move_to(&world.console, &local(), STREAM, GROUP, &preview).await.expect("a preview");
        assert!(preview.warnings.iter().any(|warning| warning.contains("4 entries are delivered")), "{preview:?}");
        let act = GroupMove { reason: Some("again".into()), state_token: Some(preview.state_token.clone()), ..there };
        group::move_to(&world.console, &local(), STREAM, GROUP, &act).await.expect("moved");
        assert_eq!(world.newest().await.request, "move workers after 2-0");
        let groups = world.ask(&format!("xinfo groups {STREAM}"));
        let workers = groups.as_array().expect("groups").iter().find(|group| group["name"] == GROUP);
        assert_eq!(workers.expect("the group")["last-delivered-id"], "2-0");

        let stale = group::move_to(&world.console, &local(), STREAM, GROUP, &act).await;
        assert_eq!(kind(stale), RefusalKind::Conflict);
        assert_eq!(world.newest().await.state, AuditState::Failed);
    })
    .await;
}

#[tokio::test]
async fn pausing_a_group_that_nobody_consumes_here_is_a_conflict_that_says_so() {
    on_both(async |world| {
        world.failures().await;
        let refusal = refusal(group::pause(&world.console, &local(), STREAM, GROUP, true).await);
        assert_eq!(refusal.kind, RefusalKind::Conflict);
        assert!(refusal.message.contains("no consumer of group workers on orders runs in this process"), "{refusal}");
        assert_eq!(world.newest().await.state, AuditState::Failed);
    })
    .await;
}

#[tokio::test]
async fn a_group_consumed_here_is_held_and_let_go_and_the_log_says_which() {
    on_both(async |world| {
        world.consume().await;
        group::pause(&world.console, &local(), WATCHED.0, WATCHED.1, true).await.expect("held");
        assert!(world.held());
        group::pause(&world.console, &local(), WATCHED.0, WATCHED.1, false).await.expect("let go");
        assert!(!world.held());
        let log = world.log().await;
        let acts: Vec<_> = log.iter().map(|e| (e.act.as_str(), e.state, e.result.as_deref())).collect();
        assert_eq!(
            acts,
            [
                ("group.resume", AuditState::Done, Some("they read again")),
                ("group.pause", AuditState::Done, Some("they read nothing more")),
            ]
        );
    })
    .await;
}
