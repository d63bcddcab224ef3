//! One round through all streams. What is asked about some of them is on its way while the answers about others are read, so
//! that neither Redis nor we wait for the other.

use std::{collections::VecDeque, time::Instant};

use domain::stream::{EntryId, StreamSample, Unread};

use super::{
    Sampler, StreamMemory,
    group::{self, Asking, GroupMemory, Learned, Ranges},
    oldest,
    questions::{Place, Questions, Told},
};
use crate::{
    Error,
    reply::{GroupFacts, StreamFacts},
};

/// Memory of a stream is measured every so many looks: it walks over samples of the stream.
const MEMORY_EVERY: u64 = 10;
/// Steps that are on their way at once.
const STEPS_AT_ONCE: usize = 2;

/// Something that was asked.
struct Step {
    /// Of each batch of it, the how maniest questions ask for entries.
    ranges: Vec<Vec<usize>>,
    begun: Instant,
    about: About,
}

enum About {
    /// Streams, their groups, and the consumers of the groups that are known.
    Streams(Vec<AskedStream>),
    /// What must be known of their groups beyond that.
    Groups(Vec<Looked<Asking>>),
    /// Whether pending entries that may have been deleted are there; most streams have none.
    Bodies(Vec<Looked<Learned>>, Vec<AskedBody>),
}

struct AskedStream {
    name: String,
    facts: Place,
    groups: Place,
    memory: Option<Place>,
    /// In the order in which groups are remembered; `None` where one had no consumers.
    consumers: Vec<Option<Place>>,
}

/// A stream, and its groups with what was asked or learned of each.
pub(super) struct Looked<T> {
    pub(super) name: String,
    pub(super) facts: StreamFacts,
    pub(super) groups: Vec<LookedGroup<T>>,
}

pub(super) struct LookedGroup<T> {
    pub(super) facts: GroupFacts,
    /// Where it is remembered, among the groups of its stream.
    pub(super) at: usize,
    pub(super) of_it: T,
}

struct AskedBody {
    /// Which of the streams, and which of its groups.
    group: (usize, usize),
    id: EntryId,
    place: Place,
}

impl Sampler {
    /// Asks about all streams, and gives them in the order of their names; and what did not let itself be looked at.
    pub(super) async fn go_round(&mut self, now_ms: u64) -> Result<(Vec<StreamSample>, Vec<Unread>), Error> {
        self.wire.open().await?;
        let mut names: VecDeque<String> = self.directory.names().cloned().collect();
        let (mut samples, mut unread) = (Vec::with_capacity(names.len()), Vec::new());
        let mut steps = VecDeque::new();
        loop {
            while steps.len() < STEPS_AT_ONCE && !names.is_empty() {
                let (asked, questions) = self.ask_streams(&mut names);
                steps.push_back(self.send(questions, About::Streams(asked)).await?);
            }
            let Some(Step { ranges, begun, about }) = steps.pop_front() else { break };
            let mut told = Told::default();
            for ranges in &ranges {
                told.add(self.wire.answers().await?, ranges);
            }
            let (looked, asked, questions) = match about {
                About::Streams(asked) => {
                    let (looked, questions) = self.read_streams(&told, asked, &mut unread);
                    if !questions.none() {
                        steps.push_back(self.send(questions, About::Groups(looked)).await?);
                        continue;
                    }
                    self.read_groups(&Told::default(), begun, looked, &mut unread)
                }
                About::Groups(looked) => self.read_groups(&told, begun, looked, &mut unread),
                About::Bodies(looked, asked) => {
                    self.read_bodies(&told, &looked, &asked);
                    (looked, Vec::new(), Questions::new())
                }
            };
            if questions.none() {
                samples.extend(looked.into_iter().map(|one| self.stream_sample(one, now_ms)));
            } else {
                steps.push_back(self.send(questions, About::Bodies(looked, asked)).await?);
            }
        }
        samples.sort_by(|a, b| a.name.cmp(&b.name));
        unread.sort_by(|a, b| (&a.stream, &a.group).cmp(&(&b.stream, &b.group)));
        Ok((samples, unread))
    }

    async fn send(&mut self, questions: Questions, about: About) -> Result<Step, Error> {
        let begun = questions.begun;
        let mut ranges = Vec::new();
        for asked in questions.into_batches() {
            self.wire.ask(asked.batch).await?;
            ranges.push(asked.ranges);
        }
        Ok(Step { ranges, begun, about })
    }

    /// Asks about as many streams as should be asked about together.
    fn ask_streams(&mut self, names: &mut VecDeque<String>) -> (Vec<AskedStream>, Questions) {
        let measures_memory = self.looks % MEMORY_EVERY == 1;
        let (mut asked, mut questions) = (Vec::new(), Questions::new());
        while !questions.enough()
            && let Some(name) = names.pop_front()
        {
            let mut ask = |command, part| questions.add(1, &[command, part, &name]);
            let (facts, groups) = (ask("XINFO", "STREAM"), ask("XINFO", "GROUPS"));
            let memory = measures_memory.then(|| ask("MEMORY", "USAGE"));
            let known = self.streams.get(&name).map_or(&[][..], |memory| &memory.groups);
            let consumers = known
                .iter()
                .map(|group| group.has_consumers.then(|| group::ask_consumers(&mut questions, &name, &group.name)))
                .collect();
            asked.push(AskedStream { name, facts, groups, memory, consumers });
        }
        (asked, questions)
    }

