//! Builds a large graph from handles: in one pass over its nodes in the order of memory, the youngest first.
//!
//! The inputs of a node were made before it. A pass through the nodes of one thread from the youngest to the oldest, which
//! marks the inputs of each, reaches every node after all its users: once, and nearly in the order of memory. A walk from
//! input to input jumps about, which costs more than all else once a graph outgrows the caches.
//!
//! Nodes are recorded in the order in which they are reached, and reversed in place at the end. Links are positions in
//! memory until then, and become indices when all nodes have theirs.

use super::{Graph, Link, OrderKind, flags_of};
use crate::base::buffer_pool::Pooled;
use crate::task::memory::{ChunkRef, Position, SIZE};
use crate::task::{
    Edge, Header, Input, Inputs, NodeFlags, NodePtr, NodeRef, RawNode, Settings, Use, Vtable,
    node_of,
};
use std::collections::BinaryHeap;
use std::sync::MutexGuard;

/// Builds the graph of everything that `outputs` need, in the order in which the nodes were made; its roots are not set.
///
/// Returns `None` if the nodes cannot run in that order, or if it may differ from process to process: if a node comes
/// `.after(..)` another, or several threads have made the nodes. Also if there are too many nodes, or they take more than
/// 4 GiB.
///
/// `marks` proves that this thread holds the marks of the nodes.
///
/// # Complexity
/// O(V + E) time, O(V) extra space, and 4.5 KiB for each chunk of memory in which a node lies.
pub(super) fn sweep(
    outputs: &[Input],
    roots: &[NodePtr],
    marks: &MutexGuard<'_, ()>,
) -> Option<Graph> {
    let _ = marks;
    // First, so that these get the longest buffers of the pool.
    let mut swept = Swept {
        nodes: Pooled::with_longest(),
        flags: Pooled::with_longest(),
        starts: Pooled::with_longest(),
        links: Pooled::with_longest(),
        shares: outputs.iter().any(|output| output.is(Use::Shared)),
        ..Swept::default()
    };
    let mut wanted = Wanted {
        roots,
        pages: Vec::new(),
        words: Pooled::with_longest(),
        ranks: Pooled::with_longest(),
        chunk: None,
        at: 0,
        word: 0,
        page: [0; WORDS],
        open: BinaryHeap::new(),
        near: None,
        alone: Vec::new(),
    };
    let mut links = Pooled::with_capacity(outputs.len());
    for output in outputs {
        links.push(wanted.want(*output)?);
    }
    let thread = wanted.pages.first()?.chunk.thread();
    let mut inputs = Inputs::new();
    while let Some(chunk) = wanted.next_page(swept.nodes.len()) {
        if chunk.thread() != thread {
            return None;
        }
        let (first, ranks) = (swept.nodes.len(), wanted.at * HALVES);
        for at in (0..WORDS).rev() {
            // The inputs of a node may be in the same word, before it.
            while let bits @ 1.. = wanted.page[at] {
                let bit = 63 - bits.leading_zeros() as usize;
                wanted.page[at] = bits & !(1 << bit);
                let word = at * 64 + bit;
                wanted.word = word;
                wanted.ranks[ranks + word / 2] = (swept.nodes.len() - first) as u16;
                let node = RawNode::at(Position { chunk, word });
                swept.add(&mut wanted, &mut inputs, node)?;
            }
        }
    }
    let in_pages = swept.nodes.len();
    // They have no inputs, so they can be the oldest.
    for raw in std::mem::take(&mut wanted.alone) {
        swept.add(&mut wanted, &mut inputs, raw)?;
    }
    let Wanted { pages, ranks, .. } = wanted;
    let pages = PageTable {
        pages,
        ranks,
        in_pages,
    };
    swept.reversed(links, &pages)
}

// ------------------------------------------------------------------ nodes to be reached

const WORDS: usize = SIZE / 8 / 64;

/// Nodes that begin in the same two words are the same: their headers are longer.
const HALVES: usize = SIZE / 16;
const _: () = assert!(size_of::<Header>() >= 16);

/// A chunk with wanted nodes.
#[derive(Clone, Copy)]
struct Page<'n> {
    chunk: ChunkRef<'n>,
    /// The number of nodes that were reached before this page.
    first: usize,
}

