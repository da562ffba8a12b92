//! Groups of tiny nodes as units of a segment, and how they are split.
//!
//! A body may wait for a node that stands behind it in its group, or in a group that waits for its own. So where one is
//! about to wait the groups are *split*: from then on each node that has not begun is a unit. Groups that other threads
//! execute stay whole.

use crate::base::sync::{Mutex, lock};
use crate::plan::{Consumers, Groups, Program};
use smallvec::SmallVec;
use std::ops::Range;

/// Units that have become ready.
pub(in crate::exec) type Ready = SmallVec<[u32; 4]>;

/// The groups are units by their numbers; single nodes come after them.
pub(in crate::exec) struct UnitGroups {
    groups: Groups,
    state: Mutex<GroupStates>,
}

struct GroupStates {
    of: Vec<GroupState>,
    /// For how many edges each group waits.
    waits: Vec<u32>,
    /// Groups that have not finished; once they are split, nodes.
    left: usize,
    singles: Option<Singles>,
}

#[derive(Clone, Copy, PartialEq)]
enum GroupState {
    Waiting,
    Begun,
    /// It ends with this node: the rest was split off.
    Cut(usize),
    Finished,
}

/// Single nodes, counted from the first that was in a group.
struct Singles {
    consumers: Consumers,
    /// For how many edges each waits.
    waits: Vec<u32>,
    /// Those that have been handed out, or are in a group that was.
    begun: Vec<bool>,
}

impl UnitGroups {
    pub(super) fn new(groups: Groups) -> UnitGroups {
        let waits = groups.consumers.waits.clone();
        let state = GroupStates {
            of: vec![GroupState::Waiting; waits.len()],
            left: waits.len(),
            waits,
            singles: None,
        };
        UnitGroups {
            groups,
            state: Mutex::new(state),
        }
    }

    fn count(&self) -> usize {
        self.groups.consumers.waits.len()
    }

    pub(super) fn consumers(&self) -> &Consumers {
        &self.groups.consumers
    }

    pub(super) fn nodes(&self, unit: usize) -> Range<usize> {
        match unit.checked_sub(self.count()) {
            None => self.groups.nodes(unit),
            Some(single) => {
                let node = self.groups.first() + single;
                node..node + 1
            }
        }
    }

    /// Somebody has taken a unit, to begin it or to go on behind a node that was parked: the nodes up to its end. `None`: a
    /// group that is there no more.
    pub(in crate::exec) fn begin(&self, unit: usize) -> Option<Range<usize>> {
        let nodes = self.nodes(unit);
        if unit >= self.count() {
            return Some(nodes);
        }
        let mut state = lock(&self.state);
        match state.of[unit] {
            GroupState::Waiting if state.singles.is_some() => return None,
            GroupState::Cut(node) => return Some(node..node + 1),
            _ => state.of[unit] = GroupState::Begun,
        }
        Some(nodes)
    }

    /// A unit has finished. Lists those that only waited for it; and whether it was the last.
    pub(in crate::exec) fn finish(&self, unit: usize) -> (Ready, bool) {
        let mut state = lock(&self.state);
        let GroupStates {
            of,
            waits,
            left,
            singles,
        } = &mut *state;
        let mut ready = Ready::new();
        match singles {
            None => {
                of[unit] = GroupState::Finished;
                *left -= 1;
                for &w in self.groups.consumers.of_unit(unit) {
                    waits[w as usize] -= 1;
                    if waits[w as usize] == 0 {
                        ready.push(w);
                    }
                }
            }
            Some(singles) => {
                let nodes = match of.get(unit) {
                    Some(&GroupState::Cut(node)) => node..node + 1,
                    _ => self.nodes(unit),
                };
                *left -= nodes.len();
                nodes.for_each(|node| self.serve_users(singles, node, &mut ready));
            }
        }
        (ready, *left == 0)
    }

    /// A node has run: its users need not wait for it.
    fn serve_users(&self, singles: &mut Singles, node: usize, ready: &mut Ready) {
        let node = node - self.groups.first();
        for &w in singles.consumers.of_unit(node) {
            let w = w as usize;
            singles.waits[w] -= 1;
            if singles.waits[w] == 0 && !singles.begun[w] {
                singles.begun[w] = true;
                ready.push((self.count() + w) as u32);
            }
        }
    }

    /// The body of `node` is about to wait: what has not begun is split into single nodes, and the group that its thread
    /// executes, if it does, ends with the node. Lists what is ready. O(V + E), once.
    pub(in crate::exec) fn split(&self, program: &Program, node: usize) -> Ready {
        let mut state = lock(&self.state);
        let GroupStates {
            of, left, singles, ..
        } = &mut *state;
        let mut ready = Ready::new();
        let first = self.groups.first();
        let is_new = singles.is_none();
        let singles = singles.get_or_insert_with(|| self.singles(program, of, left));
        if is_new {
            let nodes = 0..singles.begun.len();
            self.hand_out(singles, nodes, &mut ready);
        }
        let group = self.groups.group_of(node);
        if of[group] == GroupState::Begun {
            of[group] = GroupState::Cut(node);
            let Range { start, end } = self.groups.nodes(group);
            *left -= node - start;
            (start..node).for_each(|node| self.serve_users(singles, node, &mut ready));
            let behind = node + 1 - first..end - first;
            singles.begun[behind.clone()].fill(false);
            self.hand_out(singles, behind, &mut ready);
        }
        ready
    }

    /// Those of some nodes that wait for nothing.
    fn hand_out(&self, singles: &mut Singles, nodes: Range<usize>, ready: &mut Ready) {
        for node in nodes {
            if singles.waits[node] == 0 && !singles.begun[node] {
                singles.begun[node] = true;
                ready.push((self.count() + node) as u32);
            }
        }
    }

    fn singles(&self, program: &Program, of: &[GroupState], left: &mut usize) -> Singles {
        let first = self.groups.first();
        let nodes = program.len() - first;
        let state = |node: usize| of[self.groups.group_of(node)];
        let mut edges = Vec::new();
        let mut waits = vec![0u32; nodes];
        *left = 0;
        for (at, waits) in waits.iter_mut().enumerate() {
            if state(first + at) == GroupState::Finished {
                continue;
            }
            *left += 1;
            for edge in program.inputs(first + at) {
                let input = edge.index();
                if input >= first && state(input) != GroupState::Finished {
                    edges.push(((input - first) as u32, at as u32));
                    *waits += 1;
                }
            }
        }
        let begun = (first..first + nodes).map(|node| state(node) != GroupState::Waiting);
        Singles {
            begun: begun.collect(),
            consumers: Consumers::from_edges(&edges, waits.clone()),
            waits,
        }
    }
}
