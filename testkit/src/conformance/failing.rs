//! Handlers fail, or do not end.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Answer, Behaviour, Letter, Order, Transport, diary::Diary, letters, nothing, publish, unless};
use crate::wait;

pub(super) fn behaviours<T: Transport>() -> Vec<Behaviour<T>> {
    vec![
        Behaviour {
            name: "what_fails_is_handed_out_again",
            lacks: nothing,
            run: |t| Box::pin(what_fails_is_handed_out_again(t)),
        },
        Behaviour {
            name: "a_failing_key_holds_up_no_other",
            lacks: |f| unless(f.order >= Order::OfOneConsumer, "order"),
            run: |t| Box::pin(a_failing_key_holds_up_no_other(t)),
        },
        Behaviour {
            name: "what_is_not_acknowledged_is_neither_skipped_nor_handed_out_twice_at_once",
            lacks: |f| unless(f.redelivery_after_crash, "redelivery after a crash"),
            run: |t| Box::pin(what_is_not_acknowledged_is_neither_skipped_nor_handed_out_twice_at_once(t)),
        },
        Behaviour {
            name: "what_fails_for_ever_is_set_aside_and_the_next_go_on",
            lacks: |f| unless(f.dead_letters, "dead letters"),
            run: |t| Box::pin(what_fails_for_ever_is_set_aside_and_the_next_go_on(t)),
        },
    ]
}

/// Watermill: `ResendOnError`
async fn what_fails_is_handed_out_again<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(10, 100));
    publish(&*t, &topic, &sent).await;
    let twice = |_: &Letter, times: usize| if times <= 2 { Answer::Again } else { Answer::Done };
    let subscription = t.subscribe(&topic, "group", "one", diary.handler(twice)).await;
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    assert!(sent.iter().all(|letter| diary.begun(letter) == 3), "two failures, one success");
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&sent);
    }
}

/// A key whose first message is still in hands waits; the others do not.
async fn a_failing_key_holds_up_no_other<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(4, 100));
    let (slow, others): (Vec<Letter>, Vec<Letter>) = sent.iter().cloned().partition(|letter| letter.key == "key0");
    let (stuck, gate) = (slow[0].clone(), Arc::new(Semaphore::new(0)));
    let opened = Arc::clone(&gate);
    let handler = diary.slow_handler(move |letter, times| {
        let (stuck, opened) = (letter == stuck, Arc::clone(&opened));
        async move {
            if stuck && times == 1 {
                return Answer::Again;
            }
            if stuck {
                opened.acquire().await.expect("never closed").forget();
            }
            Answer::Done
        }
    });
    publish(&*t, &topic, &sent).await;
    let subscription = t.subscribe(&topic, "group", "one", handler).await;
    diary.wait_for::<T>(others.len()).await;
    diary.assert_all(&others);
    assert_eq!(slow[1..].iter().map(|letter| diary.begun(letter)).sum::<usize>(), 0, "they wait for the first one");
    gate.add_permits(1);
    diary.wait_for::<T>(sent.len()).await;
    t.stop(subscription).await;
    diary.assert_all(&sent);
    diary.assert_order(&sent);
}

/// Watermill: `NoAck`. One message stays in the hands of a consumer that lives, for longer than a dead one's are kept.
async fn what_is_not_acknowledged_is_neither_skipped_nor_handed_out_twice_at_once<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(1, 1));
    publish(&*t, &topic, &sent).await;
    let first = t.subscribe(&topic, "group", "first", holds(&diary)).await;
    wait::until_within(T::PATIENCE, "it is in hands", async || (diary.begun(&sent[0]) == 1).then_some(())).await;
    let second = t.subscribe(&topic, "group", "second", diary.handler(|_, _| Answer::Done)).await;

    // elsewhere, meanwhile, a consumer dies: when its message is taken over, the time of the other one would be up too
    let (elsewhere, clock) = (t.topic().await, Diary::default());
    publish(&*t, &elsewhere, &sent).await;
    let dies = t.subscribe(&elsewhere, "group", "first", holds(&clock)).await;
    wait::until_within(T::PATIENCE, "it is in hands", async || (clock.begun(&sent[0]) == 1).then_some(())).await;
    t.crash(dies).await;
    let takes_over = t.subscribe(&elsewhere, "group", "second", clock.handler(|_, _| Answer::Done)).await;
    clock.wait_for::<T>(1).await;
    t.stop(takes_over).await;

    assert_eq!((diary.begun(&sent[0]), diary.done().len()), (1, 0), "who has it lives");
    t.crash(first).await;
    diary.wait_for::<T>(1).await;
    t.stop(second).await;
    diary.assert_all(&sent);
    assert_eq!(diary.most_at_once(), 1);
}

/// A handler that never ends.
fn holds(diary: &Diary) -> super::Handling {
    diary.slow_handler(|_, _| std::future::pending())
}

async fn what_fails_for_ever_is_set_aside_and_the_next_go_on<T: Transport>(t: Arc<T>) {
    let (topic, diary, sent) = (t.topic().await, Diary::default(), letters(2, 20));
    let dead = [sent[3].clone(), sent[4].clone()];
    let never = dead.clone();
    let handler = diary.handler(move |letter, _| match never.iter().position(|dead| dead == letter) {
        Some(0) => Answer::Again,
        Some(_) => Answer::Never,
        None => Answer::Done,
    });
    publish(&*t, &topic, &sent).await;
    let subscription = t.subscribe(&topic, "group", "one", handler).await;
    diary.wait_for::<T>(sent.len() - dead.len()).await;
    let bodies = wait::until_within(T::PATIENCE, "dead letters", async || {
        Some(t.dead_letters(&topic).await).filter(|bodies| bodies.len() >= dead.len())
    })
    .await;
    t.stop(subscription).await;
    let mut expected: Vec<_> = dead.iter().map(|letter| letter.body.clone()).collect();
    let mut bodies = bodies;
    bodies.sort();
    expected.sort();
    assert_eq!(bodies, expected, "nothing but them, with their bytes");
    let rest: Vec<_> = sent.iter().filter(|letter| !dead.contains(letter)).cloned().collect();
    diary.assert_all(&rest);
    assert_eq!(diary.begun(&dead[1]), 1, "what will never succeed is not tried again");
    assert!(diary.begun(&dead[0]) >= 4);
    if t.features().order >= Order::OfOneConsumer {
        diary.assert_order(&rest);
    }
}