/// The nodes that are wanted: those that a node reached so far reads.
///
/// Until all have been reached, a link holds a position: the number of a page and of two words on it, or [`ALONE`] and an
/// index into `alone`.
struct Wanted<'n> {
    roots: &'n [NodePtr],
    pages: Vec<Page<'n>>,
    /// A bit for each word of each page: set if a wanted node begins there that has not been reached.
    words: Pooled<u64>,
    /// For each two words of each page: how many nodes of the page were reached before the one that begins there.
    ranks: Pooled<u16>,
    /// The current position of the sweep: the chunk, the number of its page, the word; and the page's part of `words`.
    chunk: Option<ChunkRef<'n>>,
    at: usize,
    word: usize,
    page: [u64; WORDS],
    /// The pages that the sweep has not reached, by the serials of their chunks.
    open: BinaryHeap<(u64, usize)>,
    /// The last one of them that was looked up from the current page.
    near: Option<(ChunkRef<'n>, usize)>,
    /// Wanted nodes that do not lie in the arena. They have no inputs.
    alone: Vec<RawNode>,
}

/// In the word of a link, above its use.
const ALONE: u32 = 1 << 31;
const MOST_PAGES: usize = Edge::NODES / HALVES;

/// A link to the node that begins at a word of a page.
#[inline]
fn link_to(page: usize, word: usize, input: Input) -> Link {
    Link::with((page * HALVES + word / 2) as u32, input)
}

impl<'n> Wanted<'n> {
    /// Adds an input of the current node; `None` if it is not older, or there are too many.
    #[inline(always)]
    fn want(&mut self, input: Input) -> Option<Link> {
        let raw = input.raw();
        // It mostly lies on this page or a near one, and then need not be accessed.
        if let Some(word) = self.chunk.and_then(|chunk| chunk.word_of(raw.address())) {
            if word >= self.word {
                return None;
            }
            self.page[word / 64 % WORDS] |= 1 << (word % 64);
            return Some(link_to(self.at, word, input));
        }
        let known = |(chunk, at): (ChunkRef<'n>, usize)| Some((chunk.word_of(raw.address())?, at));
        match self.near.and_then(known) {
            Some((word, at)) => Some(self.want_on(at, word, input)),
            None => self.want_far(input),
        }
    }

    #[inline(always)]
    fn want_on(&mut self, at: usize, word: usize, input: Input) -> Link {
        self.words[at * WORDS + word / 64 % WORDS] |= 1 << (word % 64);
        link_to(at, word, input)
    }

    #[inline(never)]
    fn want_far(&mut self, input: Input) -> Option<Link> {
        let node = node_of(self.roots, input.raw());
        let Some(Position { chunk, word }) = node.position() else {
            let at = self.index_of_alone(node, input.raw())?;
            return Some(Link::with(at, input).marked(ALONE));
        };
        let at = self.page_of(chunk)?;
        Some(self.want_on(at, word, input))
    }

    /// The page of another chunk; `None` if it is younger than the current one, or there are too many pages.
    fn page_of(&mut self, chunk: ChunkRef<'n>) -> Option<usize> {
        if (self.chunk).is_some_and(|now| chunk.serial() > now.serial()) {
            return None;
        }
        // As in `build::NodeIndices`, a mark counts only if the page that it leads to leads back.
        let mut at = chunk.mark() as usize;
        if self.pages.get(at).is_none_or(|page| page.chunk != chunk) {
            chunk.prefetch();
            at = self.pages.len();
            if at == MOST_PAGES {
                return None;
            }
            chunk.set_mark(at as u32);
            self.open.push((chunk.serial(), at));
            self.pages.push(Page { chunk, first: 0 });
            self.words.resize((at + 1) * WORDS, 0);
            self.ranks.resize((at + 1) * HALVES, 0);
        }
        self.near = Some((chunk, at));
        Some(at)
    }

    fn index_of_alone(&mut self, node: NodeRef<'_>, raw: RawNode) -> Option<u32> {
        let mut at = node.mark() as usize;
        if self.alone.get(at) != Some(&raw) {
            at = self.alone.len();
            node.set_mark(at as u32);
            self.alone.push(raw);
        }
        (at < Edge::NODES).then_some(at as u32)
    }

    /// Goes on to the youngest of the other pages, after `first` nodes.
    fn next_page(&mut self, first: usize) -> Option<ChunkRef<'n>> {
        (_, self.at) = self.open.pop()?;
        let page = &mut self.pages[self.at];
        page.first = first;
        self.chunk = Some(page.chunk);
        self.page
            .copy_from_slice(&self.words[self.at * WORDS..][..WORDS]);
        self.near = None;
        self.chunk
    }
}

