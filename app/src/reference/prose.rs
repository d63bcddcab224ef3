//! Descriptions: paragraphs with `code` in them.

use leptos::prelude::*;

/// Every other piece between backticks is code.
fn pieces(text: &str) -> Vec<(bool, &str)> {
    text.split('`')
        .enumerate()
        .map(|(place, piece)| (place % 2 == 1, piece))
        .filter(|(_, piece)| !piece.is_empty())
        .collect()
}

/// A line of text.
pub(super) fn inline(text: &str) -> AnyView {
    let shown = pieces(text).into_iter().map(|(code, piece)| {
        let piece = piece.to_owned();
        if code { view! { <code>{piece}</code> }.into_any() } else { piece.into_any() }
    });
    shown.collect_view().into_any()
}

/// Paragraphs.
pub(super) fn prose(text: &str) -> AnyView {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    paragraphs.map(|text| view! { <p class="prose">{inline(text)}</p> }).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_backticks_is_code() {
        assert_eq!(pieces("with `dry_run` it"), [(false, "with "), (true, "dry_run"), (false, " it")]);
        assert_eq!(pieces("plain"), [(false, "plain")]);
    }
}
