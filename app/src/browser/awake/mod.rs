//! The browser half's hands. Listeners stand on the document, because pages are morphed; they live as long as the page.
//!
//! | module | what |
//! | --- | --- |
//! | [`dom`] [`fetch`] | the document and the server, in few words |
//! | [`connection`] | the one event source: its ticks, its loss, what the bar says |
//! | [`refresh`] [`morph`] [`hold`] | the page brought up to date, but not under a person's hand |
//! | [`forms`] [`need`] | forms that stay on their page; acts that need Redis |
//! | [`keys`] [`rows`] [`palette`] | what can be done without a mouse |
//! | [`copy`] [`select`] [`board`] | one press copies, one box ticks all, tasks are moved |

mod board;
mod connection;
mod copy;
mod dom;
mod fetch;
mod forms;
mod hold;
mod keys;
mod morph;
mod need;
mod palette;
mod refresh;
mod rows;
mod select;

use std::cell::Cell;

use super::{comforts::Palette, live::Bar};

/// How many islands a page has.
const ISLANDS: u32 = 2;

thread_local! {
    static ALIVE: Cell<u32> = const { Cell::new(0) };
}

/// The line in the top bar comes to life.
pub(super) fn live(bar: Bar, at_ms: i64, now_ms: i64, error: Option<String>) {
    connection::begin(bar, at_ms, now_ms, error);
    alive();
}

/// Everything else comes to life.
pub(super) fn comforts(palette: Palette) {
    hold::begin();
    forms::begin();
    need::apply();
    keys::begin();
    palette::begin(palette);
    copy::begin();
    select::begin();
    board::begin();
    alive();
}

/// Brings into order what depends on the page after it has changed.
fn settle() {
    need::apply();
    select::count();
}

/// From now on a click is more than a link or a form: tests and the style sheet wait for this.
fn alive() {
    ALIVE.set(ALIVE.get() + 1);
    if ALIVE.get() == ISLANDS {
        // the views of the islands are bound in this turn, after this
        wasm_bindgen_futures::spawn_local(async { dom::set(&dom::root(), "data-alive", "") });
    }
}
