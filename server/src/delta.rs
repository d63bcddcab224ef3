//! At a tick a browser asks for its page again, and names the parts of it that it has. What has not changed is not sent
//! again: a tick costs what has changed, not what the page is long (docs/adr/0020).

mod markup;

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use self::markup::{Part, parts};

/// The versions of the parts that a browser has, with a space between two; empty if it knows none yet.
pub const HAVE: HeaderName = HeaderName::from_static("x-have");
/// Attribute of a part that is sent whole: its version.
const VERSION: &str = "data-v";
/// Attribute of a part that is left out: the version that the browser has.
const SAME: &str = "data-same";
/// A page that is longer is sent as it is.
const LONGEST_PAGE: usize = 16 * 1024 * 1024;
/// Versions that are listened to, as many as the browser half names: a page that has more parts is sent in full from there on.
const MOST_PARTS: usize = 500;

/// Shortens the answer where the browser has parts of it.
pub async fn since(request: Request, next: Next) -> Response {
    let have = request.headers().get(HAVE).and_then(|have| have.to_str().ok()).map(str::to_owned);
    let response = next.run(request).await;
    let Some(have) = have else { return response };
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    if response.status() != StatusCode::OK || !is_page {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(page) = to_bytes(body, LONGEST_PAGE).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the page is too long to be compared").into_response();
    };
    let have: HashSet<&str> = have.split(' ').take(MOST_PARTS).collect();
    let short = str::from_utf8(&page).ok().and_then(|page| shorten(page, &have));
    head.headers.remove(header::CONTENT_LENGTH);
    head.headers.append(header::VARY, HeaderValue::from_static("x-have"));
    if let Some(short) = short {
        Response::from_parts(head, Body::from(short))
    } else {
        tracing::debug!("a page whose elements do not close in order is sent whole");
        Response::from_parts(head, Body::from(page))
    }
}

/// The page with every part that the browser has left out, and a version on every other one. `None` where its elements do
/// not close in order.
fn shorten(page: &str, have: &HashSet<&str>) -> Option<String> {
    let parts = parts(page)?;
    let mut short = String::with_capacity(page.len() / 4);
    let mut at = 0;
    for part in &parts {
        short.push_str(&page[at..part.from]);
        write(part, page, have, &mut short);
        at = part.to;
    }
    short.push_str(&page[at..]);
    Some(short)
}

fn write(part: &Part, page: &str, have: &HashSet<&str>, short: &mut String) {
    let version = version(&page[part.from..part.to]);
    let close = &page[part.inside_to..part.to];
    if have.contains(version.as_str()) {
        // what it is found by, and nothing else
        let start = ["<", &part.name, " ", &page[part.identity.clone()], " ", SAME, "=\"", &version, "\">", close];
        short.extend(start);
        return;
    }
    // behind the name, for what closes a start tag may be either of two
    let name_to = part.from + 1 + part.name.len();
    short.push_str(&page[part.from..name_to]);
    short.extend([" ", VERSION, "=\"", &version, "\""]);
    short.push_str(&page[name_to..part.inside_from]);
    let mut at = part.inside_from;
    for inner in &part.parts {
        short.push_str(&page[at..inner.from]);
        write(inner, page, have, short);
        at = inner.to;
    }
    short.push_str(&page[at..part.inside_to]);
    short.push_str(close);
}

