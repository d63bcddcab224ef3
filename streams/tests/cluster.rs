//! Streams that are spread over the nodes of a Redis Cluster: every promise holds for each of them.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

#[path = "handling.rs"]
mod handling;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::{
    Figure,
    dead_letter::{Cursor, DeadLetter, Filter},
    operation::{DeadLetterSelection, Outcome},
};
use handling::support::{Diary, GROUP, Room, Running, STREAM, Servers, event, quick};
use streams::{
    ConsumerSettings, Error, Failure, Metrics, Outgoing, Redis, Reporter,
    dead_letter::{self, Shelf},
    heartbeat::Identity,
    inspect::{self, Browse},
    publish,
    server::Mode,
};
use testkit::{redis::Cluster, wait};
use tokio_util::sync::CancellationToken;

impl Room {
    fn cluster(&mut self) -> &mut Cluster {
        if let Servers::Cluster(cluster) = &mut self.server { cluster } else { panic!("not a cluster") }
    }
}

async fn room() -> Room {
    Room::on_cluster(Cluster::start().await).await
}

/// A stream of which the master at this place has the slot.
async fn stream_at(cluster: &Cluster, place: usize) -> String {
    for n in 0..100 {
        let name = format!("stream{n}");
        if cluster.home(&name).await == place {
            return name;
        }
    }
    panic!("no name has a slot at {place}")
}

fn on(stream: &str) -> ConsumerSettings {
    ConsumerSettings { stream: stream.to_owned(), ..quick(GROUP, "one") }
}

fn outgoing(stream: &str, key: &str, n: u32) -> Outgoing {
    Outgoing { stream: stream.to_owned(), data: event(key, n) }
}

async fn publish_at_last(redis: &Redis, batch: &[Outgoing]) {
    wait::until("redis takes it", || async { publish(redis, batch).await.ok() }).await;
}

fn noting(room: &Room, stream: &str, diary: &Diary) -> Running {
    let notes = diary.clone();
    room.consume(on(stream), move |message| {
        notes.note(&message);
        async { Ok(()) }
    })
}

