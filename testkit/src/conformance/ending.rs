//! Consumers stop and crash, and others go on.

use std::sync::Arc;

use super::{
    Answer, Behaviour, Order, Transport,
    diary::{Diary, now_and_then, seed},
    letters, nothing, publish, unless,
};
use crate::wait;

pub(super) fn behaviours<T: Transport>() -> Vec<Behaviour<T>> {
    vec![
        Behaviour {
            name: "what_came_while_nobody_listened_arrives_after",
            lacks: nothing,
            run: |t| Box::pin(what_came_while_nobody_listened_arrives_after(t)),
        },
        Behaviour {
            name: "stops_at_the_same_time_lose_and_repeat_nothing",
            lacks: |f| unless(f.once_while_calm, "once while calm"),
            run: |t| Box::pin(stops_at_the_same_time_lose_and_repeat_nothing(t)),
        },
        Behaviour {
            name: "through_failures_and_stops_everything_is_handled",
            lacks: nothing,
            run: |t| Box::pin(through_failures_and_stops_everything_is_handled(t)),
        },
        Behaviour {
            name: "after_a_crash_everything_is_handled",
            lacks: |f| unless(f.redelivery_after_crash, "redelivery after a crash"),
            run: |t| Box::pin(after_a_crash_everything_is_handled(t)),
        },
    ]
}

/// Watermill: `ContinueAfterSubscribeClose`
async fn what_came_while_nobody_listened_arrives_after<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(10, 300));
    let mut published = 0;
    for (round, part) in sent.chunks(100).enumerate() {
        let subscription =
            t.subscribe(&topic, "group", &format!("consumer{round}"), diary.handler(|_, _| Answer::Done)).await;
        // half of it while it runs
        publish(&*t, &topic, &part[..50]).await;
        diary.wait_for::<T>(published + 1).await;
        t.stop(subscription).await;
        publish(&*t, &topic, &part[50..]).await;
        published += part.len();
    }
    let last = t.subscribe(&topic, "group", "last", diary.handler(|_, _| Answer::Done)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(last).await;
    diary.assert_all(&sent);
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&sent);
    }
    if t.features().once_while_calm {
        diary.assert_once();
    }
}

/// Watermill: `ConcurrentClose`
async fn stops_at_the_same_time_lose_and_repeat_nothing<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(50, 1000));
    let mut subscriptions = Vec::new();
    for n in 0..5 {
        subscriptions
            .push(t.subscribe(&topic, "group", &format!("consumer{n}"), diary.handler(|_, _| Answer::Done)).await);
    }
    publish(&*t, &topic, &sent).await;
    diary.wait_for::<T>(10).await;
    let mut stops = tokio::task::JoinSet::new();
    for subscription in subscriptions {
        let t = Arc::clone(&t);
        stops.spawn(async move { t.stop(subscription).await });
    }
    stops.join_all().await;
    let last = t.subscribe(&topic, "group", "last", diary.handler(|_, _| Answer::Done)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(last).await;
    diary.assert_all(&sent);
    diary.assert_once();
}

/// Watermill: `ContinueAfterErrors`
async fn through_failures_and_stops_everything_is_handled<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(10, 200));
    publish(&*t, &topic, &sent).await;
    let fails = now_and_then(seed());
    for part in 1..=4 {
        let subscription = t.subscribe(&topic, "group", "one", diary.handler(fails.clone())).await;
        diary.wait_for::<T>(sent.len() * part / 5).await;
        t.stop(subscription).await;
    }
    let last = t.subscribe(&topic, "group", "one", diary.handler(fails)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(last).await;
    diary.assert_all(&sent);
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&sent);
    }
}

/// Crashes of consumers that have messages in hands, whoever comes after.
async fn after_a_crash_everything_is_handled<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(5, 100));
    publish(&*t, &topic, &sent).await;
    // the last one has no successor of its own name
    for (round, name) in ["one", "one", "two", "three"].into_iter().enumerate() {
        let handled = diary.done().len();
        let stuck = diary.slow_handler({
            let diary = diary.clone();
            move |_, _| {
                let goes_on = diary.done().len() < handled + 5;
                async move { if goes_on { Answer::Done } else { std::future::pending().await } }
            }
        });
        let subscription = t.subscribe(&topic, "group", name, stuck).await;
        wait::until_within(T::PATIENCE, &format!("messages in hands in round {round}"), async || {
            (diary.done().len() >= handled + 5 && diary.in_hands() > 0).then_some(())
        })
        .await;
        t.crash(subscription).await;
        // the end of a task is noticed by its thread a moment later
        wait::until_within(T::PATIENCE, "a crash lets go of everything", async || {
            (diary.in_hands() == 0).then_some(())
        })
        .await;
    }
    let last = t.subscribe(&topic, "group", "last", diary.handler(|_, _| Answer::Done)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(last).await;
    diary.assert_all(&sent);
}
