//! The scripts by which Redis was reported to count lag wrong, step by step: after each, the lag that is shown is what a
//! plain count finds, or unknown.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use std::collections::HashMap;

use domain::{
    Figure,
    finding::{Kind, Limits},
};
use redis::Value;
use support::{Room, eye::Eye};

/// Entries after the last delivered one, counted one by one.
async fn counted(room: &Room, stream: &str) -> u64 {
    let groups: Vec<HashMap<String, Value>> = room.cli(&format!("XINFO GROUPS {stream}")).await;
    let last: String = redis::from_redis_value(groups[0]["last-delivered-id"].clone()).unwrap();
    let unread: Vec<Value> = room.cli(&format!("XRANGE {stream} ({last} +")).await;
    unread.len() as u64
}

async fn shown(room: &Room, eye: &mut Eye, stream: &str, after: &str) {
    let snapshot = eye.after(1).await;
    let Some(group) = snapshot.stream(stream).and_then(|stream| stream.groups.first()) else {
        // before the group is made there is nothing to show
        assert!(!after.starts_with("XREADGROUP"), "{after}: no group");
        return;
    };
    let truth = counted(room, stream).await;
    match &group.lag {
        Figure::Exact(lag) => assert_eq!(*lag, truth, "{after}"),
        Figure::AtLeast(bound) => assert!(*bound <= truth, "{after}: ≥ {bound}, and {truth} are there"),
        Figure::Unknown(_) => {}
    }
}

/// Runs a script with a look after each line by one that looks on, and one that looks for the first time.
async fn holds(stream: &str, lines: &[&str]) {
    let room = Room::new().await;
    let mut eye = room.eye(Limits::default()).await;
    for line in lines {
        // reading nothing is an answer too
        let _: Value = room.cli(line).await;
        shown(&room, &mut eye, stream, line).await;
        let mut fresh = room.eye(Limits::default()).await;
        shown(&room, &mut fresh, stream, line).await;
    }
}

/// promises.md §7, F1 and F2; valkey#1951.
#[tokio::test]
async fn the_lag_is_true_after_an_entry_ahead_was_deleted_and_the_group_has_read_past_it() {
    holds(
        "s",
        &[
            "XADD s 1-0 f v",
            "XADD s 2-0 f v",
            "XADD s 3-0 f v",
            "XADD s 4-0 f v",
            "XGROUP CREATE s g 0",
            "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
            "XDEL s 3-0",
            "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
            "XADD s 5-0 f v",
            "XDEL s 5-0",
            "XADD s 6-0 f v",
            "XREADGROUP GROUP g c STREAMS s >",
        ],
    )
    .await;
}

/// promises.md §7, F2 by trimming; redis#13957.
#[tokio::test]
async fn the_lag_is_true_after_a_trim_ahead_and_after_reading_past_it() {
    holds(
        "x",
        &[
            "XADD x 1-0 data a",
            "XADD x 2-0 data b",
            "XADD x 3-0 data c",
            "XADD x 4-0 data d",
            "XADD x 5-0 data e",
            "XGROUP CREATE x g1 0",
            "XREADGROUP GROUP g1 c11 COUNT 1 STREAMS x >",
            "XTRIM x MAXLEN 1",
            "XREADGROUP GROUP g1 c11 COUNT 1 STREAMS x >",
            "XADD x MAXLEN 1 6-0 data f",
            "XADD x 7-0 data g",
            "XREADGROUP GROUP g1 c11 COUNT 5 STREAMS x >",
            "XTRIM x MAXLEN 0",
            "XADD x 8-0 data h",
        ],
    )
    .await;
}

/// redis#13337, both cases, and the one of its repair (#13338).
#[tokio::test]
async fn the_lag_is_true_after_entries_before_and_ahead_of_the_group_were_deleted() {
    let begin = [
        "XGROUP CREATE planets processing $ MKSTREAM",
        "XADD planets 0-1 name Mercury",
        "XADD planets 0-2 name Venus",
        "XREADGROUP GROUP processing alice STREAMS planets >",
        "XADD planets 0-3 name Earth",
        "XADD planets 0-4 name Jupiter",
    ];
    for end in [
        &["XDEL planets 0-1", "XDEL planets 0-2", "XDEL planets 0-3"][..],
        &["XDEL planets 0-1", "XDEL planets 0-2", "XDEL planets 0-3", "XDEL planets 0-4"],
        &[
            "XDEL planets 0-3",
            "XREADGROUP GROUP processing alice COUNT 1 STREAMS planets >",
            "XADD planets 0-5 name Mars",
        ],
        &[
            "XDEL planets 0-4",
            "XADD planets 0-5 name Mars",
            "XREADGROUP GROUP processing alice COUNT 1 STREAMS planets >",
        ],
    ] {
        holds("planets", &[&begin[..], end].concat()).await;
    }
}

/// promises.md §7, F4 and F5.
#[tokio::test]
async fn the_lag_is_true_after_everything_was_trimmed_unread_or_pending() {
    holds(
        "f",
        &[
            "XADD f 1-0 a b",
            "XADD f 2-0 a b",
            "XADD f 3-0 a b",
            "XGROUP CREATE f g 0",
            "XTRIM f MAXLEN 2",
            "XREADGROUP GROUP g c COUNT 1 STREAMS f >",
            "XTRIM f MAXLEN 0",
            "XADD f 4-0 a b",
        ],
    )
    .await;
}

/// An arbitrary position, of which Redis says nil; and counts that were set by hand (redis#14257: a negative lag).
#[tokio::test]
async fn the_lag_is_true_after_the_group_was_set_by_hand() {
    holds(
        "s",
        &[
            "XADD s 1-0 f v",
            "XADD s 2-0 f v",
            "XADD s 3-0 f v",
            "XADD s 4-0 f v",
            "XGROUP CREATE s g 2-5",
            "XGROUP SETID s g 3-0",
            "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
            "XGROUP SETID s g 1-0 ENTRIESREAD 1",
            "XGROUP SETID s g 0",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_group_whose_lag_redis_calls_negative_is_seen_all_the_same() {
    let room = Room::new().await;
    let _: Value = room.cli("XADD s 1-0 f v").await;
    // newer servers refuse a count that cannot be
    if room.try_cli::<Value>("XGROUP CREATE s g $ ENTRIESREAD 100").await.is_err() {
        let _: Value = room.cli("XGROUP CREATE s g $").await;
    }
    let mut eye = room.eye(Limits::default()).await;
    let snapshot = eye.after(2).await;
    assert_eq!(snapshot.stream("s").unwrap().groups[0].lag, Figure::Exact(0));
    assert!(snapshot.found.findings.iter().all(|finding| finding.kind != Kind::GroupGone));
}
