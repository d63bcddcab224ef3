//! Messages arrive: all, with their bytes, in order, to everybody who is to have them.

use std::sync::Arc;

use super::{Answer, Behaviour, Letter, Order, Transport, diary::Diary, letters, nothing, publish, unless};

pub(super) fn behaviours<T: Transport>() -> Vec<Behaviour<T>> {
    vec![
        Behaviour {
            name: "everything_published_arrives_with_its_bytes",
            lacks: nothing,
            run: |t| Box::pin(everything_published_arrives_with_its_bytes(t)),
        },
        Behaviour {
            name: "unusual_bodies_arrive_unchanged_or_are_refused",
            lacks: nothing,
            run: |t| Box::pin(unusual_bodies_arrive_unchanged_or_are_refused(t)),
        },
        Behaviour {
            name: "consumers_of_a_group_share_its_messages",
            lacks: |f| unless(f.once_while_calm, "once while calm"),
            run: |t| Box::pin(consumers_of_a_group_share_its_messages(t)),
        },
        Behaviour {
            name: "topics_side_by_side_keep_their_messages_apart",
            lacks: nothing,
            run: |t| Box::pin(topics_side_by_side_keep_their_messages_apart(t)),
        },
        Behaviour {
            name: "every_group_gets_everything",
            lacks: |f| unless(f.consumer_groups, "consumer groups"),
            run: |t| Box::pin(every_group_gets_everything(t)),
        },
        Behaviour {
            name: "a_new_group_begins_at_the_oldest_message",
            lacks: |f| {
                unless(f.consumer_groups, "consumer groups")
                    .or_else(|| unless(f.begins_at_the_oldest, "begins at the oldest"))
            },
            run: |t| Box::pin(a_new_group_begins_at_the_oldest_message(t)),
        },
        Behaviour {
            name: "messages_of_a_key_are_handled_in_order",
            lacks: |f| unless(f.order >= Order::OfOneConsumer, "order"),
            run: |t| Box::pin(messages_of_a_key_are_handled_in_order(t)),
        },
        Behaviour {
            name: "publishers_side_by_side_lose_nothing",
            lacks: nothing,
            run: |t| Box::pin(publishers_side_by_side_lose_nothing(t)),
        },
    ]
}

fn done(_: &Letter, _: usize) -> Answer {
    Answer::Done
}

/// Watermill: `PublishSubscribe`
async fn everything_published_arrives_with_its_bytes<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(10, 100));
    publish(&*t, &topic, &sent).await;
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(done)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
}

async fn unusual_bodies_arrive_unchanged_or_are_refused<T: Transport>(t: Arc<T>) {
    let (topic, diary) = (t.topic().await, Diary::default());
    let letter = |key: &str, body: &[u8]| Letter { key: key.to_owned(), body: body.to_vec() };
    let mut sent = vec![
        letter("empty", b""),
        letter("a megabyte", &b"x".repeat(1024 * 1024)),
        letter("nul", b"before\0after\0"),
        letter("lines", b"a\r\nb\n$3\r\n"),
        letter("quotes", br#"{"a": "\"}"#),
        letter("far letters", "\u{1F980} \u{202E} \u{FEFF}".as_bytes()),
        letter("k\u{e9}y with \"quotes\" and spaces", b"x"),
        letter("", b"without a key"),
    ];
    let binary = letter("no text", b"\xff\xfe\0\x80");
    if t.features().binary_bodies {
        sent.push(binary);
    } else {
        t.publish(&topic, &[binary]).await.expect_err("what cannot be carried is refused, not changed");
    }
    for letter in &sent {
        t.publish(&topic, std::slice::from_ref(letter)).await.expect("the broker takes it");
    }
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(done)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
}

/// Watermill: `ConcurrentSubscribe`
async fn consumers_of_a_group_share_its_messages<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(50, 1000));
    let mut subscriptions = Vec::new();
    for n in 0..5 {
        subscriptions.push(t.subscribe(&topic, "group", &format!("consumer{n}"), diary.handler(done)).await);
    }
    publish(&*t, &topic, &sent).await;
    diary.wait_for::<T>(sent.len()).await;
    for subscription in subscriptions {
        t.stop(subscription).await;
    }
    diary.assert_all(&sent);
    diary.assert_once();
}

/// Watermill: `ConcurrentSubscribeMultipleTopics`, `Topic`
async fn topics_side_by_side_keep_their_messages_apart<T: Transport>(t: Arc<T>) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let t = Arc::clone(&t);
        tasks.spawn(async move {
            let (topic, diary) = (t.topic().await, Diary::default());
            let sent: Vec<_> = letters(5, 50)
                .into_iter()
                .map(|letter| Letter { key: format!("{n} {}", letter.key), ..letter })
                .collect();
            let subscription = t.subscribe(&topic, "group", "one", diary.handler(done)).await;
            publish(&*t, &topic, &sent).await;
            diary.wait_for::<T>(sent.len()).await;
            t.stop(subscription).await;
            diary.assert_all(&sent);
        });
    }
    tasks.join_all().await;
}

/// Watermill: `ConsumerGroups`
async fn every_group_gets_everything<T: Transport>(t: Arc<T>) {
    let (topic, sent) = (t.topic().await, letters(10, 100));
    let mut groups = Vec::new();
    for n in 0..3 {
        let diary = Diary::default();
        let subscription = t.subscribe(&topic, &format!("group{n}"), "one", diary.handler(done)).await;
        groups.push((diary, subscription));
    }
    publish(&*t, &topic, &sent).await;
    for (diary, subscription) in groups {
        diary.wait_for::<T>(sent.len()).await;
        t.stop(subscription).await;
        diary.assert_all(&sent);
    }
}

/// Watermill: `NewSubscriberReceivesOldMessages`
async fn a_new_group_begins_at_the_oldest_message<T: Transport>(t: Arc<T>) {
    let (topic, sent) = (t.topic().await, letters(10, 100));
    publish(&*t, &topic, &sent).await;
    for group in ["first", "second"] {
        let diary = Diary::default();
        let subscription = t.subscribe(&topic, group, "one", diary.handler(done)).await;
        diary.wait_for::<T>(sent.len()).await;
        t.stop(subscription).await;
        diary.assert_all(&sent);
    }
}

/// Watermill: `PublishSubscribeInOrder`
async fn messages_of_a_key_are_handled_in_order<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(7, 1000));
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(done)).await;
    publish(&*t, &topic, &sent).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    diary.assert_order(&sent);
}

/// Each publisher has a key, so that their order can be told too where there is one.
async fn publishers_side_by_side_lose_nothing<T: Transport>(t: Arc<T>) {
    let (topic, diary) = (t.topic().await, Diary::default());
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(done)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..10 {
        let (t, topic) = (Arc::clone(&t), topic.clone());
        tasks.spawn(async move {
            let sent: Vec<_> =
                letters(1, 100).into_iter().map(|l| Letter { key: format!("publisher{n}"), ..l }).collect();
            for batch in sent.chunks(7) {
                t.publish(&topic, batch).await.expect("the broker is there");
            }
            sent
        });
    }
    let sent = tasks.join_all().await.concat();
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&sent);
    }
}
