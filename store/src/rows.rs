//! Placeholders for inserting many rows with one statement: the statements, not the rows, are what costs.

/// Rows of one statement, so that their values stay under the 32 766 that SQLite and the 65 535 that PostgreSQL accept.
pub const ROWS_PER_STATEMENT: usize = 500;

/// `($1, $2), ($3, $4)` for `rows` = 2 and `columns` = 2.
pub fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            text.push('$');
            text.push_str(&(row * columns + column + 1).to_string());
        }
        text.push(')');
    }
    text
}

/// `(cast($1 as text), cast($2 as bigint)), …`: rows to select from. Unlike in an insert, no column tells PostgreSQL what
/// they are. Both databases call the columns `column1`, `column2` and so on.
pub fn typed(rows: usize, types: &[&str]) -> String {
    let row = |row: usize| {
        let columns = types.iter().enumerate();
        let columns = columns.map(|(column, of)| format!("cast(${} as {of})", row * types.len() + column + 1));
        format!("({})", columns.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `$3, $4, $5` for `count` = 3 and `first` = 3: the list of an `in (…)`.
pub fn list(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_count_on_over_rows() {
        assert_eq!(placeholders(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(list(3, 3), "$3, $4, $5");
        let typed = typed(2, &["text", "bigint"]);
        assert_eq!(typed, "(cast($1 as text), cast($2 as bigint)), (cast($3 as text), cast($4 as bigint))");
    }
}
