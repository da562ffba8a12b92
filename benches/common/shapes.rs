//! The shapes: graphs of trivial nodes, each with the arithmetic that every variant repeats.

use lazygraph::{Delayed, Error, Options, delayed, tree_reduce};

#[delayed]
fn step(x: u64, i: u64) -> u64 {
    x.wrapping_mul(3).wrapping_add(i)
}

#[delayed]
fn leaf(i: u64) -> u64 {
    i * 3 + 1
}

#[delayed]
pub(crate) fn sum(xs: &[u64]) -> u64 {
    xs.iter().fold(0, |s, x| s.wrapping_add(*x))
}

#[delayed]
fn pair(a: u64, b: u64) -> u64 {
    a.wrapping_mul(3).wrapping_add(b)
}

#[delayed]
fn cell(up: u64, left: u64) -> u64 {
    up.wrapping_mul(5)
        .wrapping_add(left.wrapping_mul(3))
        .wrapping_add(1)
}

#[delayed]
fn mix(parents: &[u64], i: u64) -> u64 {
    sum::now(parents).wrapping_mul(3).wrapping_add(i)
}

/// A graph as arrays, for the hand-written variants, and the rule for its values.
///
/// Nodes stand in topological order, those without inputs first.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// How many nodes have no inputs.
    pub(crate) leaves: usize,
    /// How many of the last nodes are asked for.
    outputs: usize,
    /// The inputs of node `i` are `inputs[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    inputs: Vec<u32>,
    nodes: usize,
    /// How many nodes a row or a layer has.
    width: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Each node reads the one before it.
    Chain,
    /// Many leaves, added 16 at a time.
    Wide,
    /// Many leaves, combined two at a time.
    Tree,
    /// A square; each cell reads its upper and its left neighbour.
    Wavefront,
    /// A square of layers; each node reads 1 to 4 random nodes of the layer before.
    Layered,
}

/// The value of node `i` of a kind of shape.
pub(crate) trait Rule: Sync {
    fn value(shape: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64;
}

pub(crate) struct Chain;
pub(crate) struct Wide;
pub(crate) struct Tree;
pub(crate) struct Wavefront;
pub(crate) struct Layered;

impl Rule for Chain {
    #[inline]
    fn value(_: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        step::now(if i == 0 { 0 } else { get(i - 1) }, i as u64)
    }
}

impl Rule for Wide {
    #[inline]
    fn value(shape: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        if i < shape.leaves {
            leaf::now(i as u64)
        } else {
            shape.added(i, get)
        }
    }
}

impl Rule for Tree {
    #[inline]
    fn value(shape: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        let Some(k) = i.checked_sub(shape.leaves) else {
            return leaf::now(i as u64);
        };
        pair::now(get(2 * k), get(2 * k + 1))
    }
}

impl Rule for Wavefront {
    #[inline]
    fn value(shape: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        let up = if i >= shape.width {
            get(i - shape.width)
        } else {
            0
        };
        cell::now(
            up,
            if i.is_multiple_of(shape.width) {
                0
            } else {
                get(i - 1)
            },
        )
    }
}

impl Rule for Layered {
    #[inline]
    fn value(shape: &Shape, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        shape.added(i, get).wrapping_mul(3).wrapping_add(i as u64)
    }
}

/// Calls a function that is generic in the [`Rule`], so that no loop asks for the kind of shape.
macro_rules! by_rule {
    ($shape:expr, $f:ident($($arg:expr),*)) => {
        match $shape.kind {
            $crate::common::shapes::Kind::Chain => $f::<$crate::common::shapes::Chain>($($arg),*),
            $crate::common::shapes::Kind::Wide => $f::<$crate::common::shapes::Wide>($($arg),*),
            $crate::common::shapes::Kind::Tree => $f::<$crate::common::shapes::Tree>($($arg),*),
            $crate::common::shapes::Kind::Wavefront => $f::<$crate::common::shapes::Wavefront>($($arg),*),
            $crate::common::shapes::Kind::Layered => $f::<$crate::common::shapes::Layered>($($arg),*),
        }
    };
}
pub(crate) use by_rule;

impl Shape {
    /// All shapes, each of about `nodes` nodes (`Wide` and `Tree`: that many leaves).
    pub(crate) fn all(nodes: usize) -> [Shape; 5] {
        [
            Shape::chain(nodes),
            Shape::wide(nodes),
            Shape::tree(nodes),
            Shape::wavefront(nodes),
            Shape::layered(nodes),
        ]
    }

    fn new(name: &'static str, kind: Kind) -> Shape {
        Shape {
            name,
            kind,
            leaves: 1,
            outputs: 1,
            starts: vec![0],
            inputs: Vec::new(),
            nodes: 0,
            width: 1,
        }
    }

    fn push(&mut self, inputs: impl IntoIterator<Item = u32>) {
        self.inputs.extend(inputs);
        self.starts.push(self.inputs.len() as u32);
        self.nodes += 1;
    }

    pub(crate) fn chain(nodes: usize) -> Shape {
        let mut shape = Shape::new("chain", Kind::Chain);
        for i in 0..nodes as u32 {
            shape.push(i.checked_sub(1));
        }
        shape
    }

