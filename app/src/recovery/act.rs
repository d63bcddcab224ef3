//! The acts on jobs. Each ends on the job's page, which says what was done.

use console::recovery;
use domain::{
    Refusal,
    dead_letter::Filter,
    filter::Edge,
    recovery::{Order, Selection, Terms, Word},
};

use super::api::JobFields;
use crate::{address, context::context, refused::Refused};

pub(super) async fn create(fields: JobFields) -> Result<(), Refused> {
    let context = context();
    let id = recovery::create(&context.console, &context.actor(), read(&fields)?).await?;
    leptos_axum::redirect(&address::recovery_job(id));
    Ok(())
}

pub(super) async fn say(id: i64, word: &str) -> Result<(), Refused> {
    let context = context();
    let known = Word::ALL.into_iter().find(|known| known.as_str() == word);
    let word = known.ok_or_else(|| Refusal::invalid(format!("there is no word {word}")))?;
    recovery::say(&context.console, &context.actor(), id, word, None).await?;
    let done = match word {
        Word::Start => "It sends.",
        Word::Pause => "It is paused: nothing more is sent until it is resumed.",
        Word::Resume => "It goes on.",
        Word::Cancel => "It is over. What was sent stays sent; the others are where they were.",
    };
    leptos_axum::redirect(&address::done(&address::recovery_job(id), done));
    Ok(())
}

/// The terms that were typed; the first field that cannot be read, and what to write there.
fn read(fields: &JobFields) -> Result<Terms, Refusal> {
    let number = |name: &str, text: &str, otherwise: u64| {
        let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        if digits.is_empty() {
            return Ok(otherwise);
        }
        digits.parse::<u64>().map_err(|_| Refusal::invalid(format!("{name}: give a whole number, 0 or more")))
    };
    let text = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let edge =
        |name: &str, text: &str| text.parse::<Edge>().map_err(|error| Refusal::invalid(format!("{name}: {error}")));
    let selection = if fields.what == "history" {
        let needed = |name: &str, of: &String| text(of).ok_or_else(|| Refusal::invalid(format!("{name}: name one")));
        Selection::History {
            stream: needed("stream", &fields.stream)?,
            group: needed("group", &fields.group)?,
            from: edge("from", &fields.from)?.first(),
            to: edge("to", &fields.to)?.last(),
        }
    } else if let Some(items) = text(&fields.items) {
        let wrong = |_| Refusal::invalid("items is the JSON of a list of dead letters, each with stream and id");
        Selection::DeadLetters(serde_json::from_str(&items).map_err(wrong)?)
    } else {
        Selection::DeadLettersThat(Filter {
            stream: text(&fields.stream),
            group: text(&fields.group),
            event_type: None,
            fingerprint: text(&fields.cause),
            text: text(&fields.text),
        })
    };
    Ok(Terms {
        selection,
        order: Order::parse(&fields.order).unwrap_or(Order::InOrder),
        rate_per_second: number("rate", &fields.rate, super::form::RATE)?,
        canary: number("canary", &fields.canary, 0)?,
        reason: text(&fields.reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> JobFields {
        JobFields { what: "dead_letters".into(), order: "in_order".into(), ..JobFields::default() }
    }

    #[test]
    fn what_is_left_empty_has_a_sensible_default() {
        let terms = read(&fields()).expect("terms");
        assert_eq!(terms.selection, Selection::DeadLettersThat(Filter::default()));
        assert_eq!((terms.rate_per_second, terms.canary, terms.order), (super::super::form::RATE, 0, Order::InOrder));
    }

    #[test]
    fn a_range_is_two_times_or_ids() {
        let history = |from: &str, to: &str| JobFields {
            what: "history".into(),
            stream: "orders".into(),
            group: "g".into(),
            from: from.into(),
            to: to.into(),
            ..fields()
        };
        let terms = read(&history("2026-03-10 14:32", "1773152545187-0")).expect("terms");
        let Selection::History { from, to, .. } = terms.selection else { panic!("a history") };
        assert!(from.seq == 0 && to.to_string() == "1773152545187-0", "{from} {to}");
        assert!(read(&history("yesterday", "5-0")).expect_err("no time").message.starts_with("from: "));
        assert!(
            read(&JobFields { stream: " ".into(), ..history("1-0", "2-0") })
                .expect_err("no stream")
                .message
                .contains("stream")
        );
    }

    #[test]
    fn what_is_no_number_is_refused_with_the_name_of_its_field() {
        assert!(read(&JobFields { rate: "fast".into(), ..fields() }).expect_err("no").message.starts_with("rate: "));
        assert!(read(&JobFields { canary: "-1".into(), ..fields() }).expect_err("no").message.starts_with("canary: "));
    }
}
