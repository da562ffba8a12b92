//! Freezes an optimised graph into a program.

use super::Program;
use crate::base::buffer_pool::Pooled;
use crate::base::error::{Error, ErrorKind};
use crate::graph::{Graph, Link};
use crate::task::{Edge, NodeFlags, Use};
use std::alloc::Layout;
use std::sync::OnceLock;

/// Freezes a graph. O(V + E).
///
/// # Errors
/// `Invalid` if the results are too large, or if a result that is borrowed from a scope is to be shared.
pub(crate) fn lower(mut graph: Graph) -> Result<Program, Error> {
    share_where_wanted(&mut graph)?;
    let any = NodeFlags(graph.flags.iter().fold(0, |all, t| all | t.0));
    let (offsets, layout) = slots(&graph, any)?;
    let units = units(&graph, any);
    let caught = caught(&graph, any);
    let has_priorities = graph.settings.values().any(|s| s.priority != 0);
    let by_priority =
        any.has(NodeFlags::OWNING) && graph.flags.iter().any(|t| t.counts()) || has_priorities;
    let tracked = any.has(NodeFlags::OWNING | NodeFlags::SHARE);
    let (flags, uses) = (&graph.flags[..], &graph.uses[..]);
    let edge = |link: Link| edge_of(link, flags[link.index()], uses[link.index()]);
    let by_index = !any.has(NodeFlags::INDIRECT | NodeFlags::OWNING | NodeFlags::SHARE);
    // Both are words: the buffer is reused.
    let edges = match by_index {
        true => (graph.links).map(|link| plain_edge(link, uses[link.index()])),
        false => graph.links.map(edge),
    };
    let outputs = graph.outputs.map(edge);
    Ok(Program {
        nodes: graph.nodes,
        flags: graph.flags,
        starts: graph.starts,
        edges,
        outputs,
        uses: if tracked { graph.uses } else { Pooled::new() },
        offsets,
        layout,
        units,
        keys: graph.keys,
        settings: graph.settings,
        caught,
        by_priority,
        any,
        has_priorities,
        is_uniform: graph.is_uniform,
        is_direct: by_index && !any.has(NodeFlags::LARGE),
        is_plain: !tracked && !any.has(NodeFlags::SPECIAL),
        is_light: !tracked && !any.has(NodeFlags::SPECIAL & !NodeFlags::KEYED),
        roots: graph.roots,
        consumers: OnceLock::new(),
        peak: OnceLock::new(),
        lookahead: OnceLock::new(),
        holds_futures: OnceLock::new(),
    })
}

/// Has results stored as an `Arc` if a user wants one.
///
/// # Errors
/// `Invalid` if such a result is borrowed from a scope.
fn share_where_wanted(graph: &mut Graph) -> Result<(), Error> {
    if !graph.shares {
        return Ok(());
    }
    let shared = |l: &&Link| l.is(Use::Shared);
    let mut wanted: Vec<usize> = Vec::new();
    for links in [&graph.links, &graph.outputs] {
        wanted.extend(links.iter().filter(shared).map(|l| l.index()));
    }
    for i in wanted {
        if graph.node(i).task().result.share.is_none() {
            let label = graph.node(i).label();
            let message =
                format!("`{label}` is borrowed from a `scope` and cannot be shared as an `Arc`");
            return Err(Error::run(ErrorKind::Invalid, message));
        }
        if !graph.flags[i].has(NodeFlags::INDIRECT) {
            graph.flags[i].set(NodeFlags::SHARE | NodeFlags::INDIRECT);
        }
    }
    Ok(())
}

/// An edge to a result that owns nothing and is stored in its slot.
fn plain_edge(link: Link, uses: u32) -> Edge {
    let sole = if uses == 1 { Edge::SOLE } else { 0 };
    Edge(link.index() as u32 | sole)
}

fn edge_of(link: Link, to: NodeFlags, uses: u32) -> Edge {
    let Edge(mut word) = plain_edge(link, uses);
    if to.has(NodeFlags::INDIRECT) {
        word |= Edge::INDIRECT;
    }
    if to.has(NodeFlags::OWNING | NodeFlags::SHARE) {
        word |= Edge::TRACKED;
        let by_value = matches!(link.how(), Use::Value | Use::Catch);
        if by_value && !to.has(NodeFlags::BORROWED) {
            word |= Edge::TAKEN;
        }
    }
    Edge(word)
}

/// Gives each node a slot.
fn slots(graph: &Graph, any: NodeFlags) -> Result<(Vec<u32>, Layout), Error> {
    let too_large = || {
        Error::run(
            ErrorKind::Invalid,
            "the results of one graph need more than 32 GiB at once",
        )
    };
    if !any.has(NodeFlags::LARGE) {
        let layout = Layout::array::<u64>(graph.len()).map_err(|_| too_large())?;
        return Ok((Vec::new(), layout));
    }
    let mut offsets = Vec::with_capacity(graph.len());
    let (mut end, mut align) = (0usize, 8usize);
    for i in 0..graph.len() {
        let result = &graph.node(i).task().result;
        // A shared result is made in place and replaced by its pointer.
        let (size, to) = (result.size.max(8), result.align.max(8));
        let start = end.next_multiple_of(to);
        offsets.push(u32::try_from(start / 8).map_err(|_| too_large())?);
        end = start + size.next_multiple_of(8);
        align = align.max(to);
    }
    let layout = Layout::from_size_align(end, align).map_err(|_| too_large())?;
    Ok((offsets, layout))
}

fn units(graph: &Graph, any: NodeFlags) -> Vec<u32> {
    if !any.has(NodeFlags::JOINED) {
        return Vec::new();
    }
    let mut units: Vec<u32> = (0..graph.len() as u32)
        .filter(|&i| !graph.is_joined(i as usize))
        .collect();
    units.push(graph.len() as u32);
    units
}

/// For each node: whether its failure is caught on every path to an output.
fn caught(graph: &Graph, any: NodeFlags) -> Vec<bool> {
    let outcomes = graph.outputs.iter().any(|l| l.how() == Use::Catch);
    if !any.has(NodeFlags::CATCHES) && !outcomes {
        return Vec::new();
    }
    let mut caught = vec![true; graph.len()];
    for output in graph.outputs.iter().filter(|l| l.how() != Use::Catch) {
        caught[output.index()] = false;
    }
    for i in (0..graph.len()).rev() {
        for link in graph.inputs(i) {
            if link.how() != Use::Catch && !caught[i] {
                caught[link.index()] = false;
            }
        }
    }
    caught
}
