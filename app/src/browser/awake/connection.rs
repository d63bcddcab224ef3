//! The one connection to the server: ticks, what they say about Redis, and what becomes of the page by them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

use super::{
    super::{
        age::{Link, Scene, tell},
        live::Bar,
        pace::{Every, is_silent, retry_ms},
    },
    dom, need, refresh,
};

const ADDRESS: &str = "/api/console/live";
/// Milliseconds between looks at the clock: tenths of seconds are shown, and two looks for each of them would be waste.
const LOOK_MS: i32 = 200;
/// Where the browser keeps how often a person wants updates.
const KEPT_EVERY: &str = "dsm.every";

/// The data of a `tick`.
#[derive(Deserialize)]
struct Tick {
    now: i64,
    error: Option<String>,
}

/// What the server's clock said, and what the two clocks of the browser said then; in milliseconds.
#[derive(Clone, Copy)]
struct Clock {
    server: i64,
    steady: f64,
    wall: f64,
}

impl Clock {
    fn set_to(server: i64) -> Self {
        Self { server, steady: dom::steady_ms(), wall: js_sys::Date::now() }
    }

    /// The steady clock stands still while some machines sleep, the other one can be set: the later one is believed, so that
    /// nothing is called younger than it is.
    fn now_ms(self) -> i64 {
        let steady = dom::steady_ms() - self.steady;
        let wall = js_sys::Date::now() - self.wall;
        self.server + whole(steady.max(wall).max(0.0))
    }
}

/// An event source that ends with this.
struct Source {
    inner: EventSource,
    _tick: Closure<dyn FnMut(Event)>,
    _lost: Closure<dyn FnMut(Event)>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.inner.close();
    }
}

struct Connection {
    bar: Bar,
    source: RefCell<Option<Source>>,
    /// The next try.
    retry: RefCell<Option<dom::Timer>>,
    /// Looks at the clock while somebody can see it.
    looking: RefCell<Option<dom::Timer>>,
    link: Cell<Link>,
    failures: Cell<u32>,
    clock: Cell<Clock>,
    heard_ms: Cell<f64>,
    between_ms: Cell<f64>,
    error: RefCell<Option<String>>,
    paused_at_ms: Cell<Option<i64>>,
}

/// Keeps the page live from now on.
pub(super) fn begin(bar: Bar, at_ms: i64, now_ms: i64, error: Option<String>) {
    refresh::begin(at_ms);
    let connection = Rc::new(Connection {
        bar,
        source: RefCell::new(None),
        retry: RefCell::new(None),
        looking: RefCell::new(None),
        link: Cell::new(Link::Opening),
        failures: Cell::new(0),
        clock: Cell::new(Clock::set_to(now_ms)),
        heard_ms: Cell::new(dom::steady_ms()),
        between_ms: Cell::new(0.0),
        error: RefCell::new(None),
        paused_at_ms: Cell::new(None),
    });
    connection.hear_of_redis(error);
    connection.follow_choices();
    let seen = connection.clone();
    dom::listen(&dom::document(), "visibilitychange", move |_| seen.follow_eyes());
    // a page that the browser puts aside whole, and takes out again when a person goes back
    let shown = connection.clone();
    dom::listen(&dom::window(), "pageshow", move |_| shown.follow_eyes());
    let hidden = connection.clone();
    dom::listen(&dom::window(), "pagehide", move |_| hidden.sleep());
    connection.follow_eyes();
}

impl Connection {
    /// A hidden page asks for nothing; one that is seen again is brought up to date at once.
    fn follow_eyes(self: &Rc<Self>) {
        if dom::document().hidden() {
            return self.sleep();
        }
        if self.looking.borrow().is_none() {
            let connection = self.clone();
            self.looking.replace(Some(dom::each(LOOK_MS, move || connection.look())));
        }
        if self.source.borrow().is_none() {
            self.failures.set(0);
            self.open();
            if self.link.get() != Link::Opening && self.is_moving() {
                refresh::now();
            }
        }
    }

    /// Whether the page changes by itself, as far as a person is concerned.
    fn is_moving(&self) -> bool {
        self.paused_at_ms.get().is_none() && self.bar.every.get_untracked() != Every::Never
    }

    fn sleep(&self) {
        self.looking.replace(None);
        self.retry.replace(None);
        self.source.replace(None);
    }

