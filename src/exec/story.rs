//! What happened to a future, and when.

use crate::base::sync::{Mutex, lock};
use std::time::{Duration, Instant};

/// A turn in the life of a future: [`Client::story`](crate::Client::story).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Chapter {
    /// It was given to the client.
    Submitted,
    /// Its body began.
    Started,
    /// Its body waits for something, and has given its slot up.
    Suspended,
    /// Its body has a slot again.
    Resumed,
    /// It has its result.
    Finished,
    /// It has failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It is tried again, by `retry`.
    Retried,
}

/// How long a future has waited to begin, run, and waited in its body: [`Handle::times`](crate::Handle::times).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Times {
    /// Until its body began: for other futures, for a slot, for resources.
    pub waiting: Duration,
    /// Its body ran.
    pub running: Duration,
    /// Its body had begun and waited, with its slot given up.
    pub suspended: Duration,
}

impl Times {
    /// Adds up what lies between the chapters of a story, the last of which goes on until `now`.
    fn of(story: &[(Duration, Chapter)], now: Duration) -> Times {
        let mut times = Times::default();
        let ends = story.iter().skip(1).map(|(at, _)| *at).chain([now]);
        for ((begin, chapter), end) in story.iter().zip(ends) {
            let spent = end.saturating_sub(*begin);
            match chapter {
                Chapter::Submitted | Chapter::Retried => times.waiting += spent,
                Chapter::Started | Chapter::Resumed => times.running += spent,
                Chapter::Suspended => times.suspended += spent,
                Chapter::Finished | Chapter::Failed | Chapter::Cancelled => {}
            }
        }
        times
    }
}

/// The story of the futures of one job.
pub(super) struct Story {
    since: Instant,
    /// `None`: there are too many futures to remember each.
    turns: Option<Mutex<Vec<(u32, Duration, Chapter)>>>,
}

/// Jobs of more futures than this keep no story of each.
pub(crate) const MOST: usize = 4096;

impl Story {
    pub(super) fn new(futures: usize) -> Story {
        Story {
            since: Instant::now(),
            turns: (futures <= MOST).then(Mutex::default),
        }
    }

    #[inline]
    pub(super) fn tell(&self, index: usize, chapter: Chapter) {
        self.tell_if(index, chapter, || true);
    }

    /// If `turn` is so, which it returns. Nothing else is told meanwhile.
    #[inline]
    pub(super) fn tell_if(
        &self,
        index: usize,
        chapter: Chapter,
        turn: impl FnOnce() -> bool,
    ) -> bool {
        let Some(turns) = &self.turns else {
            return turn();
        };
        let mut turns = lock(turns);
        let is_so = turn();
        if is_so {
            turns.push((index as u32, self.since.elapsed(), chapter));
        }
        is_so
    }

    /// `None`: there are too many futures to remember each.
    pub(super) fn times(&self, index: usize) -> Option<Times> {
        let story = self.turns.as_ref().map(|_| self.of(index))?;
        Some(Times::of(&story, self.since.elapsed()))
    }

    pub(super) fn of(&self, index: usize) -> Vec<(Duration, Chapter)> {
        let mut story = vec![(Duration::ZERO, Chapter::Submitted)];
        if let Some(turns) = &self.turns {
            let turns = lock(turns);
            let mine = turns.iter().filter(|(of, ..)| *of == index as u32);
            story.extend(mine.map(|(_, at, chapter)| (*at, *chapter)));
        }
        story
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Chapter::*;

    #[test]
    fn what_lies_between_the_chapters_is_added_up() {
        let at = Duration::from_secs;
        let mut story = vec![(at(0), Submitted), (at(2), Started), (at(3), Suspended)];
        let times = |story: &[_]| {
            let t = Times::of(story, at(100));
            [t.waiting, t.running, t.suspended].map(|d| d.as_secs())
        };
        assert_eq!(times(&story), [2, 1, 97]);
        story.extend([(at(7), Resumed), (at(12), Failed)]);
        assert_eq!(times(&story), [2, 6, 4]);
        story.extend([(at(20), Retried), (at(21), Started), (at(31), Finished)]);
        assert_eq!(times(&story), [3, 16, 4]);
    }
}
