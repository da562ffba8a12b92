//! Groups of tiny nodes as units of a segment, and how they are given up.
//!
//! A body may wait for a node that stands behind it in its group, or in a group that waits for its own. So where one is
//! about to wait the groups are *loosened*: from then on each node that nobody has begun is a unit. Groups that others
//! execute stay whole.

use crate::base::sync::{Mutex, lock};
use crate::plan::{Consumers, Groups, Program};
use smallvec::SmallVec;
use std::ops::Range;

/// Units that have become ready.
pub(in crate::exec) type Ready = SmallVec<[u32; 4]>;

/// The groups are units by their numbers; loose nodes come after them.
pub(in crate::exec) struct Bundles {
    groups: Groups,
    state: Mutex<State>,
}

struct State {
    lives: Vec<Life>,
    /// For how many edges each group waits.
    waits: Vec<u32>,
    /// Groups that have not finished; once they are loose, nodes.
    left: usize,
    loose: Option<Loose>,
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Waiting,
    Begun,
    /// It ends with this node, before its time.
    Cut(usize),
    Finished,
}

/// Nodes, counted from the first that is in a group.
struct Loose {
    consumers: Consumers,
    /// For how many edges each waits.
    waits: Vec<u32>,
    /// Those that have been handed out, or are in a group that was.
    begun: Vec<bool>,
}

impl Bundles {
    pub(super) fn of(groups: Groups) -> Bundles {
        let waits = groups.consumers.waits.clone();
        let state = State {
            lives: vec![Life::Waiting; waits.len()],
            left: waits.len(),
            waits,
            loose: None,
        };
        Bundles {
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
            Some(loose) => {
                let node = self.groups.first() + loose;
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
        match state.lives[unit] {
            Life::Waiting if state.loose.is_some() => return None,
            Life::Cut(node) => return Some(node..node + 1),
            _ => state.lives[unit] = Life::Begun,
        }
        Some(nodes)
    }

    /// A unit has finished. Lists those that only waited for it; and whether it was the last.
    pub(in crate::exec) fn finish(&self, unit: usize) -> (Ready, bool) {
        let mut state = lock(&self.state);
        let State {
            lives,
            waits,
            left,
            loose,
        } = &mut *state;
        let mut ready = Ready::new();
        match loose {
            None => {
                lives[unit] = Life::Finished;
                *left -= 1;
                for &w in self.groups.consumers.of_unit(unit) {
                    waits[w as usize] -= 1;
                    if waits[w as usize] == 0 {
                        ready.push(w);
                    }
                }
            }
            Some(loose) => {
                let nodes = match lives.get(unit) {
                    Some(&Life::Cut(node)) => node..node + 1,
                    _ => self.nodes(unit),
                };
                *left -= nodes.len();
                nodes.for_each(|node| self.serve(loose, node, &mut ready));
            }
        }
        (ready, *left == 0)
    }

    /// A node has run: its users need not wait for it.
    fn serve(&self, loose: &mut Loose, node: usize, ready: &mut Ready) {
        let node = node - self.groups.first();
        for &w in loose.consumers.of_unit(node) {
            let w = w as usize;
            loose.waits[w] -= 1;
            if loose.waits[w] == 0 && !loose.begun[w] {
                loose.begun[w] = true;
                ready.push((self.count() + w) as u32);
            }
        }
    }

    /// The body of `node` is about to wait: what nobody has begun is loose from here on, and the group that its thread
    /// executes, if it does, ends with it. Lists what is ready. O(V + E), once.
    pub(in crate::exec) fn loosen(&self, program: &Program, node: usize) -> Ready {
        let mut state = lock(&self.state);
        let State {
            lives, left, loose, ..
        } = &mut *state;
        let mut ready = Ready::new();
        let first = self.groups.first();
        let is_new = loose.is_none();
        let loose = loose.get_or_insert_with(|| self.loose(program, lives, left));
        if is_new {
            let nodes = 0..loose.begun.len();
            self.hand_out(loose, nodes, &mut ready);
        }
        let group = self.groups.group_of(node);
        if lives[group] == Life::Begun {
            lives[group] = Life::Cut(node);
            let Range { start, end } = self.groups.nodes(group);
            *left -= node - start;
            (start..node).for_each(|node| self.serve(loose, node, &mut ready));
            let behind = node + 1 - first..end - first;
            loose.begun[behind.clone()].fill(false);
            self.hand_out(loose, behind, &mut ready);
        }
        ready
    }

    /// Those of some nodes that wait for nothing.
    fn hand_out(&self, loose: &mut Loose, nodes: Range<usize>, ready: &mut Ready) {
        for node in nodes {
            if loose.waits[node] == 0 && !loose.begun[node] {
                loose.begun[node] = true;
                ready.push((self.count() + node) as u32);
            }
        }
    }

    fn loose(&self, program: &Program, lives: &[Life], left: &mut usize) -> Loose {
        let first = self.groups.first();
        let nodes = program.len() - first;
        let life = |node: usize| lives[self.groups.group_of(node)];
        let mut edges = Vec::new();
        let mut waits = vec![0u32; nodes];
        *left = 0;
        for (at, waits) in waits.iter_mut().enumerate() {
            if life(first + at) == Life::Finished {
                continue;
            }
            *left += 1;
            for edge in program.inputs(first + at) {
                let input = edge.index();
                if input >= first && life(input) != Life::Finished {
                    edges.push(((input - first) as u32, at as u32));
                    *waits += 1;
                }
            }
        }
        let begun = (first..first + nodes).map(|node| life(node) != Life::Waiting);
        Loose {
            begun: begun.collect(),
            consumers: Consumers::from_edges(&edges, waits.clone()),
            waits,
        }
    }
}