async fn wait_until_nothing_pends(redis: &Redis, stream: &str) {
    wait::until("nothing pends", || async {
        let page = inspect::pending(redis, stream, GROUP, &inspect::PendingBrowse::default()).await.ok()?;
        (page.total == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_process_measured_is_read_by_others_wherever_its_record_lies() {
    let room = room().await;
    let (shop, stop) = (Metrics::default(), CancellationToken::new());
    let reporter = Reporter::new(room.redis.clone(), shop.clone(), Identity::new("shop", "1"));
    let reporting = tokio::spawn(reporter.every(Duration::from_millis(20)).run(stop.clone()));
    let consumer = room.consume_as(&shop, quick(GROUP, "one"), |_| async { Ok(()) });
    room.add_event("a", 1).await;
    let seen = wait::until("another process sees it", || async {
        let snapshot = room.sample().await;
        let group = snapshot.stream(STREAM)?.groups.first()?.handling.clone();
        group.filter(|handling| handling.handled == 1)
    })
    .await;
    assert_eq!((seen.reports[0].instance.as_str(), seen.here), ("shop", false));
    consumer.stop().await;
    stop.cancel();
    reporting.await.unwrap();
    wait::until("its record went with it", || async {
        (room.sample_group(STREAM, GROUP).await.handling.is_none()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn entries_of_streams_in_different_slots_die_in_their_own_slot_and_can_be_replayed() {
    let mut room = room().await;
    let mut streams = Vec::new();
    for place in 0..3 {
        streams.push(stream_at(room.cluster(), place).await);
    }
    let (mended, diary) = (Arc::new(AtomicBool::new(false)), Diary::default());
    let consumers: Vec<Running> = streams
        .iter()
        .map(|stream| {
            let (is_mended, notes) = (Arc::clone(&mended), diary.clone());
            room.consume(on(stream), move |message| {
                let bad = message.envelope.aggregate_id.as_deref().is_some_and(|key| key.starts_with("bad"));
                let fails = bad && !is_mended.load(Ordering::SeqCst);
                if !fails {
                    notes.note(&message);
                }
                async move { if fails { Err(Failure::Reject(anyhow::anyhow!("broken"))) } else { Ok(()) } }
            })
        })
        .collect();
    let batch: Vec<Outgoing> = streams
        .iter()
        .flat_map(|stream| {
            [outgoing(stream, &format!("bad-{stream}"), 1), outgoing(stream, &format!("good-{stream}"), 2)]
        })
        .collect();
    publish(&room.redis, &batch).await.unwrap();
    diary.wait_for(3).await;
    let shelf = Shelf::new(room.redis.clone());
    let dead: Vec<DeadLetter> = wait::until("three dead letters", || async {
        let page = shelf.list(&streams, &Filter::default(), None, 500).await.ok()?;
        (page.records.len() == 3).then_some(page.records)
    })
    .await;
    assert!(dead.iter().all(|letter| letter.source_present && letter.provenance.error == "broken"));
    for stream in &streams {
        wait_until_nothing_pends(&room.redis, stream).await;
    }
    mended.store(true, Ordering::SeqCst);
    let items = dead.iter().map(|d| Cursor { stream: d.provenance.stream.clone(), id: d.id }).collect();
    let selection = DeadLetterSelection { items, dry_run: false, state_token: None, reason: None };
    let report = dead_letter::replay(&room.redis, &selection).await.unwrap();
    assert!(report.items.iter().all(|item| item.outcome == Outcome::Done), "{report:?}");
    let handled = diary.wait_for(6).await;
    assert!(streams.iter().all(|stream| handled.contains(&format!("bad-{stream}-1"))));
    for (stream, consumer) in streams.iter().zip(consumers) {
        wait_until_nothing_pends(&room.redis, stream).await;
        consumer.stop().await;
    }
    assert_eq!(shelf.list(&streams, &Filter::default(), None, 500).await.unwrap().records, []);
}

#[tokio::test]
async fn a_batch_over_many_slots_arrives_and_each_stream_has_it_in_order() {
    let room = room().await;
    let streams: Vec<String> = (0..30).map(|n| format!("stream{n}")).collect();
    let batch: Vec<Outgoing> =
        (0..5).flat_map(|n| streams.iter().map(move |stream| outgoing(stream, stream, n))).collect();
    let ids = publish(&room.redis, &batch).await.unwrap();
    assert_eq!(publish(&room.redis, &[]).await.unwrap(), []);
    for (place, stream) in streams.iter().enumerate() {
        let mut page = inspect::entries(&room.redis, stream, &Browse::default()).await.unwrap().entries;
        page.reverse();
        let found: Vec<_> = page.iter().map(|entry| (entry.id, entry.event_id.clone().unwrap())).collect();
        let sent: Vec<_> = (0..5).map(|n| (ids[n * streams.len() + place], format!("{stream}-{n}"))).collect();
        assert_eq!(found, sent);
    }
}

#[tokio::test]
async fn the_sampler_sees_the_streams_of_every_node() {
    let mut room = room().await;
    let streams: Vec<String> = (0..30).map(|n| format!("stream{n:02}")).collect();
    let batch: Vec<Outgoing> = streams.iter().map(|stream| outgoing(stream, "k", 1)).collect();
    publish(&room.redis, &batch).await.unwrap();
    let mut homes = std::collections::BTreeSet::new();
    for stream in &streams {
        homes.insert(room.cluster().home(stream).await);
    }
    assert_eq!(homes.len(), 3, "the premise: every master has some");
    let snapshot = room.sample().await;
    let seen: Vec<&str> = snapshot.streams.iter().map(|stream| stream.name.as_str()).collect();
    assert_eq!(seen, streams);
    assert!(snapshot.streams.iter().all(|stream| stream.length == 1 && stream.memory_bytes.is_some()));
    assert_eq!(snapshot.redis.mode, "cluster");
    assert!(!snapshot.redis.version.is_empty() && snapshot.redis.used_memory_bytes > 0);

    let diary = Diary::default();
    let consumer = noting(&room, &streams[7], &diary);
    diary.wait_for(1).await;
    wait_until_nothing_pends(&room.redis, &streams[7]).await;
    let group = room.sample_group(&streams[7], GROUP).await;
    assert_eq!((group.lag, group.pending, group.consumers.len()), (Figure::Exact(0), 0, 1));
    consumer.stop().await;
}

#[tokio::test]
async fn a_node_of_a_cluster_is_refused_where_a_single_server_was_meant() {
    let mut room = room().await;
    let server = room.redis.server().await.unwrap();
    assert_eq!(server.mode, Mode::Cluster);
    let alone = Redis::new(&room.cluster().url_of(0)).unwrap();
    let refused = alone.ping().await;
    assert!(matches!(&refused, Err(Error::Refused(why)) if why.contains("redis-cluster://")), "{refused:?}");
}

#[tokio::test]
async fn consumer_and_publisher_go_on_when_the_master_of_their_slot_has_died() {
    let mut room = Room::on_cluster(Cluster::start_with_replica().await).await;
    let (stream, other) = (stream_at(room.cluster(), 0).await, stream_at(room.cluster(), 1).await);
    let diary = Diary::default();
    let consumers = [noting(&room, &stream, &diary), noting(&room, &other, &diary)];
    for n in 0..20 {
        publish(&room.redis, &[outgoing(&stream, "k", n), outgoing(&other, "o", n)]).await.unwrap();
    }
    diary.wait_for(40).await;
    wait_until_nothing_pends(&room.redis, &stream).await;
    let nodes = room.cluster().nodes();
    nodes[0].wait_for(&nodes[3]).await;
    room.cluster().kill(0);
    for n in 20..40 {
        publish_at_last(&room.redis, &[outgoing(&stream, "k", n), outgoing(&other, "o", n)]).await;
    }
    wait::until("all are handled", || async { (diary.counts().len() == 80).then_some(()) }).await;
    wait_until_nothing_pends(&room.redis, &stream).await;
    let snapshot = room.sample().await;
    assert!(snapshot.stream(&stream).is_some() && snapshot.stream(&other).is_some());
    for consumer in consumers {
        consumer.stop().await;
    }
}

#[tokio::test]
async fn a_master_that_hangs_holds_up_nobody_for_ever() {
    let mut room = Room::on_cluster(Cluster::start_with_replica().await).await;
    let stream = stream_at(room.cluster(), 0).await;
    let diary = Diary::default();
    let consumer = noting(&room, &stream, &diary);
    publish(&room.redis, &[outgoing(&stream, "k", 0)]).await.unwrap();
    diary.wait_for(1).await;
    wait_until_nothing_pends(&room.redis, &stream).await;
    let nodes = room.cluster().nodes();
    nodes[0].wait_for(&nodes[3]).await;
    nodes[0].pause();
    for n in 1..10 {
        publish_at_last(&room.redis, &[outgoing(&stream, "k", n)]).await;
    }
    wait::until("all are handled", || async { (diary.counts().len() == 10).then_some(()) }).await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_stop_wakes_the_reader_on_the_node_that_it_reads_from() {
    let mut room = room().await;
    for home in 0..3 {
        let stream = stream_at(room.cluster(), home).await;
        let consumer = noting(&room, &stream, &Diary::default());
        let nodes = room.cluster().nodes();
        wait::until("the reader waits", || async {
            nodes[home].ask("INFO clients").await.contains("blocked_clients:1").then_some(())
        })
        .await;
        consumer.stop().await;
        for (place, node) in room.cluster().nodes().iter().enumerate() {
            let was_woken = node.ask("INFO commandstats").await.contains("cmdstat_client|unblock:calls=1,");
            assert_eq!(was_woken, place <= home, "the reader at {home}, the node at {place}");
        }
    }
}

#[tokio::test]
async fn a_cluster_that_is_away_is_told_without_addresses() {
    let mut room = room().await;
    room.redis.ping().await.unwrap();
    for place in 0..3 {
        room.cluster().kill(place);
    }
    for _ in 0..5 {
        let answer = publish(&room.redis, &[outgoing("s", "k", 1)]).await;
        let Err(Error::Unavailable(why)) = answer else { panic!("{answer:?}") };
        assert!(!why.contains("127.0.0.1"), "{why}");
    }
}

#[tokio::test]
async fn a_publisher_alone_follows_a_slot_to_another_node() {
    let mut room = room().await;
    let stream = stream_at(room.cluster(), 0).await;
    publish(&room.redis, &[outgoing(&stream, "k", 0)]).await.unwrap();
    room.cluster().begin_move(&stream, 0, 1).await;
    room.cluster().move_key(&stream, 0, 1).await;
    publish(&room.redis, &[outgoing(&stream, "k", 1), outgoing(&stream, "k", 2)]).await.unwrap();
    room.cluster().end_move(&stream, 1).await;
    publish(&room.redis, &[outgoing(&stream, "k", 3), outgoing(&stream, "k", 4)]).await.unwrap();
    let page = inspect::entries(&room.redis, &stream, &Browse::default()).await.unwrap();
    let newest_first: Vec<_> = page.entries.iter().filter_map(|entry| entry.event_id.as_deref()).collect();
    assert_eq!(newest_first, ["k-4", "k-3", "k-2", "k-1", "k-0"]);
}

#[tokio::test]
async fn consumer_and_publisher_follow_a_slot_to_another_node() {
    let mut room = room().await;
    let stream = stream_at(room.cluster(), 0).await;
    let diary = Diary::default();
    let consumer = noting(&room, &stream, &diary);
    let mut sent = 0;
    let mut send = async |redis: Redis| {
        for _ in 0..10 {
            publish_at_last(&redis, &[outgoing(&stream, "k", sent), outgoing(&stream, "l", sent)]).await;
            sent += 1;
        }
    };
    send(room.redis.clone()).await;
    diary.wait_for(20).await;
    room.cluster().begin_move(&stream, 0, 1).await;
    send(room.redis.clone()).await;
    room.cluster().move_key(&stream, 0, 1).await;
    // the key has gone ahead of its slot: ASK
    send(room.redis.clone()).await;
    room.cluster().end_move(&stream, 1).await;
    // MOVED
    send(room.redis.clone()).await;
    wait::until("all are handled", || async { (diary.counts().len() == 80).then_some(()) }).await;
    wait_until_nothing_pends(&room.redis, &stream).await;
    consumer.stop().await;
    for key in ["k", "l"] {
        let mut numbers: Vec<String> = diary.of_key(key);
        numbers.dedup();
        assert_eq!(numbers, (0..40).map(|n| format!("{key}-{n}")).collect::<Vec<_>>());
    }
}
