//! Answers as Redis writes them (RESP2), read where they lie. A look at a large installation reads half a million values, of
//! which most are names that every answer repeats: making a [`Value`] of each would cost more than all that is done with them.

use domain::stream::EntryId;
use redis::Value;

use super::{entry_id, unexpected};
use crate::Error;

/// One value, or the beginning of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(&'a [u8]),
    Number(i64),
    Nil,
    /// So many values follow.
    List(usize),
    /// The command was refused: code and reason.
    Refusal(&'a [u8]),
}

/// Why no value can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// The rest has not come yet.
    Short,
    Wrong,
}

impl From<Flaw> for Error {
    fn from(_: Flaw) -> Self {
        unexpected("not an answer that can be read")
    }
}

/// A place in answers, from which values are read one by one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a>(&'a [u8]);

/// Bytes of the first whole answer; `None` = it has not come wholly yet.
pub(crate) fn extent(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let mut reading = Reading(bytes);
    match reading.pass() {
        Ok(()) => Ok(Some(bytes.len() - reading.0.len())),
        Err(Flaw::Short) => Ok(None),
        Err(flaw) => Err(flaw.into()),
    }
}

impl<'a> Reading<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn part(&mut self) -> Result<Part<'a>, Flaw> {
        let (kind, rest) = self.0.split_first().ok_or(Flaw::Short)?;
        match kind {
            b'$' => {
                let (length, rest) = number(rest)?;
                let Ok(length) = usize::try_from(length) else {
                    self.0 = rest;
                    return Ok(Part::Nil);
                };
                let end = length.checked_add(2).ok_or(Flaw::Wrong)?;
                let (text, rest) = rest.split_at_checked(end).ok_or(Flaw::Short)?;
                self.0 = rest;
                Ok(Part::Text(&text[..length]))
            }
            b':' => {
                let (number, rest) = number(rest)?;
                self.0 = rest;
                Ok(Part::Number(number))
            }
            b'*' => {
                let (length, rest) = number(rest)?;
                self.0 = rest;
                Ok(usize::try_from(length).map_or(Part::Nil, Part::List))
            }
            b'+' | b'-' => {
                let end = rest.windows(2).position(|two| two == b"\r\n").ok_or(Flaw::Short)?;
                self.0 = &rest[end + 2..];
                Ok(if *kind == b'+' { Part::Text(&rest[..end]) } else { Part::Refusal(&rest[..end]) })
            }
            _ => Err(Flaw::Wrong),
        }
    }

    fn pass(&mut self) -> Result<(), Flaw> {
        let mut left = 1_usize;
        while left > 0 {
            left -= 1;
            if let Part::List(length) = self.part()? {
                left = left.checked_add(length).ok_or(Flaw::Wrong)?;
            }
        }
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Result<Part<'a>, Error> {
        Ok(self.part()?)
    }

    /// Passes over one value, with all that is in it.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        Ok(self.pass()?)
    }

    /// The length of the list that begins here. An answer of names and values is one, of two for each.
    pub(crate) fn list(&mut self) -> Result<usize, Error> {
        match self.part()? {
            Part::List(length) => Ok(length),
            _ => Err(unexpected("not a list")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<&'a [u8], Error> {
        match self.part()? {
            Part::Text(text) => Ok(text),
            _ => Err(unexpected("not a text")),
        }
    }

    /// `None` where the server answers nil.
    pub(crate) fn text_if_any(&mut self) -> Result<Option<&'a [u8]>, Error> {
        match self.part()? {
            Part::Text(text) => Ok(Some(text)),
            Part::Nil => Ok(None),
            _ => Err(unexpected("not a text")),
        }
    }

    pub(crate) fn string(&mut self) -> Result<&'a str, Error> {
        str::from_utf8(self.text()?).map_err(|_| unexpected("not a text of UTF-8"))
    }

    /// `None` where the server answers nil.
    pub(crate) fn number(&mut self) -> Result<Option<i64>, Error> {
        match self.part()? {
            Part::Number(number) => Ok(Some(number)),
            Part::Nil => Ok(None),
            Part::Text(text) => {
                let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                number.map(Some).ok_or_else(|| unexpected("not a number"))
            }
            _ => Err(unexpected("not a number")),
        }
    }

    /// A number that is there and not below zero.
    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        let count = self.number()?.and_then(|number| u64::try_from(number).ok());
        count.ok_or_else(|| unexpected("not a count"))
    }

    pub(crate) fn id(&mut self) -> Result<EntryId, Error> {
        entry_id(self.string()?)
    }

    /// The id of the entry that is given in full here; `None` where there is none.
    pub(crate) fn entry(&mut self) -> Result<Option<EntryId>, Error> {
        let begins = *self;
        let id = if self.part()? == Part::List(2) { Some(self.id()?) } else { None };
        *self = begins;
        self.skip()?;
        Ok(id)
    }
}

