//! The last minute of one group, by event type, and what was before it in sum.

use std::time::{Duration, Instant};

use domain::latency::EventType;

use super::{Attempted, How, measured::Measured, total::Totals};

/// The window slides by this much: a minute is told with an error of at most one slot.
const SLOT: Duration = Duration::from_secs(5);
const SLOTS: usize = 12;
/// Event types of a group that have figures of their own at the same time; further ones are added up. A type costs 40 kB,
/// and half a megabyte where its times are long and varied.
pub(crate) const TYPES: usize = 32;
/// Bytes of a type's name that are kept: names come from strangers.
const NAME_BYTES: usize = 120;

pub(super) struct Window {
    start: Instant,
    /// In the order of `types`. At every attempt the marks are looked through, which lie side by side, and one name.
    marks: Vec<u64>,
    names: Vec<Box<str>>,
    types: Vec<Course>,
    others: Option<Course>,
    malformed: Option<Course>,
    /// Behind the same lock: one more would cost as much as the counting.
    pub(super) totals: Totals,
}

/// One event type in slots.
struct Course {
    newest: u64,
    slots: Vec<Slot>,
}

struct Slot {
    /// Which stretch of time since `start` the figures are from; older ones are stale.
    number: u64,
    measured: Measured,
}

impl Course {
    fn new() -> Self {
        // a slot that was never used is no bigger than this
        let slots = (0..SLOTS).map(|_| Slot { number: 0, measured: Measured::nothing() }).collect();
        Self { newest: 0, slots }
    }

    fn slot(&mut self, number: u64) -> &mut Measured {
        let place = usize::try_from(number % SLOTS as u64).expect("below the number of slots");
        let slot = &mut self.slots[place];
        if slot.number != number {
            slot.number = number;
            slot.measured.clear();
            self.newest = number;
        }
        &mut slot.measured
    }

    fn sum(&self, newest: u64) -> Measured {
        let mut sum = Measured::nothing();
        for slot in self.slots.iter().filter(|slot| slot.number > 0 && slot.number + SLOTS as u64 > newest) {
            sum.add(&slot.measured);
        }
        sum
    }
}

impl Window {
    pub(super) fn new(start: Instant) -> Self {
        let (marks, names, types) = (Vec::new(), Vec::new(), Vec::new());
        Self { start, marks, names, types, others: None, malformed: None, totals: Totals::default() }
    }

    fn number(&self, now: Instant) -> u64 {
        // slots start as number 0 and empty, so counting starts at 1
        1 + now.saturating_duration_since(self.start).as_secs() / SLOT.as_secs()
    }

    /// An attempt that has ended just now, and how long it took.
    pub(super) fn attempted(&mut self, now: Instant, how: How, took: Duration, entry: &Attempted<'_>) {
        self.totals.record(how, 1, Some(took));
        let measured = self.of(now, Some(entry.event_type));
        measured.count(how);
        measured.handler.record(took);
        if entry.attempt > 1 {
            measured.retried = measured.retried.saturating_add(1);
        }
        if let Some(waited) = entry.waited {
            measured.delivered.record(waited);
        }
        if how == How::Handled {
            measured.settled.record(now.saturating_duration_since(entry.delivered));
        }
    }

    /// `None` for what is no event.
    pub(super) fn dead_lettered(&mut self, now: Instant, event_type: Option<&str>) {
        self.totals.record(How::DeadLettered, 1, None);
        self.of(now, event_type).count(How::DeadLettered);
    }

    /// Where to write what happens now to this type.
    fn of(&mut self, now: Instant, event_type: Option<&str>) -> &mut Measured {
        let number = self.number(now);
        let course = match event_type.map(clipped) {
            None => self.malformed.get_or_insert_with(Course::new),
            Some(name) => match self.place(name, number) {
                Some(place) => &mut self.types[place],
                None => self.others.get_or_insert_with(Course::new),
            },
        };
        course.slot(number)
    }

    /// Where the type is, or has found room now: in the place of one that was not seen for a minute, if it must be.
    fn place(&mut self, name: &str, number: u64) -> Option<usize> {
        let mark = mark(name);
        let mut marked = self.marks.iter().enumerate().filter(|(_, known)| **known == mark);
        if let Some((place, _)) = marked.find(|(place, _)| *self.names[*place] == *name) {
            return Some(place);
        }
        if self.names.len() < TYPES {
            self.marks.push(mark);
            self.names.push(name.into());
            self.types.push(Course::new());
            return Some(self.names.len() - 1);
        }
        let place = self.types.iter().position(|course| course.newest + SLOTS as u64 <= number)?;
        self.marks[place] = mark;
        self.names[place] = name.into();
        self.types[place] = Course::new();
        Some(place)
    }

    /// Types of which there is anything in the last minute.
    pub(super) fn by_type(&self, now: Instant) -> Vec<(EventType, Measured)> {
        let newest = self.number(now);
        let named = self.names.iter().map(|name| EventType::Named(name.to_string())).zip(&self.types);
        let others = self.others.iter().map(|course| (EventType::Others, course));
        let malformed = self.malformed.iter().map(|course| (EventType::Malformed, course));
        let all = named.chain(others).chain(malformed);
        all.map(|(event_type, course)| (event_type, course.sum(newest))).filter(|(_, sum)| sum.weight() > 0).collect()
    }
}

