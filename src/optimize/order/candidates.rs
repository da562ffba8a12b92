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
/// - list scheduling, always what frees most, from the inputs on and from the outputs back, with the ties broken by the
///   best walk and by the breadth-first order. This is what registers are saved by in compilers (Goodman & Hsu, "Code
///   Scheduling and Register Allocation in Large Basic Blocks", 1988), and an order found from both ends is what
///   schedules of projects are improved by (Li & Willis, "An Iterative Scheduling Technique for Resource-Constrained
///   Project Scheduling", 1992).
pub(super) fn leanest(units: &Units) -> Option<Vec<u32>> {
    let (need, least) = units.needs();
    let mut best = Best {
        units,
        least,
        peak: units.peak(0..units.len()),
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
    best.offer(|best| greedy::forward(units, best.users(), &deep, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &deep, best.peak));
    if best.is_least() || units.len() > MANY {
        return best.order;
    }
    let broad = rank(&level::in_line(units, best.users()));
    let late = level::late(units);
    best.offer(|best| greedy::forward(units, best.users(), &broad, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &broad, best.peak));
    best.offer(|best| greedy::forward(units, best.users(), &late, best.peak));
    // Each of them once more, after the best of all.
    let again = best.rank();
    best.offer(|best| greedy::forward(units, best.users(), &again, best.peak));
    best.offer(|best| greedy::backward(units, best.users(), &again, best.peak));
    best.order
}

/// Graphs of more units are not worth so many tries.
const MANY: usize = 1 << 16;

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
        let peak = self.units.peak(order.iter().map(|&u| u as usize));
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
