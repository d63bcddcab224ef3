//! Entries of different keys are handled in one go, and one that fails costs the others nothing but time.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use streams::{Consumer, Failure, Handler, Message};
use support::{Diary, GROUP, Room, Running, quick};
use testkit::wait;
use tokio_util::sync::CancellationToken;

/// What a call in company shall come to.
#[derive(Clone, Copy, PartialEq)]
enum Company {
    Succeeds,
    Panics,
    NeverEnds,
    IsAway,
}

/// Notes what it handled in company and alone; events of key `bad` fail both ways.
#[derive(Clone)]
struct Clerk {
    company: Company,
    calls: Arc<Mutex<Vec<Vec<String>>>>,
    alone: Diary,
    away: Arc<Mutex<bool>>,
}

impl Clerk {
    fn new(company: Company) -> Self {
        Self { company, calls: Arc::default(), alone: Diary::default(), away: Arc::new(Mutex::new(true)) }
    }

    fn calls(&self) -> Vec<Vec<String>> {
        self.calls.lock().unwrap().clone()
    }

    fn consume(&self, room: &Room, consumer: &str) -> Running {
        let stop = CancellationToken::new();
        let mut settings = quick(GROUP, consumer);
        settings.handler_timeout = Duration::from_millis(200);
        let consumer = Consumer::new(room.redis.clone(), settings, self.clone(), room.metrics.clone());
        let task = tokio::spawn(consumer.run(stop.clone()));
        Running { stop, task }
    }
}

fn id(message: &Message) -> String {
    message.envelope.event_id.clone().unwrap()
}

impl Handler for Clerk {
    fn together(&self) -> usize {
        20
    }

    async fn handle(&self, message: &Message) -> Result<(), Failure> {
        if self.company == Company::IsAway && *self.away.lock().unwrap() {
            return Err(Failure::Outage(anyhow::anyhow!("away")));
        }
        if id(message).starts_with("bad-") {
            return Err(Failure::Retry(anyhow::anyhow!("bad")));
        }
        self.alone.note(message);
        Ok(())
    }

    async fn handle_together(&self, messages: &[&Message]) -> Result<(), Failure> {
        match self.company {
            Company::Panics => panic!("in company"),
            Company::NeverEnds => std::future::pending().await,
            Company::IsAway if *self.away.lock().unwrap() => return Err(Failure::Outage(anyhow::anyhow!("away"))),
            Company::IsAway | Company::Succeeds => {}
        }
        let ids: Vec<_> = messages.iter().map(|message| id(message)).collect();
        if ids.iter().any(|id| id.starts_with("bad-")) {
            return Err(Failure::Retry(anyhow::anyhow!("one of them is bad")));
        }
        self.calls.lock().unwrap().push(ids);
        Ok(())
    }
}

async fn add_of_each(room: &Room, keys: &[&str], each: u32) {
    for n in 0..each {
        for key in keys {
            room.add_event(key, n).await;
        }
    }
}

#[tokio::test]
async fn entries_of_different_keys_are_handled_together_and_those_of_one_key_in_order() {
    let room = Room::new().await;
    add_of_each(&room, &["a", "b", "c", "d"], 10).await;
    let clerk = Clerk::new(Company::Succeeds);
    let running = clerk.consume(&room, "one");
    wait::until("all are handled", || async {
        (clerk.calls().concat().len() + clerk.alone.all().len() == 40).then_some(())
    })
    .await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    let calls = clerk.calls();
    assert_eq!(calls[0].len(), 4, "one call for all keys: {calls:?}");
    for call in &calls {
        let keys: HashSet<_> = call.iter().map(|id| id.split('-').next().unwrap()).collect();
        assert_eq!(keys.len(), call.len(), "a key is there once: {call:?}");
    }
    for key in ["a", "b", "c", "d"] {
        let of_key: Vec<_> = calls.concat().into_iter().filter(|id| id.starts_with(key)).collect();
        assert_eq!(of_key, (0..10).map(|n| format!("{key}-{n}")).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_bad_entry_does_not_spoil_those_that_were_handled_with_it() {
    let room = Room::new().await;
    add_of_each(&room, &["a", "bad", "c"], 1).await;
    let clerk = Clerk::new(Company::Succeeds);
    let running = clerk.consume(&room, "one");
    let dead = room.wait_for_dead_letters(1).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert_eq!(dead[0].provenance.event_id.as_deref(), Some("bad-0"));
    assert_eq!(dead[0].provenance.attempts, 5, "the try in company is no attempt");
    let mut alone = clerk.alone.all();
    alone.sort();
    assert_eq!(alone, ["a-0", "c-0"]);
    assert!(clerk.calls().is_empty());
}

#[tokio::test]
async fn a_panic_or_an_endless_wait_in_company_leaves_each_to_itself() {
    for company in [Company::Panics, Company::NeverEnds] {
        let room = Room::new().await;
        add_of_each(&room, &["a", "b"], 1).await;
        let clerk = Clerk::new(company);
        let running = clerk.consume(&room, "one");
        clerk.alone.wait_for(2).await;
        room.wait_until_nothing_pends(GROUP).await;
        running.stop().await;
        assert!(room.dead_letters().await.is_empty());
    }
}

#[tokio::test]
async fn an_outage_in_company_holds_all_and_costs_none_an_attempt() {
    let room = Room::new().await;
    add_of_each(&room, &["a", "b", "c"], 3).await;
    let clerk = Clerk::new(Company::IsAway);
    let running = clerk.consume(&room, "one");
    wait::until("all are held", || async { (room.pending(GROUP).await == Some(9)).then_some(()) }).await;
    *clerk.away.lock().unwrap() = false;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert!(room.dead_letters().await.is_empty());
    let handled: HashSet<_> = clerk.calls().concat().into_iter().chain(clerk.alone.all()).collect();
    assert_eq!(handled.len(), 9);
    assert_eq!(clerk.calls().concat().len() + clerk.alone.all().len(), 9, "none twice");
}

#[tokio::test]
async fn what_was_delivered_before_is_handled_by_itself() {
    let room = Room::new().await;
    add_of_each(&room, &["a", "b"], 1).await;
    let _: redis::Value = room.cli(&format!("XGROUP CREATE {} {GROUP} 0", support::STREAM)).await;
    let _: redis::Value =
        room.cli(&format!("XREADGROUP GROUP {GROUP} one COUNT 10 STREAMS {} >", support::STREAM)).await;
    let clerk = Clerk::new(Company::Succeeds);
    let running = clerk.consume(&room, "one");
    clerk.alone.wait_for(2).await;
    room.wait_until_nothing_pends(GROUP).await;
    running.stop().await;
    assert!(clerk.calls().is_empty(), "one of them may have taken its process along");
}
