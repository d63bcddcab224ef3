//! How far something is.

use leptos::prelude::*;

/// Bar and percentage, for a table.
#[component]
pub(crate) fn Progress(
    percent: i64,
    /// Of what, for people who do not see the bar.
    #[prop(into)]
    of: String,
) -> impl IntoView {
    view! {
        <span class="progress-cell">
            <progress max="100" value=percent aria-label=format!("Progress of {of}")></progress>
            <span class="percent">{format!("{percent}\u{202f}%")}</span>
        </span>
    }
}

/// Mean progress of tasks in whole percent; 100 only if every task is at 100.
pub(crate) fn mean_progress(progress: impl IntoIterator<Item = i64>) -> i64 {
    let (sum, count) = progress.into_iter().fold((0, 0), |(sum, count), one| (sum + one, count + 1));
    if count == 0 { 0 } else { sum / count }
}

/// `1 task`, `14 tasks`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let digits = domain::figure::grouped(count);
    if count == 1 { format!("{digits} {one}") } else { format!("{digits} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_work_is_100_percent() {
        assert_eq!(mean_progress([100, 100, 99]), 99);
        assert_eq!(mean_progress([100, 100]), 100);
        assert_eq!(mean_progress([]), 0);
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(1, "task"), "1 task");
        assert_eq!(counted(0, "task"), "0 tasks");
    }
}
