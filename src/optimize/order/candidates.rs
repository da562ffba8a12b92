//! The orders that are tried.

use super::units::{Units, Users};
use super::{greedy, level, walk};
use std::cell::OnceCell;

/// Returns the order with the lowest peak; `None` for the given one, the depth-first walk operand by operand.
///
/// Tries these, until the peak is as low as possible:
/// - depth first, the deepest input first; and the input that needs most (after Sethi & Ullman, "The Generation of Optimal
///   Code for Arithmetic Expressions", 1970), which is best on trees;
/// - breadth first, which is good if every result is read soon and by few, as in grids and stencils;
/// - from one unit to its neighbours (after Cuthill & McKee, "Reducing the Bandwidth of Sparse Symmetric Matrices",
///   1969), which is good on long and narrow graphs;
/// - list scheduling, the unit that frees most first, forward from the inputs and backward from the outputs, with ties broken
///   by one of the orders above. Compilers save registers this way (Goodman & Hsu, "Code Scheduling and Register Allocation
///   in Large Basic Blocks", 1988); project schedules are improved by alternating both directions (Li & Willis, "An
///   Iterative Scheduling Technique for Resource-Constrained Project Scheduling", 1992).
///
/// With more than [`MANY`] units, list scheduling runs only once in each direction. With more than [`HUGE`] it does not run,
/// and neighbours are followed only if the peak is high: more than twice the square root of the number of units.
pub(super) fn leanest(units: &Units) -> Option<Vec<u32>> {
    let (need, least) = units.needs();
    let mut best = Best {
        units,
        least,
        peak: units.peak(0..units.len(), usize::MAX),
        order: None,
        users: OnceCell::new(),
    };
    best.offer(|_| Some(walk::by_rank(units, &walk::depths(units))));
    best.offer(|_| Some(walk::by_rank(units, &need)));
    if best.is_least() {
        return best.order;
    }
    let deep = best.rank();
    best.offer(|best| Some(level::fifo(units, best.users())));
    let is_huge = units.len() > HUGE;
    if best.is_least() || is_huge && best.peak.pow(2) <= 4 * units.len() {
        return best.order;
    }
    let near = level::neighbours(units, best.users(), 0);
    let far = near.last().map_or(0, |&u| u as usize);
    let near = rank(&near);
    best.offer(|best| Some(level::by_lowest_rank(units, best.users(), &near)));
    if is_huge {
        return best.order;
    }
    best.offer(|best| greedy::forward(units, best.users(), &deep, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &deep, best.peak));
    if units.len() > MANY || best.is_least() {
        return best.order;
    }
    let broad = rank(&level::fifo(units, best.users()));
    let far = level::neighbours(units, best.users(), far);
    let back: Vec<u32> = far.iter().rev().copied().collect();
    best.offer(|best| greedy::forward(units, best.users(), &broad, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &broad, best.peak));
    best.offer(|best| {
        greedy::forward(units, best.users(), &level::latest_levels(units), best.peak)
    });
    best.offer(|best| greedy::forward(units, best.users(), &near, best.peak));
    best.offer(|best| Some(level::by_lowest_rank(units, best.users(), &rank(&far))));
    best.offer(|best| greedy::forward(units, best.users(), &rank(&back), best.peak));
    // Once more in both directions, with ties broken by the best so far.
    let again = best.rank();
    best.offer(|best| greedy::forward(units, best.users(), &again, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &again, best.peak));
    best.order
}

/// Larger graphs are not worth so many candidates: each takes 100 ns per unit and more.
const MANY: usize = 1 << 16;
const HUGE: usize = 1 << 18;

/// The best order so far.
struct Best<'u> {
    units: &'u Units,
    /// No order has a lower peak.
    least: usize,
    peak: usize,
    /// `None` for the given order.
    order: Option<Vec<u32>>,
    users: OnceCell<Users>,
}

impl Best<'_> {
    fn is_least(&self) -> bool {
        self.peak <= self.least
    }

    fn users(&self) -> &Users {
        self.users.get_or_init(|| self.units.users())
    }

    /// Takes a candidate if it is better. Does not make it if no order can be better.
    fn offer(&mut self, candidate: impl FnOnce(&Self) -> Option<Vec<u32>>) {
        if self.is_least() {
            return;
        }
        let Some(order) = candidate(self) else { return };
        let peak = (self.units).peak(order.iter().map(|&u| u as usize), self.peak);
        if peak < self.peak {
            self.peak = peak;
            self.order = Some(order);
        }
    }

    /// The position of each unit in the best order.
    fn rank(&self) -> Vec<u32> {
        match &self.order {
            Some(order) => rank(order),
            None => (0..self.units.len() as u32).collect(),
        }
    }
}

fn rank(order: &[u32]) -> Vec<u32> {
    let mut rank = vec![0u32; order.len()];
    for (at, &u) in order.iter().enumerate() {
        rank[u as usize] = at as u32;
    }
    rank
}
