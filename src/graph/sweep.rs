//! From handles to a large graph: one pass over its nodes in the order of memory, the youngest first.
//!
//! A node's inputs were made before it. So whoever goes through the nodes of one thread from the youngest to the oldest,
//! and notes the inputs of each, comes upon every node after all its users: once, and nearly in the order in which they
//! lie in memory. A walk from input to input jumps about, which costs more than all else once a graph outgrows the caches.

use super::{Graph, Link, Standing, Traits, traits_of};
use crate::task::arena::{ChunkRef, Place, SIZE};
use crate::task::frame::Edge;
use crate::task::node::node_of;
use crate::task::{Input, Inputs, NodePtr, NodeRef, RawNode, Settings, Use};
use std::collections::BinaryHeap;
use std::sync::MutexGuard;

/// The graph of everything that `outputs` need, in the order in which the nodes were made; its roots are not set.
///
/// `None` where they cannot run in that order, or where it may differ from process to process: something was made
/// `.after(..)` another, or several threads have made the nodes. And where there are too many.
///
/// `marks`: those of the nodes are this thread's meanwhile.
///
/// # Complexity
/// O(V + E) time, O(V) extra space, and half a kilobyte for each chunk of memory in which a node lies.
pub(super) fn sweep(
    outputs: &[Input],
    roots: &[NodePtr],
    marks: &MutexGuard<'_, ()>,
) -> Option<Graph> {
    let _ = marks;
    let mut wanted = Wanted {
        roots,
        page: Page::default(),
        word: 0,
        others: Vec::new(),
        open: BinaryHeap::new(),
        near: None,
        alone: Vec::new(),
        uses: Vec::new(),
    };
    let outputs = outputs.iter().map(|output| wanted.link(*output));
    let outputs = outputs.collect::<Option<Vec<Link>>>()?;
    let thread = wanted.others.first()?.chunk?.thread();
    let mut swept = Swept::default();
    while let Some(chunk) = wanted.turn_page() {
        if chunk.thread() != thread {
            return None;
        }
        for at in (0..WORDS).rev() {
            // The inputs of a node may be in the same word, before it.
            while let bits @ 1.. = wanted.page.words[at] {
                let bit = 63 - bits.leading_zeros() as usize;
                wanted.page.words[at] = bits & !(1 << bit);
                wanted.word = at * 64 + bit;
                let word = wanted.word;
                let node = node_of(roots, Place { chunk, word }.node());
                swept.add(&mut wanted, node, word, node.mark())?;
            }
        }
        swept.put_down(Home::Chunk(chunk));
    }
    // They have no inputs: let them be the oldest.
    let alone = std::mem::take(&mut wanted.alone);
    for (at, (raw, number)) in alone.iter().enumerate() {
        swept.add(&mut wanted, node_of(roots, *raw), at, *number)?;
    }
    swept.put_down(Home::Alone(alone));
    swept.turned(outputs, wanted.uses)
}

// ------------------------------------------------------------------ what is wanted

const WORDS: usize = SIZE / 8 / 64;

/// The nodes of one chunk that are wanted and have not been come upon.
struct Page<'n> {
    chunk: Option<ChunkRef<'n>>,
    /// A bit for each word of the chunk at which one begins.
    words: Box<[u64; WORDS]>,
}

impl Default for Page<'_> {
    fn default() -> Self {
        Page {
            chunk: None,
            words: Box::new([0; WORDS]),
        }
    }
}

/// What is wanted. Nodes get numbers as they are first wanted.
struct Wanted<'n> {
    roots: &'n [NodePtr],
    /// The page that the sweep has come to, and the word.
    page: Page<'n>,
    word: usize,
    others: Vec<Page<'n>>,
    /// Those of them that the sweep has not come to, by the serials of their chunks.
    open: BinaryHeap<(u64, usize)>,
    /// That of them that was looked for last, since the sweep came to its page.
    near: Option<(ChunkRef<'n>, usize)>,
    /// Nodes that lie alone, which have no inputs, and their numbers.
    alone: Vec<(RawNode, u32)>,
    /// How often each number is wanted.
    uses: Vec<u32>,
}

