//! Numbers with their noun.

use domain::figure::grouped;

/// `1 record`, `1 842 records`.
pub(crate) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{}\u{a0}{}", grouped(n as u64), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "record", "records"), "1\u{a0}record");
        assert_eq!(counted(0, "record", "records"), "0\u{a0}records");
    }
}
