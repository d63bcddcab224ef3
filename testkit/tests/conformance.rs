//! The suite can fail: a transport in memory holds everything, and with one fault it is found out by the behaviour that is
//! against it.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod memory;

use std::{collections::BTreeSet, sync::Arc};

use memory::{Fault, Memory};
use testkit::conformance::{Features, Order, Outcome, behaviours};

/// Each fault, and a behaviour that must not hold with it.
const FOUND_BY: [(Fault, &str); 19] = [
    (Fault::LosesEachTenth, "everything_published_arrives_with_its_bytes"),
    (Fault::CutsBodiesAtNul, "unusual_bodies_arrive_unchanged_or_are_refused"),
    (Fault::HandsOutTwice, "consumers_of_a_group_share_its_messages"),
    (Fault::MixesTopics, "topics_side_by_side_keep_their_messages_apart"),
    (Fault::SharesBetweenGroups, "every_group_gets_everything"),
    (Fault::BeginsAtTheNewest, "a_new_group_begins_at_the_oldest_message"),
    (Fault::SwapsTwoOfAKey, "messages_of_a_key_are_handled_in_order"),
    (Fault::LosesEachTenth, "publishers_side_by_side_lose_nothing"),
    (Fault::AcknowledgesBefore, "what_fails_is_handed_out_again"),
    (Fault::PassesOverWhatFails, "a_failing_key_holds_up_no_other"),
    (Fault::TakesFromTheLiving, "what_is_not_acknowledged_is_neither_skipped_nor_handed_out_twice_at_once"),
    (Fault::NeverGivesUp, "what_fails_for_ever_is_set_aside_and_the_next_go_on"),
    (Fault::LosesWhatNobodyHears, "what_came_while_nobody_listened_arrives_after"),
    (Fault::HandsOutTwice, "stops_at_the_same_time_lose_and_repeat_nothing"),
    (Fault::AcknowledgesBefore, "through_failures_and_stops_everything_is_handled"),
    (Fault::AcknowledgesBefore, "after_a_crash_everything_is_handled"),
    (Fault::ForgetsAtRestart, "what_was_accepted_arrives_though_the_broker_restarts"),
    (Fault::LosesEachTenth, "under_load_with_failures_four_consumers_handle_everything"),
    (Fault::PassesOverWhatFails, "under_load_with_failures_one_consumer_keeps_the_order"),
];

/// Whether a behaviour held; what it panicked with is on standard error.
async fn holds(fault: Fault, features: Features, name: &str) -> Result<Outcome, String> {
    let behaviour = behaviours().into_iter().find(|behaviour| behaviour.name == name).unwrap();
    let transport = Arc::new(Memory::new(fault, features));
    let held = tokio::spawn(async move { behaviour.hold(transport).await });
    held.await.map_err(|panic| panic.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transport_without_a_fault_holds_every_behaviour() {
    for behaviour in behaviours::<Memory>() {
        assert_eq!(
            holds(Fault::None, memory::EVERYTHING, behaviour.name).await,
            Ok(Outcome::Held),
            "{}",
            behaviour.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_behaviour_fails_for_a_transport_with_the_fault_it_is_against() {
    let mut trials = tokio::task::JoinSet::new();
    for (fault, name) in FOUND_BY {
        trials.spawn(async move { (fault, name, holds(fault, memory::EVERYTHING, name).await) });
    }
    for (fault, name, held) in trials.join_all().await {
        assert!(held.is_err(), "{name} holds for a transport that {fault:?}: {held:?}");
    }
    let tried: BTreeSet<_> = FOUND_BY.iter().map(|(_, name)| *name).collect();
    let all: BTreeSet<_> = behaviours::<Memory>().iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(tried, all, "each behaviour is seen to fail");
}

#[tokio::test]
async fn what_is_not_declared_is_skipped_and_said_to_be() {
    let nothing = Features {
        consumer_groups: false,
        begins_at_the_oldest: false,
        order: Order::None,
        persistent: false,
        once_while_calm: false,
        redelivery_after_crash: false,
        dead_letters: false,
        binary_bodies: false,
    };
    let skipped = [
        ("consumers_of_a_group_share_its_messages", "once while calm"),
        ("every_group_gets_everything", "consumer groups"),
        ("messages_of_a_key_are_handled_in_order", "order"),
        ("what_was_accepted_arrives_though_the_broker_restarts", "persistent"),
        ("after_a_crash_everything_is_handled", "redelivery after a crash"),
        ("what_fails_for_ever_is_set_aside_and_the_next_go_on", "dead letters"),
    ];
    for (name, feature) in skipped {
        assert_eq!(holds(Fault::None, nothing, name).await, Ok(Outcome::Skipped(feature)), "{name}");
    }
    // what every transport owes is asked of this one too
    assert!(holds(Fault::CutsBodiesAtNul, nothing, "unusual_bodies_arrive_unchanged_or_are_refused").await.is_err());
}
