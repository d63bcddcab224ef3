//! One runbook.

use domain::Refusal;
use leptos::prelude::*;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Parser, Tag, TagEnd, html};

use super::text;
use crate::{
    address::segment_after,
    part::{Page, refusal_page},
};

#[component]
pub(crate) fn RunbookPage() -> impl IntoView {
    let name = segment_after("runbooks");
    let Some(text) = text(&name) else {
        return refusal_page(&Refusal::not_found(format!("there is no runbook {name}")));
    };
    let (title, body) = rendered(text);
    view! {
        <Page title=title>
            <article class="runbook" inner_html=body></article>
        </Page>
    }
    .into_any()
}

/// The title and the rest as HTML. Markup inside a text is shown as text; links between runbooks lead to their pages.
fn rendered(markdown: &str) -> (String, String) {
    let (mut title, mut in_title) = (String::new(), false);
    let mut events = Vec::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => in_title = true,
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => in_title = false,
            Event::Text(text) | Event::Code(text) if in_title => title.push_str(&text),
            Event::Html(markup) | Event::InlineHtml(markup) => events.push(Event::Text(markup)),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url =
                    dest_url.strip_suffix(".md").map_or(dest_url.clone(), |name| CowStr::from(name.to_owned()));
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            event => events.push(event),
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    (title, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::TEXTS;

    #[test]
    fn every_runbook_has_a_title_and_steps() {
        for (name, text) in TEXTS {
            let (title, body) = rendered(text);
            assert!(!title.is_empty() && body.contains("<ol>") && !body.contains("<h1"), "{name}");
        }
    }

    #[test]
    fn markup_is_text_and_links_lead_to_pages() {
        let (_, body) = rendered("# t\n\n<script>alert(1)</script>\n\ny <b>x</b> [a](entry-stuck.md)");
        assert!(!body.contains("<script") && !body.contains("<b>"), "{body}");
        assert!(body.contains("href=\"entry-stuck\""), "{body}");
    }
}
