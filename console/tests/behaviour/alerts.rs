//! What fires, and who is told: once, whatever restarts, fails or flaps.

use std::time::Duration;

use console::alert::{Channels, Target, rule};
use domain::{
    Figure,
    alert::{DeliveryState, NoticeKind, Phase, Reason, Subject, Terms, Watched},
};
use testkit::wait;

use crate::{
    receiver::{MailServer, Receiver},
    watching::{Process, WATCHED_STREAM, long, setting},
    world::{World, local, on_both},
};

fn kinds(receiver: &Receiver) -> Vec<NoticeKind> {
    receiver.notices().into_iter().map(|notice| notice.kind).collect()
}

#[tokio::test]
async fn what_fires_is_told_once_and_so_is_its_end() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        world.too_long(long()).await;
        let process = Process::start(world.console_telling(&receiver));
        let told = receiver.called(1).await;
        let notice = told[0].notice();
        assert_eq!((notice.kind, notice.figure.clone()), (NoticeKind::Firing, Figure::Exact(3)));
        assert_eq!(notice.subject, Subject::Stream { stream: WATCHED_STREAM.to_owned() });
        assert_eq!((notice.rule.as_str(), notice.threshold, notice.note.as_str()), ("Too long", 2, "Empty it."));
        let link = format!("https://console.example/page/{WATCHED_STREAM}");
        assert_eq!((notice.environment.as_str(), notice.link), ("test", Some(link)));
        assert_eq!(told[0].header("x-dsm-delivery"), Some(notice.id.as_str()));
        assert!(told[0].header("x-dsm-signature").is_some_and(|signature| signature.starts_with("sha256=")));
        assert_eq!((world.fires().await.phase, process.console.firing().warning), (Phase::Firing, 1));

        world.empty().await;
        let told = receiver.called(2).await;
        assert_eq!((told[1].notice().kind, told[1].notice().reason), (NoticeKind::Resolved, Some(Reason::Calm)));
        let deliveries = world.delivered(2).await;
        assert!(deliveries.iter().all(|delivery| delivery.state == DeliveryState::Sent), "{deliveries:?}");
        process.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing, NoticeKind::Resolved]);
        let history = world.history().await;
        assert_eq!((history.len(), history[0].reason), (1, Some(Reason::Calm)));
    })
    .await;
}

#[tokio::test]
async fn a_figure_that_flaps_twenty_times_is_told_once() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        let patient = Terms { resolve_for_seconds: 3_600, ..long() };
        let id = world.too_long(patient).await;
        let process = Process::start(world.console_telling(&receiver));
        let phase_is = async |phase| {
            wait::until("the phase", || async { (world.fires().await.phase == phase).then_some(()) }).await;
        };
        for _ in 0..20 {
            phase_is(Phase::Firing).await;
            world.empty().await;
            phase_is(Phase::Resolving).await;
            world.fill().await;
        }
        phase_is(Phase::Firing).await;
        rule::change(&process.console, &local(), &id, long()).await.expect("less patience");
        world.empty().await;
        world.nothing_fires().await;
        world.delivered(2).await;
        process.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing, NoticeKind::Resolved]);
        assert_eq!(world.history().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_until_it_takes_the_message() {
    on_both(async |world| {
        let receiver = Receiver::answering(["500 Internal Server Error", "503 Service Unavailable"]).await;
        world.too_long(long()).await;
        let process = Process::start(world.console_telling(&receiver));
        let told = receiver.called(3).await;
        let deliveries = world.delivered(1).await;
        assert_eq!((deliveries[0].state, deliveries[0].attempts), (DeliveryState::Sent, 3));
        process.stop().await;
        let ids: Vec<_> = receiver.notices().into_iter().map(|notice| notice.id).collect();
        assert_eq!(ids.len(), 3, "and then no more");
        assert!(ids.iter().all(|id| *id == told[0].notice().id), "a receiver can tell that it is the same message");
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_no_stop_and_its_message_waits() {
    on_both(async |world| {
        let receiver = Receiver::silent().await;
        world.too_long(long()).await;
        let process = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        // well below the time that a receiver has for its answer
        tokio::time::timeout(Duration::from_secs(6), process.stop()).await.expect("an end");
        let firings = world.history().await;
        let states: Vec<_> = firings[0].deliveries.iter().map(|delivery| delivery.state).collect();
        assert_eq!(states, [DeliveryState::Waiting]);
    })
    .await;
}

#[tokio::test]
async fn that_it_is_over_is_not_said_before_it_was_said_that_it_began() {
    on_both(async |world| {
        let receiver = Receiver::answering(["500 Internal Server Error"]).await;
        world.too_long(long()).await;
        let process = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        world.empty().await;
        world.delivered(2).await;
        process.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing, NoticeKind::Firing, NoticeKind::Resolved]);
    })
    .await;
}

#[tokio::test]
async fn a_restart_in_the_middle_tells_nobody_again() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        world.too_long(long()).await;
        let first = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        world.delivered(1).await;
        first.stop().await;

        let second = Process::start(world.console_telling(&receiver));
        wait::until("the second process knows of it", || async { (second.console.firing().all() == 1).then_some(()) })
            .await;
        world.empty().await;
        world.delivered(2).await;
        second.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing, NoticeKind::Resolved]);
    })
    .await;
}

