//! Dead letters through the console.

use console::{Console, dead_letter};
use domain::{
    audit::AuditState,
    dead_letter::{Cursor, Filter},
    operation::{DeadLetterSelection, Outcome},
    refusal::RefusalKind,
    stream::Snapshot,
};
use streams::keys::dead_letter_stream;
use testkit::wait;

use crate::{
    redis::{everything, ids, pending},
    world::{GROUP, OTHERS, STREAM, World, kind, local, on_both, refusal},
};

#[tokio::test]
async fn a_replay_gives_entries_back_to_the_group_that_failed_and_the_log_has_the_report() {
    on_both(async |world| {
        world.failures().await;
        let selection = world.dead_letters().await;
        let preview = DeadLetterSelection { dry_run: true, ..selection.clone() };
        let preview = dead_letter::replay(&world.console, &local(), &preview).await.expect("a preview");
        assert_eq!((preview.count(Outcome::Would), preview.audit_id), (2, None));
        let act = DeadLetterSelection { state_token: Some(preview.state_token), ..selection };
        let report = dead_letter::replay(&world.console, &local(), &act).await.expect("replayed");
        assert_eq!(report.count(Outcome::Done), 2);

        assert_eq!(ids(&world.server, &dead_letter_stream(STREAM)), Vec::<String>::new());
        let handed_over = |id: &str| (id.to_owned(), streams::keys::HANDED_OVER.to_owned());
        assert_eq!(pending(&world.server, STREAM, GROUP)[..2], [handed_over("1-0"), handed_over("2-0")]);
        assert_eq!(pending(&world.server, STREAM, OTHERS), []);
        assert_eq!(ids(&world.server, STREAM).len(), 6, "nothing was added again");

        let entry = world.newest().await;
        assert_eq!((entry.subject.as_str(), entry.reason.as_deref()), (STREAM, Some("a test")));
        assert!(entry.request.starts_with("replay 2 dead letters: orders/"), "{}", entry.request);
        for item in &act.items {
            assert!(entry.request.contains(&item.to_string()), "{}", entry.request);
        }
        assert!(!serde_json::to_string(&entry).expect("json").contains("secret"), "no payload is in the log");
        assert_eq!((Some(entry.id), entry.report), (report.audit_id, Some(report)));
    })
    .await;
}

#[tokio::test]
async fn discarding_without_a_reason_is_refused_and_with_one_it_is_for_good() {
    on_both(async |world| {
        world.failures().await;
        let (before, selection) = (everything(&world.server), world.dead_letters().await);
        for reason in [None, Some(" \n".to_owned())] {
            let unexplained = DeadLetterSelection { reason, ..selection.clone() };
            let refusal = refusal(dead_letter::discard(&world.console, &local(), &unexplained).await);
            assert_eq!(
                (refusal.kind, refusal.message.as_str()),
                (RefusalKind::Invalid, "discarding dead letters needs a reason")
            );
        }
        assert_eq!((everything(&world.server), world.log().await.len()), (before, 0));
        let too_long = DeadLetterSelection { reason: Some("x".repeat(2_001)), ..selection.clone() };
        assert_eq!(kind(dead_letter::discard(&world.console, &local(), &too_long).await), RefusalKind::Invalid);

        let explained = DeadLetterSelection { reason: Some("  orders of a test shop\n".to_owned()), ..selection };
        let report = dead_letter::discard(&world.console, &local(), &explained).await.expect("discarded");
        assert_eq!(report.count(Outcome::Done), 2);
        assert_eq!(ids(&world.server, &dead_letter_stream(STREAM)), Vec::<String>::new());
        assert_eq!(world.newest().await.reason.as_deref(), Some("orders of a test shop"));
        let again = dead_letter::discard(&world.console, &local(), &explained).await.expect("a report");
        assert_eq!((again.count(Outcome::Skipped), world.newest().await.result.as_deref()), (2, Some("2 skipped")));
    })
    .await;
}

