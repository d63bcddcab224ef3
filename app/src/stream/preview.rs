//! The open panel of an act on the stream: what was chosen, and what would happen.

use domain::{
    Permission, Refusal,
    filter::Edge,
    operation::{EntriesDelete, GroupCreate, Outcome, Report, Trim, TrimTo},
    stream::EntryId,
};

use crate::{
    address::Parameters,
    context::Context,
    repair::{entry_ids, position},
};

/// What a panel is about, as the address says it (`act`).
pub(super) const CREATE_GROUP: &str = "create-group";
pub(super) const TRIM: &str = "trim";
pub(super) const DELETE_ENTRIES: &str = "delete-entries";
/// The parameters of these panels.
pub(super) const PARAMETERS: [&str; 8] = ["act", "name", "begin", "begin_after", "by", "keep", "place", "past"];

/// `None` where nothing is chosen yet.
type Made = Option<Result<Report, Refusal>>;

pub(super) enum Preview {
    CreateGroup { chosen: CreateChoice, made: Made },
    Trim { chosen: TrimChoice, made: Made },
    DeleteEntries { ids: String, made: Made },
}

/// A new group as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CreateChoice {
    pub(super) name: String,
    pub(super) begin: String,
    pub(super) after: String,
}

/// A trim as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TrimChoice {
    /// `keep` or `place`.
    pub(super) by: String,
    pub(super) keep: String,
    pub(super) place: String,
    pub(super) past_groups: bool,
}

impl TrimChoice {
    fn to(&self) -> Result<TrimTo, Refusal> {
        match self.by.as_str() {
            "keep" => {
                let digits: String = self.keep.chars().filter(|c| !c.is_whitespace()).collect();
                let count = digits.parse().map_err(|_| Refusal::invalid("give the number of entries to keep"))?;
                Ok(TrimTo::Keep(count))
            }
            "place" => {
                let edge: Edge = self.place.parse().map_err(|_| {
                    Refusal::invalid("give an entry id like 1773152545187-0, or a time like 2026-03-10 14:32 (UTC)")
                })?;
                Ok(TrimTo::Before(edge.first()))
            }
            other => Err(Refusal::invalid(format!("a stream is trimmed to a number or a place, not to {other}"))),
        }
    }
}

/// The first entry that would be kept, as the report of a trim names it.
pub(super) fn kept_from(report: &Report) -> Option<EntryId> {
    let item = report.items.iter().find(|item| item.outcome == Outcome::Would)?;
    item.detail.rsplit(' ').next()?.parse().ok()
}

/// Computed by the code that will act, and it leaves no trace.
pub(super) async fn preview(context: &Context, stream: &str, query: &Parameters) -> Option<Preview> {
    let (console, who) = (&context.console, &context.actor());
    let text = |name: &str| query.get(name).unwrap_or_default().trim().to_owned();
    Some(match query.get("act")?.as_str() {
        CREATE_GROUP => {
            // a name may begin with a space
            let name = query.get("name").unwrap_or_default();
            let chosen = CreateChoice { name, begin: text("begin"), after: text("begin_after") };
            let made = match (&chosen.begin, position(&chosen.begin, Some(&chosen.after))) {
                (begin, _) if begin.is_empty() => None,
                (_, Err(refusal)) => Some(Err(refusal)),
                (_, Ok(at)) => {
                    let group = chosen.name.clone();
                    let wanted =
                        GroupCreate { group, at, make_stream: false, dry_run: true, state_token: None, reason: None };
                    Some(console::group::create(console, who, stream, &wanted).await.map_err(Refusal::from))
                }
            };
            Preview::CreateGroup { chosen, made }
        }
        TRIM => {
            let past_groups = query.get("past").is_some();
            let chosen = TrimChoice { by: text("by"), keep: text("keep"), place: text("place"), past_groups };
            let made = match (&chosen.by, chosen.to()) {
                (by, _) if by.is_empty() => None,
                (_, Err(refusal)) => Some(Err(refusal)),
                (_, Ok(to)) => {
                    let wanted = Trim { to, past_groups, dry_run: true, state_token: None, reason: None };
                    Some(console::stream::trim(console, who, stream, &wanted).await.map_err(Refusal::from))
                }
            };
            Preview::Trim { chosen, made }
        }
        DELETE_ENTRIES => {
            let ids = query.get_all("ids").collect::<Vec<_>>().join(" ");
            let made = match entry_ids(&ids) {
                Err(refusal) => Some(Err(refusal)),
                Ok(none) if none.is_empty() => None,
                Ok(ids) => {
                    let wanted = EntriesDelete { ids, dry_run: true, state_token: None, reason: None };
                    Some(console::stream::delete_entries(console, who, stream, &wanted).await.map_err(Refusal::from))
                }
            };
            Preview::DeleteEntries { ids, made }
        }
        _ => return None,
    })
}

/// What an act of this panel needs.
pub(super) fn permission(act: &str) -> Permission {
    if act == CREATE_GROUP { Permission::Operate } else { Permission::Destroy }
}

#[cfg(test)]
mod tests {
    use domain::operation::ItemReport;

    use super::*;

    #[test]
    fn a_trim_is_read_as_it_is_typed() {
        let typed = |by: &str, keep: &str, place: &str| {
            let (by, keep, place) = (by.to_owned(), keep.to_owned(), place.to_owned());
            TrimChoice { by, keep, place, past_groups: false }.to()
        };
        assert_eq!(typed("keep", "10 000", ""), Ok(TrimTo::Keep(10_000)));
        assert_eq!(typed("place", "", "5-1"), Ok(TrimTo::Before(EntryId { ms: 5, seq: 1 })));
        let noon = EntryId { ms: 1_773_144_000_000, seq: 0 };
        assert_eq!(typed("place", "", "2026-03-10 12:00"), Ok(TrimTo::Before(noon)));
        for (by, keep, place) in [("keep", "", ""), ("keep", "-1", ""), ("place", "", "soon"), ("all", "", "")] {
            assert!(typed(by, keep, place).is_err(), "{by} {keep} {place}");
        }
    }

    #[test]
    fn the_form_acts_on_the_entry_that_the_preview_names() {
        let item = |outcome, detail: &str| ItemReport { item: "s".into(), outcome, detail: detail.into() };
        let report = |item| Report { items: vec![item], warnings: vec![], state_token: String::new(), audit_id: None };
        let would = item(Outcome::Would, "would lose 3 entries: all before 5-2");
        assert_eq!(kept_from(&report(would)), Some(EntryId { ms: 5, seq: 2 }));
        assert_eq!(
            kept_from(&report(item(
                Outcome::Skipped,
                "loses nothing: 5-2 is the first to keep, and nothing is before it"
            ))),
            None
        );
    }
}