/// What a refusal means: the same as where redis-rs has read it.
pub(crate) fn refusal(answer: &[u8]) -> Error {
    let read = redis::parse_redis_value(answer).map_err(Error::from);
    match read.map(Value::extract_error) {
        Ok(Err(refused)) => refused.into(),
        Ok(Ok(_)) => unexpected("not a refusal"),
        Err(error) => error,
    }
}

/// The number that a line is, and what follows the line.
fn number(line: &[u8]) -> Result<(i64, &[u8]), Flaw> {
    let (is_negative, mut rest) = match line.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, line),
    };
    let mut number = 0_i64;
    loop {
        match rest {
            [digit @ b'0'..=b'9', more @ ..] => {
                // towards the lowest number, which has no positive counterpart
                let next = number.checked_mul(10).and_then(|number| number.checked_sub(i64::from(digit - b'0')));
                number = next.ok_or(Flaw::Wrong)?;
                rest = more;
            }
            [b'\r', b'\n', more @ ..] => {
                let number = if is_negative { Some(number) } else { number.checked_neg() };
                return Ok((number.ok_or(Flaw::Wrong)?, more));
            }
            [] | [b'\r'] => return Err(Flaw::Short),
            _ => return Err(Flaw::Wrong),
        }
    }
}

/// Writes a value as Redis would have, names and values one after another.
pub(crate) fn write(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Nil => into.extend_from_slice(b"$-1\r\n"),
        Value::Int(number) => line(b':', &number.to_string(), into),
        Value::Boolean(is) => line(b':', if *is { "1" } else { "0" }, into),
        Value::BulkString(text) | Value::BigNumber(text) => write_text(text, into),
        Value::VerbatimString { text, .. } => write_text(text.as_bytes(), into),
        Value::Double(number) => write_text(number.to_string().as_bytes(), into),
        Value::SimpleString(text) => line(b'+', text, into),
        Value::Okay => line(b'+', "OK", into),
        Value::Array(values) | Value::Set(values) | Value::Push { data: values, .. } => {
            length(b'*', values.len(), into);
            for value in values {
                write(value, into);
            }
        }
        Value::Map(pairs) => {
            length(b'*', 2 * pairs.len(), into);
            for (name, value) in pairs {
                write(name, into);
                write(value, into);
            }
        }
        Value::Attribute { data, .. } => write(data, into),
        Value::ServerError(error) => {
            line(b'-', &format!("{} {}", error.code(), error.details().unwrap_or_default()), into);
        }
        _ => line(b'-', "ERR an answer of an unknown kind", into),
    }
}

/// Writes a command and its arguments as Redis reads them.
pub(crate) fn write_command(words: &[&str], into: &mut Vec<u8>) {
    length(b'*', words.len(), into);
    for word in words {
        write_text(word.as_bytes(), into);
    }
}

fn line(kind: u8, text: &str, into: &mut Vec<u8>) {
    into.push(kind);
    into.extend_from_slice(text.as_bytes());
    into.extend_from_slice(b"\r\n");
}