// ------------------------------------------------------------------ nodes that were reached

/// The nodes that were reached, the youngest first.
#[derive(Default)]
struct Swept {
    nodes: Pooled<RawNode>,
    flags: Pooled<NodeFlags>,
    /// Some result is wanted as an `Arc`.
    shares: bool,
    /// The kind of the first node, and whether others are of another kind or have settings.
    kind: Option<&'static Vtable>,
    differ: bool,
    /// For each node, the number of links before its own.
    starts: Pooled<u32>,
    /// The links to the inputs, the last of each node first.
    links: Pooled<Link>,
    settings: Vec<(usize, Settings)>,
}

/// Where each node was reached.
struct PageTable<'n> {
    pages: Vec<Page<'n>>,
    ranks: Pooled<u16>,
    /// The number of nodes on pages.
    in_pages: usize,
}

impl PageTable<'_> {
    /// How many nodes were reached before the one that a link leads to.
    #[inline]
    fn get(&self, link: Link) -> usize {
        let at = link.index();
        if link.has_mark(ALONE) {
            return self.in_pages + at;
        }
        self.pages[at / HALVES].first + self.ranks[at] as usize
    }
}

impl Swept {
    /// Adds a node, and its inputs to what is wanted; `None` if it may have to run after a younger one. `inputs` is empty
    /// before and after.
    #[inline(always)]
    fn add(&mut self, wanted: &mut Wanted<'_>, inputs: &mut Inputs, raw: RawNode) -> Option<()> {
        let node = node_of(wanted.roots, raw);
        let mut flags = match node.has_settings() {
            false => flags_of(node, None),
            true => self.configured(node)?,
        };
        let kind = node.kind();
        let first = *self.kind.get_or_insert_with(|| {
            self.differ |= node.is_recompute();
            kind
        });
        self.differ |= !std::ptr::eq(first, kind);
        self.starts.push(self.links.len() as u32);
        if !node.is_leaf_call() {
            node.list_inputs(inputs);
            for input in inputs.iter().rev() {
                if !input.is_plain() {
                    self.note_special(*input, &mut flags);
                }
                self.links.push(wanted.want(*input)?);
            }
            inputs.clear();
        }
        self.flags.push(flags);
        self.nodes.push(raw);
        Some(())
    }

    #[cold]
    fn note_special(&mut self, input: Input, flags: &mut NodeFlags) {
        if input.is(Use::Catch) {
            flags.set(NodeFlags::CATCHES);
        }
        self.shares |= input.is(Use::Shared);
    }

    #[cold]
    fn configured(&mut self, node: NodeRef<'_>) -> Option<NodeFlags> {
        let settings = node.settings()?;
        if !settings.after.is_empty() {
            return None;
        }
        self.differ = true;
        let flags = flags_of(node, Some(&settings));
        self.settings.push((self.nodes.len(), settings));
        Some(flags)
    }

