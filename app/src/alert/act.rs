//! The acts on rules. Each ends on the page, which says what was done.

use std::time::Duration;

use console::alert::{message, rule};
use domain::{
    Refusal,
    alert::{Comparison, Problem, Severity, Terms, Watched},
    time::humane,
};

use super::api::RuleFields;
use crate::{address, context::context, part::counted, refused::Refused};

const PATH: &str = "/alerts";

pub(super) async fn create(fields: RuleFields) -> Result<(), Refused> {
    let context = context();
    let terms = read(fields)?;
    let name = terms.name.trim().to_owned();
    let id = rule::create(&context.console, &context.actor(), terms).await?;
    show(&address::alert_rule(&id), &format!("{name} watches from now on."));
    Ok(())
}

pub(super) async fn change(id: &str, fields: RuleFields) -> Result<(), Refused> {
    let context = context();
    rule::change(&context.console, &context.actor(), id, read(fields)?).await?;
    show(&address::alert_rule(id), "It watches by its new terms.");
    Ok(())
}

pub(super) async fn mute(id: &str, minutes: u64) -> Result<(), Refused> {
    let context = context();
    let how_long = (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)));
    rule::mute(&context.console, &context.actor(), id, how_long).await?;
    let words = how_long.map_or_else(
        || "It tells again.".to_owned(),
        |long| format!("It watches on, and tells nobody for {}.", humane(long)),
    );
    show(&address::alert_rule(id), &words);
    Ok(())
}

pub(super) async fn enable(id: &str, enabled: bool) -> Result<(), Refused> {
    let context = context();
    rule::enable(&context.console, &context.actor(), id, enabled).await?;
    show(&address::alert_rule(id), if enabled { "It is on." } else { "It is off: what it has found is over." });
    Ok(())
}

pub(super) async fn delete(id: &str) -> Result<(), Refused> {
    let context = context();
    let name = rule::get(&context.console, id).await?.terms.name;
    rule::delete(&context.console, &context.actor(), id).await?;
    show(&address::at(PATH), &format!("{name} is deleted. What it has found stays in the history."));
    Ok(())
}

pub(super) async fn test() -> Result<(), Refused> {
    let context = context();
    let queued = message::send_test(&context.console, &context.actor()).await?;
    let words = format!("{} on the way. What became of it stands below.", counted(queued as u64, "message"));
    leptos_axum::redirect(&format!("{}#told", address::done(&address::at(PATH), &words)));
    Ok(())
}

fn show(path: &str, message: &str) {
    leptos_axum::redirect(&address::done(path, message));
}

/// The terms that were typed; the first field that cannot be read, and what to write there. What is left empty and has no
/// sense for the figure (the stream of Redis) stands for everything.
fn read(fields: RuleFields) -> Result<Terms, Refusal> {
    let wrong = |field, message: &str| Refusal::invalid(Problem::new(field, message).to_string());
    let number = |field: &'static str, text: &str| {
        // people type thousands as they read them
        let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        digits.parse::<u64>().map_err(|_| wrong(field, "give a whole number, 0 or more"))
    };
    let pattern = |text: &str| if text.trim().is_empty() { "*".to_owned() } else { text.trim().to_owned() };
    let threshold = number("threshold", &fields.threshold)?;
    let resolve_threshold = match fields.resolve_threshold.trim() {
        // calm as soon as it is not bad
        "" => threshold,
        text => number("resolve_threshold", text)?,
    };
    Ok(Terms {
        watched: Watched::parse(&fields.watched).ok_or_else(|| wrong("watched", "choose what to watch"))?,
        comparison: Comparison::parse(&fields.comparison).ok_or_else(|| wrong("comparison", "above or below?"))?,
        severity: Severity::parse(&fields.severity).ok_or_else(|| wrong("severity", "choose how bad it is"))?,
        name: fields.name,
        stream: pattern(&fields.stream),
        group: pattern(&fields.group),
        threshold,
        for_seconds: number("for_seconds", &fields.for_seconds)?,
        resolve_threshold,
        resolve_for_seconds: number("resolve_for_seconds", &fields.resolve_for_seconds)?,
        note: fields.note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> RuleFields {
        RuleFields {
            name: "Lag".into(),
            watched: "lag".into(),
            comparison: "above".into(),
            threshold: "1 000".into(),
            for_seconds: "60".into(),
            resolve_for_seconds: "60".into(),
            severity: "warning".into(),
            ..RuleFields::default()
        }
    }

    #[test]
    fn what_is_left_empty_stands_for_all_and_for_the_threshold_itself() {
        let terms = read(fields()).expect("terms");
        assert_eq!((terms.stream.as_str(), terms.group.as_str()), ("*", "*"));
        assert_eq!((terms.threshold, terms.resolve_threshold), (1_000, 1_000));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_name_of_its_field() {
        for (fields, field) in [
            (RuleFields { threshold: "ten".into(), ..fields() }, "threshold"),
            (RuleFields { for_seconds: "-1".into(), ..fields() }, "for_seconds"),
            (RuleFields { resolve_for_seconds: String::new(), ..fields() }, "resolve_for_seconds"),
            (RuleFields { watched: "moon".into(), ..fields() }, "watched"),
            (RuleFields { severity: String::new(), ..fields() }, "severity"),
        ] {
            let message = read(fields).expect_err(field).message;
            assert!(message.starts_with(&format!("{field}: ")), "{message}");
        }
    }
}
