//! What the handlers of one or more consumers saw, and what may be said of it.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Answer, Handling, Letter, Transport};
use crate::wait;

/// Notes of what was handed out. Clones write into the same one.
#[derive(Clone, Default)]
pub(super) struct Diary(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    /// How often each was handed out.
    begun: HashMap<Letter, usize>,
    running: HashMap<Letter, usize>,
    /// How often one message was in hands at the same time, at most.
    most_at_once: usize,
    done: Vec<Letter>,
}

/// A message in hands; leaves them when it is dropped, as in a crash.
struct InHands {
    diary: Diary,
    letter: Letter,
    times: usize,
}

impl Drop for InHands {
    fn drop(&mut self) {
        *self.diary.notes().running.entry(self.letter.clone()).or_default() -= 1;
    }
}

impl Diary {
    /// A handler that notes what it is given and answers at once. `decide` is also told how often it was handed out.
    pub(super) fn handler(&self, decide: impl Fn(&Letter, usize) -> Answer + Send + Sync + 'static) -> Handling {
        self.slow_handler(move |letter, times| {
            let answer = decide(&letter, times);
            async move {
                // others may come in between
                tokio::task::yield_now().await;
                answer
            }
        })
    }

    /// A handler that notes what it is given, and takes its time.
    pub(super) fn slow_handler<F, Fut>(&self, decide: F) -> Handling
    where
        F: Fn(Letter, usize) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let diary = self.clone();
        Arc::new(move |letter: Letter| {
            let in_hands = diary.begin(letter);
            let answering = decide(in_hands.letter.clone(), in_hands.times);
            Box::pin(async move {
                let answer = answering.await;
                if answer == Answer::Done {
                    in_hands.diary.notes().done.push(in_hands.letter.clone());
                }
                answer
            })
        })
    }

    fn begin(&self, letter: Letter) -> InHands {
        let mut notes = self.notes();
        let running = notes.running.entry(letter.clone()).or_default();
        *running += 1;
        notes.most_at_once = notes.most_at_once.max(notes.running[&letter]);
        let begun = notes.begun.entry(letter.clone()).or_default();
        *begun += 1;
        let times = *begun;
        drop(notes);
        InHands { diary: self.clone(), letter, times }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        // the test fails by another panic; this one would hide it
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was handled to its end, in order.
    pub(super) fn done(&self) -> Vec<Letter> {
        self.notes().done.clone()
    }

    /// How often this one was handed out.
    pub(super) fn begun(&self, letter: &Letter) -> usize {
        self.notes().begun.get(letter).copied().unwrap_or(0)
    }

    /// How many are in hands now.
    pub(super) fn in_hands(&self) -> usize {
        self.notes().running.values().sum()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.notes().most_at_once
    }

    /// Waits until `count` different ones were handled, for as long as there is progress.
    pub(super) async fn wait_for<T: Transport>(&self, count: usize) {
        let different = || self.notes().done.iter().collect::<HashSet<_>>().len();
        let mut before = different();
        while before < count {
            let what = format!("{count} handled; {before} are");
            before =
                wait::until_within(T::PATIENCE, &what, async || Some(different()).filter(|now| *now > before)).await;
        }
    }

    /// Every one of these was handled, and nothing else.
    pub(super) fn assert_all(&self, expected: &[Letter]) {
        let done: HashSet<Letter> = self.done().into_iter().collect();
        let expected: HashSet<Letter> = expected.iter().cloned().collect();
        let (lost, strange) = (expected.difference(&done).count(), done.difference(&expected).count());
        assert_eq!((lost, strange), (0, 0), "lost and strange messages");
    }

    /// Nothing was handed out twice.
    pub(super) fn assert_once(&self) {
        let repeated: Vec<_> =
            self.notes().begun.iter().filter(|(_, times)| **times > 1).map(|(l, _)| l.clone()).collect();
        assert!(repeated.is_empty(), "{} were handed out more than once: {:?}", repeated.len(), repeated.first());
    }

    /// Per key, they were handled in the order of `published`; repeats do not count.
    pub(super) fn assert_order(&self, published: &[Letter]) {
        let mut seen = HashSet::new();
        let first_times: Vec<Letter> = self.done().into_iter().filter(|letter| seen.insert(letter.clone())).collect();
        let (handled, published) = (by_key(&first_times), by_key(published));
        for (key, bodies) in published {
            assert_eq!(handled.get(key), Some(&bodies), "the order of {key}");
        }
    }
}

fn by_key(letters: &[Letter]) -> HashMap<&str, Vec<String>> {
    letters.iter().fold(HashMap::new(), |mut keys, letter| {
        keys.entry(letter.key.as_str())
            .or_insert_with(Vec::new)
            .push(String::from_utf8_lossy(&letter.body).into_owned());
        keys
    })
}

/// Answers at random with a failure, in one of five cases, but not more than twice for one message: within every
/// transport's attempts. The same seed means the same failures.
pub(super) fn now_and_then(seed: u64) -> impl Fn(&Letter, usize) -> Answer + Clone + Send + Sync + 'static {
    move |letter, times| {
        let mut hasher = std::hash::DefaultHasher::new();
        (seed, letter, times).hash(&mut hasher);
        if times <= 2 && hasher.finish().is_multiple_of(5) { Answer::Again } else { Answer::Done }
    }
}

/// A seed, printed; `DSM_SEED` gives that of another run.
pub(super) fn seed() -> u64 {
    let given = std::env::var("DSM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| RandomState::new().hash_one(0));
    eprintln!("DSM_SEED={seed}");
    seed
}
