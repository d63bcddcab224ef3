//! How long a lost connection waits before it is tried again.

/// First pause, in milliseconds; doubled at each failure.
const FIRST_MS: i32 = 500;
/// Longest pause: an operator who mends the network does not wait longer for the page.
const LONGEST_MS: i32 = 10_000;

/// The pause after so many failures in a row, the first being 1.
pub(crate) fn pause_ms(failures: u32) -> i32 {
    let doubled = FIRST_MS.checked_shl(failures.saturating_sub(1).min(10)).unwrap_or(LONGEST_MS);
    doubled.min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_ten_seconds() {
        assert_eq!([1, 2, 3].map(pause_ms), [500, 1_000, 2_000]);
        assert_eq!(pause_ms(200), 10_000);
    }
}
