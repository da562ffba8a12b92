//! What a client's tasks use up while their bodies run: how much of each is free, and who waits for it.

use super::agenda::Rank;
use super::bell::Bell;
use super::run::Run;
use super::segment::SegmentPtr;
use crate::base::sync::{Mutex, lock};
use crate::store::memo::Waker;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// So much of each: places in the list of names, in their order.
pub(super) type Need = SmallVec<[(usize, u64); 2]>;

/// The resources of a client.
pub(crate) struct Resources {
    /// The names, and how much there is.
    all: Box<[(Arc<str>, u64)]>,
    books: Mutex<Books>,
}

struct Books {
    free: Box<[u64]>,
    /// Bodies that go on after a wait, the first in front.
    returning: Vec<Returning>,
    /// Units whose body has not begun, the first in rank in front.
    waiting: BTreeMap<Turn, Waiting>,
    numbers: u64,
}

struct Returning {
    number: u64,
    need: Need,
    bell: Arc<Bell>,
    /// It has been given what it needs.
    has_it: bool,
}

struct Waiting {
    need: Need,
    run: Arc<Run>,
    /// `None`: it is ready, and has not asked again.
    waker: Option<Waker>,
}

/// Who waits: by the rank of the task, then how deep in it, then the node's own priority, then its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) rank: Rank,
    pub(super) depth: Reverse<usize>,
    pub(super) priority: Reverse<i32>,
    pub(super) run: u64,
    pub(super) node: usize,
    /// Which of the graphs that the run executes.
    pub(super) segment: SegmentPtr,
}

/// What a body that goes on after a wait is told.
pub(super) enum Back {
    Now,
    /// Rings when its turn has come: then `has_come_back` says so.
    Later(u64),
}

/// What would be left if all who stand in front had taken what they need.
struct Left {
    free: SmallVec<[u64; 4]>,
}

impl Left {
    /// Takes it, if there is enough of each; else nobody behind gets any of these.
    fn take(&mut self, need: &Need) -> bool {
        let enough = self.has(need);
        for &(which, amount) in need {
            self.free[which] = match enough {
                true => self.free[which] - amount,
                false => 0,
            };
        }
        enough
    }

    fn has(&self, need: &Need) -> bool {
        need.iter()
            .all(|&(which, amount)| amount <= self.free[which])
    }

    fn is_nothing(&self) -> bool {
        self.free.iter().all(|free| *free == 0)
    }
}

/// Who is to be told, when the books are closed.
#[derive(Default)]
struct Told {
    wakers: Vec<Waker>,
    bells: Vec<Arc<Bell>>,
}

impl Told {
    fn tell(self) {
        self.bells.iter().for_each(|bell| bell.ring());
        self.wakers.into_iter().for_each(|wake| wake());
    }
}

impl Books {
    fn left(&self) -> Left {
        let free = self.free.iter().copied().collect();
        Left { free }
    }

    fn take(&mut self, need: &Need) {
        need.iter()
            .for_each(|&(which, amount)| self.free[which] -= amount);
    }

    fn give(&mut self, need: &Need) {
        need.iter()
            .for_each(|&(which, amount)| self.free[which] += amount);
    }

    /// Whether `need` can be met behind all who come back, and behind those in rank before `turn`.
    fn allows(&self, need: &Need, turn: &Turn) -> bool {
        let mut left = self.left();
        for returning in self.returning.iter().filter(|r| !r.has_it) {
            left.take(&returning.need);
        }
        for (_, ahead) in self.waiting.range(..turn) {
            if !left.has(need) {
                return false;
            }
            if ahead.is_wanted() {
                left.take(&ahead.need);
            }
        }
        left.has(need)
    }

    /// Something has become free, or somebody has left: whose turn is it?
    fn whose_turn(&mut self) -> Told {
        let mut told = Told::default();
        let mut left = self.left();
        for returning in self.returning.iter_mut().filter(|r| !r.has_it) {
            if left.take(&returning.need) {
                for &(which, amount) in &returning.need {
                    self.free[which] -= amount;
                }
                returning.has_it = true;
                told.bells.push(returning.bell.clone());
            }
        }
        for waiting in self.waiting.values_mut() {
            if left.is_nothing() {
                break;
            }
            if waiting.is_wanted() && left.take(&waiting.need) {
                told.wakers.extend(waiting.waker.take());
            }
        }
        told
    }
}

impl Waiting {
    fn is_wanted(&self) -> bool {
        !self.run.is_stopped()
    }
}

impl Resources {
    pub(crate) fn new(all: Vec<(Arc<str>, u64)>) -> Resources {
        let free = all.iter().map(|(_, amount)| *amount).collect();
        let books = Books {
            free,
            returning: Vec::new(),
            waiting: BTreeMap::new(),
            numbers: 0,
        };
        Resources {
            all: all.into(),
            books: Mutex::new(books),
        }
    }