impl<'n> Wanted<'n> {
    /// Wants an input of the node that the sweep has come to. `None`: it is not older, or one too many.
    #[inline(always)]
    fn link(&mut self, input: Input) -> Option<Link> {
        let raw = input.raw();
        let node = node_of(self.roots, raw);
        let Some(place) = node.place() else {
            let number = self.number_of_alone(node, raw)?;
            return Some(Link::with(number, input));
        };
        let words = if self.page.chunk == Some(place.chunk) {
            if place.word >= self.word {
                return None;
            }
            &mut self.page.words
        } else {
            match self.near {
                Some((chunk, near)) if chunk == place.chunk => &mut self.others[near].words,
                _ => self.look_for(place.chunk)?,
            }
        };
        let bits = &mut words[place.word / 64 % WORDS];
        let bit = 1 << (place.word % 64);
        if *bits & bit != 0 {
            let number = node.mark();
            self.uses[number as usize] += 1;
            return Some(Link::with(number, input));
        }
        *bits |= bit;
        let number = self.uses.len() as u32;
        self.uses.push(1);
        node.set_mark(number);
        (number < Edge::NODES as u32).then(|| Link::with(number, input))
    }

    /// The words of a chunk other than the one that the sweep has come to, and older.
    #[inline(never)]
    fn look_for(&mut self, chunk: ChunkRef<'n>) -> Option<&mut [u64; WORDS]> {
        if self
            .page
            .chunk
            .is_some_and(|now| chunk.serial() > now.serial())
        {
            return None;
        }
        // As in `Places`, a mark counts only if what it leads to leads back.
        let mut at = chunk.mark() as usize;
        if self
            .others
            .get(at)
            .is_none_or(|page| page.chunk != Some(chunk))
        {
            chunk.prefetch();
            at = self.others.len();
            chunk.set_mark(at as u32);
            self.open.push((chunk.serial(), at));
            self.others.push(Page {
                chunk: Some(chunk),
                ..Page::default()
            });
        }
        self.near = Some((chunk, at));
        Some(&mut self.others[at].words)
    }

    #[cold]
    fn number_of_alone(&mut self, node: NodeRef<'_>, raw: RawNode) -> Option<u32> {
        let at = node.mark() as usize;
        if let Some(&(other, number)) = self.alone.get(at)
            && other == raw
        {
            self.uses[number as usize] += 1;
            return Some(number);
        }
        let number = self.uses.len() as u32;
        if number as usize >= Edge::NODES {
            return None;
        }
        self.uses.push(1);
        node.set_mark(self.alone.len() as u32);
        self.alone.push((raw, number));
        Some(number)
    }

    /// Goes on to the youngest of the other pages.
    fn turn_page(&mut self) -> Option<ChunkRef<'n>> {
        let (_, at) = self.open.pop()?;
        // Nothing is left on the old one, and nobody will look for it.
        std::mem::swap(&mut self.page, &mut self.others[at]);
        self.near = None;
        self.page.chunk
    }
}

// ------------------------------------------------------------------ what was found

/// What the sweep has come upon, the youngest first.
#[derive(Default)]
struct Swept<'n> {
    /// The nodes of the present page, and their inputs, each the last first.
    nodes: Vec<Found>,
    links: Vec<Link>,
    /// Those of the pages before.
    pages: Vec<(Home<'n>, Box<[Found]>, Box<[Link]>)>,
    count: usize,
    edges: usize,
    settings: Vec<(usize, Settings)>,
    inputs: Inputs,
}

/// Where the nodes of a page lie.
enum Home<'n> {
    Chunk(ChunkRef<'n>),
    /// Each for itself, here with its number.
    Alone(Vec<(RawNode, u32)>),
}

impl Home<'_> {
    #[inline]
    fn node(&self, at: usize) -> RawNode {
        match self {
            &Home::Chunk(chunk) => Place { chunk, word: at }.node(),
            Home::Alone(nodes) => nodes[at].0,
        }
    }
}

struct Found {
    /// Which of the page's it is: the word, or the place in the list.
    at: u32,
    number: u32,
    /// How many inputs it has.
    inputs: u32,
    traits: Traits,
}

impl<'n> Swept<'n> {
    /// Adds a node, and wants its inputs; `None` if it may have to run after a younger one.
    #[inline(always)]
    fn add(
        &mut self,
        wanted: &mut Wanted<'_>,
        node: NodeRef<'_>,
        at: usize,
        number: u32,
    ) -> Option<()> {
        let mut traits = match node.has_settings() {
            false => traits_of(node, None),
            true => self.configured(node)?,
        };
        node.visit(&mut self.inputs);
        let inputs = self.inputs.len() as u32;
        while let Some(input) = self.inputs.pop() {
            let link = wanted.link(input)?;
            if link.is(Use::Catch) {
                traits.set(Traits::CATCHES);
            }
            self.links.push(link);
        }
        self.nodes.push(Found {
            at: at as u32,
            number,
            inputs,
            traits,
        });
        Some(())
    }

    #[cold]
    fn configured(&mut self, node: NodeRef<'_>) -> Option<Traits> {
        let settings = node.settings()?;
        if !settings.after.is_empty() {
            return None;
        }
        let traits = traits_of(node, Some(&settings));
        self.settings
            .push((self.count + self.nodes.len(), settings));
        Some(traits)
    }

