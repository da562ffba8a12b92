//! How far a run may get ahead of its plan's order: the budget of live results (promise P7).
//!
//! Let everything before some unit, the **front**, have finished, and some units behind it as well, or be running: these
//! are *ahead*. From here on a single worker could go on in the plan's order. What it would hold at each of its steps is
//! what the plan says, and the results of what is ahead of that step, less the results that the plan still counts
//! there but whose users have all run. A unit may get ahead only if this stays within the plan's peak and two for each
//! worker slot at every step until its own turn: then there is no way to hold more, whatever the threads do.

use crate::plan::{Lookahead, Program};

/// What is ahead of the front in the root segment of a run.
#[derive(Default)]
pub(super) struct Budget {
    /// All units before it have finished, and it has not.
    front: usize,
    /// Made when a unit first wants to get ahead: until then the run follows the plan.
    ahead: Option<Ahead>,
}

struct Ahead {
    steps: Steps,
    finished: Vec<bool>,
    /// Units that began ahead, are running, and hold a result in their middle beside their own; and how many.
    has_inner_result: Vec<bool>,
    thick: usize,
}

impl Budget {
    /// Whether `unit` may begin now.
    pub(super) fn allows(&mut self, program: &Program, unit: usize, slots: usize) -> bool {
        if unit <= self.front {
            return true;
        }
        let front = self.front;
        let lookahead = program.lookahead();
        let ahead = self.ahead(program);
        let (adds, has_inner_result) = (lookahead.adds[unit], lookahead.has_inner_result[unit]);
        if !adds && !has_inner_result {
            return true;
        }
        let more = i64::from(adds) + i64::from(has_inner_result) + ahead.thick as i64;
        let most = i64::from(ahead.steps.most(front, unit)) + more;
        most <= (program.peak() + 2 * slots) as i64
    }

    pub(super) fn begin_unit(&mut self, program: &Program, unit: usize) {
        if unit <= self.front {
            return;
        }
        let lookahead = program.lookahead();
        let ahead = self.ahead(program);
        if lookahead.has_inner_result[unit] {
            ahead.has_inner_result[unit] = true;
            ahead.thick += 1;
        }
        if lookahead.adds[unit] {
            // Held at every step up to its own; from there on the plan counts it.
            ahead.steps.add(unit, 1);
        }
    }

    /// All users of some nodes have run.
    pub(super) fn results_ended(&mut self, program: &Program, nodes: &[u32]) {
        let Some(ahead) = &mut self.ahead else { return };
        for &node in nodes {
            let last = program.lookahead().last_reader[node as usize] as usize;
            if last >= self.front {
                // The plan counts it up to there.
                ahead.steps.add(last, -1);
            }
        }
    }

    pub(super) fn finish_unit(&mut self, unit: usize) {
        let Some(ahead) = &mut self.ahead else {
            debug_assert_eq!(unit, self.front, "nothing was ahead");
            self.front = unit + 1;
            return;
        };
        ahead.thick -= usize::from(std::mem::take(&mut ahead.has_inner_result[unit]));
        ahead.finished[unit] = true;
        while ahead.finished.get(self.front) == Some(&true) {
            self.front += 1;
        }
    }

    fn ahead(&mut self, program: &Program) -> &mut Ahead {
        let front = self.front;
        self.ahead.get_or_insert_with(|| {
            let Lookahead { live: held, .. } = program.lookahead();
            Ahead {
                steps: Steps::of(held),
                finished: (0..program.unit_count()).map(|u| u < front).collect(),
                has_inner_result: vec![false; program.unit_count()],
                thick: 0,
            }
        })
    }
}

/// What is held before each step: a segment tree. A change up to some step is an entry there, and what counts at a step
/// is the sum of the entries from it on. Changes and questions take O(log n).
struct Steps {
    /// Of each node of the tree: the sum of its entries, and the most that is held in its range with these.
    tree: Vec<(i32, i32)>,
    leaves: usize,
}

const NOTHING: (i32, i32) = (0, i32::MIN / 2);

fn joined(left: (i32, i32), right: (i32, i32)) -> (i32, i32) {
    (left.0 + right.0, right.1.max(left.1 + right.0))
}

impl Steps {
    /// `held`: after each step.
    fn of(held: &[u32]) -> Steps {
        let leaves = held.len().next_power_of_two();
        let mut tree = vec![NOTHING; 2 * leaves];
        for i in 0..held.len() {
            let before = i.checked_sub(1).map_or(0, |i| held[i]);
            tree[leaves + i] = (0, before as i32);
        }
        for at in (1..leaves).rev() {
            tree[at] = joined(tree[2 * at], tree[2 * at + 1]);
        }
        Steps { tree, leaves }
    }

    /// So much more is held before each step up to `last`.
    fn add(&mut self, last: usize, more: i32) {
        let mut at = self.leaves + last;
        self.tree[at].0 += more;
        self.tree[at].1 += more;
        while at > 1 {
            at /= 2;
            self.tree[at] = joined(self.tree[2 * at], self.tree[2 * at + 1]);
        }
    }

    /// The most that is held before any of the steps `first..=last`.
    fn most(&self, first: usize, last: usize) -> i32 {
        self.range(first, last + 1).1 + self.range(last + 1, self.leaves).0
    }

    fn range(&self, from: usize, to: usize) -> (i32, i32) {
        let (mut left, mut right) = (NOTHING, NOTHING);
        let (mut from, mut to) = (from + self.leaves, to + self.leaves);
        while from < to {
            if from % 2 == 1 {
                left = joined(left, self.tree[from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                right = joined(self.tree[to], right);
            }
            from /= 2;
            to /= 2;
        }
        joined(left, right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_as_counted_one_by_one() {
        for len in 1..40usize {
            let held: Vec<u32> = (0..len as u32).map(|i| i * 7 % 11).collect();
            let mut steps = Steps::of(&held);
            let mut plain: Vec<i32> = [0]
                .into_iter()
                .chain(held.iter().map(|&h| h as i32))
                .collect();
            plain.truncate(len);
            for round in 0..60 {
                let (last, more) = (round * 13 % len, if round % 3 == 0 { -1 } else { 1 });
                steps.add(last, more);
                plain[..=last].iter_mut().for_each(|h| *h += more);
                let first = round * 5 % len;
                for to in first..len {
                    let most = plain[first..=to].iter().max().copied();
                    assert_eq!(Some(steps.most(first, to)), most, "{len}: {first}..={to}");
                }
            }
        }
    }
}
