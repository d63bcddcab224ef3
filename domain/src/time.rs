//! Timestamps and dates of the wire contract: naive UTC ISO-8601 with microseconds, and `YYYY-MM-DD`.

use std::{fmt, str::FromStr, time::Duration};

use time::{OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// A text is not a timestamp or date of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}: {text}")]
pub struct NotATime {
    expected: &'static str,
    text: String,
}

/// A moment, in microseconds since 1970-01-01T00:00:00 UTC.
///
/// Written without an offset (`2026-03-02T09:15:04.120331`), because the contract's clients expect that; read with or
/// without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// How much later this is than `earlier`; zero if it is not later, as clocks of two machines may disagree.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The UTC day this moment lies in.
    pub fn date(self) -> Date {
        Date(self.odt().date())
    }

    /// `14:32:08`, UTC.
    pub fn clock(self) -> String {
        let t = self.odt().time();
        format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
    }

    /// `2026-03-10T14:32:08.114Z`: for the `datetime` and `title` of a time on a page.
    pub fn iso_millis(self) -> String {
        let t = self.odt();
        format!("{}T{}.{:03}Z", Date(t.date()), self.clock(), t.millisecond())
    }

    fn odt(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.odt();
        write!(f, "{}T{}.{:06}", Date(t.date()), self.clock(), t.microsecond())
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let naive = format_description!(
            version = 2,
            "[year]-[month]-[day][first [T] [ ]][hour]:[minute]:[second][optional [.[subsecond]]]"
        );
        // the contract's own form first: of two timestamps an event, each would be tried in vain with an offset
        PrimitiveDateTime::parse(text, naive)
            .map(PrimitiveDateTime::assume_utc)
            .or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
            .ok()
            .and_then(|t| i64::try_from(t.unix_timestamp_nanos().div_euclid(1_000)).ok())
            .map(Self)
            .ok_or_else(|| NotATime { expected: "an ISO-8601 timestamp", text: text.to_owned() })
    }
}

/// A calendar day, `YYYY-MM-DD`. Days are UTC days (contract §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

impl Date {
    /// The day `days` after this one (before it, if negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.checked_add(time::Duration::days(days)).unwrap_or(self.0))
    }

    /// Days from `earlier` to this day; negative if this day is before it.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).whole_days()
    }

    pub fn is_weekend(self) -> bool {
        matches!(self.0.weekday(), time::Weekday::Saturday | time::Weekday::Sunday)
    }

    /// Midnight UTC, where the day begins.
    pub fn start(self) -> Timestamp {
        Timestamp((self.0.midnight().assume_utc().unix_timestamp_nanos() / 1_000).try_into().unwrap_or(0))
    }

    /// `2 Mar`, for axes and cards.
    pub fn short(self) -> String {
        let month = &self.0.month().to_string()[..3];
        format!("{} {month}", self.0.day())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl FromStr for Date {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        time::Date::parse(text, format_description!(version = 2, "[year]-[month]-[day]"))
            .map(Self)
            .map_err(|_| NotATime { expected: "a date YYYY-MM-DD", text: text.to_owned() })
    }
}

/// Serialises a type as the text of its `Display`, reads it by its `FromStr`, and says so in the OpenAPI document.
macro_rules! serde_as_text {
    ($type:ty, $example:literal) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .examples([$example])
                    .into()
            }
        }
        impl utoipa::ToSchema for $type {}
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// Reads the text where it lies, without a copy.
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a text like ", $example))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}
serde_as_text!(Timestamp, "2026-03-02T09:15:04.120331");
serde_as_text!(Date, "2026-03-02");
pub(crate) use serde_as_text;

/// A duration as people read it: `0.8 s`, `38 s`, `6 min 12 s`, `3 h 05 min`, `41 d`.
pub fn humane(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 if duration.subsec_millis() >= 100 || seconds == 0 => {
            format!("{}.{} s", seconds, duration.subsec_millis() / 100)
        }
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A duration for a column of numbers, `min:s`: `0:02`, `11:40`, `185:00`.
pub fn min_sec(duration: Duration) -> String {
    format!("{}:{:02}", duration.as_secs() / 60, duration.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_is_written_as_the_contract_writes_it() {
        let t: Timestamp = "2026-03-02T09:15:04.120331".parse().expect("contract form");
        assert_eq!(t.to_string(), "2026-03-02T09:15:04.120331");
        assert_eq!(serde_json::to_string(&t).expect("json"), "\"2026-03-02T09:15:04.120331\"");
    }

    #[test]
    fn a_timestamp_is_read_with_an_offset_too() {
        for text in ["2026-03-02T10:15:04.120331+01:00", "2026-03-02T09:15:04.120331Z", "2026-03-02 09:15:04.120331"] {
            assert_eq!(text.parse::<Timestamp>().expect(text).to_string(), "2026-03-02T09:15:04.120331", "{text}");
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    proptest! {
        #[test]
        fn every_timestamp_survives_the_wire(micros in 0i64..4_102_444_800_000_000) {
            let t = Timestamp::from_micros(micros);
            prop_assert_eq!(t.to_string().parse::<Timestamp>().expect("own form"), t);
        }

        #[test]
        fn every_date_survives_the_wire(days in 0i64..40_000) {
            let d: Date = "2000-01-01".parse::<Date>().expect("date").plus_days(days);
            prop_assert_eq!(d.to_string().parse::<Date>().expect("own form"), d);
            prop_assert_eq!(d.start().date(), d);
        }
    }
}