    fn open(self: &Rc<Self>) {
        self.retry.replace(None);
        let Ok(inner) = EventSource::new(&dom::at(ADDRESS)) else { return };
        self.heard_ms.set(dom::steady_ms());
        let connection = self.clone();
        let tick = dom::closure(Box::new(move |event| {
            let text = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
            if let Some(tick) = text.and_then(|text| serde_json::from_str(&text).ok()) {
                connection.tick(tick);
            }
        }));
        let connection = self.clone();
        let lost = dom::closure(Box::new(move |_| connection.lose()));
        let _ = inner.add_event_listener_with_callback("tick", tick.as_ref().unchecked_ref());
        inner.set_onerror(Some(lost.as_ref().unchecked_ref()));
        self.source.replace(Some(Source { inner, _tick: tick, _lost: lost }));
    }

    fn tick(self: &Rc<Self>, tick: Tick) {
        let steady_ms = dom::steady_ms();
        // the first tick of a connection comes at once, whatever the interval
        if self.link.get() == Link::Open {
            self.between_ms.set(steady_ms - self.heard_ms.get());
        }
        self.heard_ms.set(steady_ms);
        self.clock.set(Clock::set_to(tick.now));
        self.hear_of_redis(tick.error);
        self.failures.set(0);
        self.link.set(Link::Open);
        let since_ms = whole(steady_ms - refresh::shown().asked_ms);
        if self.paused_at_ms.get().is_none() && self.bar.every.get_untracked().is_due(since_ms) {
            refresh::at_tick();
        }
        self.look();
    }

    fn lose(self: &Rc<Self>) {
        self.source.replace(None);
        self.link.set(Link::Lost);
        self.failures.set(self.failures.get().saturating_add(1));
        let connection = self.clone();
        let wait_ms = retry_ms(self.failures.get(), js_sys::Math::random());
        self.retry.replace(Some(dom::after(wait_ms, move || connection.open())));
        self.look();
    }

    fn hear_of_redis(&self, error: Option<String>) {
        need::redis(error.is_some());
        self.error.replace(error);
    }

    /// Looks at the clock, and whether the server is silent.
    fn look(self: &Rc<Self>) {
        let silence_ms = whole(dom::steady_ms() - self.heard_ms.get());
        if self.source.borrow().is_some() && is_silent(silence_ms, whole(self.between_ms.get())) {
            return self.lose();
        }
        let error = self.error.borrow();
        let shown = refresh::shown();
        let told = tell(&Scene {
            link: self.link.get(),
            error: error.as_deref(),
            at_ms: shown.at_ms,
            now_ms: self.clock.get().now_ms(),
            paused_at_ms: self.paused_at_ms.get(),
            every: self.bar.every.get_untracked(),
            missed: shown.missed,
        });
        let before = self.bar.told.get_untracked();
        if before != told {
            if before.state != told.state && before.state != "as of" {
                self.bar.said.set(told.state);
            }
            self.bar.told.set(told);
        }
    }

    fn follow_choices(self: &Rc<Self>) {
        let bar = self.bar;
        let kept = storage().and_then(|storage| storage.get_item(KEPT_EVERY).ok().flatten());
        bar.every.set(kept.map_or_else(Every::default, |kept| Every::named(&kept)));
        let connection = self.clone();
        Effect::new(move |before: Option<(bool, Every)>| {
            let (is_paused, every) = (bar.is_paused.get(), bar.every.get());
            let now_ms = connection.clock.get().now_ms();
            connection.paused_at_ms.set(is_paused.then(|| connection.paused_at_ms.get().unwrap_or(now_ms)));
            if let Some((was_paused, last)) = before {
                let is_changed = every != last;
                if let Some(storage) = storage().filter(|_| is_changed) {
                    let _ = storage.set_item(KEPT_EVERY, every.as_str());
                }
                if !is_paused && every != Every::Never && (was_paused || is_changed) {
                    refresh::now();
                }
                connection.look();
            }
            (is_paused, every)
        });
    }
}

/// A person may have forbidden the browser to keep anything.
fn storage() -> Option<web_sys::Storage> {
    dom::window().local_storage().ok().flatten()
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a day, or of a life")]
fn whole(ms: f64) -> i64 {
    ms as i64
}
