//! Reads a filter from its text, by descent: what is wrong is told with its place and what was expected there.

use std::{fmt, iter::Peekable, str::FromStr, vec};

use super::{
    CONDITIONS, Comparison, DEPTH, Filter, LONGEST, Subject, Value,
    token::{Kind, Token, tokens},
};

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotAFilter {
    /// Bytes of the text before the place that is meant.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
}

impl NotAFilter {
    pub(super) fn new(at: usize, expected: impl Into<String>) -> Self {
        Self { at, expected: expected.into() }
    }
}

impl fmt::Display for NotAFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a filter: at byte {} it needs {}", self.at, self.expected)
    }
}

const RESERVED: [&str; 7] = ["and", "or", "not", "exists", "contains", "starts", "ends"];

/// Whether a word alone would be read as a part of the grammar.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// What is said of a subject.
enum Operator {
    Exists,
    Compares(Comparison),
}

struct Reader<'t> {
    text: &'t str,
    tokens: Peekable<vec::IntoIter<Token>>,
    conditions: usize,
}

impl FromStr for Filter {
    type Err = NotAFilter;

    fn from_str(text: &str) -> Result<Self, NotAFilter> {
        if text.len() > LONGEST {
            return Err(NotAFilter::new(LONGEST, format!("to end: a filter has at most {LONGEST} bytes")));
        }
        let mut reader = Reader { text, tokens: tokens(text)?.into_iter().peekable(), conditions: 0 };
        let filter = reader.any(0)?;
        match reader.tokens.next() {
            None => Ok(filter),
            Some(token) => Err(NotAFilter::new(token.from, "no `)` here: none was opened")),
        }
    }
}

impl Reader<'_> {
    fn any(&mut self, depth: usize) -> Result<Filter, NotAFilter> {
        let mut parts = vec![self.all(depth)?];
        while self.take_word("or").is_some() {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, NotAFilter> {
        let mut parts = vec![self.one(depth)?];
        loop {
            let is_joined = self.take_word("and").is_some();
            let is_over = match self.tokens.peek() {
                None | Some(Token { kind: Kind::Close, .. }) => true,
                Some(token) => is_word(self.text, token, "or"),
            };
            if !is_joined && is_over {
                break;
            }
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, NotAFilter> {
        let Some(token) = self.tokens.next() else {
            return Err(NotAFilter::new(self.text.len(), "a condition like `type = SprintStarted`, or a text"));
        };
        let is_deep = is_word(self.text, &token, "not") || token.kind == Kind::Open;
        if is_deep && depth >= DEPTH {
            return Err(NotAFilter::new(token.from, format!("fewer parentheses and `not`: {DEPTH} within each other")));
        }
        match token.kind {
            Kind::Open => {
                let filter = self.any(depth + 1)?;
                match self.tokens.next() {
                    Some(Token { kind: Kind::Close, .. }) => Ok(filter),
                    other => {
                        let at = other.map_or(self.text.len(), |token| token.from);
                        Err(NotAFilter::new(at, format!("a `)` for the `(` at byte {}", token.from)))
                    }
                }
            }
            _ if is_word(self.text, &token, "not") => Ok(Filter::Not(Box::new(self.one(depth + 1)?))),
            _ => self.condition(token),
        }
    }

    fn condition(&mut self, token: Token) -> Result<Filter, NotAFilter> {
        self.conditions += 1;
        if self.conditions > CONDITIONS {
            return Err(NotAFilter::new(token.from, format!("to end: a filter has at most {CONDITIONS} conditions")));
        }
        let steps = match token.kind {
            Kind::Quoted(text) if text.is_empty() => {
                return Err(NotAFilter::new(token.from, "a text that is not empty"));
            }
            Kind::Quoted(text) => return Ok(Filter::Text(text)),
            Kind::Word(ref steps) => steps,
            Kind::Close => return Err(NotAFilter::new(token.from, "a condition or a text before the `)`")),
            Kind::Open | Kind::Sign(_) => {
                return Err(NotAFilter::new(
                    token.from,
                    "what is compared before the sign: type, key, data.… or field.…",
                ));
            }
        };
        let word = &self.text[token.from..token.to];
        if is_reserved(word) {
            return Err(NotAFilter::new(token.from, format!("a condition; to look for the text, write \"{word}\"")));
        }
        let Some(operator) = self.operator() else { return Ok(Filter::Text(word.to_owned())) };
        let subject = Subject::of(steps).map_err(|expected| NotAFilter::new(token.from, expected))?;
        match operator {
            Operator::Exists => Ok(Filter::Exists(subject)),
            Operator::Compares(comparison) => {
                let value = self.value(&subject, comparison)?;
                Ok(Filter::Compare(subject, comparison, value))
            }
        }
    }

    /// What stands behind a subject. A word that has none behind it is a text.
    fn operator(&mut self) -> Option<Operator> {
        let token = self.tokens.peek()?;
        let operator = match &token.kind {
            Kind::Sign(sign) => Operator::Compares(Comparison::of(sign)?),
            Kind::Word(_) => {
                let word = self.text[token.from..token.to].to_ascii_lowercase();
                if word == "exists" { Operator::Exists } else { Operator::Compares(Comparison::of(&word)?) }
            }
            _ => return None,
        };
        self.tokens.next();
        Some(operator)
    }

    fn value(&mut self, subject: &Subject, comparison: Comparison) -> Result<Value, NotAFilter> {
        let sign = comparison.as_str();
        let Some(token) = self.tokens.next() else {
            return Err(NotAFilter::new(
                self.text.len(),
                format!("a value after `{sign}`: a word, or a text in quotes"),
            ));
        };
        let text = match token.kind {
            Kind::Quoted(text) => text,
            Kind::Word(_) if !is_reserved(&self.text[token.from..token.to]) => {
                self.text[token.from..token.to].to_owned()
            }
            _ => {
                return Err(NotAFilter::new(
                    token.from,
                    format!("a value after `{sign}`: a word, or a text in quotes"),
                ));
            }
        };
        let value = Value::new(text);
        subject.takes(comparison, &value).map_err(|expected| NotAFilter::new(token.from, expected))?;
        Ok(value)
    }

    fn take_word(&mut self, word: &str) -> Option<Token> {
        let text = self.text;
        self.tokens.next_if(|token| is_word(text, token, word))
    }
}

fn is_word(text: &str, token: &Token, word: &str) -> bool {
    matches!(token.kind, Kind::Word(_)) && text[token.from..token.to].eq_ignore_ascii_case(word)
}