#[tokio::test]
async fn what_a_process_found_before_it_died_is_told_by_the_next_one() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        world.too_long(long()).await;
        let dying = Process::start_mute(world.console_telling(&receiver));
        world.fires().await;
        wait::until("the message waits", || async {
            world.history().await.first().filter(|firing| firing.deliveries.len() == 1).map(drop)
        })
        .await;
        dying.stop().await;
        assert_eq!(receiver.calls().len(), 0);

        let next = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        world.delivered(1).await;
        next.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing]);
    })
    .await;
}

#[tokio::test]
async fn of_two_processes_one_tells_and_the_other_takes_over() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        world.too_long(long()).await;
        let one = Process::start(world.console_telling(&receiver));
        let other = Process::start(world.console_telling(&receiver));
        for round in 1..=3 {
            receiver.called(2 * round - 1).await;
            world.empty().await;
            receiver.called(2 * round).await;
            world.delivered(2).await;
            world.fill().await;
        }
        receiver.called(7).await;
        world.delivered(1).await;
        one.stop().await;
        world.empty().await;
        world.delivered(2).await;
        other.stop().await;
        let expected = [NoticeKind::Firing, NoticeKind::Resolved].repeat(4);
        assert_eq!(kinds(&receiver), expected, "each once, in order");
    })
    .await;
}

#[tokio::test]
async fn a_muted_rule_is_shown_and_tells_only_when_it_is_not_muted_any_more() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        let id = world.too_long(long()).await;
        let console = world.console_telling(&receiver);
        rule::mute(&console, &local(), &id, Some(Duration::from_hours(1))).await.expect("muted");
        let process = Process::start(console.clone());
        assert!(world.fires().await.muted_until.is_some());
        world.empty().await;
        world.nothing_fires().await;
        assert!(world.history().await[0].deliveries.is_empty(), "it began and ended unheard");

        world.fill().await;
        world.fires().await;
        assert_eq!(receiver.calls().len(), 0);
        rule::mute(&console, &local(), &id, None).await.expect("not muted");
        receiver.called(1).await;
        world.delivered(1).await;
        process.stop().await;
        assert_eq!(kinds(&receiver), [NoticeKind::Firing]);
    })
    .await;
}

