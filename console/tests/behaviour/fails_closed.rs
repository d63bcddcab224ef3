//! What is done while the audit log cannot be written: nothing; and what is known of an act that was cut in between.

use console::{Error, audit, dead_letter};
use domain::{
    Refusal,
    audit::AuditState,
    operation::{Outcome, Report},
    refusal::RefusalKind,
};
use testkit::wait;
use tokio::task::JoinHandle;

use crate::{
    act::Act,
    log_lines::LogLines,
    redis::{everything, ids},
    world::{STREAM, World, local, on_both, on_both_without_database},
};

async fn assert_nothing_is_done(world: &World) {
    let before = everything(&world.server);
    for (act, name, _) in Act::ALL {
        let error = act.run(world, &local(), false).await.expect_err(name);
        assert!(matches!(error, Error::AuditAway(_)), "{name}: {error}");
        let refusal = Refusal::from(error);
        assert_eq!(refusal.kind, RefusalKind::Unavailable);
        assert!(refusal.message.starts_with("the audit log "), "{}", refusal.message);
        assert!(refusal.message.contains("nothing was done"), "{}", refusal.message);
        assert!(!world.held(), "{name}");
    }
    assert_eq!(everything(&world.server), before);
    assert!(matches!(audit::list(&world.console, None, None, 1).await, Err(Error::AuditAway(_))));
}

#[tokio::test]
async fn nothing_is_done_while_the_log_is_away_and_everything_once_it_is_back() {
    on_both_without_database(async |world| {
        world.failures().await;
        world.consume().await;
        assert_nothing_is_done(&world).await;
        for (act, name, _) in Act::ALL.into_iter().filter(|(act, ..)| act.has_preview()) {
            act.run(&world, &local(), true)
                .await
                .unwrap_or_else(|error| panic!("looking needs no log: {name}: {error}"));
        }
        world.restore().await;
        for (act, name, _) in Act::ALL {
            act.run(&world, &local(), false).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_done_when_the_log_goes_away_later() {
    on_both(async |world| {
        world.failures().await;
        world.consume().await;
        assert_eq!(world.log().await, []);
        world.cut().await;
        assert_nothing_is_done(&world).await;
        world.restore().await;
        assert_eq!(world.log().await, []);
    })
    .await;
}

/// Begins to replay everything while Redis is frozen, and gives the running act once its intent is in the log.
async fn begun(world: &World) -> JoinHandle<Result<Report, Error>> {
    let (console, selection) = (world.console.clone(), world.dead_letters().await);
    world.server.pause();
    let running = tokio::spawn(async move { dead_letter::replay(&console, &local(), &selection).await });
    wait::until("the intent", || async {
        world.log().await.first().map(|entry| assert_eq!(entry.state, AuditState::Intended))
    })
    .await;
    running
}

#[tokio::test]
async fn the_intent_is_in_the_log_before_redis_is_touched_and_the_result_after() {
    on_both(async |world| {
        world.failures().await;
        let running = begun(&world).await;
        let intent = world.newest().await;
        assert_eq!((intent.finished_at, intent.report, intent.result), (None, None, None));
        world.server.resume();
        let report = running.await.expect("no panic").expect("replayed");
        let entry = world.newest().await;
        assert_eq!((entry.id, entry.at, entry.state), (intent.id, intent.at, AuditState::Done));
        assert!(entry.finished_at >= Some(entry.at));
        assert_eq!((entry.report, report.audit_id), (Some(report), Some(intent.id)));
        assert_eq!(entry.result.as_deref(), Some("2 done"));
    })
    .await;
}

#[tokio::test]
async fn an_act_whose_result_is_lost_still_tells_what_it_did_and_stays_as_intended() {
    on_both(async |world| {
        world.failures().await;
        let log = LogLines::start();
        let running = begun(&world).await;
        world.cut().await;
        world.server.resume();
        let report = running.await.expect("no panic").expect("replayed");
        assert_eq!(report.count(Outcome::Done), 2);
        assert_eq!(log.errors().len(), 1, "{:?}", log.errors());
        assert!(log.errors()[0].contains("2 done"), "{:?}", log.errors());
        assert_eq!(ids(&world.server, &streams::keys::dead_letter_stream(STREAM)), Vec::<String>::new());
        world.restore().await;
        let entry = world.newest().await;
        assert_eq!((Some(entry.id), entry.state), (report.audit_id, AuditState::Intended));
    })
    .await;
}

#[tokio::test]
async fn an_act_goes_on_without_its_caller() {
    on_both(async |world| {
        world.failures().await;
        let running = begun(&world).await;
        running.abort();
        assert!(running.await.expect_err("aborted").is_cancelled());
        world.server.resume();
        world.console.settle().await;
        let entry = world.newest().await;
        assert_eq!((entry.state, entry.result.as_deref()), (AuditState::Done, Some("2 done")));
    })
    .await;
}