    /// The sweep has come to the end of a page.
    fn put_down(&mut self, home: Home<'n>) {
        self.count += self.nodes.len();
        self.edges += self.links.len();
        let (nodes, links) = (self.nodes.drain(..), self.links.drain(..));
        self.pages.push((home, nodes.collect(), links.collect()));
    }

    /// The oldest first, and places instead of numbers. `used` is how often each number is.
    fn turned(self, outputs: Vec<Link>, used: Vec<u32>) -> Option<Graph> {
        u32::try_from(self.edges).ok()?;
        let mut nodes = Vec::with_capacity(self.count);
        let mut traits = Vec::with_capacity(self.count);
        let mut uses = Vec::with_capacity(self.count);
        let mut starts = Vec::with_capacity(self.count + 1);
        let mut links = Vec::with_capacity(self.edges);
        let mut places = vec![0u32; self.count];
        starts.push(0);
        for (home, page, inputs) in self.pages.into_iter().rev() {
            let oldest_first = || page.iter().rev();
            for (place, found) in (nodes.len() as u32..).zip(oldest_first()) {
                places[found.number as usize] = place;
            }
            nodes.extend(oldest_first().map(|found| home.node(found.at as usize)));
            traits.extend(oldest_first().map(|found| found.traits));
            uses.extend(oldest_first().map(|found| used[found.number as usize]));
            let mut end = links.len() as u32;
            starts.extend(oldest_first().map(|found| {
                end += found.inputs;
                end
            }));
            // The inputs are on this page, or on one before.
            let place = |link: &Link| link.to(places[link.index()] as usize);
            links.extend(inputs.iter().rev().map(place));
        }
        let outputs = outputs
            .iter()
            .map(|link| link.to(places[link.index()] as usize));
        let settings = self.settings.into_iter();
        let settings = settings.map(|(at, said)| ((self.count - 1 - at) as u32, said));
        Some(Graph {
            any: Traits(traits.iter().fold(0, |any, traits: &Traits| any | traits.0)),
            nodes,
            traits,
            starts,
            links,
            outputs: outputs.collect(),
            settings: settings.collect(),
            uses,
            roots: Vec::new(),
            culled: true,
            standing: Standing::AsMade,
            keys: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::MARKS;
    use super::*;
    use crate::graph::build;
    use crate::task::source::held;
    use crate::task::{Function, Purity, TaskSpec, Val, again, call_node};
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
        let roots = outputs.to_vec();
        Some(Graph { roots, ..graph })
    }

    /// Of each node: what it reads, how often it is read, its traits.
    fn edges(graph: &Graph) -> BTreeMap<u64, (Vec<u64>, u32, Traits)> {
        let id = |i: usize| graph.node(i).id();
        let of = |i: usize| {
            let reads = graph.inputs(i).iter().map(|l| id(l.index())).collect();
            (id(i), (reads, graph.uses[i], graph.traits[i]))
        };
        (0..graph.len()).map(of).collect()
    }

    #[test]
    fn it_finds_what_a_walk_finds() {
        let source = held(Arc::new(5i64));
        let mut calls = vec![add(&source, &source), add(&source, &source)];
        for i in 2..900 {
            let (a, b) = (&calls[i - 1 - i % 2], &calls[i * 7 % i]);
            calls.push(match i % 5 {
                0 => add(a, &held(Arc::new(1i64))),
                1 => add(a, &source),
                2 => again(b.clone()),
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
            let said = swept.settings.get(&(i as u32)).map(|s| s.priority);
            assert_eq!(said, swept.node(i).settings().map(|s| s.priority));
            assert!(swept.inputs(i).iter().all(|l| l.index() < i));
        }
        let in_arena = (0..swept.len()).filter_map(|i| swept.node(i).place());
        assert!(in_arena.map(Place::number).is_sorted(), "as they were made");
    }

    #[test]
    fn what_may_run_after_a_younger_one_is_not_swept() {
        let source = held(Arc::new(5i64));
        let (first, then) = (add(&source, &source), add(&source, &source));
        let both = [add(&first, &then)];
        assert!(swept(&both).is_some());
        first.configure(|s| s.after.push(then));
        assert!(swept(&both).is_none());
    }

    #[test]
    fn what_several_threads_have_made_is_not_swept() {
        let here = held(Arc::new(5i64));
        let here = add(&here, &here);
        let there = std::thread::spawn(move || add(&here, &here))
            .join()
            .unwrap();
        assert!(swept(&[add(&there, &there)]).is_none());
    }
}