#[tokio::test]
async fn a_stale_preview_is_a_conflict_and_the_log_says_why() {
    on_both(async |world| {
        world.failures().await;
        let selection = world.dead_letters().await;
        let preview = DeadLetterSelection { dry_run: true, ..selection.clone() };
        let preview = dead_letter::replay(&world.console, &local(), &preview).await.expect("a preview");
        world.ask(&format!("xtrim {STREAM} maxlen 0"));
        let before = everything(&world.server);
        let act = DeadLetterSelection { state_token: Some(preview.state_token), ..selection };
        let refusal = refusal(dead_letter::replay(&world.console, &local(), &act).await);
        assert_eq!(refusal.kind, RefusalKind::Conflict);
        assert_eq!(everything(&world.server), before);
        let entry = world.newest().await;
        assert_eq!((entry.state, entry.report), (AuditState::Failed, None));
        assert_eq!(entry.result, Some(refusal.message));
        assert!(entry.finished_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn an_act_that_redis_refused_in_part_is_failed_and_the_log_knows_which_part() {
    on_both(async |world| {
        world.failures().await;
        // the source entry of one is gone, and there is no memory to add it again
        let selection = world.dead_letters().await;
        world.ask(&format!("xdel {STREAM} 1-0"));
        world.ask("config set maxmemory 1");
        let report = dead_letter::replay(&world.console, &local(), &selection).await.expect("a report");
        assert_eq!((report.count(Outcome::Done), report.count(Outcome::Failed)), (1, 1));
        let entry = world.newest().await;
        assert_eq!((entry.state, entry.result.as_deref()), (AuditState::Failed, Some("1 done, 1 failed")));
        assert_eq!(entry.report, Some(report));
    })
    .await;
}

/// Waits until the sampler has seen so many dead letters.
async fn sampled(world: &World, count: u64) {
    wait::until("the sampler", || async { (world.console.snapshot().dead_letters() == count).then_some(()) }).await;
}

#[tokio::test]
async fn dead_letters_of_streams_that_nobody_here_made_are_found_paged_and_grouped() {
    on_both(async |world| {
        world.failures().await;
        for n in 1..=3 {
            world.ask(&format!("xadd {} {n}-0 x y", dead_letter_stream("foreign")));
        }
        sampled(&world, 5).await;
        let causes = dead_letter::causes(&world.console, &Filter::default()).await.expect("causes");
        assert_eq!(
            causes.iter().map(|cause| (cause.stream.as_str(), cause.count)).collect::<Vec<_>>(),
            [("foreign", 3), (STREAM, 2)]
        );
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = dead_letter::list(&world.console, &Filter::default(), before.as_ref(), 2).await.expect("a page");
            assert_eq!(page.total, 5);
            found.extend(page.records.into_iter().map(|d| Cursor { stream: d.provenance.stream, id: d.id }));
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), 5);
        for at in &found {
            assert_eq!(dead_letter::get(&world.console, at).await.expect("a dead letter").id, at.id);
        }
        let nowhere = Cursor { stream: "nowhere".to_owned(), id: found[0].id };
        assert_eq!(kind(dead_letter::get(&world.console, &nowhere).await), RefusalKind::NotFound);
    })
    .await;
}

/// A console whose sampler is stuck with this snapshot.
fn stuck_at(world: &World, snapshot: Snapshot) -> Console {
    let (_, snapshots) = tokio::sync::watch::channel(std::sync::Arc::new(snapshot));
    Console::new(world.console.database().clone(), world.redis.clone(), world.metrics.clone(), snapshots)
}

#[tokio::test]
async fn a_stream_that_the_sampler_has_not_seen_yet_is_asked_when_it_is_named() {
    on_both(async |world| {
        wait::until("a look", || async { world.console.snapshot().error.is_none().then_some(()) }).await;
        let console = stuck_at(&world, Snapshot::clone(&world.console.snapshot()));
        world.failures().await;
        let named = Filter { stream: Some(STREAM.to_owned()), ..Filter::default() };
        assert_eq!(dead_letter::list(&console, &named, None, 10).await.expect("a page").total, 2);
        assert_eq!(dead_letter::causes(&console, &named).await.expect("causes").len(), 1);
        assert_eq!(dead_letter::list(&console, &Filter::default(), None, 10).await.expect("a page").total, 0);
    })
    .await;
}

#[tokio::test]
async fn before_the_first_look_nobody_claims_that_there_are_no_dead_letters() {
    on_both(async |world| {
        world.failures().await;
        let (_, never) =
            streams::sampler::sampler(world.redis.clone(), world.metrics.clone(), std::time::Duration::MAX);
        let console = stuck_at(&world, Snapshot::clone(&never.borrow()));
        let refusal = refusal(dead_letter::list(&console, &Filter::default(), None, 10).await);
        assert_eq!(refusal.kind, RefusalKind::Unavailable);
        assert!(refusal.message.contains("not been looked at yet"), "{}", refusal.message);
    })
    .await;
}
