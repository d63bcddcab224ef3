//! The rules: a few at first, and the acts on them.

use std::time::Duration;

use console::{
    Actor,
    alert::{message, rule},
};
use domain::{
    Permission,
    alert::{NoticeKind, Reason, Terms},
    audit::AuditState,
    refusal::RefusalKind,
};

use crate::{
    receiver::Receiver,
    watching::{Process, long},
    world::{kind, local, on_both, refusal},
};

#[tokio::test]
async fn there_are_a_few_rules_at_first_that_are_quiet_and_can_all_go() {
    on_both(async |world| {
        let rules = rule::list(&world.console).await.expect("rules");
        let names: Vec<_> = rules.iter().map(|rule| rule.terms.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "A group falls behind",
                "An entry is stuck",
                "Entries become dead letters",
                "Entries wait and nobody reads",
                "Redis does not answer"
            ]
        );
        for rule in &rules {
            assert_eq!(rule.terms.check(), Ok(()), "{}", rule.terms.name);
            assert!(rule.enabled && !rule.terms.note.is_empty());
        }
        for rule in &rules {
            rule::delete(&world.console, &local(), &rule.id).await.expect("it goes");
        }
        // a second process finds them gone, and does not bring them back
        assert_eq!(rule::list(&world.another_console()).await.expect("rules"), []);
    })
    .await;
}

#[tokio::test]
async fn a_rule_is_made_changed_muted_switched_off_and_deleted_each_with_an_entry_in_the_log() {
    on_both(async |world| {
        let console = &world.console;
        let id =
            rule::create(console, &local(), Terms { name: "  Long  ".to_owned(), ..long() }).await.expect("a rule");
        let made = rule::get(console, &id).await.expect("the rule");
        assert_eq!((made.terms, made.enabled), (Terms { name: "Long".to_owned(), ..long() }, true));
        let other = Terms { threshold: 9, ..long() };
        rule::change(console, &local(), &id, other.clone()).await.expect("changed");
        assert_eq!(rule::get(console, &id).await.expect("the rule").terms, other);
        rule::mute(console, &local(), &id, Some(Duration::from_mins(1))).await.expect("muted");
        assert!(rule::get(console, &id).await.expect("the rule").muted_until.is_some());
        rule::mute(console, &local(), &id, None).await.expect("not muted");
        assert_eq!(rule::get(console, &id).await.expect("the rule").muted_until, None);
        rule::enable(console, &local(), &id, false).await.expect("off");
        assert!(!rule::get(console, &id).await.expect("the rule").enabled);
        rule::enable(console, &local(), &id, true).await.expect("on");
        rule::delete(console, &local(), &id).await.expect("deleted");
        assert_eq!(kind(rule::get(console, &id).await), RefusalKind::NotFound);
        assert_eq!(kind(rule::delete(console, &local(), &id).await), RefusalKind::NotFound);
        let log = world.log().await;
        let acts: Vec<_> = log.iter().rev().map(|entry| entry.act.as_str()).collect();
        assert_eq!(
            acts,
            [
                "alerts.create_rule",
                "alerts.change_rule",
                "alerts.mute_rule",
                "alerts.unmute_rule",
                "alerts.disable_rule",
                "alerts.enable_rule",
                "alerts.delete_rule"
            ]
        );
        assert!(log.iter().all(|entry| entry.state == AuditState::Done && entry.subject.starts_with("alert rule ")));
    })
    .await;
}

#[tokio::test]
async fn terms_that_cannot_work_and_a_name_that_is_taken_are_refused_at_their_field() {
    on_both(async |world| {
        let console = &world.console;
        let nothing = Terms { resolve_threshold: 99, ..long() };
        let refused = refusal(rule::create(console, &local(), nothing).await);
        assert!(refused.message.starts_with("resolve_threshold: "), "{refused}");
        let id = rule::create(console, &local(), long()).await.expect("a rule");
        let refused = refusal(rule::create(console, &local(), long()).await);
        assert!(refused.kind == RefusalKind::Conflict && refused.message.starts_with("name: "), "{refused}");
        rule::change(console, &local(), &id, long()).await.expect("its own name is not taken");
        let taken = Terms { name: "An entry is stuck".to_owned(), ..long() };
        assert_eq!(kind(rule::change(console, &local(), &id, taken).await), RefusalKind::Conflict);
        let for_ever = Some(Duration::from_hours(40 * 24));
        assert_eq!(kind(rule::mute(console, &local(), &id, for_ever).await), RefusalKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_changes_no_rule_and_leaves_no_trace() {
    on_both(async |world| {
        let console = &world.console;
        let others: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|held| ![Permission::Administer, Permission::Operate].contains(held))
            .collect();
        let who = Actor::new("somebody", &others);
        let before = rule::list(console).await.expect("rules");
        assert_eq!(kind(rule::create(console, &who, long()).await), RefusalKind::Forbidden);
        assert_eq!(kind(rule::change(console, &who, "behind", long()).await), RefusalKind::Forbidden);
        assert_eq!(kind(rule::enable(console, &who, "behind", false).await), RefusalKind::Forbidden);
        assert_eq!(kind(rule::delete(console, &who, "behind").await), RefusalKind::Forbidden);
        assert_eq!(kind(rule::mute(console, &who, "behind", None).await), RefusalKind::Forbidden);
        assert_eq!(kind(message::send_test(console, &who).await), RefusalKind::Forbidden);
        assert_eq!(rule::list(console).await.expect("rules"), before);
        assert_eq!(world.log().await, []);
    })
    .await;
}

#[tokio::test]
async fn without_a_channel_a_test_is_refused_with_what_to_do_and_with_one_it_arrives() {
    on_both(async |world| {
        let refused = refusal(message::send_test(&world.console, &local()).await);
        assert!(refused.kind == RefusalKind::Conflict && refused.message.contains("--alert-webhook"), "{refused}");
        let receiver = Receiver::start().await;
        let process = Process::start(world.console_telling(&receiver));
        assert_eq!(message::send_test(&process.console, &local()).await.expect("queued"), 1);
        let told = receiver.called(1).await;
        assert_eq!((told[0].notice().kind, told[0].notice().firing), (NoticeKind::Test, None));
        process.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_rule_that_is_deleted_while_it_fires_says_that_this_is_why_it_is_over() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        let id = world.too_long(long()).await;
        let process = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        rule::delete(&world.console, &local(), &id).await.expect("deleted");
        let told = receiver.called(2).await;
        assert_eq!(told[1].notice().reason, Some(Reason::RuleDeleted));
        process.stop().await;
    })
    .await;
}
