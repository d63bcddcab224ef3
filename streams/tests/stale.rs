//! Previews that no longer hold, races, and what must not happen in them.

#![expect(clippy::unwrap_used, reason = "a test may end anywhere")]

mod support;

use domain::{
    operation::{ConsumerDelete, EntriesDelete, GroupCreate, GroupDelete, Outcome, Position, Trim, TrimTo},
    stream::EntryId,
};
use rand::Rng;
use streams::{Error, operate};
use support::{GROUP, Room, STREAM};

/// Races run.
const TIMES: usize = 10_000;

fn id(ms: u64) -> EntryId {
    EntryId { ms, seq: 0 }
}

fn why() -> String {
    "a test".to_owned()
}

/// Six entries, of which `one` has the first two and `two` the third; three are unread.
async fn group_of_six() -> Room {
    let room = Room::new().await;
    for n in 1..=6 {
        let _: String = room.cli(&format!("XADD {STREAM} {n}-0 data {{}}")).await;
    }
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} 0")).await;
    read(&room, "one", 2).await;
    read(&room, "two", 1).await;
    room
}

async fn read(room: &Room, consumer: &str, count: usize) {
    let _: redis::Value =
        room.cli(&format!("XREADGROUP GROUP {GROUP} {consumer} COUNT {count} STREAMS {STREAM} >")).await;
}

/// Everything that a repair could change.
async fn state(room: &Room) -> Vec<String> {
    let mut state = consumers(room).await;
    for words in [
        format!("XRANGE {STREAM} - +"),
        format!("XINFO GROUPS {STREAM}"),
        format!("XPENDING {STREAM} {GROUP}"),
        "KEYS *".to_owned(),
    ] {
        state.push(format!("{:?}", room.try_cli::<redis::Value>(&words).await));
    }
    state
}

async fn consumers(room: &Room) -> Vec<String> {
    type Named = std::collections::BTreeMap<String, redis::Value>;
    let listed: Vec<Named> = room.try_cli(&format!("XINFO CONSUMERS {STREAM} {GROUP}")).await.unwrap_or_default();
    listed.iter().map(|named| redis::from_redis_value_ref(&named["name"]).unwrap()).collect()
}

#[tokio::test]
async fn a_stale_preview_is_refused_and_nothing_is_changed() {
    let room = group_of_six().await;
    let (redis, token) =
        (&room.redis, async |report: Result<domain::operation::Report, Error>| Some(report.unwrap().state_token));

    let delete = GroupDelete { dry_run: true, ..GroupDelete::default() };
    let delete_token = token(operate::delete_group(redis, STREAM, GROUP, &delete).await).await;
    let consumer = ConsumerDelete { consumers: vec!["two".into()], dry_run: true, ..ConsumerDelete::default() };
    let consumer_token = token(operate::delete_consumers(redis, STREAM, GROUP, &consumer).await).await;
    let trim =
        Trim { to: TrimTo::Before(id(6)), past_groups: true, dry_run: true, state_token: None, reason: Some(why()) };
    let trim_token = token(operate::trim(redis, STREAM, &trim).await).await;
    let safe = Trim { past_groups: false, ..trim.clone() };
    let _: u64 = room.cli(&format!("XACK {STREAM} {GROUP} 1-0")).await;
    let safe_token = token(operate::trim(redis, STREAM, &safe).await).await;
    let entries = EntriesDelete { ids: vec![id(4)], dry_run: true, state_token: None, reason: Some(why()) };
    let entries_token = token(operate::delete_entries_of_groups(redis, STREAM, &entries).await).await;
    let create = GroupCreate {
        group: "new".into(),
        at: Position::Start,
        make_stream: true,
        dry_run: true,
        state_token: None,
        reason: None,
    };
    let create_token = token(operate::create_group(redis, "later", &create).await).await;

    // each preview now shows something else
    read(&room, "two", 1).await;
    let _: u64 = room.cli(&format!("XACK {STREAM} {GROUP} 2-0")).await;
    let _: String = room.cli("XADD later 1-0 a b").await;

    let before = state(&room).await;
    let answers = [
        operate::delete_group(
            redis,
            STREAM,
            GROUP,
            &GroupDelete { dry_run: false, state_token: delete_token, reason: Some(why()) },
        )
        .await,
        operate::delete_consumers(
            redis,
            STREAM,
            GROUP,
            &ConsumerDelete { dry_run: false, state_token: consumer_token, ..consumer },
        )
        .await,
        operate::trim(redis, STREAM, &Trim { dry_run: false, state_token: trim_token, ..trim }).await,
        operate::trim(redis, STREAM, &Trim { dry_run: false, state_token: safe_token, ..safe }).await,
        operate::delete_entries_of_groups(
            redis,
            STREAM,
            &EntriesDelete { dry_run: false, state_token: entries_token, ..entries },
        )
        .await,
        operate::create_group(redis, "later", &GroupCreate { dry_run: false, state_token: create_token, ..create })
            .await,
    ];
    for (number, answer) in answers.iter().enumerate() {
        assert!(matches!(answer, Err(Error::Conflict(_))), "{number}: {answer:?}");
    }
    assert_eq!(state(&room).await, before);
}

