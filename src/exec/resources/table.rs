//! How much of each resource is free, and what waits for it.

use super::turn::Turn;
use crate::base::sync::{Mutex, lock};
use crate::exec::park::{IsCancelled, Parker};
use crate::store::memo::Waker;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Amounts, each with the place of its resource in the list of names.
pub(in crate::exec) type Need = SmallVec<[(usize, u64); 2]>;

/// The resources of a client.
pub(crate) struct Resources {
    /// The names, and how much there is of each.
    all: Box<[(Arc<str>, u64)]>,
    books: Mutex<Books>,
}

struct Books {
    free: Box<[u64]>,
    /// Bodies that go on after a wait, the first in front.
    returning: Vec<Returning>,
    /// Units whose body has not begun, the first in rank in front.
    waiting: BTreeMap<Turn, WaitingUnit>,
    numbers: u64,
}

struct Returning {
    number: u64,
    need: Need,
    parker: Arc<Parker>,
    /// It has been given what it needs.
    has_it: bool,
}

struct WaitingUnit {
    need: Need,
    run: Arc<dyn IsCancelled>,
    /// `None`: it is ready, and has not asked again.
    waker: Option<Waker>,
}

/// What a body is told that goes on after a wait and takes its resources again.
pub(in crate::exec) enum Reacquired {
    Now,
    /// Its thread is unparked when its turn has come: then `has_reacquired` says so.
    Later(u64),
}

/// What would be left if all in front had taken what they need.
struct Left {
    free: SmallVec<[u64; 4]>,
}

impl Left {
    /// Takes it, if there is enough of each; else those behind get none of these.
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

/// What is woken when the lock is given back.
#[derive(Default)]
struct Woken {
    wakers: Vec<Waker>,
    parkers: Vec<Arc<Parker>>,
}

impl Woken {
    fn wake(self) {
        self.parkers.iter().for_each(|parker| parker.unpark());
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

    /// Something has become free, or left the queue: gives it to those whose turn it is.
    fn serve(&mut self) -> Woken {
        let mut woken = Woken::default();
        let mut left = self.left();
        for returning in self.returning.iter_mut().filter(|r| !r.has_it) {
            if left.take(&returning.need) {
                for &(which, amount) in &returning.need {
                    self.free[which] -= amount;
                }
                returning.has_it = true;
                woken.parkers.push(returning.parker.clone());
            }
        }
        for waiting in self.waiting.values_mut() {
            if left.is_nothing() {
                break;
            }
            if waiting.is_wanted() && left.take(&waiting.need) {
                woken.wakers.extend(waiting.waker.take());
            }
        }
        woken
    }
}

impl WaitingUnit {
    fn is_wanted(&self) -> bool {
        !self.run.is_cancelled()
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

    /// How much of it is free now; `None` if there is no such resource.
    pub(crate) fn free(&self, name: &str) -> Option<u64> {
        let which = self.which(name)?;
        Some(lock(&self.books).free[which])
    }

    /// Why a request can never be met, if so: words that go on after the name of the call.
    pub(in crate::exec) fn refuse(&self, asked: &[(Arc<str>, u64)]) -> Option<String> {
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
    pub(in crate::exec) fn need(&self, asked: &[(Arc<str>, u64)]) -> Need {
        let known = asked.iter().filter(|(_, amount)| *amount > 0);
        let known = known.filter_map(|(name, amount)| Some((self.which(name)?, *amount)));
        known.collect()
    }

    /// Takes what a unit needs to begin. `false`: it waits, and is woken when its turn has come, to ask again.
    pub(in crate::exec) fn acquire(
        &self,
        turn: Turn,
        need: &Need,
        run: Arc<dyn IsCancelled>,
        waker: impl FnOnce() -> Waker,
    ) -> bool {
        let mut books = lock(&self.books);
        if books.allows(need, &turn) {
            books.take(need);
            books.waiting.remove(&turn);
            return true;
        }
        let waiting = WaitingUnit {
            need: need.clone(),
            run,
            waker: Some(waker()),
        };
        books.waiting.insert(turn, waiting);
        false
    }

    /// A unit is not going to begin.
    pub(in crate::exec) fn cancel_turn(&self, turn: &Turn) {
        let mut books = lock(&self.books);
        let woken = match books.waiting.remove(turn) {
            Some(_) => books.serve(),
            None => Woken::default(),
        };
        drop(books);
        woken.wake();
    }

    /// A run has come to rest before its time: nothing of it begins any more.
    pub(in crate::exec) fn forget_run(&self, run: u64) {
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
        let woken = match gone.is_empty() {
            false => books.serve(),
            true => Woken::default(),
        };
        drop(books);
        drop(gone);
        woken.wake();
    }

    /// A body has ended, or waits.
    pub(super) fn give(&self, need: &Need) {
        let mut books = lock(&self.books);
        books.give(need);
        let woken = books.serve();
        drop(books);
        woken.wake();
    }

    /// A body goes on after a wait: ahead of all that have not begun.
    pub(in crate::exec) fn reacquire(&self, need: &Need, parker: &Arc<Parker>) -> Reacquired {
        let mut books = lock(&self.books);
        let mut left = books.left();
        for ahead in books.returning.iter().filter(|r| !r.has_it) {
            left.take(&ahead.need);
        }
        if left.has(need) {
            books.take(need);
            return Reacquired::Now;
        }
        books.numbers += 1;
        let number = books.numbers;
        books.returning.push(Returning {
            number,
            need: need.clone(),
            parker: parker.clone(),
            has_it: false,
        });
        Reacquired::Later(number)
    }

    /// Whether a body that comes back has been given what it needs.
    pub(in crate::exec) fn has_reacquired(&self, number: u64) -> bool {
        let mut books = lock(&self.books);
        let at = books.returning.iter().position(|r| r.number == number);
        let has_it = at.filter(|at| books.returning[*at].has_it);
        has_it.map(|at| books.returning.remove(at)).is_some()
    }

    /// A body goes on without.
    pub(in crate::exec) fn give_up_reacquiring(&self, number: u64) {
        let mut books = lock(&self.books);
        let Some(at) = books.returning.iter().position(|r| r.number == number) else {
            return;
        };
        let gone = books.returning.remove(at);
        if gone.has_it {
            books.give(&gone.need);
        }
        let woken = books.serve();
        drop(books);
        woken.wake();
    }

    /// Nothing is in use, nothing waits.
    pub(in crate::exec) fn assert_at_rest(&self) {
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
