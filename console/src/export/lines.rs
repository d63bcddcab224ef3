//! JSON lines: an entry on each, as the API has it, and a last line of another form.

use domain::stream::Entry;
use serde_json::json;

use super::Tally;

pub(super) fn entry(entry: &Entry) -> String {
    let mut line = serde_json::to_string(entry).expect("an entry is texts and numbers");
    line.push('\n');
    line
}

pub(super) fn end(tally: &Tally) -> String {
    let Tally { entries, looked_at, cut, .. } = tally;
    let end = json!({"entries": entries, "looked_at": looked_at, "complete": cut.is_none(), "cut": cut});
    format!("{}\n", json!({ "export": end }))
}
