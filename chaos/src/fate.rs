//! What handlers do with an event: a pure function of the seed, the group and the event, so that a seed means the same
//! run everywhere.

use std::{fmt, str::FromStr};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::Event;

/// What becomes of an event in a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Takes effect at once.
    Fast,
    /// Takes longer than the lease, then takes effect: only the heartbeat keeps it.
    Slow,
    /// Takes effect, then takes a while to return: a crash falls between commit and acknowledgement.
    Linger,
    /// Fails this many times, then takes effect.
    Retry(u64),
    /// Fails for ever.
    Poison,
    /// Is refused at once.
    Reject,
    /// Panics at the first attempt.
    Panic,
    /// Takes its process along at the first attempt.
    Abort,
    /// Finds something away that all need, once in each process.
    Outage,
}

/// How many of ten thousand events have which fate; the others are fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mix {
    pub slow: u32,
    pub linger: u32,
    pub retry: u32,
    pub poison: u32,
    pub reject: u32,
    pub panic: u32,
    pub abort: u32,
    pub outage: u32,
}

impl Mix {
    /// Some of everything, so that 60 s see each fate dozens of times and aborts a few times.
    pub const ALL: Self =
        Self { slow: 60, linger: 500, retry: 200, poison: 20, reject: 40, panic: 50, abort: 5, outage: 20 };

    fn parts(&self) -> [(&'static str, u32); 8] {
        [
            ("slow", self.slow),
            ("linger", self.linger),
            ("retry", self.retry),
            ("poison", self.poison),
            ("reject", self.reject),
            ("panic", self.panic),
            ("abort", self.abort),
            ("outage", self.outage),
        ]
    }

    fn part(&mut self, name: &str) -> Option<&mut u32> {
        Some(match name {
            "slow" => &mut self.slow,
            "linger" => &mut self.linger,
            "retry" => &mut self.retry,
            "poison" => &mut self.poison,
            "reject" => &mut self.reject,
            "panic" => &mut self.panic,
            "abort" => &mut self.abort,
            "outage" => &mut self.outage,
            _ => return None,
        })
    }

    /// The fate of an event in a group.
    pub fn fate(&self, seed: u64, group: &str, event: Event) -> Fate {
        // a seed of its own for each event and group; FNV, because a std hash may change with the compiler
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed;
        for byte in format!("{group} {event}").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut random = StdRng::seed_from_u64(hash);
        let mut drawn = random.random_range(0..10_000);
        for (name, share) in self.parts() {
            if drawn < share {
                return match name {
                    "slow" => Fate::Slow,
                    "linger" => Fate::Linger,
                    "retry" => Fate::Retry(random.random_range(1..=3)),
                    "poison" => Fate::Poison,
                    "reject" => Fate::Reject,
                    "panic" => Fate::Panic,
                    "abort" => Fate::Abort,
                    _ => Fate::Outage,
                };
            }
            drawn -= share;
        }
        Fate::Fast
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts().map(|(name, share)| format!("{name}={share}"));
        f.write_str(&parts.join(","))
    }
}

impl FromStr for Mix {
    type Err = String;

    /// `slow=60,reject=40`: what is not named has no share. `all` and `none` are words of their own.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Self::default();
        match text {
            "all" => return Ok(Self::ALL),
            "none" => return Ok(mix),
            _ => {}
        }
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(|| format!("`{part}` is not like slow=60"))?;
            let share = share.parse().map_err(|_| format!("`{share}` is no number"))?;
            *mix.part(name).ok_or_else(|| format!("there is no fate `{name}`"))? = share;
        }
        Ok(mix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_back_from_its_spelling() {
        assert_eq!(Mix::ALL.to_string().parse(), Ok(Mix::ALL));
        assert_eq!("reject=40".parse(), Ok(Mix { reject: 40, ..Mix::default() }));
        assert!("sloth=1".parse::<Mix>().is_err());
    }

    #[test]
    fn every_fate_occurs_and_a_seed_decides_it() {
        let fates: Vec<_> = (0..20_000).map(|n| Mix::ALL.fate(1, "g", Event::new(n % 30, n))).collect();
        for fate in [Fate::Fast, Fate::Slow, Fate::Linger, Fate::Poison, Fate::Reject, Fate::Abort, Fate::Outage] {
            assert!(fates.contains(&fate), "{fate:?}");
        }
        assert!(fates.iter().enumerate().all(|(n, fate)| {
            let n = u32::try_from(n).expect("small");
            Mix::ALL.fate(1, "g", Event::new(n % 30, n)) == *fate
        }));
    }
}
