//! Which orders are tried.

use super::units::{Units, Users};
use super::{greedy, level, walk};
use std::cell::OnceCell;

/// The order with the lowest peak; `None`: as it stands, which is the depth-first walk operand by operand.
///
/// In this order, until the peak is as low as it can be:
/// - depth first, the deepest input first; and the one that needs most (after Sethi & Ullman, "The Generation of Optimal
///   Code for Arithmetic Expressions", 1970), which is best on trees;
/// - breadth first, which is good where every result is read soon and by few, as in grids and stencils;
/// - from one unit to its neighbours (after Cuthill & McKee, "Reducing the Bandwidth of Sparse Symmetric Matrices",
///   1969), which is good on long and narrow graphs;
/// - list scheduling, always what frees most, from the inputs on and from the outputs back, with the ties broken by one
///   of the former. This is what compilers save registers by (Goodman & Hsu, "Code Scheduling and Register Allocation in
///   Large Basic Blocks", 1988); that each end improves what was found from the other is how schedules of projects
///   are improved (Li & Willis, "An Iterative Scheduling Technique for Resource-Constrained Project Scheduling", 1992).
///
/// Of more than [`MANY`] units lists are made only once from each end. Of more than [`HUGE`] none are, and neighbours are
/// followed only if very much is held: more than twice the root of the number of units.
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
    best.offer(|best| Some(level::in_line(units, best.users())));
    let is_huge = units.len() > HUGE;
    if best.is_least() || is_huge && best.peak.pow(2) <= 4 * units.len() {
        return best.order;
    }
    let near = level::neighbours(units, best.users(), 0);
    let far = near.last().map_or(0, |&u| u as usize);
    let near = rank(&near);
    best.offer(|best| Some(level::ready_by(units, best.users(), &near)));
    if is_huge {
        return best.order;
    }
    best.offer(|best| greedy::forward(units, best.users(), &deep, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &deep, best.peak));
    if units.len() > MANY || best.is_least() {
        return best.order;
    }
    let broad = rank(&level::in_line(units, best.users()));
    let far = level::neighbours(units, best.users(), far);
    let back: Vec<u32> = far.iter().rev().copied().collect();
    best.offer(|best| greedy::forward(units, best.users(), &broad, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &broad, best.peak));
    best.offer(|best| greedy::forward(units, best.users(), &level::late(units), best.peak));
    best.offer(|best| greedy::forward(units, best.users(), &near, best.peak));
    best.offer(|best| Some(level::ready_by(units, best.users(), &rank(&far))));
    best.offer(|best| greedy::forward(units, best.users(), &rank(&back), best.peak));
    // And once more from both ends, after the best of all.
    let again = best.rank();
    best.offer(|best| greedy::forward(units, best.users(), &again, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &again, best.peak));
    best.order
}

/// Graphs of more units are not worth so many tries: each takes 100 ns per unit and more.
const MANY: usize = 1 << 16;
const HUGE: usize = 1 << 18;

/// The best so far.
struct Best<'u> {
    units: &'u Units,
    /// No order has a lower peak.
    least: usize,
    peak: usize,
    /// `None`: as it stands.
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

    /// Takes a candidate if it is better, unless there can be none.
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

    /// The place of each unit in it.
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
