//! [`Inline`] runs cheap pure nodes again in each consumer instead of keeping their results.

use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::{Graph, Link, NodeFlags};

/// Copies nodes marked `inline` into each of their consumers; never an output.
///
/// ```text
/// t = tiny(x); f(t), g(t)   =>   f(tiny(x)), g(tiny(x))
/// ```
///
/// # Complexity
/// O(V + E + copies); copying stops when it would more than double the graph.
pub(crate) struct Inline;

impl Pass for Inline {
    fn name(&self) -> &'static str {
        "inline"
    }

    fn is_enabled(&self, passes: Passes) -> bool {
        passes.inline
    }

    fn run(&self, graph: Graph, _: Passes) -> Result<(Graph, Changed), Error> {
        if !graph.any.has(NodeFlags::INLINE) {
            return Ok((graph, Changed::No));
        }
        let mut copied: Vec<bool> = graph
            .flags
            .iter()
            .map(|t| t.has(NodeFlags::INLINE))
            .collect();
        for output in &graph.outputs {
            copied[output.index()] = false;
        }
        for (i, copied) in copied.iter_mut().enumerate() {
            *copied &= graph.uses[i] > 1;
        }
        if !within_budget(&graph, &copied) || !copied.contains(&true) {
            return Ok((graph, Changed::No));
        }
        Ok((copy(graph, &copied), Changed::Yes))
    }
}

/// Whether the copies stay within the budget, counted before any is made.
fn within_budget(graph: &Graph, copied: &[bool]) -> bool {
    // weight[i]: the number of nodes in one copy of `i`.
    let mut weight = vec![0usize; graph.len()];
    let mut total = 0usize;
    for i in 0..graph.len() {
        let copies = graph
            .inputs(i)
            .iter()
            .map(|l| weight[l.index()])
            .fold(0, usize::saturating_add);
        match copied[i] {
            true => weight[i] = copies.saturating_add(1),
            false => total = total.saturating_add(copies).saturating_add(1),
        }
    }
    total <= 2 * graph.len() + 1024
}

/// A node that is being copied, with the links to its inputs so far.
struct OpenCopy {
    old: usize,
    links: Vec<Link>,
}

fn copy(graph: Graph, copied: &[bool]) -> Graph {
    let mut order: Vec<u32> = Vec::with_capacity(graph.len());
    let mut starts = vec![0u32];
    let mut links: Vec<Link> = Vec::with_capacity(graph.links.len());
    let mut place = vec![u32::MAX; graph.len()];
    let mut open: Vec<OpenCopy> = Vec::new();
    for i in (0..graph.len()).filter(|&i| !copied[i]) {
        open.push(OpenCopy {
            old: i,
            links: Vec::new(),
        });
        while let Some(top) = open.last_mut() {
            let inputs = graph.inputs(top.old);
            let Some(link) = inputs.get(top.links.len()) else {
                // It has all inputs: the node gets its index, and its consumer the link to it.
                let Some(done) = open.pop() else { break };
                let at = order.len();
                order.push(done.old as u32);
                links.extend(done.links);
                starts.push(links.len() as u32);
                match open.last_mut() {
                    Some(consumer) => {
                        let link = graph.inputs(consumer.old)[consumer.links.len()];
                        consumer.links.push(link.to(at));
                    }
                    None => place[done.old] = at as u32,
                }
                continue;
            };
            match copied[link.index()] {
                true => open.push(OpenCopy {
                    old: link.index(),
                    links: Vec::new(),
                }),
                false => {
                    let link = link.to(place[link.index()] as usize);
                    top.links.push(link);
                }
            }
        }
    }
    let pick = |i: &u32| *i as usize;
    let mut copies = Graph {
        nodes: order.iter().map(|i| graph.nodes[pick(i)]).collect(),
        flags: order.iter().map(|i| graph.flags[pick(i)]).collect(),
        keys: match graph.keys.is_empty() {
            true => Vec::new(),
            false => order.iter().map(|i| graph.keys[pick(i)]).collect(),
        },
        settings: order
            .iter()
            .enumerate()
            .filter_map(|(at, i)| Some((at as u32, graph.settings.get(i)?.clone())))
            .collect(),
        outputs: graph
            .outputs
            .iter()
            .map(|l| l.to(place[l.index()] as usize))
            .collect(),
        starts: starts.into(),
        links: links.into(),
        order: graph.order.rewired(),
        ..graph
    };
    copies.count_uses();
    copies
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add, graph, inc, run, text, tiny};
    use super::*;
    use expect_test::expect;

    #[test]
    fn each_consumer_gets_a_copy() {
        let t = tiny(1);
        let (g, changed) = run(&Inline, graph(&[add(inc(&t), add(inc(&t), inc(&t)))]));
        assert_eq!(changed, Changed::Yes);
        expect![[r#"
            0 tiny
            1 inc 0
            2 tiny
            3 inc 2
            4 tiny
            5 inc 4
            6 add 3 5
            7 add 1 6
            outputs 7
        "#]]
        .assert_eq(&text(&g));
    }

    #[test]
    fn an_output_is_not_copied() {
        let t = tiny(1);
        let before = graph(&[inc(&t), inc(&t), t]);
        let shown = text(&before);
        let (g, changed) = run(&Inline, before);
        assert_eq!((changed, text(&g)), (Changed::No, shown));
    }

    #[test]
    fn an_impure_node_is_not_copied() {
        let t = inc(1).inline();
        let (_, changed) = run(&Inline, graph(&[add(inc(&t), inc(&t))]));
        assert_eq!(changed, Changed::No);
    }
}
