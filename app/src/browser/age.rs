//! What the top bar says about the age of what is shown. It never claims more than is known: an age counts from the moment
//! at which Redis was asked for what stands on the page, not from the last sign of life of the server.

use std::time::Duration;

use domain::{Status, Timestamp, time::humane};

use super::pace::Every;

/// Milliseconds past its interval after which data that calls itself live is late, and no longer green.
const LATE_MS: i64 = 10_000;

/// How the connection to the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Nothing has been heard yet.
    Opening,
    Open,
    Lost,
}

/// Everything that decides what the bar says.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub link: Link,
    /// Why Redis could not be asked, as the server said last.
    pub error: Option<&'a str>,
    /// When Redis was asked for what is shown, in ms since 1970 by the server's clock; 0 if it never was.
    pub at_ms: i64,
    /// The server's clock now.
    pub now_ms: i64,
    /// When a person paused it.
    pub paused_at_ms: Option<i64>,
    pub every: Every,
    /// Whether the page could not be fetched again the last time.
    pub missed: bool,
}

/// What the bar says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub status: Status,
    /// The state in a few words; is told to screen readers when it changes.
    pub state: &'static str,
    /// What follows it, with its separator: the age or the time.
    pub detail: String,
    /// Whether the page changes by itself; the shape in front beats only then.
    pub is_moving: bool,
    /// The whole of it, on hover.
    pub title: String,
}

/// What the server can say, which does not know how long somebody looks at the page.
pub fn as_of(at_ms: i64, error: Option<&str>) -> Told {
    let (status, state) = match error {
        Some(_) => (Status::Bad, "Redis away"),
        None => (Status::Idle, "as of"),
    };
    let detail = match (at_ms, error) {
        (..=0, _) => " · no data yet".to_owned(),
        (_, Some(_)) => format!(" · as of {}", clock(at_ms)),
        (_, None) => format!(" {}", clock(at_ms)),
    };
    Told { status, state, detail, is_moving: false, title: title(at_ms, error) }
}

/// What a page that is alive says. What a person must know comes before what he chose, and that before all is well.
pub fn tell(scene: &Scene<'_>) -> Told {
    let age_ms = (scene.now_ms - scene.at_ms).max(0);
    let aged = || {
        if scene.at_ms > 0 { format!(" · data {} old", age(age_ms)) } else { " · no data yet".to_owned() }
    };
    let is_late = scene.at_ms <= 0 || age_ms > scene.every.interval_ms().unwrap_or(0) + LATE_MS;
    let (status, state, detail, is_moving) = match scene {
        Scene { paused_at_ms: Some(since), .. } => (Status::Idle, "paused", format!(" at {}", clock(*since)), false),
        Scene { link: Link::Lost, .. } => (Status::Bad, "no connection", aged(), false),
        Scene { error: Some(_), .. } => (Status::Bad, "Redis away", aged(), false),
        Scene { link: Link::Opening, .. } => return as_of(scene.at_ms, scene.error),
        Scene { every: Every::Never, .. } => (Status::Idle, "updates off", aged(), false),
        Scene { missed: true, .. } => (Status::Warn, "not updated", aged(), false),
        _ if is_late => (Status::Warn, "late", aged(), true),
        _ => (Status::Ok, "live", format!(" · {}", age(age_ms)), true),
    };
    Told { status, state, detail, is_moving, title: title(scene.at_ms, scene.error) }
}

fn title(at_ms: i64, error: Option<&str>) -> String {
    let asked = match at_ms {
        ..=0 => "Redis has not been asked yet.".to_owned(),
        _ => format!("Redis was asked for this at {} UTC.", clock(at_ms)),
    };
    error.map_or(asked.clone(), |error| format!("{asked} {error}"))
}

fn clock(ms: i64) -> String {
    Timestamp::from_millis(ms).clock()
}

/// Tenths below ten seconds, always with their digit: a figure that changes every moment must not change its width.
fn age(ms: i64) -> String {
    match ms {
        ..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => humane(Duration::from_millis(ms.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-10T14:32:08Z
    const AT: i64 = 1_773_153_128_000;

    fn scene() -> Scene<'static> {
        Scene {
            link: Link::Open,
            error: None,
            at_ms: AT,
            now_ms: AT + 840,
            paused_at_ms: None,
            every: Every::Second,
            missed: false,
        }
    }

    fn said(scene: &Scene<'_>) -> String {
        let told = tell(scene);
        format!("{} {}{}", told.status.as_str(), told.state, told.detail)
    }

    #[test]
    fn without_a_script_the_time_is_told_and_nothing_is_called_live() {
        assert_eq!(as_of(AT, None).detail, " 14:32:08");
        assert_eq!(as_of(AT, None).state, "as of");
        let away = as_of(AT, Some("connection refused"));
        assert_eq!(format!("{}{}", away.state, away.detail), "Redis away · as of 14:32:08");
        assert_eq!(as_of(0, None).detail, " · no data yet");
    }

    #[test]
    fn each_state_is_told_in_its_words() {
        let long_ago = Scene { now_ms: AT + 12_000, ..scene() };
        assert_eq!(said(&scene()), "ok live · 0.8 s");
        assert_eq!(said(&Scene { paused_at_ms: Some(AT), ..long_ago }), "idle paused at 14:32:08");
        assert_eq!(said(&Scene { link: Link::Lost, ..long_ago }), "bad no connection · data 12 s old");
        assert_eq!(said(&Scene { error: Some("gone"), ..long_ago }), "bad Redis away · data 12 s old");
        assert_eq!(said(&Scene { every: Every::Never, ..long_ago }), "idle updates off · data 12 s old");
        assert_eq!(said(&Scene { missed: true, ..long_ago }), "warn not updated · data 12 s old");
        assert_eq!(said(&long_ago), "warn late · data 12 s old");
        assert_eq!(said(&Scene { every: Every::QuarterMinute, ..long_ago }), "ok live · 12 s");
        assert_eq!(said(&Scene { at_ms: 0, ..scene() }), "warn late · no data yet");
    }

    #[test]
    fn a_lost_connection_is_told_before_what_the_server_said_last() {
        let scene = Scene { link: Link::Lost, error: Some("gone"), missed: true, every: Every::Never, ..scene() };
        assert_eq!(tell(&scene).state, "no connection");
    }

    #[test]
    fn an_age_below_ten_seconds_keeps_its_width() {
        assert!((0..10_000).step_by(7).all(|ms| age(ms).len() == "0.0 s".len()));
        assert_eq!(age(59_999), "59 s");
        assert_eq!(age(372_000), "6 min 12 s");
    }

    #[test]
    fn a_browser_whose_clock_is_behind_shows_no_negative_age() {
        assert_eq!(said(&Scene { now_ms: AT - 500, ..scene() }), "ok live · 0.0 s");
    }
}
