//! How many heap-owning intermediates are alive at once, by simulation.

use super::Graph;

/// Live intermediates along an order: one entry for each step.
pub(crate) fn live_along(
    graph: &Graph,
    order: impl Iterator<Item = usize>,
    mut each: impl FnMut(usize, usize),
) {
    let mut left = graph.uses();
    let mut kept = vec![false; graph.len()];
    for output in &graph.outputs {
        kept[output.index()] = true;
    }
    let mut live = 0usize;
    for i in order {
        // Inputs end with their last user; the result comes to life as they do.
        for link in graph.inputs(i) {
            let input = link.index();
            left[input] -= 1;
            if left[input] == 0 && graph.traits[input].counts() {
                live -= 1;
            }
        }
        if graph.traits[i].counts() && !kept[i] {
            live += 1;
        }
        each(i, live);
    }
}

/// The largest number of live intermediates along an order; what the outputs hold is not counted.
///
/// O(V + E).
pub(crate) fn peak(graph: &Graph, order: impl Iterator<Item = usize>) -> usize {
    let mut peak = 0;
    live_along(graph, order, |_, live| peak = peak.max(live));
    peak
}
