//! Reading the log, and several processes writing it.

use std::collections::BTreeSet;

use console::{Actor, Console, audit, group};
use domain::{
    operation::{GroupMove, Position},
    refusal::RefusalKind,
};
use tokio::task::JoinSet;

use crate::world::{World, kind, local, on_both};

/// An act that fails at Redis and is in the log all the same: no such stream.
async fn act(console: &Console, who: &str, stream: &str, reason: &str) {
    let to = GroupMove { to: Position::End, dry_run: false, state_token: None, reason: Some(reason.to_owned()) };
    let who = Actor::new(who, &domain::Permission::ALL);
    assert_eq!(kind(group::move_to(console, &who, stream, "g", &to).await), RefusalKind::NotFound);
}

#[tokio::test]
async fn the_log_is_paged_without_gaps_and_repeats_while_it_grows() {
    on_both(async |world| {
        for n in 1..=23 {
            act(&world.console, "somebody", &format!("s{n}"), "why").await;
        }
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let page = audit::list(&world.console, before, None, 5).await.expect("a page");
            assert!(page.entries.len() == 5 || page.older.is_none());
            found.extend(page.entries.iter().map(|entry| (entry.id, entry.subject.clone())));
            act(&world.console, "somebody", "later", "why").await;
            before = page.older;
            if before.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (1..=23).rev().map(|n| (n, format!("s{n}/g"))).collect();
        assert_eq!(found, expected, "newest first, each once");
        let exactly = audit::list(&world.console, Some(6), None, 5).await.expect("a page");
        assert_eq!((exactly.entries.len(), exactly.older), (5, None), "a full last page is the end");
    })
    .await;
}

async fn found(world: &World, text: &str) -> Vec<String> {
    let page = audit::list(&world.console, None, Some(text), 50).await.expect("a page");
    page.entries.into_iter().filter_map(|entry| entry.reason).collect()
}

#[tokio::test]
async fn a_text_is_searched_as_it_stands_whatever_its_letter_case() {
    on_both(async |world| {
        for reason in ["100% sure", "100 sure", "a_b", "aXb", "wow!%", "wow", "Über alles", r"back\slash", "o'clock"] {
            act(&world.console, "somebody", "orders", reason).await;
        }
        for (text, expected) in [
            ("100%", "100% sure"),
            ("a_b", "a_b"),
            ("A_B", "a_b"),
            ("!%", "wow!%"),
            ("ÜBER", "Über alles"),
            (r"k\s", r"back\slash"),
            ("o'c", "o'clock"),
        ] {
            assert_eq!(found(&world, text).await, [expected], "{text}");
        }
        assert_eq!(found(&world, "  ").await.len(), 9, "white space searches for nothing");
        assert_eq!(found(&world, "nowhere").await, Vec::<String>::new());
        let long = "x".repeat(201);
        assert_eq!(kind(audit::list(&world.console, None, Some(&long), 1).await), RefusalKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn every_part_of_an_act_can_be_searched() {
    on_both(async |world| {
        act(&world.console, "Ann", "orders", "first").await;
        act(&world.console, "Bob", "invoices", "second").await;
        group::pause(&world.console, &local(), "orders", "g", true).await.expect_err("nobody consumes it");
        for (text, count) in [
            ("ann", 1),
            ("invoices", 1),
            ("second", 1),
            ("group.move", 2),
            ("group.pause", 1),
            ("after the last entry", 2),
            ("orders/g", 2),
        ] {
            let page = audit::list(&world.console, None, Some(text), 50).await.expect("a page");
            assert_eq!(page.entries.len(), count, "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn names_and_reasons_that_one_database_could_not_keep_are_kept_by_both() {
    on_both(async |world| {
        act(&world.console, "somebody", "a\0b", "nul \0 here").await;
        let entry = world.newest().await;
        assert_eq!((entry.subject.as_str(), entry.reason.as_deref()), ("a␀b/g", Some("nul ␀ here")));
        assert_eq!(found(&world, "a\0b").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_entry_is_not_found() {
    on_both(async |world| {
        assert_eq!(kind(audit::get(&world.console, 1).await), RefusalKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn processes_that_write_at_once_never_share_an_id() {
    on_both(async |world| {
        let consoles = [world.console.clone(), world.another_console()];
        for console in &consoles {
            audit::list(console, None, None, 1).await.expect("the log");
        }
        let mut acts = JoinSet::new();
        for (process, console) in consoles.into_iter().enumerate() {
            for n in 0..20 {
                let console = console.clone();
                acts.spawn(async move { act(&console, &format!("p{process}"), &format!("s{n}"), "why").await });
            }
        }
        acts.join_all().await;
        let log = world.log().await;
        assert_eq!(log.iter().map(|entry| entry.id).collect::<Vec<_>>(), (1..=40).rev().collect::<Vec<_>>());
        let written: BTreeSet<_> = log.iter().map(|entry| (entry.who.clone(), entry.subject.clone())).collect();
        assert_eq!(written.len(), 40, "each act is there");
    })
    .await;
}
