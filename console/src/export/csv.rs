//! CSV as RFC 4180 has it. What a payload says is a stranger's: a cell that a spreadsheet would take for a formula begins
//! with an apostrophe, as OWASP advises against CSV injection.

use domain::stream::{Entry, Field};
use serde_json::json;

use super::Tally;

const COLUMNS: [&str; 6] = ["id", "added", "type", "event_id", "key", "fields"];
/// With these a formula begins, or the cell before it ends; and their wide forms, which some programs take for the same.
const DANGEROUS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(super) fn head() -> String {
    row(COLUMNS.map(str::to_owned))
}

/// `fields` is JSON, a list of names and values: a stream entry may have a name twice. A value that is not byte for byte what
/// is stored has a third member that says so.
pub(super) fn entry(entry: &Entry) -> String {
    let fields: Vec<_> = entry.fields.iter().map(told).collect();
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    row([
        entry.id.to_string(),
        if entry.id.tells_time() { entry.id.added_at().iso_millis() } else { String::new() },
        text(&entry.event_type),
        text(&entry.event_id),
        text(&entry.key),
        serde_json::Value::from(fields).to_string(),
    ])
}

fn told(Field { name, value, exact, bytes }: &Field) -> serde_json::Value {
    if *exact { json!([name, value]) } else { json!([name, value, { "exact": exact, "bytes": bytes }]) }
}

/// A last row that no entry can be: its id is none.
pub(super) fn end(tally: &Tally) -> String {
    let Tally { entries, looked_at, cut, .. } = tally;
    let state = if cut.is_none() { "complete" } else { "cut" };
    let why = cut.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let words = format!("{entries} of {looked_at} entries{why}");
    row(["#end".to_owned(), state.to_owned(), String::new(), String::new(), String::new(), words])
}

pub(crate) fn row<const N: usize>(cells: [String; N]) -> String {
    let mut row = cells.map(|cell| quoted(&cell)).join(",");
    row.push_str("\r\n");
    row
}

/// A cell in quotes, whatever is in it.
fn quoted(cell: &str) -> String {
    // what is white before it is dropped by some programs
    let is_dangerous = cell.starts_with(DANGEROUS) || cell.trim_start().starts_with(DANGEROUS);
    let guard = if is_dangerous { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_that_is_not_what_is_stored_says_so_in_its_cell() {
        let field = |value: &str, exact| Field { name: "data".into(), value: value.into(), exact, bytes: 2_000_000 };
        let entry = Entry {
            id: "5-1".parse().expect("id"),
            fields: vec![field("whole", true), field("cut", false)],
            event_type: None,
            event_id: None,
            key: None,
        };
        let cells = entry_cells(&super::entry(&entry));
        assert_eq!(cells[5], r#"[["data","whole"],["data","cut",{"bytes":2000000,"exact":false}]]"#);
    }

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        let corpus = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "  \t@x",
            "＝1+1",
            "=cmd|' /C calc'!A0",
            "=HYPERLINK(\"http://x\",\"y\")",
            "-2+3+cmd|' /C calc'!A0",
        ];
        for text in corpus {
            let entry = Entry {
                id: "5-1".parse().expect("id"),
                fields: vec![Field { name: text.into(), value: text.into(), exact: true, bytes: 0 }],
                event_type: Some(text.into()),
                event_id: Some(text.into()),
                key: Some(text.into()),
            };
            let row = entry_cells(&super::entry(&entry));
            for cell in &row {
                assert!(!cell.trim_start().starts_with(DANGEROUS), "{cell:?}");
            }
            assert_eq!(row[2], format!("'{text}"));
        }
    }

    /// Cells as RFC 4180 reads them.
    fn entry_cells(row: &str) -> Vec<String> {
        let row = row.strip_suffix("\r\n").expect("a row ends so");
        let inner = row.strip_prefix('"').and_then(|row| row.strip_suffix('"')).expect("quoted cells");
        let (mut cells, mut cell, mut characters) = (Vec::new(), String::new(), inner.chars().peekable());
        while let Some(c) = characters.next() {
            match c {
                '"' if characters.next_if_eq(&'"').is_some() => cell.push('"'),
                '"' => {
                    assert_eq!((characters.next(), characters.next()), (Some(','), Some('"')));
                    cells.push(std::mem::take(&mut cell));
                }
                c => cell.push(c),
            }
        }
        cells.push(cell);
        cells
    }

    proptest! {
        #[test]
        fn every_cell_is_read_as_it_was_written(cells in prop::array::uniform6("(\\PC|[\",\r\n=])*")) {
            let read = entry_cells(&row(cells.clone()));
            let guarded = |(read, written): (&String, &String)| read == written || *read == format!("'{written}");
            prop_assert!(read.len() == 6 && read.iter().zip(&cells).all(guarded), "{read:?} {cells:?}");
        }
    }
}
