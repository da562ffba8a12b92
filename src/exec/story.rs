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

    pub(super) fn tell(&self, index: usize, chapter: Chapter) {
        if let Some(turns) = &self.turns {
            lock(turns).push((index as u32, self.since.elapsed(), chapter));
        }
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
