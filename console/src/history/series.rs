//! Whose history it is: a number made of the names, so that every process makes the same one.

use std::collections::{BTreeMap, HashMap};

use domain::stream::Snapshot;
use sha2::{Digest, Sha256};

use super::measure::{self, Sample};
use crate::audit::storable;

/// Numbers of streams that are gone are forgotten when more than this many times the living ones are known.
const FORGET_AT: usize = 4;
const DAY_S: i64 = 86_400;

/// The number of a stream (`group` is `None`) or of a group. Names can be megabytes long, and hold what no database keeps.
pub(super) fn id(stream: &str, group: Option<&str>) -> i64 {
    let mut hash = Sha256::new();
    hash.update((stream.len() as u64).to_be_bytes());
    hash.update(stream);
    if let Some(group) = group {
        hash.update([1]);
        hash.update(group);
    }
    let bytes: [u8; 8] = hash.finalize()[..8].try_into().expect("a hash has 32 bytes");
    // the sign is left out: people read it
    i64::from_be_bytes(bytes) & i64::MAX
}

/// What a number stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    stream: String,
    group: Option<String>,
    pub(super) first_at_s: i64,
}

impl Name {
    pub(super) fn stream(&self) -> String {
        storable(&self.stream)
    }

    pub(super) fn group(&self) -> Option<String> {
        self.group.as_deref().map(storable)
    }
}

/// The numbers of what was seen, and which names the database is to be told.
#[derive(Default)]
pub(super) struct Series {
    known: HashMap<String, (Known, HashMap<String, Known>)>,
    groups: usize,
    untold: BTreeMap<i64, Name>,
}

#[derive(Clone, Copy)]
struct Known {
    id: i64,
    /// When its name was last put on the way to the database.
    told_at_s: i64,
}

impl Series {
    /// The sample of every stream and group, with its number.
    pub(super) fn samples(&mut self, snapshot: &Snapshot, at_s: i64, mut each: impl FnMut(i64, &Sample)) {
        let living: usize = snapshot.streams.iter().map(|stream| 1 + stream.groups.len()).sum();
        if self.known.len() + self.groups > FORGET_AT * living.max(100) {
            self.known.clear();
            self.untold.clear();
            self.groups = 0;
        }
        for stream in &snapshot.streams {
            if !self.known.contains_key(&stream.name) {
                let known = Known { id: id(&stream.name, None), told_at_s: i64::MIN };
                self.known.insert(stream.name.clone(), (known, HashMap::new()));
            }
            let (known, groups) = self.known.get_mut(&stream.name).expect("it was put there");
            tell(&mut self.untold, known, at_s, || Name { stream: stream.name.clone(), group: None, first_at_s: at_s });
            each(known.id, &measure::of_stream(stream));
            for group in &stream.groups {
                if !groups.contains_key(&group.name) {
                    let known = Known { id: id(&stream.name, Some(&group.name)), told_at_s: i64::MIN };
                    groups.insert(group.name.clone(), known);
                    self.groups += 1;
                }
                let known = groups.get_mut(&group.name).expect("it was put there");
                tell(&mut self.untold, known, at_s, || Name {
                    stream: stream.name.clone(),
                    group: Some(group.name.clone()),
                    first_at_s: at_s,
                });
                each(known.id, &measure::of_group(group));
            }
        }
    }

    /// Names that the database does not have yet, or has not heard of today.
    pub(super) fn untold(&self) -> Vec<(i64, Name)> {
        self.untold.iter().map(|(id, name)| (*id, name.clone())).collect()
    }

    pub(super) fn told(&mut self, names: &[(i64, Name)]) {
        for (id, name) in names {
            if self.untold.get(id) == Some(name) {
                self.untold.remove(id);
            }
        }
    }
}

fn tell(untold: &mut BTreeMap<i64, Name>, known: &mut Known, at_s: i64, name: impl FnOnce() -> Name) {
    if known.told_at_s < at_s.saturating_sub(DAY_S) {
        known.told_at_s = at_s;
        untold.entry(known.id).or_insert_with(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_and_its_groups_have_numbers_of_their_own() {
        let ids = [id("a", None), id("a", Some("")), id("a", Some("b")), id("ab", None), id("", Some("ab"))];
        let different: std::collections::BTreeSet<i64> = ids.into_iter().collect();
        assert_eq!(different.len(), ids.len());
        assert!(ids.iter().all(|id| *id >= 0));
    }

    #[test]
    fn the_number_of_a_name_never_changes() {
        // it is in databases
        assert_eq!(id("orders", Some("mailer")), 7_528_518_046_803_423_718);
    }
}