    pub(crate) fn wide(leaves: usize) -> Shape {
        let mut shape = Shape {
            leaves,
            ..Shape::new("wide, 16-way sums", Kind::Wide)
        };
        (0..leaves).for_each(|_| shape.push([]));
        let mut level: Vec<u32> = (0..leaves as u32).collect();
        while level.len() > 1 {
            let group = |group: &[u32]| match group {
                [one] => *one,
                many => {
                    shape.push(many.iter().copied());
                    shape.len() as u32 - 1
                }
            };
            level = level.chunks(16).map(group).collect();
        }
        shape
    }

    pub(crate) fn tree(leaves: usize) -> Shape {
        let leaves = leaves.next_power_of_two();
        let mut shape = Shape {
            leaves,
            ..Shape::new("binary tree", Kind::Tree)
        };
        (0..leaves).for_each(|_| shape.push([]));
        for k in 0..leaves as u32 - 1 {
            shape.push([2 * k, 2 * k + 1]);
        }
        shape
    }

    pub(crate) fn wavefront(nodes: usize) -> Shape {
        let width = nodes.isqrt().max(1);
        let mut shape = Shape {
            width,
            ..Shape::new("wavefront", Kind::Wavefront)
        };
        let w = width as u32;
        for i in 0..w * w {
            let left = if i.is_multiple_of(w) {
                None
            } else {
                Some(i - 1)
            };
            shape.push(i.checked_sub(w).into_iter().chain(left));
        }
        shape
    }

    pub(crate) fn layered(nodes: usize) -> Shape {
        let width = nodes.isqrt().max(4);
        let mut shape = Shape {
            width,
            leaves: width,
            outputs: width,
            ..Shape::new("random layers", Kind::Layered)
        };
        (0..width).for_each(|_| shape.push([]));
        let mut random = SplitMix(42);
        for layer in 1..width {
            for _ in 0..width {
                let wanted = 1 + random.below(4);
                let mut parents: Vec<u32> = Vec::with_capacity(wanted);
                while parents.len() < wanted {
                    let parent = ((layer - 1) * width + random.below(width)) as u32;
                    if !parents.contains(&parent) {
                        parents.push(parent);
                    }
                }
                shape.push(parents);
            }
        }
        shape
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes
    }

    /// What is enough to build the graph, of shapes other than `Layered`: for measurements of memory.
    pub(crate) fn without_arrays(mut self) -> Shape {
        assert_ne!(
            self.kind,
            Kind::Layered,
            "random edges are in the arrays alone"
        );
        (self.starts, self.inputs) = (Vec::new(), Vec::new());
        self
    }

    pub(crate) fn inputs(&self, i: usize) -> &[u32] {
        &self.inputs[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// How many edges there are.
    pub(crate) fn edges(&self) -> usize {
        self.inputs.len()
    }

    pub(crate) fn outputs(&self) -> std::ops::Range<usize> {
        self.len() - self.outputs..self.len()
    }

    fn added(&self, i: usize, get: impl Fn(usize) -> u64) -> u64 {
        self.inputs(i)
            .iter()
            .fold(0, |s, &k| s.wrapping_add(get(k as usize)))
    }

    // -------------------------------------------------------------- the same with lazygraph

    /// Builds the graph as a user would, and gives the delayed outputs. Not inlined, for profilers.
    #[inline(never)]
    pub(crate) fn delayed(&self) -> Vec<Delayed<u64>> {
        let leaves = self.leaves as u64;
        match self.kind {
            Kind::Chain => vec![(1..self.len() as u64).fold(step(0, 0), step)],
            Kind::Wide => vec![tree_reduce((0..leaves).map(leaf), 16, sum)],
            Kind::Tree => {
                let mut level: Vec<Delayed<u64>> = (0..leaves).map(leaf).collect();
                while level.len() > 1 {
                    let mut next = Vec::with_capacity(level.len() / 2);
                    let mut rest = level.into_iter();
                    while let (Some(a), Some(b)) = (rest.next(), rest.next()) {
                        next.push(pair(a, b));
                    }
                    level = next;
                }
                level
            }
            Kind::Wavefront => {
                let mut above: Vec<Delayed<u64>> = Vec::new();
                for _ in 0..self.width {
                    let mut row: Vec<Delayed<u64>> = Vec::with_capacity(self.width);
                    for c in 0..self.width {
                        row.push(match (above.get(c), row.last()) {
                            (Some(up), Some(left)) => cell(up, left),
                            (Some(up), None) => cell(up, 0),
                            (None, Some(left)) => cell(0, left),
                            (None, None) => cell(0, 0),
                        });
                    }
                    above = row;
                }
                above.split_off(self.width - 1)
            }
            Kind::Layered => {
                let mut before: Vec<Delayed<u64>> = Vec::new();
                for layer in 0..self.width {
                    let first = layer * self.width;
                    let node = |i: usize| {
                        let inputs = self
                            .inputs(i)
                            .iter()
                            .map(|&k| &before[k as usize % self.width]);
                        mix(inputs.cloned().collect::<Vec<_>>(), i as u64)
                    };
                    before = (first..first + self.width).map(node).collect();
                }
                before
            }
        }
    }

    /// Builds, computes and drops.
    pub(crate) fn lazygraph(&self, options: &Options) -> Result<Vec<u64>, Error> {
        lazygraph::compute_with(options, self.delayed())
    }
}

/// The generator of Steele, Lea and Flood's "Fast Splittable Pseudorandom Number Generators" (2014).
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}
