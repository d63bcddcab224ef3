//! A filter as text: what is written is read as the same filter.

use std::fmt::{self, Display, Write};

use super::{DATA, Filter, Subject, parse::is_reserved, token::is_plain};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(f, parts, " and "),
            Self::Any(parts) => joined(f, parts, " or "),
            Self::Not(part) => {
                f.write_str("not ")?;
                inner(f, part)
            }
            Self::Text(text) => word(f, text),
            Self::Exists(subject) => write!(f, "{subject} exists"),
            Self::Compare(subject, comparison, value) => {
                write!(f, "{subject} {} ", comparison.as_str())?;
                word(f, value.as_str())
            }
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Filter], by: &str) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(by)?;
        }
        inner(f, part)?;
    }
    Ok(())
}

/// In parentheses where it is of several parts: nobody has to know which word binds closer.
fn inner(f: &mut fmt::Formatter<'_>, part: &Filter) -> fmt::Result {
    if matches!(part, Filter::All(_) | Filter::Any(_)) { write!(f, "({part})") } else { part.fmt(f) }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Field { name, steps } = self else {
            let (known, _) = Self::WORDS.iter().find(|(_, subject)| subject == self).expect("all others have a word");
            return f.write_str(known);
        };
        if name == DATA {
            f.write_str(DATA)?;
        } else {
            f.write_str("field")?;
            step(f, name)?;
        }
        steps.iter().try_for_each(|of_path| step(f, &of_path.name))
    }
}

fn step(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.write_char('.')?;
    let is_bare = !name.is_empty() && name.chars().all(|c| is_plain(c) && c != '.');
    if is_bare { f.write_str(name) } else { quoted(f, name) }
}

/// A text or value; dots are part of a word, except where a quote would begin a step.
fn word(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let is_bare = !text.is_empty() && text.chars().all(is_plain) && !is_reserved(text);
    if is_bare { f.write_str(text) } else { quoted(f, text) }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if c == '"' || c == '\\' {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
