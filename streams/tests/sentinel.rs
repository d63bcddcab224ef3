//! A master that sentinels watch: when another server takes its place, everybody follows by himself.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

#[path = "handling.rs"]
mod handling;

use std::collections::BTreeSet;

use handling::support::{Diary, GROUP, Room, Running, STREAM, Servers, event, quick};
use streams::{Error, Outgoing, Redis, publish, server::Mode};
use testkit::{redis::Sentinel, wait};

impl Room {
    fn sentinel(&mut self) -> &mut Sentinel {
        if let Servers::Sentinel(sentinel) = &mut self.server { sentinel } else { panic!("no sentinel") }
    }

    async fn publish_at_last(&self, n: u32) {
        wait::until("redis takes it", || async {
            let outgoing = Outgoing { stream: STREAM.into(), data: event("k", n) };
            publish(&self.redis, &[outgoing]).await.ok()
        })
        .await;
    }

    fn consume_into(&self, diary: &Diary) -> Running {
        let notes = diary.clone();
        self.consume(quick(GROUP, "one"), move |message| {
            notes.note(&message);
            async { Ok(()) }
        })
    }

    /// From now on the raw client is at the server that has become the master.
    fn look_at_new_master(&mut self) {
        self.raw = redis::Client::open(self.sentinel().url_of(1)).unwrap();
    }

    /// The ids of all events that the server has, which the raw client is at.
    async fn events_there(&self) -> BTreeSet<String> {
        let entries: Vec<(String, Vec<(String, String)>)> = self.cli(&format!("XRANGE {STREAM} - +")).await;
        let id = |data: &str| domain::event::Envelope::read(data.as_bytes()).ok()?.event_id;
        entries.iter().filter_map(|(_, fields)| id(&fields[0].1)).collect()
    }

    async fn wait_until_all_is_handled(&self, diary: &Diary) {
        wait::until("everything that the master has is handled", || async {
            let handled = diary.counts();
            self.events_there().await.iter().all(|id| handled.contains_key(id)).then_some(())
        })
        .await;
        self.wait_until_nothing_pends(GROUP).await;
    }
}

async fn room() -> Room {
    Room::on_sentinel(Sentinel::start().await)
}

#[tokio::test]
async fn the_sentinels_lead_to_the_master_and_the_figures_say_so() {
    let room = room().await;
    room.publish_at_last(1).await;
    let server = room.redis.server().await.unwrap();
    assert_eq!((server.mode, server.is_replica), (Mode::Sentinel, false));
    let snapshot = room.sample().await;
    assert_eq!((snapshot.redis.mode.as_str(), snapshot.streams.len()), ("sentinel", 1));
}

#[tokio::test]
async fn consumer_and_publisher_go_on_when_the_master_has_died() {
    let mut room = room().await;
    let diary = Diary::default();
    let consumer = room.consume_into(&diary);
    for n in 0..20 {
        room.publish_at_last(n).await;
    }
    diary.wait_for(20).await;
    room.wait_until_nothing_pends(GROUP).await;
    let servers = room.sentinel().servers();
    servers[0].wait_for(&servers[1]).await;
    room.sentinel().kill_master().await;
    for n in 20..40 {
        room.publish_at_last(n).await;
    }
    room.look_at_new_master();
    room.wait_until_all_is_handled(&diary).await;
    consumer.stop().await;
    assert_eq!(room.events_there().await.len(), 40, "the replica had all of it");
}

#[tokio::test]
async fn everybody_leaves_a_master_that_has_become_a_replica() {
    let mut room = room().await;
    let diary = Diary::default();
    let consumer = room.consume_into(&diary);
    for n in 0..20 {
        room.publish_at_last(n).await;
    }
    diary.wait_for(20).await;
    room.sentinel().fail_over().await;
    for n in 20..40 {
        room.publish_at_last(n).await;
    }
    room.look_at_new_master();
    room.wait_until_all_is_handled(&diary).await;
    consumer.stop().await;
    let there = room.events_there().await;
    assert!((20..40).all(|n| there.contains(&format!("k-{n}"))), "the new master has what it has acknowledged");
}

#[tokio::test]
async fn a_master_that_hangs_holds_up_nobody_for_ever() {
    let mut room = room().await;
    let diary = Diary::default();
    let consumer = room.consume_into(&diary);
    room.publish_at_last(0).await;
    diary.wait_for(1).await;
    room.sentinel().freeze_master().await;
    for n in 1..10 {
        room.publish_at_last(n).await;
    }
    room.look_at_new_master();
    room.wait_until_all_is_handled(&diary).await;
    consumer.stop().await;
}

#[tokio::test]
async fn one_sentinel_that_answers_is_enough() {
    let mut room = room().await;
    room.sentinel().kill_sentinel(0);
    room.sentinel().kill_sentinel(1);
    let diary = Diary::default();
    let consumer = room.consume_into(&diary);
    room.publish_at_last(1).await;
    diary.wait_for(1).await;
    consumer.stop().await;
}

#[tokio::test]
async fn a_name_that_no_sentinel_knows_is_told_without_addresses() {
    let room = room().await;
    let lost = Redis::new(&room.server.url().replace("mymaster", "nobody")).unwrap();
    let Err(Error::Unavailable(why)) = lost.ping().await else { panic!("it was found") };
    assert!(why.contains("no living master of that name") && !why.contains("127.0.0.1"), "{why}");
}
