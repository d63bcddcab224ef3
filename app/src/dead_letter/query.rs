//! What the address of the page asks for.

use domain::{
    Permission, Refusal,
    connection::needs,
    dead_letter::{Cursor, Filter},
    stream::EntryId,
};

use crate::address::{self, Parameters, with_query};

pub(super) const PATH: &str = "/dead-letters";

/// What one repair may take at once.
pub(super) const AT_MOST: usize = 1_000;

/// A repair whose preview is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    Replay,
    Discard,
}

impl Repair {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Discard => "discard",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Discard => "Discard",
        }
    }

    pub(super) const fn needs(self) -> Permission {
        match self {
            Self::Replay => Permission::Recover,
            Self::Discard => Permission::Destroy,
        }
    }

    /// What it sends to Redis.
    pub(super) const fn commands(self) -> &'static [&'static str] {
        match self {
            Self::Replay => needs::REPLAY,
            Self::Discard => needs::DISCARD,
        }
    }

    fn parse(word: &str) -> Result<Self, Refusal> {
        [Self::Replay, Self::Discard]
            .into_iter()
            .find(|repair| repair.word() == word)
            .ok_or_else(|| Refusal::invalid(format!("dead letters are replayed or discarded; there is no act {word}")))
    }
}

/// The parameters of the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) stream: Option<String>,
    pub(super) group: Option<String>,
    /// Fingerprint of a cause.
    pub(super) cause: Option<String>,
    pub(super) text: Option<String>,
    /// Cursor of the page of records.
    pub(super) before: Option<Cursor>,
    /// The record in the panel.
    pub(super) open: Option<Cursor>,
    /// Whether its payload is shown as it came.
    pub(super) raw: bool,
    pub(super) act: Option<Repair>,
    /// What is ticked; nothing stands for all that are listed.
    pub(super) items: Vec<Cursor>,
    /// The newest record there was when all that are listed were chosen.
    pub(super) upto: Option<EntryId>,
    /// The act in the audit log whose report is shown.
    pub(super) report: Option<i64>,
    /// The reason that was typed before the act was refused.
    pub(super) reason: Option<String>,
}

impl Query {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let text = |name: &str| parameters.get(name).filter(|text| !text.trim().is_empty());
        let cursor = |name: &str| text(name).map(|text| cursor(&text)).transpose();
        let report = text("report").map(|id| {
            id.parse().map_err(|_| Refusal::invalid(format!("report is the number of an audit entry, not {id}")))
        });
        let upto = text("upto")
            .map(|id| id.parse().map_err(|_| Refusal::invalid(format!("upto is the id of a record, not {id}"))));
        let items = parameters.get_all("item").map(self::cursor).collect::<Result<_, _>>()?;
        Ok(Self {
            stream: text("stream"),
            group: text("group"),
            cause: text("cause"),
            text: text("text").map(|text| text.trim().to_owned()),
            before: cursor("before")?,
            open: cursor("open")?,
            raw: text("raw").is_some(),
            act: text("act").map(|word| Repair::parse(&word)).transpose()?,
            items,
            upto: upto.transpose()?,
            report: report.transpose()?,
            reason: text("kept.reason"),
        })
    }

    /// The records that are listed.
    pub(super) fn filter(&self) -> Filter {
        Filter {
            stream: self.stream.clone(),
            group: self.group.clone(),
            event_type: None,
            fingerprint: self.cause.clone(),
            text: self.text.clone(),
        }
    }

    /// The causes that are listed: all of them while one is chosen, so that its neighbours stay in sight.
    pub(super) fn cause_filter(&self) -> Filter {
        if self.cause.is_some() { Filter::default() } else { self.filter() }
    }

    /// Whether records are listed: something must have been chosen.
    pub(super) fn lists_records(&self) -> bool {
        self.filter() != Filter::default()
    }

    /// The same choice of records on the same page, with these parameters besides.
    pub(super) fn address<'a>(&self, more: impl IntoIterator<Item = (&'a str, String)>) -> String {
        let before = self.before.as_ref().map(ToString::to_string);
        let kept = self.choice().into_iter().map(|(name, value)| (name, value.map(str::to_owned)));
        let more = more.into_iter().map(|(name, value)| (name, Some(value)));
        with_query(&address::at(PATH), kept.chain([("before", before)]).chain(more))
    }

    /// What is chosen, by the names of the parameters.
    pub(super) fn choice(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("stream", self.stream.as_deref()),
            ("group", self.group.as_deref()),
            ("cause", self.cause.as_deref()),
            ("text", self.text.as_deref()),
        ]
    }
}

fn cursor(text: &str) -> Result<Cursor, Refusal> {
    text.parse::<Cursor>()
        .ok()
        .filter(|cursor| !cursor.stream.is_empty())
        .ok_or_else(|| Refusal::invalid(format!("a dead letter is written <stream>/<id>, not {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parameters: &[(&str, &str)]) -> Result<Query, Refusal> {
        Query::read(&parameters.iter().copied().collect())
    }

    #[test]
    fn ticked_boxes_are_the_items() {
        let query = read(&[("act", "replay"), ("item", "a/b/5-1"), ("item", "orders/6-0")]).expect("a query");
        assert_eq!(query.act, Some(Repair::Replay));
        assert_eq!(query.items.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a/b/5-1", "orders/6-0"]);
    }

    #[test]
    fn an_address_keeps_the_choice_and_the_page() {
        let query =
            read(&[("group", "g"), ("text", " a b "), ("before", "s/5-1"), ("open", "s/4-0")]).expect("a query");
        assert_eq!(query.address([("raw", "1".into())]), "/dead-letters?group=g&text=a%20b&before=s%2F5-1&raw=1");
    }

    #[test]
    fn nonsense_is_refused_with_its_text() {
        for (name, value) in [("open", "5-1"), ("before", "x"), ("act", "burn"), ("report", "last"), ("upto", "now")] {
            let refusal = read(&[(name, value)]).expect_err("nonsense");
            assert!(refusal.message.contains(value), "{refusal}");
        }
    }

    #[test]
    fn all_causes_stay_in_sight_while_one_is_chosen() {
        let query = read(&[("stream", "s"), ("cause", "f")]).expect("a query");
        assert_eq!(query.cause_filter(), Filter::default());
        assert!(query.lists_records());
        assert!(!read(&[]).expect("a query").lists_records());
    }
}