    fn read_streams(
        &mut self,
        told: &Told,
        asked: Vec<AskedStream>,
        unread: &mut Vec<Unread>,
    ) -> (Vec<Looked<Asking>>, Questions) {
        let (mut looked, mut questions) = (Vec::with_capacity(asked.len()), Questions::new());
        for AskedStream { name, facts, groups, memory, consumers } in asked {
            let read = read_stream(told, facts, groups);
            if let Err(Error::NotFound(_)) = read {
                self.directory.forget(&name);
                continue;
            }
            // also of one that could not be looked at: it is not gone, and its past goes on when it can be again
            let remembered = self.streams.entry(name.clone()).or_default();
            remembered.met_at = self.looks;
            let (facts, groups) = match read {
                Ok(read) => read,
                Err(error) => {
                    unread.extend(unless_gone(&error, &name, None));
                    continue;
                }
            };
            if let Some(mut answer) = memory.and_then(|place| told.get(place).ok()) {
                remembered.memory_bytes = answer.number().ok().flatten().and_then(|bytes| u64::try_from(bytes).ok());
            }
            let consumers = remembered.put_in_order(&groups, consumers);
            let mut ranges = Ranges::new();
            let ask = |((at, group), consumers): ((usize, GroupFacts), Option<Place>)| {
                let memory = &mut remembered.groups[at];
                let asked = consumers.map(|place| (told, place));
                match group::ask(&mut questions, &mut ranges, &name, (&facts, &group), asked, memory) {
                    Ok(of_it) => Some(LookedGroup { facts: group, at, of_it }),
                    Err(error) => {
                        unread.extend(unless_gone(&error, &name, Some(&group.name)));
                        None
                    }
                }
            };
            let groups = groups.into_iter().enumerate().zip(consumers).filter_map(ask).collect();
            looked.push(Looked { name, facts, groups });
        }
        (looked, questions)
    }

    fn read_groups(
        &mut self,
        told: &Told,
        begun: Instant,
        looked: Vec<Looked<Asking>>,
        unread: &mut Vec<Unread>,
    ) -> (Vec<Looked<Learned>>, Vec<AskedBody>, Questions) {
        let (mut learned, mut bodies, mut questions) = (Vec::with_capacity(looked.len()), Vec::new(), Questions::new());
        for Looked { name, facts, groups } in looked {
            let memory = self.streams.entry(name.clone()).or_default();
            let mut left = Vec::with_capacity(groups.len());
            for LookedGroup { facts: group, at, of_it } in groups {
                let remembered = &mut memory.groups[at];
                let of_it = match of_it.learn(told, begun, (&facts, &group), remembered) {
                    Ok(of_it) => of_it,
                    Err(error) => {
                        unread.extend(unless_gone(&error, &name, Some(&group.name)));
                        continue;
                    }
                };
                for id in remembered.bodies.unknown(&facts, &of_it.oldest) {
                    let place = oldest::ask(&mut questions, &name, id);
                    bodies.push(AskedBody { group: (learned.len(), left.len()), id, place });
                }
                left.push(LookedGroup { facts: group, at, of_it });
            }
            learned.push(Looked { name, facts, groups: left });
        }
        (learned, bodies, questions)
    }

    fn read_bodies(&mut self, told: &Told, looked: &[Looked<Learned>], asked: &[AskedBody]) {
        for AskedBody { group: (stream, group), id, place } in asked {
            let Looked { name, groups, .. } = &looked[*stream];
            if let Some(memory) = self.streams.get_mut(name) {
                memory.groups[groups[*group].at].bodies.learn(told, *place, *id);
            }
        }
    }
}

/// [`Error::NotFound`] only where the stream went away: whatever else Redis says does not mean that.
fn read_stream(told: &Told, facts: Place, groups: Place) -> Result<(StreamFacts, Vec<GroupFacts>), Error> {
    Ok((StreamFacts::told(&mut told.get(facts)?)?, GroupFacts::all(&mut told.get(groups)?)?))
}

/// What is told of a stream, or a group of it, that could not be looked at; nothing where it went away meanwhile.
fn unless_gone(error: &Error, stream: &str, group: Option<&str>) -> Option<Unread> {
    let unread = || Unread { stream: stream.to_owned(), group: group.map(str::to_owned), why: error.to_string() };
    (!matches!(error, Error::NotFound(_))).then(unread)
}

impl StreamMemory {
    /// Remembers exactly these groups, in their order, which is the order that Redis has them in; of each what was remembered
    /// before. What was asked of each, in the order before, is given in the new one.
    fn put_in_order(&mut self, groups: &[GroupFacts], mut asked: Vec<Option<Place>>) -> Vec<Option<Place>> {
        for (at, group) in groups.iter().enumerate() {
            match self.groups[at..].iter().position(|known| known.name == group.name) {
                Some(0) => {}
                Some(further) => {
                    self.groups.swap(at, at + further);
                    asked.swap(at, at + further);
                }
                None => {
                    self.groups.insert(at, GroupMemory::of(&group.name));
                    asked.insert(at, None);
                }
            }
        }
        self.groups.truncate(groups.len());
        asked.truncate(groups.len());
        asked
    }
}
