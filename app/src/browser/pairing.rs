//! Which of the old children of an element becomes which of the new ones: the pure half of morphing.

use std::collections::BTreeMap;

/// What decides whether one node can become another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Tag name, `#text`, `#comment`. Nodes of different names never become each other.
    pub name: String,
    /// `id` or `data-key`: the same thing before and after, wherever it stands.
    pub key: Option<String>,
    /// Its classes: among nodes without a key the like are preferred.
    pub looks: String,
}

/// What becomes of the children.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// For each new child the old one that becomes it; none where it is made.
    pub from: Vec<Option<usize>>,
    /// Whether that old child stays where it is. So many as possible do: a node that is moved loses focus and scroll.
    pub stays: Vec<bool>,
}

/// Pairs old and new children.
pub fn pair(old: &[Label], new: &[Label]) -> Pairing {
    let mut from = vec![None; new.len()];
    pair_keyed(old, new, &mut from);
    pair_others(old, new, &mut from);
    let stays = longest_rising(&from);
    Pairing { from, stays }
}

fn pair_keyed(old: &[Label], new: &[Label], from: &mut [Option<usize>]) {
    let keyed = old.iter().enumerate().filter(|(_, label)| label.key.is_some());
    // a key that is there twice by mistake: the first one has it
    let mut at: BTreeMap<(&str, &Option<String>), usize> = BTreeMap::new();
    for (index, label) in keyed {
        at.entry((&label.name, &label.key)).or_insert(index);
    }
    for (label, from) in new.iter().zip(from) {
        if label.key.is_some() {
            *from = at.remove(&(label.name.as_str(), &label.key));
        }
    }
}

/// Those without a key keep their order: like ones from the start and from the end, so that what is put between or taken
/// away leaves the rest alone; what remains by name.
fn pair_others(old: &[Label], new: &[Label], from: &mut [Option<usize>]) {
    let without_key = |labels: &[Label]| -> Vec<usize> {
        labels.iter().enumerate().filter(|(_, label)| label.key.is_none()).map(|(index, _)| index).collect()
    };
    let (olds, news) = (without_key(old), without_key(new));
    let (mut olds, mut news) = (olds.as_slice(), news.as_slice());
    while let ([first_old, rest_old @ ..], [first_new, rest_new @ ..]) = (olds, news) {
        if old[*first_old] != new[*first_new] {
            break;
        }
        from[*first_new] = Some(*first_old);
        (olds, news) = (rest_old, rest_new);
    }
    while let ([rest_old @ .., last_old], [rest_new @ .., last_new]) = (olds, news) {
        if old[*last_old] != new[*last_new] {
            break;
        }
        from[*last_new] = Some(*last_old);
        (olds, news) = (rest_old, rest_new);
    }
    for index in news {
        if let Some(at) = olds.iter().position(|candidate| old[*candidate].name == new[*index].name) {
            from[*index] = Some(olds[at]);
            olds = &olds[at + 1..];
        }
    }
}