    fn which(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|(known, _)| **known == *name)
    }

    /// How much of it nobody uses now; `None` if there is no such resource.
    pub(crate) fn free(&self, name: &str) -> Option<u64> {
        let which = self.which(name)?;
        Some(lock(&self.books).free[which])
    }

    /// Why a request can never be met, if so: words that go on after the name of the call.
    pub(super) fn refuse(&self, asked: &[(Arc<str>, u64)]) -> Option<String> {
        asked.iter().find_map(|(name, amount)| {
            let Some(which) = self.which(name) else {
                let known: Vec<String> = self.all.iter().map(|(n, _)| format!("`{n}`")).collect();
                let known = match known.is_empty() {
                    true => "none".to_owned(),
                    false => known.join(", "),
                };
                return Some(format!(
                    "asks for {amount} of `{name}`, which the client does not have: its resources are {known}"
                ));
            };
            let most = self.all[which].1;
            let message =
                format!("asks for {amount} of `{name}`, of which the client has {most}");
            (*amount > most).then_some(message)
        })
    }

    /// What a call asks for, of those that there are.
    pub(super) fn need(&self, asked: &[(Arc<str>, u64)]) -> Need {
        let known = asked.iter().filter(|(_, amount)| *amount > 0);
        let known = known.filter_map(|(name, amount)| Some((self.which(name)?, *amount)));
        known.collect()
    }

    /// Takes what a unit needs to begin. `false`: it waits, and is woken when its turn has come, to ask again.
    pub(super) fn obtain(
        &self,
        turn: Turn,
        need: &Need,
        run: &Arc<Run>,
        waker: impl FnOnce() -> Waker,
    ) -> bool {
        let mut books = lock(&self.books);
        if books.allows(need, &turn) {
            books.take(need);
            books.waiting.remove(&turn);
            return true;
        }
        let waiting = Waiting {
            need: need.clone(),
            run: run.clone(),
            waker: Some(waker()),
        };
        books.waiting.insert(turn, waiting);
        false
    }

    /// A unit does not want to begin any more.
    pub(super) fn leave(&self, turn: &Turn) {
        let mut books = lock(&self.books);
        let told = match books.waiting.remove(turn) {
            Some(_) => books.whose_turn(),
            None => Told::default(),
        };
        drop(books);
        told.tell();
    }

    /// A run has come to rest before its time: nothing of it begins any more.
    pub(super) fn forget(&self, run: u64) {
        let mut books = lock(&self.books);
        let of_run: Vec<Turn> = books
            .waiting
            .keys()
            .filter(|t| t.run == run)
            .copied()
            .collect();
        let gone: Vec<_> = of_run
            .iter()
            .filter_map(|t| books.waiting.remove(t))
            .collect();
        let told = match gone.is_empty() {
            false => books.whose_turn(),
            true => Told::default(),
        };
        drop(books);
        drop(gone);
        told.tell();
    }

    /// A body has ended, or waits.
    pub(super) fn give(&self, need: &Need) {
        let mut books = lock(&self.books);
        books.give(need);
        let told = books.whose_turn();
        drop(books);
        told.tell();
    }

    /// A body goes on after a wait: ahead of all that have not begun.
    pub(super) fn come_back(&self, need: &Need, bell: &Arc<Bell>) -> Back {
        let mut books = lock(&self.books);
        let mut left = books.left();
        for ahead in books.returning.iter().filter(|r| !r.has_it) {
            left.take(&ahead.need);
        }
        if left.has(need) {
            books.take(need);
            return Back::Now;
        }
        books.numbers += 1;
        let number = books.numbers;
        books.returning.push(Returning {
            number,
            need: need.clone(),
            bell: bell.clone(),
            has_it: false,
        });
        Back::Later(number)
    }

    /// Whether a body that comes back has been given what it needs.
    pub(super) fn has_come_back(&self, number: u64) -> bool {
        let mut books = lock(&self.books);
        let at = books.returning.iter().position(|r| r.number == number);
        let has_it = at.filter(|at| books.returning[*at].has_it);
        has_it.map(|at| books.returning.remove(at)).is_some()
    }

    /// A body goes on without.
    pub(super) fn stay_away(&self, number: u64) {
        let mut books = lock(&self.books);
        let Some(at) = books.returning.iter().position(|r| r.number == number) else {
            return;
        };
        let gone = books.returning.remove(at);
        if gone.has_it {
            books.give(&gone.need);
        }
        let told = books.whose_turn();
        drop(books);
        told.tell();
    }

    /// Nobody uses any, nobody waits.
    pub(super) fn assert_at_rest(&self) {
        let books = lock(&self.books);
        let used = (self.all.iter().zip(&books.free)).find(|((_, all), free)| all != *free);
        assert!(used.is_none(), "resources in use: {used:?}");
        let waiting = (books.returning.len(), books.waiting.len());
        assert_eq!(waiting, (0, 0), "bodies and units that wait for resources");
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.all.iter().map(|(n, a)| (n, a)))
            .finish()
    }
}
