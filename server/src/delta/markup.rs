//! Where the parts of a page are: elements that a browser can find again, by an id or a key, in what is live. Reads the markup
//! that our own pages are made of; whoever is given anything else is told that it does not close in order.

use std::ops::Range;

/// An element with what is in it, as places in the page.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: String,
    /// The attribute that it is found by, as it is written.
    pub(super) identity: Range<usize>,
    pub(super) from: usize,
    pub(super) inside_from: usize,
    pub(super) inside_to: usize,
    pub(super) to: usize,
    pub(super) parts: Vec<Part>,
}

/// Elements that have no end.
const VOID: [&str; 14] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
/// Elements whose content is text, whatever it looks like.
const TEXT: [&str; 4] = ["script", "style", "textarea", "title"];

/// An element that has begun.
struct Open<'a> {
    name: &'a str,
    is_live: bool,
    part: Option<Part>,
}

/// A start tag.
struct Tag<'a> {
    name: &'a str,
    identity: Option<Range<usize>>,
    is_live: bool,
    closes_itself: bool,
    to: usize,
}

/// The outermost parts. `None` where elements do not close in order.
pub(super) fn parts(page: &str) -> Option<Vec<Part>> {
    let (mut found, mut open): (Vec<Part>, Vec<Open<'_>>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(from) = page[at..].find('<').map(|ahead| at + ahead) {
        let rest = &page[from..];
        if rest.starts_with("<!--") {
            at = from + rest.find("-->")? + 3;
        } else if rest.starts_with("<!") {
            at = from + rest.find('>')? + 1;
        } else if let Some(close) = rest.strip_prefix("</") {
            let length = close.find('>')?;
            let element = open.pop().filter(|element| element.name == close[..length].trim_end())?;
            at = from + 2 + length + 1;
            if let Some(part) = element.part {
                let part = Part { inside_to: from, to: at, ..part };
                match open.iter_mut().rev().find_map(|around| around.part.as_mut()) {
                    Some(around) => around.parts.push(part),
                    None => found.push(part),
                }
            }
        } else if rest[1..].starts_with(|first: char| first.is_ascii_alphabetic()) {
            let tag = tag(page, from)?;
            at = tag.to;
            let in_drawing = open.iter().any(|around| around.name == "svg");
            if VOID.contains(&tag.name) || (in_drawing && tag.closes_itself) {
                continue;
            }
            let is_live = tag.is_live || open.last().is_some_and(|around| around.is_live);
            // a drawing is one thing: ids in it are for itself
            let identity = tag.identity.filter(|_| is_live && !in_drawing);
            let part = identity.map(|identity| Part {
                name: tag.name.to_owned(),
                identity,
                from,
                inside_from: at,
                inside_to: at,
                to: at,
                parts: Vec::new(),
            });
            open.push(Open { name: tag.name, is_live, part });
            if TEXT.contains(&tag.name) {
                at += page[at..].find(&format!("</{}", tag.name))?;
            }
        } else {
            // a lonely angle bracket is text
            at = from + 1;
        }
    }
    open.is_empty().then_some(found)
}

/// Reads the start tag that begins at `from`.
fn tag(page: &str, from: usize) -> Option<Tag<'_>> {
    let bytes = page.as_bytes();
    let ends_name = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/' | b'=');
    let name_to = from + 1 + bytes[from + 1..].iter().position(ends_name)?;
    let mut tag = Tag { name: &page[from + 1..name_to], identity: None, is_live: false, closes_itself: false, to: 0 };
    let mut at = name_to;
    loop {
        at += bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        if bytes[at] == b'>' {
            tag.to = at + 1;
            return Some(tag);
        }
        if bytes[at] == b'/' {
            tag.closes_itself = true;
            at += 1;
            continue;
        }
        tag.closes_itself = false;
        let begins = at;
        // an attribute may begin with what else ends a name
        at += 1 + bytes[at + 1..].iter().position(ends_name)?;
        let name = &page[begins..at];
        if bytes[at] == b'=' {
            at += 1;
            at = match bytes.get(at)? {
                quote @ (b'"' | b'\'') => at + 1 + bytes[at + 1..].iter().position(|byte| byte == quote)? + 1,
                _ => at + bytes[at..].iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?,
            };
        }
        match name {
            "data-live" => tag.is_live = true,
            // an id is found first
            "id" => tag.identity = Some(begins..at),
            "data-key" if tag.identity.is_none() => tag.identity = Some(begins..at),
            _ => {}
        }
    }
}
