//! Depth-first walks back from the outputs.

use super::units::Units;

/// The longest path from each unit to one without inputs.
pub(super) fn depths(units: &Units) -> Vec<u32> {
    let mut depth = vec![0u32; units.len()];
    for u in 0..units.len() {
        let inputs = units.inputs(u).iter();
        depth[u] = inputs.map(|&k| depth[k as usize] + 1).max().unwrap_or(0);
    }
    depth
}

/// A depth-first walk from the outputs, each unit after its inputs; of these, the one with the highest rank is walked
/// first. O(V + E log d) for units of up to d inputs.
pub(super) fn by_rank(units: &Units, rank: &[u32]) -> Vec<u32> {
    walk(units.len(), units.outputs.iter().copied(), |u, pending| {
        let start = pending.len();
        pending.extend(units.inputs(u).iter().rev());
        pending[start..].sort_by_key(|&k| rank[k as usize]);
    })
}

/// A depth-first walk from the outputs, each number after its inputs. `push` appends the inputs of a number; the last of them
/// is walked first.
pub(super) fn walk(
    len: usize,
    outputs: impl DoubleEndedIterator<Item = u32>,
    push: impl Fn(usize, &mut Vec<u32>),
) -> Vec<u32> {
    struct Open {
        number: u32,
        /// Where its inputs begin in `pending`. They reach to the end of `pending` when this one is on top.
        start: usize,
    }
    let mut order = Vec::with_capacity(len);
    let mut seen = vec![false; len];
    let mut pending: Vec<u32> = outputs.rev().collect();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let start = open.last().map_or(0, |o| o.start);
        if pending.len() > start {
            let Some(number) = pending.pop() else { break };
            if !std::mem::replace(&mut seen[number as usize], true) {
                let start = pending.len();
                open.push(Open { number, start });
                push(number as usize, &mut pending);
            }
        } else {
            match open.pop() {
                Some(done) => order.push(done.number),
                None => break,
            }
        }
    }
    order
}
