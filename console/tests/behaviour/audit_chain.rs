//! That a change of the log shows, whatever was changed.

use console::{Console, audit, export::Format};
use domain::{
    audit::{AuditState, Verification},
    operation::{GroupMove, Position},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::world::{GROUP, STREAM, World, local, on_both};

async fn verify(console: &Console) -> Verification {
    audit::verify(console, None).await.expect("a walk")
}

/// What is wrong, as `act: what`.
async fn faults(world: &World) -> Vec<String> {
    let found = verify(&world.console).await.faults;
    found.iter().map(|fault| format!("{}: {}", fault.entry.unwrap_or(0), fault.what)).collect()
}

async fn act(console: &Console, stream: &str) {
    let reason = Some("a test".to_owned());
    let to = GroupMove { to: Position::Start, dry_run: false, state_token: None, reason };
    let moved = console::group::move_to(console, &local(), stream, GROUP, &to).await;
    assert_eq!(moved.is_ok(), stream == STREAM, "only one of the streams is there");
}

#[tokio::test]
async fn a_log_that_nobody_has_touched_is_whole() {
    on_both(async |world| {
        let empty = verify(&world.console).await;
        assert!(empty.is_whole() && empty.links == 0 && empty.head.len() == 64, "{empty:?}");
        world.failures().await;
        for stream in [STREAM, "no-such-stream", STREAM] {
            act(&world.console, stream).await;
        }
        let whole = verify(&world.console).await;
        assert_eq!((whole.acts, whole.links, whole.unchained), (3, 6, 0), "{whole:?}");
        assert!(whole.is_whole() && whole.head != empty.head, "{whole:?}");
        let again = audit::verify(&world.console, Some(&empty.head)).await.expect("a walk");
        assert!(again.is_whole(), "the head of the empty log stays in the chain: {again:?}");
    })
    .await;
}

#[tokio::test]
async fn whatever_is_changed_in_one_row_its_act_is_named() {
    on_both(async |world| {
        world.failures().await;
        for _ in 0..3 {
            act(&world.console, STREAM).await;
        }
        let asked = "2: who asked for what was changed after it was written";
        let became = "2: what became of it was changed after it was written";
        for (column, other, what) in [
            ("at_us", "at_us + 1", asked),
            ("who", "'somebody else'", asked),
            ("permission", "'see_metadata'", asked),
            ("act", "'group.pause'", asked),
            ("subject", "subject || ' '", asked),
            ("request", "request || '!'", asked),
            ("reason", "null", asked),
            ("search_text", "''", asked),
            ("state", "'failed'", became),
            ("finished_at_us", "finished_at_us - 1", became),
            ("report", "replace(report, 'done', 'skipped')", became),
            ("result", "''", became),
        ] {
            world.sql("create table kept as select * from audit where id = 2").await;
            world.sql(&format!("update audit set {column} = {other} where id = 2")).await;
            assert_eq!(faults(&world).await, [what], "{column}");
            world.sql(&format!("update audit set {column} = (select {column} from kept) where id = 2")).await;
            world.sql("drop table kept").await;
            assert_eq!(faults(&world).await, [""; 0], "{column} is as it was");
        }
    })
    .await;
}

#[tokio::test]
async fn rows_that_are_taken_out_or_put_in_are_told() {
    on_both(async |world| {
        world.failures().await;
        for _ in 0..4 {
            act(&world.console, STREAM).await;
        }
        world
            .sql("insert into audit select 9, at_us, who, permission, act, subject, request, reason, search_text, state, \
                  finished_at_us, report, result from audit where id = 1")
            .await;
        let put_in = ["9: it was written into the log past the chain", "9: its result was written into the log past the chain"];
        assert_eq!(faults(&world).await, put_in);
        world.sql("delete from audit where id = 9").await;
        world.sql("delete from audit where id = 2").await;
        assert_eq!(faults(&world).await, ["2: it is gone from the log"]);
        world.sql("delete from audit_links where entry = 2").await;
        assert_eq!(faults(&world).await, ["0: links 3 to 4 are gone"], "its links gone too");
        world.sql("delete from audit where id = 4").await;
        world.sql("delete from audit_links where entry = 4").await;
        assert_eq!(faults(&world).await, ["0: links 3 to 4 are gone", "0: links 7 to 8 are gone"], "the newest ones");
    })
    .await;
}

#[tokio::test]
async fn a_chain_that_was_written_anew_lacks_the_head_that_was_written_down() {
    on_both(async |world| {
        world.failures().await;
        act(&world.console, STREAM).await;
        let written_down = verify(&world.console).await.head;
        act(&world.console, STREAM).await;
        let known = audit::verify(&world.console, Some(&written_down)).await.expect("a walk");
        assert!(known.is_whole(), "an older head is in the chain: {known:?}");
        for statement in [
            "delete from audit",
            "delete from audit_links",
            "update audit_position set last_id = 0, last_link = 0, head = '', unchained = 0",
        ] {
            world.sql(statement).await;
        }
        act(&world.console, STREAM).await;
        assert!(verify(&world.console).await.is_whole(), "by itself a new chain is as good as the old one");
        let anew = audit::verify(&world.console, Some(&written_down)).await.expect("a walk");
        assert_eq!(anew.faults.len(), 1, "{anew:?}");
        assert!(anew.faults[0].what.contains("written anew"), "{anew:?}");
    })
    .await;
}

#[tokio::test]
async fn a_link_that_is_forged_breaks_the_chain_after_it() {
    on_both(async |world| {
        world.failures().await;
        for _ in 0..3 {
            act(&world.console, STREAM).await;
        }
        world.sql("update audit_links set hash = (select hash from audit_links where link = 1) where link = 4").await;
        let found = faults(&world).await;
        let broken =
            ["2: link 4 does not follow from the one before it", "3: link 5 does not follow from the one before it"];
        assert_eq!(found, broken);
        world.sql("update audit_position set head = 'forged'").await;
        let newest = "0: the newest link is not the one that the log remembers".to_owned();
        assert!(faults(&world).await.contains(&newest));
    })
    .await;
}

#[tokio::test]
async fn many_writers_in_several_processes_make_one_chain() {
    on_both(async |world| {
        world.failures().await;
        let mut writers = JoinSet::new();
        for _ in 0..4 {
            let console = world.another_console();
            writers.spawn(async move {
                console.database().ready().await.expect("a database");
                for _ in 0..5 {
                    act(&console, STREAM).await;
                    // looked at while the others write: never a fault
                    let seen = verify(&console).await;
                    assert!(seen.is_whole(), "{seen:?}");
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended.expect("a writer");
        }
        let whole = verify(&world.console).await;
        assert_eq!((whole.acts, whole.links), (20, 40), "{whole:?}");
        assert!(whole.is_whole(), "{whole:?}");
    })
    .await;
}

#[tokio::test]
async fn acts_from_before_the_chain_are_counted_and_one_that_ends_after_is_chained() {
    on_both(async |world| {
        world.failures().await;
        act(&world.console, STREAM).await;
        // as the log was when there was no chain
        world.sql("delete from audit_links").await;
        world.sql("update audit set state = 'intended', finished_at_us = null, report = null, result = null").await;
        world.sql("update audit_position set last_link = 0, head = '', unchained = last_id").await;
        act(&world.console, STREAM).await;
        let found = verify(&world.console).await;
        assert_eq!((found.acts, found.links, found.unchained), (2, 2, 1), "{found:?}");
        assert!(found.is_whole(), "{found:?}");
        assert_eq!(world.log().await.last().expect("the first").state, AuditState::Intended);
        world.sql("update audit_position set unchained = 2").await;
        assert!(!verify(&world.console).await.is_whole(), "who declares more to be older is found out");
    })
    .await;
}

#[tokio::test]
async fn a_page_that_asks_at_every_tick_has_the_chain_walked_once() {
    on_both(async |world| {
        world.failures().await;
        act(&world.console, STREAM).await;
        let first = audit::verified(&world.console, domain::Timestamp::from_micros(0), None).await.expect("a walk");
        act(&world.console, STREAM).await;
        let ticked = audit::verified(&world.console, first.at, None).await.expect("a walk");
        assert_eq!(ticked, first);
        let later = domain::Timestamp::from_micros(first.at.micros() + 1);
        let pressed = audit::verified(&world.console, later, None).await.expect("a walk");
        assert_eq!((pressed.acts, first.acts), (2, 1), "who presses the button has it walked again");
        let future = domain::Timestamp::from_micros(i64::MAX);
        audit::verified(&world.console, future, None).await.expect("a walk, not an endless wait");
    })
    .await;
}

#[tokio::test]
async fn the_log_is_exported_oldest_first_with_the_state_of_its_chain() {
    on_both(async |world| {
        world.failures().await;
        for _ in 0..60 {
            act(&world.console, STREAM).await;
        }
        act(&world.console, "=cmd()").await;
        let head = verify(&world.console).await.head;
        let file = async |text, format| {
            let mut parts =
                audit::export(&world.console, text, format, CancellationToken::new()).await.expect("a file");
            let mut file = String::new();
            while let Some(part) = parts.recv().await {
                file.push_str(&part);
            }
            file
        };
        let lines = file(None, Format::Lines).await;
        let read: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("json")).collect();
        let ids: Vec<_> = read[..61].iter().map(|act| act["id"].as_i64().expect("an id")).collect();
        assert_eq!(ids, (1..=61).collect::<Vec<_>>());
        let end = &read[61]["export"];
        assert_eq!(read.len(), 62);
        assert_eq!((&end["acts"], &end["complete"], &end["chain_is_whole"]), (&61.into(), &true.into(), &true.into()));
        assert_eq!(end["head"], head);
        let csv = file(Some("=CMD()"), Format::Csv).await;
        assert_eq!(csv.lines().count(), 3, "the names, the act that was searched for, the end: {csv}");
        assert!(csv.contains("\"'=cmd()/workers\""), "no cell is a formula: {csv}");
        assert!(csv.lines().last().expect("an end").contains("the chain is whole"), "{csv}");
        world.sql("update audit set who = 'somebody else' where id = 7").await;
        assert!(file(None, Format::Csv).await.contains("the log does not fit its chain"));
    })
    .await;
}
