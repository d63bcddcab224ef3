//! What a form of a repair says.

use domain::{Refusal, operation::Position, stream::EntryId};

/// Ids separated by anything that is not part of one.
pub(crate) fn entry_ids(text: &str) -> Result<Vec<EntryId>, Refusal> {
    let words = text.split([' ', ',', '\n', '\r', '\t']).filter(|word| !word.is_empty());
    words
        .map(|id| id.parse().map_err(|error: domain::stream::NotAnEntryId| Refusal::invalid(error.to_string())))
        .collect()
}

/// Where to, as the form says it.
pub(crate) fn position(to: &str, after: Option<&str>) -> Result<Position, Refusal> {
    match to {
        "start" => Ok(Position::Start),
        "end" => Ok(Position::End),
        "after" => {
            let id = after.map(str::trim).filter(|id| !id.is_empty());
            let id = id.ok_or_else(|| Refusal::invalid("give the id after which the group is to read on"))?;
            let id = id.parse::<EntryId>().map_err(|error| Refusal::invalid(error.to_string()))?;
            Ok(Position::After(id))
        }
        other => {
            Err(Refusal::invalid(format!("a group stands at the start, at the end, or after an id, not at {other}")))
        }
    }
}

/// Refuses a confirmation that is not the name, typed.
pub(crate) fn must_be(typed: &str, name: &str) -> Result<(), Refusal> {
    if typed == name { Ok(()) } else { Err(Refusal::invalid(format!("type {name} to confirm"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_however_they_are_separated() {
        let ids = entry_ids(" 1-0,2-1\n3-2 ").expect("ids");
        assert_eq!(ids.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1-0", "2-1", "3-2"]);
        assert!(entry_ids("1-0 x").is_err());
    }

    #[test]
    fn a_move_after_nothing_is_refused() {
        assert_eq!(position("end", None), Ok(Position::End));
        assert_eq!(position("after", Some(" 5-1 ")), Ok(Position::After(EntryId { ms: 5, seq: 1 })));
        for (to, after) in [("after", None), ("after", Some("")), ("after", Some("x")), ("away", None)] {
            assert!(position(to, after).is_err(), "{to} {after:?}");
        }
    }
}