/// Which members belong to a longest rising subsequence.
fn longest_rising(from: &[Option<usize>]) -> Vec<bool> {
    // ends[n]: where the rising subsequence of length n + 1 with the smallest end stops
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; from.len()];
    for (index, value) in from.iter().enumerate() {
        let Some(value) = value else { continue };
        let length = ends.partition_point(|end| from[*end].is_some_and(|other| other < *value));
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(index);
        } else {
            ends[length] = index;
        }
    }
    let mut is_member = vec![false; from.len()];
    let mut at = ends.last().copied();
    while let Some(index) = at {
        is_member[index] = true;
        at = before[index];
    }
    is_member
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `tr#a` has a key, `div.notice` looks, `p` neither.
    fn labels(text: &str) -> Vec<Label> {
        text.split_whitespace()
            .map(|word| {
                let (name, key) = word.split_once('#').map_or((word, None), |(name, key)| (name, Some(key.to_owned())));
                let (name, looks) = name.split_once('.').unwrap_or((name, ""));
                Label { name: name.to_owned(), key, looks: looks.to_owned() }
            })
            .collect()
    }

    fn paired(old: &str, new: &str) -> Pairing {
        pair(&labels(old), &labels(new))
    }

    fn from(old: &str, new: &str) -> Vec<Option<usize>> {
        paired(old, new).from
    }

    #[test]
    fn rows_are_known_by_their_key_wherever_they_stand() {
        assert_eq!(from("tr#a tr#b tr#c", "tr#new tr#c tr#a"), [None, Some(2), Some(0)]);
    }

    #[test]
    fn a_row_on_top_moves_nothing() {
        let pairing = paired("tr#a tr#b tr#c", "tr#new tr#a tr#b");
        assert_eq!(pairing.from, [None, Some(0), Some(1)]);
        assert_eq!(pairing.stays, [false, true, true]);
    }

    #[test]
    fn one_row_that_sinks_is_the_only_one_that_moves() {
        let pairing = paired("tr#a tr#b tr#c tr#d", "tr#b tr#c tr#d tr#a");
        assert_eq!(pairing.stays, [true, true, true, false]);
    }

    #[test]
    fn a_notice_that_appears_does_not_become_the_table_below() {
        assert_eq!(
            from("header div.filters div.table-wrap", "header div.notice div.filters div.table-wrap"),
            [Some(0), None, Some(1), Some(2)]
        );
        assert_eq!(
            from("header div.notice div.filters div.table-wrap", "header div.filters div.table-wrap"),
            [Some(0), Some(2), Some(3)]
        );
    }

    #[test]
    fn what_only_changes_its_class_is_still_the_same() {
        assert_eq!(from("p span.ok p", "p span.bad p"), [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn different_tags_never_become_each_other() {
        assert_eq!(from("ul", "ol"), [None]);
        assert_eq!(from("tr#a", "li#a"), [None]);
        assert_eq!(from("p#a", "p"), [None], "what has a key is only itself");
    }

    #[test]
    fn a_key_that_is_there_twice_is_taken_once() {
        assert_eq!(from("tr#a tr#a", "tr#a tr#a"), [Some(0), None]);
    }

    fn any_labels() -> impl Strategy<Value = Vec<Label>> {
        let label = ("(p|tr|#text)", proptest::option::of("[abc]"), "(|x|y)");
        proptest::collection::vec(label.prop_map(|(name, key, looks)| Label { name, key, looks }), 0..12)
    }

    proptest! {
        #[test]
        fn every_old_child_becomes_at_most_one_new_child_of_its_name_and_key(old in any_labels(), new in any_labels()) {
            let pairing = pair(&old, &new);
            let taken: Vec<usize> = pairing.from.iter().flatten().copied().collect();
            let mut once = taken.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), taken.len());
            for (index, from) in pairing.from.iter().enumerate() {
                if let Some(from) = from {
                    prop_assert_eq!(&old[*from].name, &new[index].name);
                    prop_assert_eq!(&old[*from].key, &new[index].key);
                }
            }
        }

        #[test]
        fn what_stays_is_in_order(old in any_labels(), new in any_labels()) {
            let Pairing { from, stays } = pair(&old, &new);
            let staying: Vec<usize> = from.iter().zip(&stays).filter(|(_, stays)| **stays).filter_map(|(from, _)| *from).collect();
            prop_assert!(staying.is_sorted());
        }

        #[test]
        fn nothing_moves_when_nothing_changes(labels in any_labels()) {
            let mut labels = labels;
            let mut keys = std::collections::HashSet::new();
            labels.retain(|label| label.key.is_none() || keys.insert((label.name.clone(), label.key.clone())));
            let Pairing { from, stays } = pair(&labels, &labels);
            prop_assert_eq!(from, (0..labels.len()).map(Some).collect::<Vec<_>>());
            prop_assert!(stays.into_iter().all(|stays| stays));
        }
    }
}
