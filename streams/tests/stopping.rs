//! Orderly stops under load, one after the other (promise P9).

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::time::Duration;

use streams::{Outgoing, publish};
use support::{Diary, GROUP, Room, STREAM, event, quick};
use testkit::wait;
use tokio_util::sync::CancellationToken;

const KEYS: u32 = 7;
const STOPS: usize = 200;

/// Adds events without a pause until it is told to stop; how many there were.
async fn produce(redis: streams::Redis, stop: CancellationToken) -> u32 {
    let mut n = 0;
    while !stop.is_cancelled() {
        let batch =
            (n..n + KEYS).map(|n| Outgoing { stream: STREAM.into(), data: event(&format!("k{}", n % KEYS), n) });
        publish(&redis, &batch.collect::<Vec<_>>()).await.unwrap();
        n += KEYS;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    n
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_stops_under_load_lose_nothing_repeat_nothing_and_keep_the_order() {
    let room = Room::new().await;
    let diary = Diary::default();
    let stop = CancellationToken::new();
    let producer = tokio::spawn(produce(room.redis.clone(), stop.clone()));
    for round in 0..STOPS {
        let notes = diary.clone();
        // two names in turn, as two processes that are deployed anew again and again
        let consumer = room.consume(quick(GROUP, ["one", "two"][round % 2]), move |message| {
            let notes = notes.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                notes.note(&message);
                Ok(())
            }
        });
        let before = diary.all().len();
        diary.wait_for(before + 1).await;
        consumer.stop().await;
    }
    stop.cancel();
    let added = producer.await.unwrap();
    let notes = diary.clone();
    let last = room.consume(quick(GROUP, "one"), move |message| {
        notes.note(&message);
        async { Ok(()) }
    });
    diary.wait_for(added as usize).await;
    room.wait_until_nothing_pends(GROUP).await;
    last.stop().await;
    assert!(diary.counts().values().all(|count| *count == 1), "an orderly stop repeats nothing");
    assert_eq!(diary.counts().len(), added as usize);
    for key in 0..KEYS {
        let of_key = diary.of_key(&format!("k{key}"));
        let numbers: Vec<u32> = of_key.iter().map(|id| id.rsplit('-').next().unwrap().parse().unwrap()).collect();
        let out_of_order = numbers.windows(2).find(|pair| pair[0] > pair[1]);
        assert_eq!(out_of_order, None, "k{key}");
    }
    let consumers = wait::until("the group", || async {
        room.try_cli::<Vec<redis::Value>>(&format!("XINFO CONSUMERS {STREAM} {GROUP}")).await.ok()
    })
    .await;
    assert!(consumers.len() <= 3, "consumers do not grow: {}", consumers.len());
}
