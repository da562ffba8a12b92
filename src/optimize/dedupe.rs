//! [`Dedupe`] merges pure nodes with equal keys.

use super::cull::cull;
use super::equal::equal;
use super::{Changed, Pass, Passes};
use crate::base::error::Error;
use crate::graph::{Graph, Keys, Names, NodeFlags, Retention};
use crate::task::Guard;
use ahash::AHashMap;

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
        let keys = Keys::compute(&graph, Names::OfThisProcess)?;
        let place = merge_equal(&graph, &keys.keys);
        for (i, explicit) in &keys.explicit {
            let settings = graph.settings.entry(*i).or_default();
            settings.explicit = Some(explicit.clone());
        }
        if graph.any.has(NodeFlags::SETTINGS) {
            for (i, first) in (0..).zip(&place).filter(|(i, first)| i != *first) {
                merge_settings(&mut graph, *first, i);
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

/// For each node that which it is merged with, if it is with any; empty if none is.
fn merge_equal(graph: &Graph, keys: &[u128]) -> Vec<u32> {
    let may_be_merged = |i: usize| graph.flags[i].has(NodeFlags::MERGE);
    let mut place: Vec<u32> = Vec::new();
    equal(keys, may_be_merged, |i, first| {
        if place.is_empty() {
            place = (0..graph.len() as u32).collect();
        }
        place[i as usize] = first;
    });
    let mut pairs = (0..).zip(&place).filter(|(i, first)| i != *first);
    match pairs.all(|(i, first)| may_merge(graph, *first, i)) {
        true => place,
        false => merge_some(graph, keys),
    }
}

/// The same where equal keys are not enough.
#[cold]
fn merge_some(graph: &Graph, keys: &[u128]) -> Vec<u32> {
    let mut pairs = Vec::new();
    let may_be_merged = |i: usize| graph.flags[i].has(NodeFlags::MERGE);
    equal(keys, may_be_merged, |i, first| pairs.push((i, first)));
    let mut place: Vec<u32> = (0..graph.len() as u32).collect();
    // Users of nodes that stay apart stay apart, too: so each after its inputs.
    pairs.sort_unstable();
    let mut apart: AHashMap<u32, Vec<u32>> = AHashMap::new();
    for (i, first) in pairs {
        let inputs = |i: u32| {
            let links = graph.inputs(i as usize).iter();
            links.map(|link| (place[link.index()], link.how()))
        };
        let is_same = |other: &&u32| may_merge(graph, **other, i) && inputs(**other).eq(inputs(i));
        let others = apart.entry(first).or_insert_with(|| vec![first]);
        match others.iter().find(is_same).copied() {
            Some(other) => place[i as usize] = other,
            None => others.push(i),
        }
    }
    place
}

/// Whether one execution can be that of both of two nodes of equal keys: they call the same function, and are tried alike. If
/// they are not, each has its own limits and retries, and the memo of the run gives the result of the first to the second.
#[inline]
fn may_merge(graph: &Graph, a: u32, b: u32) -> bool {
    let (first, second) = (graph.node(a as usize), graph.node(b as usize));
    let is_obvious = std::ptr::eq(first.kind(), second.kind());
    is_obvious && !graph.any.has(NodeFlags::GUARDED) || are_alike(graph, a, b)
}

#[cold]
fn are_alike(graph: &Graph, a: u32, b: u32) -> bool {
    if graph.node(a as usize).identity() != graph.node(b as usize).identity() {
        return false;
    }
    let flags = graph.flags[a as usize].0 | graph.flags[b as usize].0;
    if flags & NodeFlags::GUARDED == 0 {
        return true;
    }
    let guard = |i: u32| Guard::new(graph.node(i as usize).spec(), graph.settings.get(&i));
    guard(a).is_like(&guard(b))
}

/// Adds the settings of node `from` to those of node `into`, which is tried alike; if both have one, the stricter wins.
fn merge_settings(graph: &mut Graph, into: u32, from: u32) {
    let Some(theirs) = graph.settings.get(&from).cloned() else {
        return;
    };
    let ours = graph.settings.entry(into).or_default();
    ours.name = ours.name.take().or(theirs.name);
    ours.priority = ours.priority.max(theirs.priority);
    // Said on either or by the function: the same.
    ours.retries = ours.retries.or(theirs.retries);
    ours.backoff = ours.backoff.or(theirs.backoff);
    ours.timeout = ours.timeout.or(theirs.timeout);
    ours.retry_if = ours.retry_if.take().or(theirs.retry_if);
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
    use super::super::testing::{add, graph, inc, pure_inc, run, text, tiny};
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
    fn calls_of_different_functions_are_not_merged_whatever_their_keys() {
        let g = graph(&[add(pure_inc(1), tiny(1))]);
        assert_eq!(merge_equal(&g, &[5, 5, 6]), [0, 1, 2]);
        let g = graph(&[add(pure_inc(1), pure_inc(1))]);
        assert_eq!(merge_equal(&g, &[5, 5, 6]), [0, 0, 2]);
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