fn length(kind: u8, mut length: usize, into: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut begin = digits.len();
    loop {
        begin -= 1;
        // a remainder of ten is a digit
        digits[begin] = b'0' + u8::try_from(length % 10).unwrap_or_default();
        length /= 10;
        if length == 0 {
            break;
        }
    }
    into.push(kind);
    into.extend_from_slice(&digits[begin..]);
    into.extend_from_slice(b"\r\n");
}

fn write_text(text: &[u8], into: &mut Vec<u8>) {
    length(b'$', text.len(), into);
    into.extend_from_slice(text);
    into.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let text = || prop::collection::vec(any::<u8>(), 0..20);
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<i64>().prop_map(Value::Int),
            text().prop_map(Value::BulkString),
            "[a-z ]{0,9}".prop_map(Value::SimpleString),
        ];
        leaf.prop_recursive(3, 30, 5, |inner| prop::collection::vec(inner, 0..5).prop_map(Value::Array))
    }

    /// As redis-rs reads the same.
    fn read(reading: &mut Reading<'_>) -> Value {
        match reading.next().expect("a value") {
            Part::Text(text) => Value::BulkString(text.to_vec()),
            Part::Number(number) => Value::Int(number),
            Part::Nil => Value::Nil,
            Part::List(length) => Value::Array((0..length).map(|_| read(reading)).collect()),
            Part::Refusal(reason) => panic!("refused: {reason:?}"),
        }
    }

    fn plain(value: Value) -> Value {
        match value {
            Value::SimpleString(text) => Value::BulkString(text.into_bytes()),
            Value::Okay => Value::BulkString(b"OK".to_vec()),
            Value::Array(values) => Value::Array(values.into_iter().map(plain).collect()),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn every_answer_is_read_as_redis_rs_reads_it(value in value()) {
            let mut bytes = Vec::new();
            write(&value, &mut bytes);
            let told = redis::parse_redis_value(&bytes).expect("an answer");
            prop_assert_eq!(read(&mut Reading::of(&bytes)), plain(told));
            prop_assert_eq!(extent(&bytes).expect("an answer"), Some(bytes.len()));
        }

        #[test]
        fn an_answer_that_has_not_come_wholly_is_waited_for(value in value(), cut in 0.0..1.0) {
            let mut bytes = Vec::new();
            write(&value, &mut bytes);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the answer")]
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert_eq!(extent(&bytes[..cut]).expect("the beginning of an answer"), None);
        }

        #[test]
        fn whatever_comes_is_read_or_refused_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(Some(extent)) = extent(&bytes) {
                prop_assert!(extent <= bytes.len());
            }
        }
    }

    #[test]
    fn a_refusal_means_what_redis_rs_makes_of_it() {
        let meant = |text: &str| refusal(format!("-{text}\r\n").as_bytes());
        assert!(matches!(meant("NOGROUP No such key 's'"), Error::NotFound(_)));
        assert!(matches!(meant("ERR no such key"), Error::NotFound(_)));
        assert!(matches!(meant("NOPERM no permission"), Error::Refused(why) if why.contains("NOPERM no permission")));
        assert!(matches!(meant("WRONGTYPE of the wrong kind"), Error::Refused(why) if why.contains("WRONGTYPE")));
        assert!(matches!(meant("LOADING it is"), Error::Unavailable(_)));
        assert!(matches!(meant("ERR syntax error"), Error::Internal(_)));
        assert!(matches!(refusal(b"+OK\r\n"), Error::Internal(_)));
    }

    #[test]
    fn a_refusal_is_told_from_a_text() {
        assert_eq!(Reading::of(b"-NOGROUP no such\r\n").next().expect("a part"), Part::Refusal(b"NOGROUP no such"));
        assert_eq!(Reading::of(b"+OK\r\n").next().expect("a part"), Part::Text(b"OK"));
        let lowest = format!(":{}\r\n", i64::MIN);
        assert_eq!(Reading::of(lowest.as_bytes()).next().expect("a part"), Part::Number(i64::MIN));
        assert!(extent(b":12x\r\n").is_err());
    }
}
