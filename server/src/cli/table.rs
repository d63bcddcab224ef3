//! Answers as a table. Names and texts are anybody's: what could move a terminal's cursor is written out.

/// Text without control characters or marks that turn the direction of writing.
pub(super) fn safe(text: &str) -> String {
    let is_hostile = |c: char| {
        c.is_control() || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hostile(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}

/// Prints rows below their heads, in columns as wide as they need to be.
pub(super) fn print<const N: usize>(heads: [&str; N], rows: &[[String; N]]) {
    for line in lines(heads, rows) {
        println!("{line}");
    }
}

fn lines<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> = std::iter::once(heads.map(str::to_owned))
        .chain(rows.iter().map(|row| row.each_ref().map(|cell| safe(cell))))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        line.truncate(line.trim_end().len());
        line
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell_and_names_cannot_move_the_cursor() {
        let rows = [["größe".to_owned(), "1".to_owned()], ["a\u{1b}[2J\n\u{202E}b".to_owned(), "22".to_owned()]];
        let longest = "a\\u{1b}[2J\\n\\u{202e}b  ";
        let wide = longest.len();
        let expected = [format!("{:wide$}N", "NAME"), format!("{:wide$}1", "größe"), format!("{longest}22")];
        assert_eq!(lines(["NAME", "N"], &rows), expected);
    }
}
