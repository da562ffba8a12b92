//! Units as plain numbers, and the peak of an order of them.

use crate::graph::Graph;

/// A graph of units. Inputs have lower numbers than their users, so the numbers themselves are an order.
pub(super) struct Units {
    /// The inputs of unit `u`, each once, are `inputs[starts[u]..starts[u + 1]]`.
    pub(super) starts: Vec<u32>,
    pub(super) inputs: Vec<u32>,
    /// Whether the result of a unit counts as alive until its last user has run.
    pub(super) adds: Vec<bool>,
    /// Whether a counted result is alive while the unit runs: its own, or an inner one.
    pub(super) rises: Vec<bool>,
    pub(super) outputs: Vec<u32>,
}

/// The edges the other way round.
pub(super) struct Users {
    starts: Vec<u32>,
    list: Vec<u32>,
}

impl Units {
    /// The units of a graph that stands in the order of a depth-first walk. O(V + E).
    pub(super) fn new(graph: &Graph) -> Units {
        let count = graph.units();
        let mut units = Units {
            starts: Vec::with_capacity(count + 1),
            inputs: Vec::with_capacity(graph.links.len()),
            adds: Vec::with_capacity(count),
            rises: Vec::with_capacity(count),
            outputs: Vec::with_capacity(graph.outputs.len()),
        };
        let mut is_output = vec![false; graph.len()];
        for output in &graph.outputs {
            is_output[output.index()] = true;
        }
        let mut unit_of = Vec::with_capacity(graph.len());
        // The last unit that was seen to read each one.
        let mut reader = vec![u32::MAX; count];
        for (i, is_output) in is_output.into_iter().enumerate() {
            let counts = graph.flags[i].counts() && !is_output;
            if graph.is_joined(i) {
                let u = units.len() - 1;
                units.adds[u] = counts;
                units.rises[u] |= counts;
                unit_of.push(u as u32);
                continue;
            }
            let u = units.len() as u32;
            units.starts.push(units.inputs.len() as u32);
            for link in graph.inputs(i) {
                let k = unit_of[link.index()];
                if std::mem::replace(&mut reader[k as usize], u) != u {
                    units.inputs.push(k);
                }
            }
            units.adds.push(counts);
            units.rises.push(counts);
            unit_of.push(u);
        }
        units.starts.push(units.inputs.len() as u32);
        let outputs = graph.outputs.iter().map(|l| unit_of[l.index()]);
        units.outputs.extend(outputs);
        units
    }

    pub(super) fn len(&self) -> usize {
        self.adds.len()
    }

    #[inline]
    pub(super) fn inputs(&self, u: usize) -> &[u32] {
        &self.inputs[self.starts[u] as usize..self.starts[u + 1] as usize]
    }

    /// The number of units that read each one.
    pub(super) fn readers(&self) -> Vec<u32> {
        let mut readers = vec![0u32; self.len()];
        for &k in &self.inputs {
            readers[k as usize] += 1;
        }
        readers
    }

    /// The users of each unit. O(V + E).
    pub(super) fn users(&self) -> Users {
        let mut starts = vec![0u32; self.len() + 2];
        for &k in &self.inputs {
            starts[k as usize + 2] += 1;
        }
        for k in 2..starts.len() {
            starts[k] += starts[k - 1];
        }
        let mut list = vec![0u32; self.inputs.len()];
        for u in 0..self.len() {
            for &k in self.inputs(u) {
                let at = &mut starts[k as usize + 1];
                list[*at as usize] = u as u32;
                *at += 1;
            }
        }
        Users { starts, list }
    }

    /// The most results alive at once along an order; stops when that is `limit`.
    pub(super) fn peak(&self, order: impl Iterator<Item = usize>, limit: usize) -> usize {
        let mut left = self.readers();
        let (mut live, mut peak) = (0usize, 0usize);
        for u in order {
            // An input does not count together with the result of its last user.
            for &k in self.inputs(u) {
                let k = k as usize;
                left[k] -= 1;
                live -= usize::from(left[k] == 0 && self.adds[k]);
            }
            peak = peak.max(live + usize::from(self.rises[u]));
            live += usize::from(self.adds[u]);
            if peak >= limit {
                break;
            }
        }
        peak
    }

    /// How many results must be alive at once to compute each unit if it were the root of a tree; and a lower bound for the
    /// peak of every order: the highest need of a unit that is such a root, and the most inputs that one unit reads.
    pub(super) fn needs(&self) -> (Vec<u32>, usize) {
        let readers = self.readers();
        let mut need = vec![0u32; self.len()];
        // Whether each unit that leads to it has one user.
        let mut is_tree = vec![true; self.len()];
        let mut least = 0;
        let mut inputs = Vec::new();
        for u in 0..self.len() {
            inputs.clear();
            inputs.extend(self.inputs(u).iter().map(|&k| k as usize));
            inputs.sort_by_key(|&k| std::cmp::Reverse(need[k]));
            let mut live = 0;
            let mut most = u32::from(self.rises[u]);
            let mut tree = true;
            for &k in &inputs {
                most = most.max(need[k].saturating_add(live));
                live += u32::from(self.adds[k]);
                tree &= is_tree[k] && readers[k] == 1;
            }
            need[u] = most;
            is_tree[u] = tree;
            least = least.max(if tree { most } else { live });
        }
        (need, least as usize)
    }
}

impl Users {
    #[inline]
    pub(super) fn of_unit(&self, u: usize) -> &[u32] {
        &self.list[self.starts[u] as usize..self.starts[u + 1] as usize]
    }
}