#[tokio::test]
async fn what_is_added_meanwhile_does_not_make_the_preview_of_a_deletion_or_a_safe_trim_stale() {
    let room = group_of_six().await;
    let delete = GroupDelete { dry_run: true, ..GroupDelete::default() };
    let preview = operate::delete_group(&room.redis, STREAM, GROUP, &delete).await.unwrap();
    let trim =
        Trim { to: TrimTo::Before(id(5)), past_groups: true, dry_run: true, state_token: None, reason: Some(why()) };
    let seen = operate::trim(&room.redis, STREAM, &trim).await.unwrap();
    let _: String = room.cli(&format!("XADD {STREAM} 7-0 data {{}}")).await;
    let act = Trim { dry_run: false, state_token: Some(seen.state_token), ..trim };
    let report = operate::trim(&room.redis, STREAM, &act).await.unwrap();
    assert_eq!(report.items[0].detail, "lost 4 entries: all before 5-0");
    let act = GroupDelete { dry_run: false, state_token: Some(preview.state_token), reason: Some(why()) };
    operate::delete_group(&room.redis, STREAM, GROUP, &act).await.unwrap();
}

#[tokio::test]
async fn what_destroys_needs_a_reason_and_a_preview_none() {
    let room = group_of_six().await;
    let before = state(&room).await;
    for (reason, dry_run) in [(None, false), (Some("  ".to_owned()), false), (None, true)] {
        let delete = GroupDelete { dry_run, state_token: None, reason: reason.clone() };
        let trim = Trim { to: TrimTo::Keep(0), past_groups: true, dry_run, state_token: None, reason: reason.clone() };
        let entries = EntriesDelete { ids: vec![id(1)], dry_run, state_token: None, reason };
        for answer in [
            operate::delete_group(&room.redis, STREAM, GROUP, &delete).await,
            operate::trim(&room.redis, STREAM, &trim).await,
            operate::delete_entries_of_groups(&room.redis, STREAM, &entries).await,
        ] {
            assert_eq!(answer.is_ok(), dry_run, "{answer:?}");
            assert!(dry_run || matches!(answer, Err(Error::Refused(_))), "{answer:?}");
        }
    }
    assert_eq!(state(&room).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_races_with_the_deletion_of_its_consumer_is_never_orphaned() {
    let room = Room::new().await;
    let _: () = room.cli(&format!("XGROUP CREATE {STREAM} {GROUP} $ MKSTREAM")).await;
    let delete = ConsumerDelete { consumers: vec!["pod".into()], ..ConsumerDelete::default() };
    let (mut reader, mut writer) = (room.connection().await.unwrap(), room.connection().await.unwrap());
    let (mut before, mut after) = (0, 0);
    for _ in 0..TIMES {
        let entry: String =
            redis::cmd("XADD").arg(STREAM).arg("*").arg("a").arg("b").query_async(&mut writer).await.unwrap();
        let late = rand::rng().random_range(0..3);
        let read = async {
            for _ in 0..late {
                tokio::task::yield_now().await;
            }
            let mut read = redis::cmd("XREADGROUP");
            read.arg("GROUP").arg(GROUP).arg("pod").arg("STREAMS").arg(STREAM).arg(">");
            read.query_async::<redis::Value>(&mut reader).await.unwrap()
        };
        let (_, report) = tokio::join!(read, operate::delete_consumers(&room.redis, STREAM, GROUP, &delete));
        let item = &report.unwrap().items[0];
        assert_ne!(item.outcome, Outcome::Failed, "{item:?}");
        let pending: Vec<(String, String, u64, u64)> = redis::cmd("XPENDING")
            .arg(STREAM)
            .arg(GROUP)
            .arg("-")
            .arg("+")
            .arg(10)
            .query_async(&mut writer)
            .await
            .unwrap();
        let [(id, owner, ..)] = pending.as_slice() else { panic!("{entry} is orphaned: {pending:?}") };
        assert_eq!(*id, entry);
        if owner == "pod" {
            after += 1;
        } else {
            before += 1;
        }
        let acknowledged: u64 =
            redis::cmd("XACK").arg(STREAM).arg(GROUP).arg(id).query_async(&mut writer).await.unwrap();
        assert_eq!(acknowledged, 1);
    }
    assert!(before > TIMES / 100 && after > TIMES / 100, "both orders must occur: {before} before, {after} after");
}

#[tokio::test]
async fn consumers_that_hold_nothing_and_are_idle_go_in_one_act_and_others_stay() {
    let room = group_of_six().await;
    for n in 0..1_100 {
        let _: u64 = room.cli(&format!("XGROUP CREATECONSUMER {STREAM} {GROUP} pod-{n:04}")).await;
    }
    let look = ConsumerDelete { empty_for_ms: Some(0), dry_run: true, ..ConsumerDelete::default() };
    let preview = operate::delete_consumers(&room.redis, STREAM, GROUP, &look).await.unwrap();
    assert_eq!(preview.count(Outcome::Would), 1_000);
    assert!(preview.warnings.iter().any(|w| w == "100 more are empty and idle: do it again for them"), "{preview:?}");
    let act = ConsumerDelete { dry_run: false, state_token: Some(preview.state_token), ..look.clone() };
    let report = operate::delete_consumers(&room.redis, STREAM, GROUP, &act).await.unwrap();
    assert_eq!(report.count(Outcome::Done), 1_000);
    let rest = ConsumerDelete { dry_run: false, ..look.clone() };
    assert_eq!(operate::delete_consumers(&room.redis, STREAM, GROUP, &rest).await.unwrap().count(Outcome::Done), 100);
    assert_eq!(consumers(&room).await, ["one", "two"], "they hold entries");
    let long = ConsumerDelete { empty_for_ms: Some(3_600_000), dry_run: false, ..look };
    assert_eq!(operate::delete_consumers(&room.redis, STREAM, GROUP, &long).await.unwrap().items, []);
}

#[tokio::test]
async fn entries_are_handed_over_only_to_somebody_who_is_there_and_stays() {
    let room = group_of_six().await;
    let wanted = |consumers: &[&str], to: &str| ConsumerDelete {
        consumers: consumers.iter().map(|name| (*name).to_owned()).collect(),
        hand_over_to: Some(to.to_owned()),
        ..ConsumerDelete::default()
    };
    let before = state(&room).await;
    let misspelt = operate::delete_consumers(&room.redis, STREAM, GROUP, &wanted(&["one"], "tow")).await;
    assert!(matches!(misspelt, Err(Error::NotFound(_))), "{misspelt:?}");
    let both = operate::delete_consumers(&room.redis, STREAM, GROUP, &wanted(&["one", "two"], "two")).await;
    assert!(matches!(both, Err(Error::Refused(_))), "{both:?}");
    assert_eq!(state(&room).await, before);

    let report =
        operate::delete_consumers(&room.redis, STREAM, GROUP, &wanted(&["one", "nobody"], "two")).await.unwrap();
    assert_eq!((report.count(Outcome::Done), report.count(Outcome::Skipped)), (1, 1), "{report:?}");
    assert_eq!(report.items[0].detail, "deleted: handed 2 over to two");
    let report = operate::delete_consumers(&room.redis, STREAM, GROUP, &wanted(&["two"], "")).await.unwrap();
    assert_eq!(report.items[0].detail, "deleted: handed 3 over to handed-over");
    let own = operate::delete_consumers(&room.redis, STREAM, GROUP, &wanted(&["handed-over"], "")).await;
    assert!(matches!(own, Err(Error::Refused(_))), "its entries have nowhere to go: {own:?}");
    assert_eq!(room.pending(GROUP).await, Some(3));
}
