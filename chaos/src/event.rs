//! The events of the workload: each is one of a key and has its number there.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The stream of every event.
pub const STREAM: &str = "chaos";

/// Which event: the `n`th of its key. Its spelling, `k7-12`, is the event's id on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Event {
    pub key: u32,
    pub n: u32,
    /// Its command was rolled back: this event must never be seen. Another one gets the number.
    pub taken_back: bool,
}

impl Event {
    /// The `n`th event of `key`, of a command that is meant to be accepted.
    pub fn new(key: u32, n: u32) -> Self {
        Self { key, n, taken_back: false }
    }

    /// The name of its key.
    pub fn key_name(self) -> String {
        format!("k{}", self.key)
    }

    /// The event as JSON of the wire.
    pub fn data(self) -> String {
        format!(r#"{{"event_id":"{self}","event_type":"CHAOS","aggregate_id":"{}"}}"#, self.key_name())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}-{}{}", self.key, self.n, if self.taken_back { "-never" } else { "" })
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let not_ours = || format!("`{text}` is no event of this workload");
        let (name, taken_back) = text.strip_suffix("-never").map_or((text, false), |name| (name, true));
        let (key, n) = name.strip_prefix('k').and_then(|rest| rest.split_once('-')).ok_or_else(not_ours)?;
        let number = |digits: &str| digits.parse().map_err(|_| not_ours());
        Ok(Self { key: number(key)?, n: number(n)?, taken_back })
    }
}

impl From<Event> for String {
    fn from(event: Event) -> Self {
        event.to_string()
    }
}

impl TryFrom<String> for Event {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_back_from_its_spelling() {
        for event in [Event::new(7, 12), Event { taken_back: true, ..Event::new(0, 1) }] {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        assert!("k7".parse::<Event>().is_err() && "c07d".parse::<Event>().is_err());
    }
}