/// Of what a part says. Two that differ have the same one once in 2^48 changes.
fn version(part: &str) -> String {
    let mut hasher = DefaultHasher::new();
    part.hash(&mut hasher);
    format!("{:012x}", hasher.finish() >> 16)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const NOTHING: [&str; 0] = [];

    fn have<'a>(versions: impl IntoIterator<Item = &'a str>) -> HashSet<&'a str> {
        versions.into_iter().collect()
    }

    /// Every version in a page that was sent.
    fn versions(sent: &str) -> Vec<&str> {
        sent.split(" data-v=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    /// What a browser does: keeps what is left out, takes what is sent.
    fn morphed(before: &str, sent: &str) -> String {
        fn collect<'a>(parts: &[Part], page: &'a str, kept: &mut HashMap<String, &'a str>) {
            for part in parts {
                kept.insert(version(&page[part.from..part.to]), &page[part.from..part.to]);
                collect(&part.parts, page, kept);
            }
        }
        let mut kept = HashMap::new();
        collect(&parts(before).expect("a page"), before, &mut kept);
        let mut page = String::new();
        let mut rest = sent;
        while let Some(at) = rest.find(" data-same=\"") {
            let from = rest[..at].rfind('<').expect("a start tag");
            let wanted = &rest[at + 12..at + 24];
            let name_to = rest[from + 1..].find(' ').expect("a name") + from + 1;
            let close = format!("</{}>", &rest[from + 1..name_to]);
            page.push_str(&rest[..from]);
            page.push_str(kept[wanted]);
            rest = &rest[at + rest[at..].find(&close).expect("an end tag") + close.len()..];
        }
        page.push_str(rest);
        let mut clean = page;
        while let Some(at) = clean.find(" data-v=\"") {
            let length = " data-v=\"123456789abc\"".len();
            clean.replace_range(at..at + length, "");
        }
        clean
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let before =
            r#"<main id="main" data-live=""><ul><li data-key="a">one</li><li data-key="b">two</li></ul></main>"#;
        let after = before.replace("two", "three");
        let first = shorten(before, &have(NOTHING)).expect("a page");
        assert_eq!(versions(&first).len(), 3);
        let second = shorten(&after, &have(versions(&first))).expect("a page");
        assert!(second.contains(r#"<li data-key="a" data-same=""#) && !second.contains("one"), "{second}");
        assert!(second.contains(">three</li>"), "{second}");
        assert_eq!(morphed(before, &second), after);
        let nothing_new = shorten(before, &have(versions(&first))).expect("a page");
        assert!(nothing_new.starts_with(r#"<main id="main" data-same=""#), "{nothing_new}");
    }

    #[test]
    fn only_what_is_live_is_shortened_and_hostile_text_is_no_markup() {
        let page = "<!DOCTYPE html><html><head><title>a > b</title><script nonce=\"x\">if (a<b) '</div>'</script></head><body>\
                    <p id=\"still\">not live</p><main id=\"main\" data-live><p data-key=\"<a>&quot;\" title='>'>x<br>y<!--</p>--></p>\
                    <textarea id=t></p></textarea><svg id=\"s\"><path id=\"p\" d=\"M0\"/></svg></main></body></html>";
        let first = shorten(page, &have(NOTHING)).expect("a page");
        assert_eq!(versions(&first).len(), 4, "main, p, textarea, svg: {first}");
        let second = shorten(page, &have(versions(&first))).expect("a page");
        assert!(second.contains("not live") && !second.contains("x<br>y"), "{second}");
        assert_eq!(morphed(page, &second), page);
    }

    #[test]
    fn a_page_whose_elements_do_not_close_in_order_is_sent_whole() {
        assert_eq!(shorten("<main id=\"a\" data-live><p></main></p>", &have(NOTHING)), None);
        assert_eq!(shorten("<main id=\"a\" data-live><p>", &have(NOTHING)), None);
        assert_eq!(shorten("<main id=\"a", &have(NOTHING)), None);
    }

    fn tree() -> impl Strategy<Value = String> {
        let leaf = "[a-z &;]{0,6}";
        leaf.prop_recursive(4, 40, 5, |inner| {
            let element = (
                prop::sample::select(vec!["tr", "li", "p", "div"]),
                prop::option::of(0u8..6),
                prop::collection::vec(inner, 0..5),
            );
            element.prop_map(|(name, key, inside)| {
                let key = key.map(|key| format!(" class=\"c\" data-key=\"{key}\"")).unwrap_or_default();
                format!("<{name}{key}>{}</{name}>", inside.concat())
            })
        })
    }

    proptest! {
        #[test]
        fn a_browser_that_takes_what_is_sent_has_the_page(before in tree(), after in tree(), common in tree()) {
            let page = |own: &str| format!("<body><main id=\"main\" data-live>{own}{common}</main></body>");
            let (before, after) = (page(&before), page(&after));
            let first = shorten(&before, &have(NOTHING)).expect("a page");
            let second = shorten(&after, &have(versions(&first))).expect("a page");
            prop_assert_eq!(morphed(&before, &second), after);
        }

        #[test]
        fn no_text_brings_it_down(text in "[<>/a-c\"'= !-]{0,80}") {
            let _ = shorten(&text, &have(NOTHING));
        }
    }
}
