//! Recovery as a job: frozen, tried, sent, watched, reported; whatever happens to the process in between.

use std::{collections::BTreeMap, time::Instant};

use console::{Actor, audit, export::Format, recovery};
use domain::{
    Permission,
    dead_letter::Cursor,
    recovery::{ItemState, Order, Selection, State, Terms, Word},
    refusal::RefusalKind,
};
use testkit::wait;
use tokio_util::sync::CancellationToken;

use crate::{
    redis::pending,
    shop::{BYSTANDER, GROUP, STREAM, Shop, Worker, all},
    world::{World, kind, local, on_both, on_sqlite},
};

#[tokio::test]
async fn a_job_sends_what_was_frozen_to_the_group_that_failed_and_nothing_else() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..60, 60).await;
        let id = shop.job(Order::InOrder, 0).await;
        let ready = shop.until(id, State::Ready).await;
        assert_eq!((ready.counts.queued, ready.counts.total()), (60, 60));
        assert_eq!(shop.dead_letters().len(), 60, "a job that was not started sends nothing");
        shop.fail(60..65, 65).await;
        shop.mend();
        let added = shop.entries_added();
        shop.say(id, Word::Start).await.expect("a start");
        let done = shop.until(id, State::Done).await;
        assert_eq!((done.counts.confirmed, done.counts.total()), (60, 60), "{done:?}");
        assert_eq!(shop.dead_letters().len(), 5, "what came after the freeze is untouched");
        assert_eq!(shop.entries_added(), added, "nothing was added: nobody else sees anything");
        assert_eq!(pending(&shop.world.server, STREAM, BYSTANDER), []);
        let mut handled: Vec<u64> = shop.handled().into_iter().map(|(_, n)| n).collect();
        handled.sort_unstable();
        assert_eq!(handled, (0..60).collect::<Vec<_>>(), "each once");
        assert_eq!(shop.world.ask(&format!("exists {{{STREAM}}}:dlq:job:{id}")), 0, "redis may forget what was sent");
        let told = async || shop.world.log().await.first().is_some_and(|entry| entry.result.is_some()).then_some(());
        wait::until("the log is told the end", told).await;
        let said: Vec<String> = shop.world.log().await.iter().rev().map(|entry| entry.act.clone()).collect();
        assert_eq!(said, ["recovery.create", "recovery.start", "recovery.done"]);
        assert!(shop.world.newest().await.result.expect("a result").starts_with("60 handled"));
        assert!(audit::verify(&shop.world.console, None).await.expect("a walk").is_whole());
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_canary_is_sent_first_and_the_rest_waits_for_a_word() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..20, 20).await;
        shop.mend_but([1]);
        let id = shop.job(Order::InOrder, 3).await;
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        let tried = shop.until(id, State::Canaried).await;
        let counts = tried.counts;
        assert_eq!((counts.confirmed, counts.failed_again, counts.queued), (2, 1, 17), "{tried:?}");
        let failed = shop.items(id).await.into_iter().find(|item| item.state == ItemState::FailedAgain).expect("one");
        assert!(failed.detail.contains("no price for article"), "{failed:?}");
        shop.mend();
        shop.say(id, Word::Start).await.expect("the rest");
        let done = shop.until(id, State::Done).await;
        assert_eq!((done.counts.confirmed, done.counts.failed_again), (19, 1), "{done:?}");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_is_paused_sends_nothing_until_it_is_resumed_and_one_that_is_cancelled_nothing_more() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..40, 40).await;
        shop.mend();
        let terms = Terms { rate_per_second: 20, ..all(Order::InOrder) };
        let id = recovery::create(&shop.world.console, &local(), terms).await.expect("a job");
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        wait::until("some are sent", async || (shop.get(id).await.counts.given() > 2).then_some(())).await;
        shop.say(id, Word::Pause).await.expect("a pause");
        // a step that was begun is finished
        let still = async || {
            let before = shop.get(id).await.counts.queued;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            (shop.get(id).await.counts.queued == before).then_some(before)
        };
        let queued = wait::until("it stands still", still).await;
        assert!(queued > 0 && shop.get(id).await.held == Some(State::Running));
        shop.say(id, Word::Resume).await.expect("it goes on");
        wait::until("it goes on", async || (shop.get(id).await.counts.queued < queued).then_some(())).await;
        shop.say(id, Word::Cancel).await.expect("an end");
        let over = shop.get(id).await;
        assert!(over.state == State::Cancelled && over.ended_at.is_some(), "{over:?}");
        assert_eq!(kind(shop.say(id, Word::Resume).await), RefusalKind::Conflict);
        let left = wait::until("what it was at is finished", async || {
            let left = shop.get(id).await.counts.queued;
            (shop.dead_letters().len() as u64 == left).then_some(left)
        });
        assert!(left.await > 0, "the others stay dead letters");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn wherever_a_process_is_killed_each_entry_is_sent_once() {
    on_both(async |world| {
        let shop = Shop::open(world);
        shop.fail(0..300, 300).await;
        shop.mend();
        let mut worker = Worker::start(&shop.world.console);
        let terms = Terms { rate_per_second: 600, ..all(Order::InOrder) };
        let id = recovery::create(&shop.world.console, &local(), terms).await.expect("a job");
        // killed while it freezes, and again and again while it sends
        let mut kills = 0;
        let begun = Instant::now();
        while shop.get(id).await.state != State::Done {
            let state = shop.get(id).await.state;
            if state == State::Ready {
                shop.say(id, Word::Start).await.expect("a start");
            }
            if kills < 12 {
                tokio::time::sleep(std::time::Duration::from_millis(7 * (kills % 5) + 3)).await;
                worker.kill(&shop.world).await;
                worker = Worker::start(&shop.world.another_console());
                kills += 1;
            } else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert!(begun.elapsed().as_secs() < 60, "{:?}", shop.get(id).await);
        }
        let done = shop.get(id).await;
        assert_eq!((done.counts.confirmed, done.counts.total()), (300, 300), "{done:?} after {kills} kills");
        let mut handled: Vec<u64> = shop.handled().into_iter().map(|(_, n)| n).collect();
        handled.sort_unstable();
        assert_eq!(handled, (0..300).collect::<Vec<_>>(), "each once, after {kills} kills");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_redis_was_told_before_the_note_in_sql_is_not_done_again() {
    on_both(async |world| {
        let shop = Shop::open(world);
        shop.fail(0..10, 10).await;
        let worker = Worker::start(&shop.world.console);
        let id = shop.job(Order::InOrder, 0).await;
        shop.until(id, State::Ready).await;
        worker.end().await;
        // sent, and the process died before it wrote that down
        let items = shop.items(id).await;
        let resend = |item: &domain::recovery::Item| streams::dead_letter::Resend {
            record: item.record,
            source_id: item.source_id,
        };
        let some: Vec<_> = items[..4].iter().map(resend).collect();
        let first = streams::dead_letter::send(&shop.world.redis, Some(id), STREAM, GROUP, &some).await.expect("sent");
        shop.mend();
        wait::until("they are handled", async || (shop.handled().len() == 4).then_some(())).await;
        let again = streams::dead_letter::send(&shop.world.redis, Some(id), STREAM, GROUP, &some).await.expect("told");
        assert_eq!(again, first, "the answer of then");
        shop.say(id, Word::Start).await.expect("a start");
        let worker = Worker::start(&shop.world.console);
        let done = shop.until(id, State::Done).await;
        assert_eq!(done.counts.confirmed, 10, "{done:?}");
        assert_eq!(shop.handled().len(), 10, "each once");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn several_processes_work_on_one_job_one_at_a_time() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let workers: Vec<_> = (0..4).map(|_| Worker::start(&shop.world.another_console())).collect();
        shop.fail(0..200, 200).await;
        shop.mend();
        let id = shop.job(Order::InOrder, 5).await;
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        shop.until(id, State::Canaried).await;
        shop.say(id, Word::Start).await.expect("the rest");
        let done = shop.until(id, State::Done).await;
        assert_eq!(done.counts.confirmed, 200, "{done:?}");
        assert_eq!(shop.handled().len(), 200, "each once");
        for worker in workers {
            worker.end().await;
        }
    })
    .await;
}

#[tokio::test]
async fn in_order_each_waits_for_the_one_before_it_of_its_key_and_a_failure_stops_its_key_only() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..24, 4).await;
        shop.mend_but([9]);
        let id = shop.job(Order::InOrder, 0).await;
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        let done = shop.until(id, State::Done).await;
        let mut by_key: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (key, n) in shop.handled() {
            by_key.entry(key).or_default().push(n);
        }
        let every_fourth = |first: u64| (first..24).step_by(4).collect::<Vec<_>>();
        for (key, first) in [("k0", 0), ("k2", 2), ("k3", 3)] {
            assert_eq!(by_key[key], every_fourth(first), "{key} in order");
        }
        assert_eq!(by_key["k1"], [1, 5], "what comes after the failure waits");
        let counts = done.counts;
        assert_eq!((counts.confirmed, counts.failed_again, counts.skipped), (20, 1, 3), "{done:?}");
        let why = shop.items(id).await.into_iter().filter(|item| item.state == ItemState::Skipped);
        assert!(why.into_iter().all(|item| item.detail.contains("its key has failed again")));
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_entry_whose_key_went_on_without_it_is_left_alone_in_order_and_sent_as_it_is_for_a_reason() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..3, 3).await;
        shop.mend();
        shop.publish(3..4, 3).await; // of the key of 0
        wait::until("it is handled", async || (shop.handled().len() == 1).then_some(())).await;
        let id = shop.job(Order::InOrder, 0).await;
        let ready = shop.until(id, State::Ready).await;
        assert_eq!((ready.counts.queued, ready.counts.skipped), (2, 1));
        assert!(
            ready.warnings.iter().any(|warning| warning.contains("older than what the group was given")),
            "{ready:?}"
        );
        let left = shop.items(id).await.into_iter().find(|item| item.state == ItemState::Skipped).expect("one");
        assert_eq!((left.newer, left.key.as_deref()), (Some(1), Some("k0")), "{left:?}");
        shop.say(id, Word::Cancel).await.expect("an end");

        let nameless = Terms { reason: None, ..all(Order::AsIs) };
        assert_eq!(kind(recovery::create(&shop.world.console, &local(), nameless).await), RefusalKind::Invalid);
        let id = shop.job(Order::AsIs, 0).await;
        let ready = shop.until(id, State::Ready).await;
        assert_eq!(ready.counts.queued, 3, "{ready:?}");
        shop.say(id, Word::Start).await.expect("a start");
        assert_eq!(shop.until(id, State::Done).await.counts.confirmed, 3);
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_group_was_given_before_is_handled_once_more_and_what_it_has_not_read_is_left_alone() {
    on_both(async |world| {
        let shop = Shop::open(world);
        shop.mend();
        let worker = Worker::start(&shop.world.console);
        shop.publish(0..10, 10).await;
        wait::until("all are handled", async || (shop.handled().len() == 10).then_some(())).await;
        let ids: Vec<domain::stream::EntryId> =
            crate::redis::ids(&shop.world.server, STREAM).iter().map(|id| id.parse().expect("an id")).collect();
        let selection =
            Selection::History { stream: STREAM.to_owned(), group: GROUP.to_owned(), from: ids[2], to: ids[5] };
        let terms = Terms { selection, ..all(Order::AsIs) };
        let id = recovery::create(&shop.world.console, &local(), terms.clone()).await.expect("a job");
        let ready = shop.until(id, State::Ready).await;
        assert_eq!(ready.counts.queued, 4, "both ends included: {ready:?}");
        shop.say(id, Word::Start).await.expect("a start");
        assert_eq!(shop.until(id, State::Done).await.counts.confirmed, 4);
        let twice: Vec<u64> = shop.handled()[10..].iter().map(|(_, n)| *n).collect();
        let mut sorted = twice.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [2, 3, 4, 5]);

        let Selection::History { stream, from, to, .. } = terms.selection else { unreachable!("made above") };
        let selection = Selection::History { stream, group: BYSTANDER.to_owned(), from, to };
        let other = recovery::create(&shop.world.console, &local(), Terms { selection, ..all(Order::AsIs) }).await;
        let ready = shop.until(other.expect("a job"), State::Ready).await;
        assert_eq!((ready.counts.queued, ready.counts.skipped), (0, 4), "it has read nothing: {ready:?}");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn no_second_has_more_than_the_rate_that_was_asked_for() {
    on_sqlite(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..90, 90).await;
        shop.mend();
        let terms = Terms { rate_per_second: 40, ..all(Order::InOrder) };
        let id = recovery::create(&shop.world.console, &local(), terms).await.expect("a job");
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        let begun = Instant::now();
        while shop.get(id).await.state != State::Done {
            let (given, millis) = (shop.get(id).await.counts.given(), begun.elapsed().as_millis());
            // looked at after the count: more time, never less
            assert!(u128::from(given) <= 40 * millis.max(1) / 1_000 + 5, "{given} after {millis} ms");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(shop.get(id).await.counts.confirmed, 90);
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_job_waits_for_a_redis_that_is_away_and_goes_on_when_it_is_back() {
    on_sqlite(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..30, 30).await;
        shop.mend();
        let terms = Terms { rate_per_second: 30, ..all(Order::InOrder) };
        let id = recovery::create(&shop.world.console, &local(), terms).await.expect("a job");
        shop.until(id, State::Ready).await;
        shop.say(id, Word::Start).await.expect("a start");
        wait::until("some are sent", async || (shop.get(id).await.counts.given() > 2).then_some(())).await;
        shop.world.server.pause();
        let waits = async || {
            let job = shop.get(id).await;
            job.note.filter(|note| note.contains("it waits"))
        };
        let note = wait::until("it says why it waits", waits).await;
        assert!(note.contains("redis"), "{note}");
        shop.world.server.resume();
        let done = shop.until(id, State::Done).await;
        assert_eq!((done.counts.confirmed, done.note), (30, None));
        assert_eq!(shop.handled().len(), 30, "each once");
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn entries_that_are_no_longer_in_their_stream_are_added_again_and_the_others_are_named() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..6, 6).await;
        shop.world.ask(&format!("xtrim {STREAM} maxlen 2"));
        shop.mend();
        let id = shop.job(Order::InOrder, 0).await;
        let ready = shop.until(id, State::Ready).await;
        let told = ready.warnings.iter().find(|warning| warning.contains("added again")).expect("a warning");
        assert!(told.contains("4 entries") && told.contains(BYSTANDER), "{told}");
        shop.say(id, Word::Start).await.expect("a start");
        let done = shop.until(id, State::Done).await;
        assert_eq!(done.counts.confirmed, 6, "{done:?}");
        let added = shop.items(id).await.iter().filter(|item| item.added_as.is_some()).count();
        assert_eq!((added, shop.handled().len()), (4, 6));
        worker.end().await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_recover_makes_no_job_and_says_no_word() {
    on_sqlite(async |world: World| {
        let shop = Shop::open(world);
        shop.fail(0..1, 1).await;
        let id = shop.job(Order::InOrder, 0).await;
        let others: Vec<Permission> = Permission::ALL.into_iter().filter(|p| *p != Permission::Recover).collect();
        let who = Actor::new("somebody", &others);
        let console = &shop.world.console;
        assert_eq!(kind(recovery::create(console, &who, all(Order::InOrder)).await), RefusalKind::Forbidden);
        assert_eq!(kind(recovery::say(console, &who, id, Word::Cancel, None).await), RefusalKind::Forbidden);
        assert_eq!(kind(recovery::get(console, 77).await), RefusalKind::NotFound);
        let none = Terms { selection: Selection::DeadLetters(Vec::<Cursor>::new()), ..all(Order::InOrder) };
        assert_eq!(kind(recovery::create(console, &local(), none).await), RefusalKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn the_report_has_a_line_for_each_entry_and_says_whether_it_is_whole() {
    on_both(async |world| {
        let shop = Shop::open(world);
        let worker = Worker::start(&shop.world.console);
        shop.fail(0..12, 12).await;
        let id = shop.job(Order::InOrder, 0).await;
        shop.until(id, State::Ready).await;
        for (format, lines) in [(Format::Lines, 13), (Format::Csv, 14)] {
            let stop = CancellationToken::new();
            let mut parts = recovery::export(&shop.world.console, id, format, stop).await.expect("a file");
            let mut file = String::new();
            while let Some(part) = parts.recv().await {
                file.push_str(&part);
            }
            assert_eq!(file.lines().count(), lines, "{file}");
            assert!(file.lines().last().expect("an end").contains("12"), "{file}");
        }
        worker.end().await;
    })
    .await;
}
