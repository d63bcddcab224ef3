//! Redis does not answer: since when, and what is shown meanwhile.

use domain::{Status, Timestamp, stream::Snapshot, time::humane};
use leptos::prelude::*;

use super::{Clock, Notice};
use crate::{address, clock, context::context};

/// Says that Redis is away and how old what is shown is; nothing while it answers.
#[component]
pub(crate) fn RedisAway() -> impl IntoView {
    let snapshot = context().snapshot();
    let error = snapshot.error.clone()?;
    let never = snapshot.at == Timestamp::default();
    let age = humane(clock::now().since(snapshot.at));
    let since = (!never).then(|| {
        view! {
            " since "
            <Clock at=snapshot.at />
            {format!(" ({age})")}
        }
    });
    let shown = if never {
        "There is nothing to show until it does, and what needs it is off. ".to_owned()
    } else {
        format!("What is shown is {age} old, and what needs Redis is off. It comes back by itself. ")
    };
    Some(view! {
        <Notice status=Status::Bad>
            <p>
                <strong>"Redis has not answered"{since}"."</strong>
                {format!(" {error}.")}
            </p>
            <p>{shown} <a href=address::runbook("redis-unreachable")>"What to do"</a></p>
        </Notice>
    })
}

/// Why an act that needs Redis is off, while it is away.
pub(crate) fn redis_answers(snapshot: &Snapshot) -> Result<(), String> {
    match &snapshot.error {
        None => Ok(()),
        Some(_) => Err("Redis does not answer. This is on again as soon as it does.".to_owned()),
    }
}
