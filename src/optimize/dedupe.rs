//! [`Dedupe`] merges pure nodes with equal keys.

use super::cull::cull;
use super::equal::equal;
use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::{Graph, Keys, NodeFlags, Retention};
use std::sync::Arc;

/// Merges pure nodes with equal keys, and marks those whose results the memo of the run remembers.
///
/// ```text
/// norm(load("a")) + norm(load("a"))   =>   x + x where x = norm(load("a"))
/// ```
///
/// # Complexity
/// O(V + E), and the size of the plain arguments of pure nodes; nothing if no node is pure.
pub(crate) struct Dedupe;

impl Pass for Dedupe {
    fn name(&self) -> &'static str {
        "dedupe"
    }

    fn is_enabled(&self, passes: Passes) -> bool {
        passes.dedupe
    }

    fn run(&self, mut graph: Graph, passes: Passes) -> Result<(Graph, Changed), Error> {
        if !graph.any.has(NodeFlags::MERGE) {
            return Ok((graph, Changed::No));
        }
        let keys = Keys::compute(&graph)?;
        let mut place: Vec<u32> = Vec::new();
        equal(
            &keys.keys,
            |i| graph.flags[i].has(NodeFlags::MERGE),
            |i, first| {
                if place.is_empty() {
                    place = (0..graph.len() as u32).collect();
                }
                place[i as usize] = first;
            },
        );
        for (i, first) in place.iter().enumerate() {
            if *first != i as u32 {
                merge_settings(&mut graph, *first, i as u32);
            }
        }
        mark_remembered(&mut graph, &keys.retention, passes);
        graph.keys = keys.keys;
        if !graph.any.has(NodeFlags::KEYED) {
            graph.keys = Vec::new();
        }
        if place.is_empty() {
            return Ok((graph, Changed::No));
        }
        for link in graph.links.iter_mut().chain(graph.outputs.iter_mut()) {
            *link = link.to(place[link.index()] as usize);
        }
        graph.count_uses();
        graph.culled = false;
        graph.order = graph.order.rewired();
        Ok((cull(graph).0, Changed::Yes))
    }
}

/// Adds the settings of node `from` to those of node `into`; if both have one, the stricter wins.
fn merge_settings(graph: &mut Graph, into: u32, from: u32) {
    let Some(theirs) = graph.settings.get(&from).cloned() else {
        return;
    };
    let ours = graph.settings.entry(into).or_default();
    ours.name = ours.name.take().or(theirs.name);
    ours.priority = ours.priority.max(theirs.priority);
    ours.retries = ours.retries.max(theirs.retries);
    ours.backoff = ours.backoff.max(theirs.backoff);
    ours.timeout = match (ours.timeout, theirs.timeout) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    ours.retry_if = match (ours.retry_if.take(), theirs.retry_if) {
        (Some(a), Some(b)) => Some(Arc::new(move |error| a(error) && b(error))),
        (a, b) => a.or(b),
    };
    for (name, amount) in theirs.resources {
        let known = ours.resources.iter().find(|(known, _)| *known == name);
        let most = known.map_or(0, |(_, known)| *known).max(amount);
        ours.set_resource(name, most);
    }
    ours.inline |= theirs.inline;
    ours.fuse = match (ours.fuse, theirs.fuse) {
        (Some(a), Some(b)) => Some(a && b),
        (a, b) => a.or(b),
    };
    let flags = graph.flags[from as usize].0
        & (NodeFlags::SETTINGS | NodeFlags::INLINE | NodeFlags::NO_FUSE | NodeFlags::GUARDED);
    graph.flags[into as usize].set(flags);
}

/// Marks the pure nodes whose key is valid in any graph of the run: not those that depend on an impure node of this graph, nor
/// those that cost less to run again than to remember.
fn mark_remembered(graph: &mut Graph, retention: &[Retention], passes: Passes) {
    for (flags, retention) in graph.flags.iter_mut().zip(retention) {
        let kept = match retention {
            Retention::None => continue,
            Retention::Copied => NodeFlags::KEYED,
            Retention::Shared => NodeFlags::KEYED | NodeFlags::SHARE | NodeFlags::INDIRECT,
        };
        if passes.inline && flags.has(NodeFlags::INLINE) {
            continue;
        }
        flags.set(kept);
        graph.any.set(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add, graph, inc, pure_inc, run, text};
    use super::*;
    use expect_test::expect;

    #[test]
    fn equal_pure_calls_become_one() {
        let (a, b) = (pure_inc(1), pure_inc(1));
        let (g, changed) = run(&Dedupe, graph(&[add(pure_inc(a), pure_inc(b))]));
        assert_eq!(changed, Changed::Yes);
        expect![[r#"
            0 pure_inc
            1 pure_inc 0
            2 add 1 1
            outputs 2
        "#]]
        .assert_eq(&text(&g));
    }

    #[test]
    fn impure_calls_are_not_merged_nor_what_depends_on_them() {
        let before = graph(&[add(pure_inc(inc(1)), pure_inc(inc(1)))]);
        let shown = text(&before);
        let (after, changed) = run(&Dedupe, before);
        assert_eq!((changed, text(&after)), (Changed::No, shown));
    }

    #[test]
    fn pure_over_the_same_impure_node_is_merged() {
        let a = inc(1);
        let (g, _) = run(&Dedupe, graph(&[add(pure_inc(&a), pure_inc(&a))]));
        expect![[r#"
            0 inc
            1 pure_inc 0
            2 add 1 1
            outputs 2
        "#]]
        .assert_eq(&text(&g));
        assert!(
            !g.flags[1].has(NodeFlags::KEYED),
            "another evaluation of `inc` may give another value"
        );
    }

    #[test]
    fn a_graph_without_pure_nodes_is_left_alone() {
        let (_, changed) = run(&Dedupe, graph(&[add(inc(1), inc(1))]));
        assert_eq!(changed, Changed::No);
    }
}
