//! The one event stream of a tab, and when its ticks make the page look again.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::*;
use wasm_bindgen::{JsCast, prelude::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, EventSource, MessageEvent};

use super::{
    age::Freshness,
    backoff,
    live::{DIAL, Shown},
    page::{self, after, document, listen, now_ms, root, window},
    refresh,
};

const TICKS: &str = "/api/console/live";
/// How often the age is told anew.
const TELL_EVERY_MS: i32 = 200;
const DIAL_KEPT_AS: &str = "dsm.dial";

/// What is known of the server's side.
struct State {
    source: Option<EventSource>,
    failures: u32,
    connected: bool,
    /// When Redis was asked last, by the server's clock.
    at_ms: i64,
    /// Server's clock less this browser's.
    ahead_ms: i64,
    away: bool,
    /// When the page was refreshed last, by this browser's clock.
    refreshed_ms: i64,
    refreshing: bool,
}

type Shared = Rc<RefCell<State>>;

/// Brings the island to life.
pub(super) fn start(shown: Shown, at_ms: i64, now_at_server_ms: i64, away: bool) {
    let state = Rc::new(RefCell::new(State {
        source: None,
        failures: 0,
        connected: true,
        at_ms,
        ahead_ms: now_at_server_ms - now_ms(),
        away,
        refreshed_ms: now_ms(),
        refreshing: false,
    }));
    if let Some(kept) = kept_dial() {
        shown.dial.set(kept);
    }
    let was = Rc::clone(&state);
    Effect::new(move |before: Option<(bool, i32)>| {
        let now = (shown.paused.get(), shown.dial.get());
        if before.is_some_and(|before| before != now) {
            keep_dial(now.1);
            maybe_refresh(&was, shown, true);
        }
        now
    });
    connect(&state, shown);
    let looked = Rc::clone(&state);
    listen(&document(), "visibilitychange", move |_: Event| {
        if document().hidden() {
            disconnect(&looked);
        } else {
            connect(&looked, shown);
            maybe_refresh(&looked, shown, true);
        }
    });
    let asked = Rc::clone(&state);
    // an act of this page wants its effect shown now
    listen(&document(), refresh::WANTED, move |_: Event| refresh_now(&asked, shown));
    tell(&state, shown);
    let _ = root().set_attribute("data-alive", "");
}

fn kept_dial() -> Option<i32> {
    let kept: i32 = window().local_storage().ok()??.get_item(DIAL_KEPT_AS).ok()??.parse().ok()?;
    DIAL.iter().map(|(ms, _)| *ms).find(|ms| *ms == kept)
}

fn keep_dial(ms: i32) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(DIAL_KEPT_AS, &ms.to_string());
    }
}

/// Tells the age, again and again.
fn tell(state: &Shared, shown: Shown) {
    let (freshness, age_ms) = {
        let state = state.borrow();
        let freshness = if !state.connected {
            Freshness::NoConnection
        } else if shown.paused.get_untracked() || shown.dial.get_untracked() == 0 {
            Freshness::Paused
        } else if state.at_ms == 0 {
            Freshness::Nothing
        } else if state.away {
            Freshness::RedisAway
        } else {
            Freshness::Live
        };
        // a held page is as old as its last refresh, whatever the sampler has seen since
        let age_ms = match freshness {
            Freshness::Paused => now_ms() - state.refreshed_ms,
            _ => now_ms() + state.ahead_ms - state.at_ms,
        };
        (freshness, age_ms)
    };
    let text = freshness.text(age_ms);
    if shown.text.with_untracked(|before| *before != text) {
        shown.text.set(text);
    }
    if shown.status.get_untracked() != freshness.status() {
        shown.status.set(freshness.status());
    }
    let state = Rc::clone(state);
    after(TELL_EVERY_MS, move || tell(&state, shown));
}

fn connect(state: &Shared, shown: Shown) {
    if state.borrow().source.is_some() || document().hidden() {
        return;
    }
    let Ok(source) = EventSource::new(TICKS) else { return };
    let ticked = Rc::clone(state);
    on(&source, "tick", move |event: MessageEvent| {
        if let Some((at, now, away)) = event.data().as_string().as_deref().and_then(read) {
            let mut state = ticked.borrow_mut();
            (state.at_ms, state.ahead_ms, state.away) = (at, now - now_ms(), away);
            (state.failures, state.connected) = (0, true);
            drop(state);
            mark_redis(away);
            maybe_refresh(&ticked, shown, false);
        }
    });
    let lost = Rc::clone(state);
    on(&source, "error", move |_: Event| {
        disconnect(&lost);
        let failures = {
            let mut state = lost.borrow_mut();
            state.failures += 1;
            state.connected = false;
            state.failures
        };
        let again = Rc::clone(&lost);
        after(backoff::pause_ms(failures), move || connect(&again, shown));
    });
    state.borrow_mut().source = Some(source);
}

/// Listens for as long as the source is open.
fn on<E: JsCast + 'static>(source: &EventSource, name: &str, mut act: impl FnMut(E) + 'static) {
    let act = Closure::<dyn FnMut(Event)>::new(move |event: Event| act(event.unchecked_into()));
    let _ = source.add_event_listener_with_callback(name, act.as_ref().unchecked_ref());
    // kept by the browser while the source is, and collected with it
    let _ = act.into_js_value();
}

fn disconnect(state: &Shared) {
    if let Some(source) = state.borrow_mut().source.take() {
        source.close();
    }
}

/// `{"at":…,"now":…,"error":…}`
fn read(json: &str) -> Option<(i64, i64, bool)> {
    let tick = js_sys::JSON::parse(json).ok()?;
    let field = |name: &str| js_sys::Reflect::get(&tick, &name.into()).ok();
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 are whole and fit")]
    let number = |name: &str| field(name)?.as_f64().map(|ms| ms as i64);
    Some((number("at")?, number("now")?, field("error")?.is_string()))
}

/// The style sheet and buttons that need Redis go by this.
fn mark_redis(away: bool) {
    let _ = if away { root().set_attribute("data-redis", "away") } else { root().remove_attribute("data-redis") };
}

/// Refreshes if the dial says that it is time, or if `asked`, and the page is not held.
fn maybe_refresh(state: &Shared, shown: Shown, asked: bool) {
    let dial = shown.dial.get_untracked();
    if shown.paused.get_untracked() || dial == 0 || document().hidden() {
        return;
    }
    // half a tick early is on time: ticks do not come to the millisecond
    let is_time = now_ms() - state.borrow().refreshed_ms >= i64::from(dial) - 500;
    if asked || is_time {
        refresh_now(state, shown);
    }
}

fn refresh_now(state: &Shared, shown: Shown) {
    if std::mem::replace(&mut state.borrow_mut().refreshing, true) {
        return;
    }
    let state = Rc::clone(state);
    spawn_local(async move {
        let done = refresh::refresh(&page::address()).await;
        let mut state = state.borrow_mut();
        state.refreshing = false;
        if done {
            state.refreshed_ms = now_ms();
        }
        drop(state);
        let _ = shown;
    });
}