#[tokio::test]
async fn redis_that_goes_away_is_told_and_resolves_nothing_else() {
    on_both(async |mut world| {
        let receiver = Receiver::start().await;
        world.too_long(long()).await;
        let away = Terms { name: "Away".to_owned(), watched: Watched::RedisAway, threshold: 0, ..long() };
        rule::create(&world.console, &local(), away).await.expect("a rule");
        let process = Process::start(world.console_telling(&receiver));
        receiver.called(1).await;
        world.server.stop();
        let told = receiver.called(2).await;
        assert_eq!((told[1].notice().rule.as_str(), told[1].notice().subject), ("Away", Subject::Redis));
        let long = wait::until("the stream's figure is unknown", || async {
            let firing = world.firing().await;
            let long = firing.into_iter().find(|now| now.firing.rule == "Too long").expect("it fires on");
            matches!(long.now, Figure::Unknown(_)).then_some(long)
        })
        .await;
        assert_eq!(long.firing.resolved_at, None);

        world.server.start_again().await;
        let told = receiver.called(3).await;
        assert_eq!((told[2].notice().rule.as_str(), told[2].notice().kind), ("Away", NoticeKind::Resolved));
        // the stream is gone with the data of this Redis, which is no reason to say at once that all is well
        assert_eq!(world.firing().await.len(), 1);
        world.fill().await;
        world.empty().await;
        let told = receiver.called(4).await;
        assert_eq!((told[3].notice().rule.as_str(), told[3].notice().reason), ("Too long", Some(Reason::Calm)));
        process.stop().await;
        assert_eq!(receiver.calls().len(), 4);
    })
    .await;
}

/// The message of a channel that could not be told, once it was tried.
async fn refused(world: &World, channels: Channels) -> String {
    world.too_long(long()).await;
    let process = Process::start(world.console_by(channels));
    let error =
        wait::until("it was tried", || async { world.history().await.first()?.deliveries.first()?.error.clone() })
            .await;
    process.stop().await;
    error
}

#[tokio::test]
async fn a_name_that_leads_into_the_own_network_is_not_called() {
    on_both(async |world| {
        let receiver = Receiver::start().await;
        let url = format!("http://localhost:{}/hook?token=secret", receiver.port);
        let setting = console::alert::Setting { allow_private: false, ..setting(vec![Target::Slack { url }]) };
        let error = refused(&world, Channels::new(setting).expect("channels")).await;
        assert!(error.contains("--allow-private-webhooks") && !error.contains("secret"), "{error}");
        assert_eq!(receiver.calls().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    on_both(async |world| {
        let elsewhere = Receiver::start().await;
        let receiver = Receiver::start().await;
        receiver.answer_next(&format!("302 Found\r\nlocation: {}", elsewhere.url()));
        let url = receiver.url();
        let channels = Channels::new(setting(vec![Target::Slack { url }])).expect("channels");
        let error = refused(&world, channels).await;
        assert!(error.contains("302") && !error.contains("secret"), "{error}");
        assert_eq!(elsewhere.calls().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn slack_gets_a_text_and_mail_a_mail() {
    on_both(async |world| {
        let (receiver, server) = (Receiver::start().await, MailServer::start().await);
        let mail = Target::Mail {
            server: format!("smtp+plain://127.0.0.1:{}", server.port),
            from: "Console <console@shop.example>".to_owned(),
            to: vec!["ops@shop.example".to_owned(), "boss@shop.example".to_owned()],
        };
        let channels = Channels::new(setting(vec![Target::Slack { url: receiver.url() }, mail])).expect("channels");
        world.too_long(Terms { name: "Too <long>".to_owned(), ..long() }).await;
        let process = Process::start(world.console_by(channels));
        let call = receiver.called(1).await.remove(0);
        let body: serde_json::Value = serde_json::from_str(&call.body).expect("json");
        let text = body["text"].as_str().expect("a text");
        assert!(text.starts_with("*Firing (warning): Too &lt;long&gt; · alerted:orders · test*\n"), "{text}");
        assert!(text.ends_with("<https://console.example/page/alerted:orders|Open in the console>"), "{text}");
        let mail = server.mail().await;
        for part in ["RCPT TO:<ops@shop.example>", "RCPT TO:<boss@shop.example>", "From: ", "Subject: ", "Message-ID: "]
        {
            assert!(mail.contains(part), "{part} is not in {mail}");
        }
        assert_eq!(world.delivered(2).await.iter().filter(|sent| sent.state == DeliveryState::Sent).count(), 2);
        process.stop().await;
    })
    .await;
}