/// The beginning of a name that is too long to be kept, up to a letter's end.
fn clipped(name: &str) -> &str {
    &name[..name.floor_char_boundary(NAME_BYTES)]
}

/// Tells most names apart: by length, beginning and end.
fn mark(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let eight = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
    let (first, last) = match bytes.len() {
        0..8 => (bytes.iter().fold(0, |mark, byte| mark << 8 | u64::from(*byte)), 0),
        length => (eight(&bytes[..8]), eight(&bytes[length - 8..])),
    };
    first ^ last.rotate_left(32) ^ bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn entry(event_type: &str, delivered: Instant) -> Attempted<'_> {
        Attempted { event_type, waited: Some(MS), delivered, attempt: 1 }
    }

    fn handled(window: &Window, now: Instant) -> u64 {
        window.by_type(now).iter().map(|(_, measured)| measured.handled).sum()
    }

    #[test]
    fn what_is_older_than_a_minute_is_forgotten() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let later = start + Duration::from_secs(50);
        window.attempted(start, How::Handled, MS * 40, &entry("Counted", start));
        window.attempted(later, How::Failed, MS, &Attempted { attempt: 2, waited: None, ..entry("Counted", start) });
        assert_eq!(handled(&window, later), 1);
        let (event_type, last) = window.by_type(start + Duration::from_secs(70)).remove(0);
        assert_eq!(event_type, EventType::Named("Counted".to_owned()));
        assert_eq!((last.handled, last.failed, last.retried, last.dead_lettered), (0, 1, 1, 0));
        assert_eq!(last.settled.percentiles().count, 0, "nothing was handled, so nothing has a time");
        assert_eq!(last.delivered.percentiles().count, 0, "it was delivered before");
        assert!(window.by_type(start + Duration::from_secs(200)).is_empty());
        assert_eq!((window.totals.handled, window.totals.failed), (1, 1), "in sum nothing is forgotten");
    }

    #[test]
    fn a_type_more_than_there_are_places_is_added_to_the_others_until_one_is_silent() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let names: Vec<String> = (0..TYPES + 5).map(|n| format!("Type{n}")).collect();
        for name in &names {
            window.attempted(start, How::Handled, MS, &entry(name, start));
        }
        let told = window.by_type(start);
        assert_eq!(told.len(), TYPES + 1);
        assert_eq!(
            told.last().map(|(event_type, sum)| (event_type.clone(), sum.handled)),
            Some((EventType::Others, 5))
        );
        let later = start + Duration::from_secs(70);
        window.attempted(later, How::Handled, MS, &entry("Late", later));
        let told = window.by_type(later);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, EventType::Named("Late".to_owned()));
    }

    #[test]
    fn types_that_are_hard_to_tell_apart_are_told_apart() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let alike = ["", "a", "ab", "ba", "abcdefgh", "abcdefgh-1-abcdefgh", "abcdefgh-2-abcdefgh"];
        assert_eq!(mark(alike[5]), mark(alike[6]), "the premise: one mark for two names");
        for (n, name) in (1..).zip(alike) {
            (0..n).for_each(|_| window.attempted(start, How::Handled, MS, &entry(name, start)));
        }
        let told: Vec<_> =
            window.by_type(start).into_iter().map(|(name, sum)| (name.to_string(), sum.handled)).collect();
        let expected: Vec<_> = alike.iter().map(|name| (*name).to_owned()).zip(1..).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_name_without_end_is_kept_up_to_a_letters_end() {
        let start = Instant::now();
        let mut window = Window::new(start);
        let endless = "ä".repeat(100_000);
        window.attempted(start, How::Handled, MS, &entry(&format!("x{endless}"), start));
        window.dead_lettered(start, Some(&format!("x{endless}")));
        window.dead_lettered(start, None);
        let told = window.by_type(start);
        assert_eq!(told.len(), 2);
        assert!(matches!(&told[0].0, EventType::Named(name) if name.len() == NAME_BYTES - 1), "{:?}", told[0].0);
        assert_eq!((told[0].1.handled, told[0].1.dead_lettered), (1, 1));
        assert_eq!((&told[1].0, told[1].1.dead_lettered), (&EventType::Malformed, 1));
    }

    proptest! {
        #[test]
        fn a_minute_of_records_is_counted_in_full(offsets_ms in prop::collection::vec(0u64..55_000, 0..200)) {
            let start = Instant::now();
            let mut window = Window::new(start);
            let mut sorted = offsets_ms.clone();
            sorted.sort_unstable();
            for offset in &sorted {
                let now = start + Duration::from_millis(*offset);
                window.attempted(now, How::Handled, MS, &entry("Counted", start));
            }
            let now = start + Duration::from_millis(sorted.last().copied().unwrap_or(0));
            prop_assert_eq!(handled(&window, now), sorted.len() as u64);
        }
    }
}
