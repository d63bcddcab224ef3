//! Lanes that wait behind an entry that fails, and clearing them by hand.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::operation::{LaneClear, Outcome, ParkedLane, PendingAct, PendingSelection};
use streams::{Backoff, ConsumerSettings, Error, operate};
use support::{Diary, GROUP, Room, Running, STREAM, quick, retry};
use testkit::wait;

/// What the handler of a test does, and did.
#[derive(Clone, Default)]
struct Handled {
    diary: Diary,
    attempts: Arc<AtomicUsize>,
    is_mended: Arc<AtomicBool>,
}

/// A consumer that fails at `k-0` until that is mended, and then waits for `pause`.
fn failing(room: &Room, pause: Duration) -> (Running, Handled) {
    let handled = Handled::default();
    let told = handled.clone();
    let settings = ConsumerSettings { backoff: Backoff { first: pause, cap: pause }, ..quick(GROUP, "one") };
    let running = room.consume(settings, move |message| {
        let told = told.clone();
        async move {
            if message.envelope.event_id.as_deref() == Some("k-0") && !told.is_mended.load(Ordering::SeqCst) {
                told.attempts.fetch_add(1, Ordering::SeqCst);
                return retry("the till is shut");
            }
            told.diary.note(&message);
            Ok(())
        }
    });
    (running, handled)
}

async fn parked(room: &Room) -> ParkedLane {
    wait::until("a parked lane", || async {
        operate::parked_lanes(&room.metrics, STREAM, GROUP).await?.into_iter().next().filter(|lane| lane.waiting == 2)
    })
    .await
}

async fn three_of_a_key(room: &Room) {
    for n in 0..3 {
        room.add_event("k", n).await;
    }
    room.add_event("other", 0).await;
}

#[tokio::test]
async fn a_lane_goes_on_when_an_operator_gives_up_the_entry_that_parks_it() {
    let room = Room::new().await;
    let (consumer, handled) = failing(&room, Duration::from_hours(1));
    three_of_a_key(&room).await;
    let lane = parked(&room).await;
    assert_eq!((lane.key.as_deref(), lane.attempts, lane.error.as_str()), (Some("k"), 1, "the till is shut"));
    handled.diary.wait_for(1).await;
    assert_eq!(handled.diary.all(), ["other-0"], "only its own lane waits");

    let look = LaneClear { entry: lane.entry, dry_run: true, state_token: None, reason: None };
    let preview = operate::clear_lane(&room.metrics, STREAM, GROUP, &look).await.unwrap();
    assert_eq!(preview.count(Outcome::Would), 1);
    assert!(preview.warnings[1].starts_with("2 entries of key k wait behind it"), "{:?}", preview.warnings);
    assert_eq!((room.pending(GROUP).await, room.dead_letters().await.len()), (Some(3), 0));

    let act = LaneClear { dry_run: false, state_token: Some(preview.state_token), ..look };
    let report = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1, "{report:?}");
    handled.diary.wait_for(3).await;
    assert_eq!(handled.diary.of_key("k"), ["k-1", "k-2"]);
    let dead = room.wait_for_dead_letters(1).await;
    assert_eq!((dead[0].provenance.source_id, dead[0].provenance.attempts), (lane.entry, 1));
    assert_eq!(dead[0].provenance.error, "the till is shut (given up by an operator)");
    room.wait_until_nothing_pends(GROUP).await;
    let again = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    consumer.stop().await;
    assert_eq!((room.dead_letters().await.len(), handled.attempts.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn an_entry_that_succeeded_meanwhile_is_not_given_up() {
    let room = Room::new().await;
    let (consumer, handled) = failing(&room, Duration::from_millis(300));
    three_of_a_key(&room).await;
    let lane = parked(&room).await;
    let look = LaneClear { entry: lane.entry, dry_run: true, state_token: None, reason: None };
    let preview = operate::clear_lane(&room.metrics, STREAM, GROUP, &look).await.unwrap();
    handled.is_mended.store(true, Ordering::SeqCst);
    handled.diary.wait_for(4).await;
    let act = LaneClear { dry_run: false, state_token: Some(preview.state_token), ..look };
    let refused = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(room.dead_letters().await, []);
}

#[tokio::test]
async fn an_entry_that_was_tried_again_since_the_preview_is_not_given_up() {
    let room = Room::new().await;
    let (consumer, handled) = failing(&room, Duration::from_millis(100));
    three_of_a_key(&room).await;
    let lane = parked(&room).await;
    let look = LaneClear { entry: lane.entry, dry_run: true, state_token: None, reason: None };
    let preview = operate::clear_lane(&room.metrics, STREAM, GROUP, &look).await;
    // it may be in the middle of its next attempt already
    let Ok(preview) = preview else { return consumer.stop().await };
    wait::until("one more attempt", || async {
        let lanes = operate::parked_lanes(&room.metrics, STREAM, GROUP).await?;
        lanes.first().is_none_or(|now| now.attempts > lane.attempts + 1).then_some(())
    })
    .await;
    let act = LaneClear { dry_run: false, state_token: Some(preview.state_token), ..look };
    let refused = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    handled.is_mended.store(true, Ordering::SeqCst);
    consumer.stop().await;
}

#[tokio::test]
async fn while_redis_is_away_a_lane_cannot_be_cleared_and_stays_parked() {
    let mut room = Room::with(testkit::redis::Server::start_durable().await);
    let (consumer, handled) = failing(&room, Duration::from_hours(1));
    three_of_a_key(&room).await;
    let lane = parked(&room).await;
    room.server.kill();
    let act = LaneClear { entry: lane.entry, dry_run: false, state_token: None, reason: None };
    let refused = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    // it is tried again after a moment, instead of after an hour: that moment may come before Redis is back
    handled.is_mended.store(true, Ordering::SeqCst);
    room.server.start_again().await;
    handled.diary.wait_for(4).await;
    assert_eq!(handled.diary.of_key("k"), ["k-0", "k-1", "k-2"]);
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!(room.dead_letters().await, []);
}

#[tokio::test]
async fn nothing_is_known_of_lanes_where_no_consumer_runs() {
    let room = Room::new().await;
    assert_eq!(operate::parked_lanes(&room.metrics, STREAM, GROUP).await, None);
    let act = LaneClear { entry: "1-0".parse().unwrap(), dry_run: false, state_token: None, reason: None };
    let refused = operate::clear_lane(&room.metrics, STREAM, GROUP, &act).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn what_an_operator_took_from_the_pending_list_is_not_tried_again_here() {
    let room = Room::new().await;
    let (consumer, handled) = failing(&room, Duration::from_hours(1));
    three_of_a_key(&room).await;
    let lane = parked(&room).await;
    let act = PendingSelection {
        act: PendingAct::DeadLetter,
        ids: vec![lane.entry],
        dry_run: false,
        state_token: None,
        reason: None,
    };
    assert_eq!(operate::pending(&room.redis, STREAM, GROUP, &act).await.unwrap().count(Outcome::Done), 1);
    room.metrics.forget(STREAM, GROUP, &[lane.entry]);
    handled.diary.wait_for(3).await;
    assert_eq!(handled.diary.of_key("k"), ["k-1", "k-2"]);
    room.wait_until_nothing_pends(GROUP).await;
    consumer.stop().await;
    assert_eq!((room.dead_letters().await.len(), handled.attempts.load(Ordering::SeqCst)), (1, 1));
}
