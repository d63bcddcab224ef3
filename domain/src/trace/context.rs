//! The trace context of W3C (<https://www.w3.org/TR/trace-context/>), as requests and events carry it.

use std::fmt;

/// Name of the header, and of the field of an event.
pub const TRACEPARENT: &str = "traceparent";

/// Characters of a context of version 00.
const LENGTH: usize = 55;
/// A later version may say more behind the same start; nobody needs to say this much.
const LONGEST: usize = 256;

/// Which trace work belongs to, and which span caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// Never 0.
    pub trace_id: u128,
    /// Never 0.
    pub span_id: u64,
    /// Whether somebody up the line exports this trace.
    pub sampled: bool,
}

impl TraceContext {
    /// `None` for anything that is not exactly what the standard allows: a context that is half right would join what
    /// does not belong together.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() < LENGTH || bytes.len() > LONGEST {
            return None;
        }
        let (start, rest) = bytes.split_at(LENGTH);
        if [start[2], start[35], start[52]] != [b'-'; 3] {
            return None;
        }
        let version = number(&start[..2])?;
        let follows =
            version == 0 && rest.is_empty() || (1..0xff).contains(&version) && rest.first().is_none_or(|b| *b == b'-');
        let trace_id = number(&start[3..35])?;
        let span_id = u64::try_from(number(&start[36..52])?).ok()?;
        let flags = number(&start[53..])?;
        (follows && trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// The id as backends show it: 32 hex digits.
    pub fn trace_id_text(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// Hex digits, lower case only.
fn number(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |sum: u128, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_is_read_and_written_as_the_standard_has_it() {
        let context = TraceContext::parse(GIVEN).expect("the example of the standard");
        assert_eq!(context.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(context.span_id, 0xb7ad_6b71_6920_3331);
        assert!(context.sampled);
        assert_eq!(context.to_string(), GIVEN);
        assert_eq!(context.trace_id_text(), "0af7651916cd43dd8448eb211c80319c");
    }

    #[test]
    fn what_the_standard_does_not_allow_is_no_context() {
        let ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
        let hostile = [
            String::new(),
            "00".to_owned(),
            format!("00-{ids}"),
            format!("00-{ids}-1"),
            format!("00-{ids}-01-"),
            format!("00-{ids}-01-more"),
            format!("ff-{ids}-01"),
            format!("0g-{ids}-01"),
            format!("00-{ids}-0x"),
            format!(" 00-{ids}-01"),
            format!("00-{ids}-01 "),
            format!("00_{ids}-01"),
            format!("00-{}-01", ids.to_uppercase()),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01".to_owned(),
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01".to_owned(),
            "00-0af7651916cd43dd8448eb211c80319ä-b7ad6b716920333-01".to_owned(),
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
            format!("00-{ids}-01{}", "\r\nset-cookie: a=b"),
            format!("01-{ids}-01more"),
            format!("01-{ids}-01-{}", "x".repeat(1_000_000)),
        ];
        for text in hostile {
            assert_eq!(TraceContext::parse(&text), None, "{text:.80}");
        }
    }

    #[test]
    fn of_a_later_version_the_part_that_is_known_is_read() {
        let later = GIVEN.replacen("00", "cc", 1) + "-what-will-be-is-not-known";
        assert_eq!(TraceContext::parse(&later), TraceContext::parse(GIVEN));
        assert_eq!(TraceContext::parse(&GIVEN.replacen("00", "cc", 1)), TraceContext::parse(GIVEN));
    }

    #[test]
    fn flags_that_are_not_known_are_not_passed_on() {
        let context = TraceContext::parse(&GIVEN.replace("-01", "-fe")).expect("a context");
        assert!(context.to_string().ends_with("-00"));
    }
}
