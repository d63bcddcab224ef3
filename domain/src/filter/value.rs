//! Values, and how they are compared: as numbers where both are, as times where both are, else letter by letter.

use std::{borrow::Cow, cmp::Ordering};

use super::edge::moment;
use crate::Timestamp;

/// What an entry's part is compared with. What it means is read once, not for every entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    text: String,
    /// In the letter case in which texts are looked for.
    folded: String,
    moment: Option<Timestamp>,
}

impl Value {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { folded: text.to_lowercase(), moment: moment(&text), text }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether more and less can be told of it.
    pub(super) fn is_ordered(&self) -> bool {
        self.moment.is_some() || Number::read(&self.text).is_some()
    }

    pub(super) fn is_moment(&self) -> bool {
        self.moment.is_some()
    }
}

/// A part of an entry that is compared.
#[derive(Debug, Clone)]
pub(super) enum Found<'a> {
    /// A text, or a number as it is written.
    Text(Cow<'a, str>),
    Moment(Timestamp),
    /// An object or a list: it is there, and equals nothing.
    Many,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    Contains,
    Starts,
    Ends,
}

impl Comparison {
    pub const ALL: [Self; 9] = [
        Self::Is,
        Self::IsNot,
        Self::Less,
        Self::AtMost,
        Self::More,
        Self::AtLeast,
        Self::Contains,
        Self::Starts,
        Self::Ends,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Contains => "contains",
            Self::Starts => "starts",
            Self::Ends => "ends",
        }
    }

    pub(super) fn of(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.as_str() == sign)
    }

    pub(super) fn is_of_order(self) -> bool {
        matches!(self, Self::Less | Self::AtMost | Self::More | Self::AtLeast)
    }

    /// Whether what was found stands to the value as this says. [`Comparison::IsNot`] is asked as the opposite of `Is`.
    pub(super) fn holds(self, found: &Found, value: &Value) -> bool {
        match self {
            Self::Is => is(found, value),
            Self::IsNot => !is(found, value),
            Self::Less => order(found, value) == Some(Ordering::Less),
            Self::AtMost => order(found, value).is_some_and(Ordering::is_le),
            Self::More => order(found, value) == Some(Ordering::Greater),
            Self::AtLeast => order(found, value).is_some_and(Ordering::is_ge),
            Self::Contains => part(found, |text| text.contains(&value.folded)),
            Self::Starts => part(found, |text| text.starts_with(&value.folded)),
            Self::Ends => part(found, |text| text.ends_with(&value.folded)),
        }
    }
}

fn is(found: &Found, value: &Value) -> bool {
    match found {
        Found::Text(text) if *text == value.text => true,
        Found::Many => false,
        // `40.0` is 40, and the same moment can be written in several ways
        _ => order(found, value) == Some(Ordering::Equal),
    }
}

fn part(found: &Found, test: impl Fn(&str) -> bool) -> bool {
    match found {
        Found::Text(text) => test(&folded(text)),
        Found::Moment(_) | Found::Many => false,
    }
}

fn order(found: &Found, value: &Value) -> Option<Ordering> {
    match found {
        Found::Text(text) => match (Number::read(text), Number::read(&value.text)) {
            (Some(one), Some(other)) => one.compare(other),
            _ => Some(moment(text)?.cmp(&value.moment?)),
        },
        Found::Moment(at) => Some(at.cmp(&value.moment?)),
        Found::Many => None,
    }
}

/// Whole numbers are compared as such: ids of eighteen digits are not equal because a fraction cannot tell them apart.
#[derive(Debug, Clone, Copy)]
enum Number {
    Whole(i128),
    Fraction(f64),
}

/// Digits of any number worth the name; what is longer is not tried to be read.
const LONGEST_NUMBER: usize = 40;

impl Number {
    fn read(text: &str) -> Option<Self> {
        let is_number = text.len() <= LONGEST_NUMBER
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        if !is_number {
            return None;
        }
        let fraction = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Fraction);
        text.parse().ok().map(Self::Whole).or_else(fraction)
    }

    fn compare(self, other: Self) -> Option<Ordering> {
        let real = |number| match number {
            Self::Whole(whole) => whole as f64,
            Self::Fraction(fraction) => fraction,
        };
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            (one, other) => real(one).partial_cmp(&real(other)),
        }
    }
}

/// In the letter case in which texts are looked for; the quick way for what most values are.
fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Whether a text stands in a value, whatever its letter case. Both searches are linear.
pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    folded(&String::from_utf8_lossy(bytes)).contains(&text.to_lowercase())
}