    /// Makes the graph: the oldest node first, and indices instead of positions.
    fn reversed(self, mut outputs: Pooled<Link>, pages: &PageTable<'_>) -> Option<Graph> {
        let Swept {
            mut nodes,
            mut flags,
            mut starts,
            mut links,
            ..
        } = self;
        let edges = u32::try_from(links.len()).ok()?;
        let last = nodes.len() - 1;
        (last < Edge::NODES).then_some(())?;
        nodes.shrink();
        flags.shrink();
        starts.push(edges);
        starts.shrink();
        links.shrink();
        let mut uses = Pooled::with_capacity(nodes.len());
        uses.resize(nodes.len(), 0);
        let mut to_index = |link: &mut Link| {
            let index = last - pages.get(*link);
            uses[index] += 1;
            *link = link.to(index).unmarked(ALONE);
        };
        links.reverse();
        links.iter_mut().for_each(&mut to_index);
        outputs.iter_mut().for_each(&mut to_index);
        nodes.reverse();
        flags.reverse();
        starts.reverse();
        starts.iter_mut().for_each(|start| *start = edges - *start);
        let any = NodeFlags(flags.iter().fold(0, |any, flags| any | flags.0));
        let settings = self.settings.into_iter();
        let settings = settings.map(|(at, settings)| ((last - at) as u32, settings));
        Some(Graph {
            nodes,
            flags,
            starts,
            links,
            outputs,
            settings: settings.collect(),
            uses,
            any,
            shares: self.shares,
            is_uniform: !self.differ,
            culled: true,
            order: OrderKind::Creation,
            ..Graph::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::MARKS;
    use super::*;
    use crate::graph::build;
    use crate::task::source::value_source;
    use crate::task::{Function, Purity, TaskSpec, Val, call_node, recompute};
    use std::collections::BTreeMap;
    use std::sync::{Arc, PoisonError};

    struct Add;
    impl Function for Add {
        const SPEC: TaskSpec = TaskSpec::structural("add", Purity::Impure);
    }

    fn add(a: &NodePtr, b: &NodePtr) -> NodePtr {
        let operand = |node: &NodePtr| Val::<i64>::from_node(node.clone());
        let ops = (operand(a), (operand(b), ()));
        let run = |ops: &(Val<i64>, (Val<i64>, ())), frame: &crate::task::Frame<'_>| {
            Ok(ops.0.take(frame) + ops.1.0.take(frame))
        };
        call_node::<Add, i64, _, _, _>(ops, run, |_, _| {})
    }

    fn inputs(outputs: &[NodePtr]) -> Inputs {
        let input = |node: &NodePtr| Input::new(node, Use::Value);
        outputs.iter().map(input).collect()
    }

    fn swept(outputs: &[NodePtr]) -> Option<Graph> {
        let marks = MARKS.lock().unwrap_or_else(PoisonError::into_inner);
        let graph = sweep(&inputs(outputs), outputs, &marks)?;
        let roots = crate::graph::Roots::Own(outputs.to_vec().into());
        Some(Graph { roots, ..graph })
    }

    /// Of each node: what it reads, how often it is read, its flags.
    fn edges(graph: &Graph) -> BTreeMap<u64, (Vec<u64>, u32, NodeFlags)> {
        let id = |i: usize| graph.node(i).id();
        let of = |i: usize| {
            let reads = graph.inputs(i).iter().map(|l| id(l.index())).collect();
            (id(i), (reads, graph.uses[i], graph.flags[i]))
        };
        (0..graph.len()).map(of).collect()
    }

    #[test]
    fn it_finds_what_a_walk_finds() {
        let source = value_source(Arc::new(5i64));
        let mut calls = vec![add(&source, &source), add(&source, &source)];
        for i in 2..900 {
            let (a, b) = (&calls[i - 1 - i % 2], &calls[i * 7 % i]);
            calls.push(match i % 5 {
                0 => add(a, &value_source(Arc::new(1i64))),
                1 => add(a, &source),
                2 => recompute(b.clone()),
                _ => add(a, b),
            });
            if i % 11 == 0 {
                calls[i].configure(|s| s.priority = i as i32);
            }
        }
        let outputs = [calls[899].clone(), calls[450].clone(), source.clone()];
        let (swept, walked) = (swept(&outputs).unwrap(), build(inputs(&outputs)).unwrap());
        assert_eq!(edges(&swept), edges(&walked));
        let outputs = |graph: &Graph| -> Vec<u64> {
            let id = |l: &Link| graph.node(l.index()).id();
            graph.outputs.iter().map(id).collect()
        };
        assert_eq!(outputs(&swept), outputs(&walked));
        for i in 0..swept.len() {
            let settings = swept.settings.get(&(i as u32)).map(|s| s.priority);
            assert_eq!(settings, swept.node(i).settings().map(|s| s.priority));
            assert!(swept.inputs(i).iter().all(|l| l.index() < i));
        }
        let in_arena = (0..swept.len()).filter_map(|i| swept.node(i).position());
        assert!(
            in_arena.map(Position::number).is_sorted(),
            "as they were made"
        );
    }

    #[test]
    fn what_may_run_after_a_younger_one_is_not_swept() {
        let source = value_source(Arc::new(5i64));
        let (first, then) = (add(&source, &source), add(&source, &source));
        let both = [add(&first, &then)];
        assert!(swept(&both).is_some());
        first.configure(|s| s.after.push(then));
        assert!(swept(&both).is_none());
    }

    #[test]
    fn what_several_threads_have_made_is_not_swept() {
        let here = value_source(Arc::new(5i64));
        let here = add(&here, &here);
        let there = std::thread::spawn(move || add(&here, &here))
            .join()
            .unwrap();
        assert!(swept(&[add(&there, &there)]).is_none());
    }
}
