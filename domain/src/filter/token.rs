//! The words of a filter, with their places in the text.

use super::parse::NotAFilter;

/// A part of a filter's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Bytes of the text where it begins and ends.
    pub(super) from: usize,
    pub(super) to: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Sign(&'static str),
    /// A text in quotes.
    Quoted(String),
    /// Anything else: its parts between the dots; a part may be in quotes after the first.
    Word(Vec<String>),
}

const SIGNS: [&str; 6] = ["!=", "<=", ">=", "=", "<", ">"];

/// Whether a character can be in a word without quotes.
pub(super) fn is_plain(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !"()=<>!\"\\".contains(c)
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, NotAFilter> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, to) = token(text, at)?;
        tokens.push(Token { kind, from: at, to });
        at = to;
    }
    Ok(tokens)
}

fn token(text: &str, at: usize) -> Result<(Kind, usize), NotAFilter> {
    let rest = &text[at..];
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Kind::Sign(sign), at + sign.len()));
    }
    match rest.chars().next() {
        Some('(') => Ok((Kind::Open, at + 1)),
        Some(')') => Ok((Kind::Close, at + 1)),
        Some('"') => {
            let (quoted, to) = quoted(text, at)?;
            Ok((Kind::Quoted(quoted), to))
        }
        Some(c) if is_plain(c) => word(text, at),
        Some('!') => Err(NotAFilter::new(at, "`!=`, or `not` before a condition")),
        _ => Err(NotAFilter::new(at, "quotes around a text with such a character")),
    }
}

/// The text between the quote at this place and the next, and where it ends.
fn quoted(text: &str, at: usize) -> Result<(String, usize), NotAFilter> {
    let mut out = String::new();
    let mut characters = text[at + 1..].char_indices();
    while let Some((offset, c)) = characters.next() {
        match c {
            '"' => return Ok((out, at + 1 + offset + 1)),
            '\\' => match characters.next() {
                Some((_, taken)) => out.push(taken),
                None => break,
            },
            c => out.push(c),
        }
    }
    Err(NotAFilter::new(at, "a closing `\"` for the quote that begins here"))
}

fn word(text: &str, start: usize) -> Result<(Kind, usize), NotAFilter> {
    let mut steps = vec![String::new()];
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        let step = steps.last_mut().expect("there is always one");
        match c {
            '.' => {
                steps.push(String::new());
                at += 1;
            }
            // only where a step begins: elsewhere it begins a text of its own
            '"' if step.is_empty() && text[..at].ends_with('.') => (*step, at) = quoted(text, at)?,
            c if is_plain(c) && !(text[..at].ends_with('"') && at > start) => {
                step.push(c);
                at += c.len_utf8();
            }
            _ => break,
        }
    }
    Ok((Kind::Word(steps), at))
}
