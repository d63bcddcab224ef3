//! The broker goes and comes back; the load is high.

use std::sync::Arc;

use super::{
    Answer, Behaviour, Letter, Order, Transport,
    diary::{Diary, now_and_then, seed},
    letters, nothing, publish, unless,
};
use crate::wait;

/// Messages of a test under load.
const MANY: usize = 10_000;
const KEYS: usize = 50;

pub(super) fn behaviours<T: Transport>() -> Vec<Behaviour<T>> {
    vec![
        Behaviour {
            name: "what_was_accepted_arrives_though_the_broker_restarts",
            lacks: |f| unless(f.persistent, "persistent"),
            run: |t| Box::pin(what_was_accepted_arrives_though_the_broker_restarts(t)),
        },
        Behaviour {
            name: "under_load_with_failures_four_consumers_handle_everything",
            lacks: nothing,
            run: |t| Box::pin(under_load_with_failures_four_consumers_handle_everything(t)),
        },
        Behaviour {
            name: "under_load_with_failures_one_consumer_keeps_the_order",
            lacks: |f| unless(f.order >= Order::OfOneConsumer, "order"),
            run: |t| Box::pin(under_load_with_failures_one_consumer_keeps_the_order(t)),
        },
    ]
}

/// Watermill: `Reconnect`. Publishers try again until they are told that it was accepted, so there may be repeats.
async fn what_was_accepted_arrives_though_the_broker_restarts<T: Transport>(t: Arc<T>) {
    let (topic, diary) = (t.topic().await, Diary::default());
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(|_, _| Answer::Done)).await;
    let mut publishers = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (t, topic) = (Arc::clone(&t), topic.clone());
        publishers.spawn(async move {
            let sent: Vec<_> =
                letters(1, 300).into_iter().map(|l| Letter { key: format!("publisher{n}"), ..l }).collect();
            for batch in sent.chunks(3) {
                wait::until_within(T::PATIENCE, "it is accepted", async || t.publish(&topic, batch).await.ok()).await;
            }
            sent
        });
    }
    // each time in the middle of it
    for part in 1..=3 {
        diary.wait_for::<T>(part * 500).await;
        t.restart_broker().await;
    }
    let sent = publishers.join_all().await.concat();
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&sent);
    }
}

async fn under_load_with_failures_four_consumers_handle_everything<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(KEYS, MANY));
    let fails = now_and_then(seed());
    let mut subscriptions = Vec::new();
    for n in 0..4 {
        subscriptions.push(t.subscribe(&topic, "group", &format!("consumer{n}"), diary.handler(fails.clone())).await);
    }
    publish(&*t, &topic, &sent).await;
    diary.wait_for::<T>(sent.len()).await;
    for subscription in subscriptions {
        t.stop(subscription).await;
    }
    diary.assert_all(&sent);
    assert_eq!(diary.most_at_once(), 1, "no message is in two hands");
    if t.features().order >= Order::OfTheGroup {
        diary.assert_order(&sent);
    }
}

async fn under_load_with_failures_one_consumer_keeps_the_order<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(KEYS, MANY));
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(now_and_then(seed()))).await;
    publish(&*t, &topic, &sent).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    diary.assert_order(&sent);
    assert_eq!(diary.most_at_once(), 1);
}
