//! Random graphs × every optimizer setting × serial, 1, 2 and 8 workers: the values are those of a plain evaluation of
//! the same graph; or the error is that of a possible culprit, and on one worker always the same one. Every impure
//! node runs once, every pure key once; afterwards nothing is left alive.
//!
//! `PROPTEST_CASES` says how many graphs are tried.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use common::tracked::{Meter, Tracked};
use common::{pool_of, quiet};
use lazygraph::{ErrorKind, Options, Plan, Scheduler, compute_all_with, compute_with, prelude::*};
use proptest::prelude::*;
use rayon::ThreadPool;

// ---- the functions that nodes call

/// How often the body of each node ran.
#[derive(Clone)]
struct Ledger(Arc<Vec<AtomicUsize>>);

impl Ledger {
    fn of(nodes: usize) -> Self {
        Ledger(Arc::new((0..nodes).map(|_| AtomicUsize::new(0)).collect()))
    }

    /// Called first in every body: counts it, and lets it fail if it is to.
    fn enter(&self, id: usize, act: u8) -> Result<(), String> {
        let before = self.0[id].fetch_add(1, Ordering::SeqCst);
        match act {
            FINE => Ok(()),
            ERR => Err(format!("no {id}")),
            PANIC => panic!("planned panic {id}"),
            flaky if before < usize::from(flaky - FLAKY) => Err(format!("not yet {id}")),
            _ => Ok(()),
        }
    }

    /// The counts; all zero afterwards.
    fn take(&self) -> Vec<usize> {
        self.0.iter().map(|n| n.swap(0, Ordering::SeqCst)).collect()
    }
}

const FINE: u8 = 0;
const ERR: u8 = 1;
const PANIC: u8 = 2;
/// `FLAKY + n` fails the first n times.
const FLAKY: u8 = 3;

fn mix(tag: i64, salt: i64, parts: impl IntoIterator<Item = i64>) -> i64 {
    let start = tag.wrapping_mul(0x9e37_79b9).wrapping_add(salt);
    parts.into_iter().fold(start, |all, part| {
        all.rotate_left(7)
            .wrapping_mul(0x0100_0193)
            .wrapping_add(part)
    })
}

#[delayed(pure)]
fn number(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    nums: &[i64],
    lent: &[&Tracked],
) -> Result<i64, String> {
    ledger.enter(id, act)?;
    Ok(mix(
        1,
        salt,
        nums.iter().copied().chain(lent.iter().map(|t| t.value())),
    ))
}

#[delayed(pure)]
#[allow(clippy::too_many_arguments, reason = "every kind of parameter")]
fn heap(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] meter: &Meter,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    nums: Vec<i64>,
    lent: &[&Tracked],
    mut owned: Vec<Tracked>,
) -> Result<Tracked, String> {
    ledger.enter(id, act)?;
    let lent = lent.iter().map(|t| t.value());
    let all = nums
        .into_iter()
        .chain(lent)
        .chain(owned.iter().map(Tracked::value));
    let value = mix(2, salt, all);
    // What is owned may be spoilt: nobody else may see it.
    for t in &mut owned {
        t.set(-1);
    }
    Ok(owned.pop().map_or_else(
        || Tracked::new(meter, value),
        |mut t| {
            t.set(value);
            t
        },
    ))
}

#[delayed(pure)]
fn step_owned(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    mut t: Tracked,
) -> Result<Tracked, String> {
    ledger.enter(id, act)?;
    t.set(mix(3, salt, [t.value()]));
    Ok(t)
}

#[delayed(pure)]
fn step_lent(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    t: &Tracked,
) -> Result<Tracked, String> {
    ledger.enter(id, act)?;
    Ok(t.like(mix(4, salt, [t.value()])))
}

#[delayed(pure)]
fn step_number(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    x: i64,
) -> Result<i64, String> {
    ledger.enter(id, act)?;
    Ok(mix(5, salt, [x]))
}

#[delayed(pure)]
fn two(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    mut a: Tracked,
    b: &Tracked,
) -> Result<Tracked, String> {
    ledger.enter(id, act)?;
    a.set(mix(6, salt, [a.value(), b.value()]));
    Ok(a)
}

#[delayed(pure)]
fn pair(
    #[key(skip)] ledger: &Ledger,
    #[key(skip)] meter: &Meter,
    #[key(skip)] id: usize,
    act: u8,
    salt: i64,
    x: i64,
) -> Result<(i64, Tracked), String> {
    ledger.enter(id, act)?;
    let value = mix(7, salt, [x]);
    Ok((value, Tracked::new(meter, !value)))
}

// ---- graphs as data

/// What is drawn at random; `Node` is what becomes of it.
#[derive(Clone, Debug)]
struct Spec {
    op: u8,
    picks: Vec<Pick>,
    salt: i64,
    act: u8,
    retries: u8,
    pure: bool,
    inline: bool,
    fuse: bool,
    priority: i32,
    after: Option<Pick>,
}

#[derive(Clone, Copy, Debug)]
struct Pick {
    raw: usize,
    near: bool,
    owned: bool,
}

impl Pick {
    /// One of the nodes before `i`.
    fn of(self, i: usize) -> usize {
        if self.near {
            i - 1 - self.raw % i.min(3)
        } else {
            self.raw % i
        }
    }
}

/// A node's operation and its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Op {
    Number {
        nums: Vec<usize>,
        lent: Vec<usize>,
    },
    Heap {
        nums: Vec<usize>,
        lent: Vec<usize>,
        owned: Vec<usize>,
    },
    StepOwned(usize),
    StepLent(usize),
    StepNumber(usize),
    Two(usize, usize),
    First(usize),
    Second(usize),
    Map(usize),
    ReadHeap(usize),
    UnwrapOr(usize),
    CatchHeap(usize),
}

impl Op {
    fn inputs(&self) -> Vec<usize> {
        match self {
            Op::Number { nums, lent } => [&nums[..], lent].concat(),
            Op::Heap { nums, lent, owned } => [&nums[..], lent, owned].concat(),
            Op::Two(a, b) => vec![*a, *b],
            Op::StepOwned(j)
            | Op::StepLent(j)
            | Op::StepNumber(j)
            | Op::First(j)
            | Op::Second(j) => vec![*j],
            Op::Map(j) | Op::ReadHeap(j) | Op::UnwrapOr(j) | Op::CatchHeap(j) => vec![*j],
        }
    }

    fn on_heap(&self) -> bool {
        matches!(
            self,
            Op::Heap { .. } | Op::StepOwned(_) | Op::StepLent(_) | Op::Two(..) | Op::Second(_)
        )
    }

    fn catches(&self) -> bool {
        matches!(self, Op::UnwrapOr(_) | Op::CatchHeap(_))
    }

    /// Whether it is a call of one of the functions above: counted in the ledger, able to fail.
    fn is_call(&self) -> bool {
        !matches!(self, Op::Map(_) | Op::ReadHeap(_)) && !self.catches()
    }
}

#[derive(Clone, Debug)]
struct Node {
    op: Op,
    salt: i64,
    act: u8,
    retries: u8,
    pure: bool,
    inline: bool,
    fuse: bool,
    priority: i32,
    after: Option<usize>,
}

#[derive(Clone, Debug)]
struct Graph {
    nodes: Vec<Node>,
    outputs: Vec<usize>,
}

fn graph(specs: Vec<Spec>, outputs: Vec<Pick>, failures: bool) -> Graph {
    let mut nodes: Vec<Node> = Vec::new();
    for (i, spec) in specs.into_iter().enumerate() {
        let picks: Vec<(usize, bool)> = if i == 0 {
            vec![]
        } else {
            spec.picks.iter().map(|p| (p.of(i), p.owned)).collect()
        };
        let is_heap = |j: usize| nodes[j].op.on_heap();
        let picked = |heap: bool| -> Vec<usize> {
            picks
                .iter()
                .map(|p| p.0)
                .filter(|j| is_heap(*j) == heap)
                .collect()
        };
        let (nums, heaps) = (picked(false), picked(true));
        let last = |heap: bool| (0..i).rev().find(|j| is_heap(*j) == heap);
        let num = nums.first().copied().or_else(|| last(false));
        let one = heaps.first().copied().or_else(|| last(true));
        let other = heaps.get(1).copied().or(one);
        let op = match (spec.op, num, one, other) {
            (0, _, Some(j), _) => Op::StepOwned(j),
            (1, _, Some(j), _) => Op::StepLent(j),
            (2, Some(j), ..) => Op::StepNumber(j),
            (3, _, Some(j), Some(k)) => Op::Two(j, k),
            (4, Some(j), ..) => Op::First(j),
            (5, Some(j), ..) => Op::Second(j),
            (6, Some(j), ..) => Op::Map(j),
            (7, _, Some(j), _) => Op::ReadHeap(j),
            (8, Some(j), ..) => Op::UnwrapOr(j),
            (9, _, Some(j), _) => Op::CatchHeap(j),
            (10..=12, ..) => Op::Number { nums, lent: heaps },
            _ => {
                let owned = |yes: bool| -> Vec<usize> {
                    picks
                        .iter()
                        .filter(|p| is_heap(p.0) && p.1 == yes)
                        .map(|p| p.0)
                        .collect()
                };
                Op::Heap {
                    nums,
                    lent: owned(false),
                    owned: owned(true),
                }
            }
        };
        let act = match spec.act {
            _ if !failures => FINE,
            // A pure function does not fail now and then.
            act if act >= FLAKY && spec.pure => FINE,
            act => act,
        };
        let after = spec
            .after
            .filter(|_| i > 0 && op.is_call())
            .map(|p| p.of(i));
        nodes.push(Node {
            op,
            salt: spec.salt,
            act,
            retries: spec.retries,
            pure: spec.pure,
            inline: spec.inline && spec.pure,
            fuse: spec.fuse,
            priority: spec.priority,
            after,
        });
    }
    let outputs = outputs.iter().map(|p| p.of(nodes.len())).collect();
    Graph { nodes, outputs }
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<u16>(), prop::bool::weighted(0.6), any::<bool>()).prop_map(|(raw, near, owned)| Pick {
        raw: usize::from(raw),
        near,
        owned,
    })
}

fn spec() -> impl Strategy<Value = Spec> {
    let act = prop_oneof![
        60 => Just(FINE),
        1 => Just(ERR),
        1 => Just(PANIC),
        2 => (0..3u8).prop_map(|n| FLAKY + n),
    ];
    let flags = (
        prop::bool::weighted(0.4),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.9),
        prop_oneof![8 => Just(0), 1 => -3..3i32],
        prop::option::weighted(0.05, pick()),
    );
    (
        0..16u8,
        prop::collection::vec(pick(), 0..=5),
        0..4i64,
        act,
        0..3u8,
        flags,
    )
        .prop_map(
            |(op, picks, salt, act, retries, (pure, inline, fuse, priority, after))| Spec {
                op,
                picks,
                salt,
                act,
                retries,
                pure,
                inline,
                fuse,
                priority,
                after,
            },
        )
}

fn graphs() -> impl Strategy<Value = Graph> {
    let specs = prop_oneof![
        2 => prop::collection::vec(spec(), 1..12),
        2 => prop::collection::vec(spec(), 12..60),
        1 => prop::collection::vec(spec(), 60..200),
    ];
    (specs, prop::collection::vec(pick(), 1..7), any::<bool>())
        .prop_map(|(specs, outputs, failures)| graph(specs, outputs, failures))
}

// ---- what must come out

/// What a plain evaluation says of a graph.
struct Oracle {
    /// The value of each node, or the nodes that may be reported as the culprit.
    values: Vec<Result<i64, BTreeSet<usize>>>,
    /// Of each call, the number of the set of equal pure calls it belongs to.
    class: Vec<usize>,
    /// Calls that a successful run must execute, and those it may.
    must: BTreeSet<usize>,
    reached: BTreeSet<usize>,
}

fn evaluate(graph: &Graph) -> Oracle {
    let mut values: Vec<Result<i64, BTreeSet<usize>>> = Vec::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        values.push(value_of(i, node, &values));
    }
    let (mut must, mut reached) = (BTreeSet::new(), BTreeSet::new());
    let mut todo: Vec<(usize, bool)> = graph.outputs.iter().map(|i| (*i, true)).collect();
    while let Some((i, needed)) = todo.pop() {
        let new = if needed {
            must.insert(i) | reached.insert(i)
        } else {
            reached.insert(i)
        };
        if new {
            let node = &graph.nodes[i];
            let failed = |j: usize| node.op.catches() && values[j].is_err();
            todo.extend(
                node.op
                    .inputs()
                    .into_iter()
                    .map(|j| (j, needed && !failed(j))),
            );
            todo.extend(node.after.map(|j| (j, needed)));
        }
    }
    Oracle {
        class: classes(graph),
        values,
        must,
        reached,
    }
}

fn value_of(
    i: usize,
    node: &Node,
    values: &[Result<i64, BTreeSet<usize>>],
) -> Result<i64, BTreeSet<usize>> {
    match &node.op {
        Op::UnwrapOr(j) => return Ok(values[*j].as_ref().map_or(-7, |x| *x)),
        Op::CatchHeap(j) => return Ok(values[*j].as_ref().map_or(-8, |x| *x)),
        _ => {}
    }
    let mut culprits = BTreeSet::new();
    for j in node.op.inputs().into_iter().chain(node.after) {
        if let Err(below) = &values[j] {
            culprits.extend(below);
        }
    }
    if !culprits.is_empty() {
        return Err(culprits);
    }
    let fails = match node.act {
        FINE => false,
        ERR | PANIC => true,
        flaky => flaky - FLAKY > node.retries,
    };
    if fails && node.op.is_call() {
        return Err(BTreeSet::from([i]));
    }
    let at = |j: &usize| *values[*j].as_ref().expect("its input has a value");
    let all = |lists: &[&Vec<usize>]| {
        lists
            .iter()
            .flat_map(|l| l.iter().map(at))
            .collect::<Vec<_>>()
    };
    Ok(match &node.op {
        Op::Number { nums, lent } => mix(1, node.salt, all(&[nums, lent])),
        Op::Heap { nums, lent, owned } => mix(2, node.salt, all(&[nums, lent, owned])),
        Op::StepOwned(j) => mix(3, node.salt, [at(j)]),
        Op::StepLent(j) => mix(4, node.salt, [at(j)]),
        Op::StepNumber(j) => mix(5, node.salt, [at(j)]),
        Op::Two(j, k) => mix(6, node.salt, [at(j), at(k)]),
        Op::First(j) => mix(7, node.salt, [at(j)]),
        Op::Second(j) => !mix(7, node.salt, [at(j)]),
        Op::Map(j) => at(j) ^ 0x55,
        Op::ReadHeap(j) => at(j).wrapping_add(1),
        Op::UnwrapOr(_) | Op::CatchHeap(_) => unreachable!("done above"),
    })
}

/// Equal pure calls – same function, same plain arguments, inputs of the same class, after the same – have one number.
fn classes(graph: &Graph) -> Vec<usize> {
    let mut known: HashMap<(Op, i64, u8, Option<usize>), usize> = HashMap::new();
    // The class of a node's call, and that of its value: a half of a pair is not the pair.
    let (mut calls, mut values): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut fresh = 0;
    let mut next = || {
        fresh += 1;
        fresh
    };
    for node in &graph.nodes {
        let to = |j: &usize| values[*j];
        let list = |l: &Vec<usize>| l.iter().map(to).collect::<Vec<_>>();
        let op = match &node.op {
            Op::Number { nums, lent } => Op::Number {
                nums: list(nums),
                lent: list(lent),
            },
            Op::Heap { nums, lent, owned } => Op::Heap {
                nums: list(nums),
                lent: list(lent),
                owned: list(owned),
            },
            Op::StepOwned(j) => Op::StepOwned(to(j)),
            Op::StepLent(j) => Op::StepLent(to(j)),
            Op::StepNumber(j) => Op::StepNumber(to(j)),
            Op::Two(j, k) => Op::Two(to(j), to(k)),
            // Both halves are of one call.
            Op::First(j) | Op::Second(j) => Op::First(to(j)),
            Op::Map(j) => Op::Map(to(j)),
            Op::ReadHeap(j) => Op::ReadHeap(to(j)),
            Op::UnwrapOr(j) => Op::UnwrapOr(to(j)),
            Op::CatchHeap(j) => Op::CatchHeap(to(j)),
        };
        let after = node.after.map(|j| values[j]);
        let structural = matches!(op, Op::Map(_) | Op::ReadHeap(_) | Op::CatchHeap(_));
        let call = if structural {
            *known.entry((op, 0, 0, None)).or_insert_with(&mut next)
        } else if node.pure && node.op.is_call() {
            *known
                .entry((op, node.salt, node.act, after))
                .or_insert_with(&mut next)
        } else {
            next()
        };
        let value = match &node.op {
            Op::Second(_) => *known
                .entry((Op::Second(call), 0, 0, None))
                .or_insert_with(&mut next),
            Op::First(_) => *known
                .entry((Op::Map(call), 1, 0, None))
                .or_insert_with(&mut next),
            _ => call,
        };
        calls.push(call);
        values.push(value);
    }
    calls
}

// ---- the graph as the library sees it

enum Handle {
    Number(Delayed<i64>),
    Heap(Delayed<Tracked>),
}

fn numbers(handles: &[Handle], which: &[usize]) -> Vec<Delayed<i64>> {
    which.iter().map(|j| number_at(handles, *j)).collect()
}

fn heaps(handles: &[Handle], which: &[usize]) -> Vec<Delayed<Tracked>> {
    which.iter().map(|j| heap_at(handles, *j)).collect()
}

fn number_at(handles: &[Handle], j: usize) -> Delayed<i64> {
    match &handles[j] {
        Handle::Number(d) => d.clone(),
        Handle::Heap(_) => unreachable!("a number is asked for"),
    }
}

fn heap_at(handles: &[Handle], j: usize) -> Delayed<Tracked> {
    match &handles[j] {
        Handle::Heap(d) => d.clone(),
        Handle::Number(_) => unreachable!("a heap value is asked for"),
    }
}

/// Says of a call what its node says.
fn set<T>(call: Delayed<T>, id: usize, node: &Node, handles: &[Handle]) -> Delayed<T> {
    let mut call = call.named(label(id)).priority(node.priority);
    if !node.pure {
        call = call.impure();
    }
    if node.inline {
        call = call.inline();
    }
    if !node.fuse {
        call = call.fuse(false);
    }
    if node.act >= FLAKY {
        call = call.retries(u32::from(node.retries));
    }
    match node.after.map(|j| &handles[j]) {
        Some(Handle::Number(d)) => call.after(d),
        Some(Handle::Heap(d)) => call.after(d),
        None => call,
    }
}

fn label(id: usize) -> String {
    format!("n{id}")
}

fn build(graph: &Graph, ledger: &Ledger, meter: &Meter) -> Vec<Handle> {
    let mut handles: Vec<Handle> = Vec::new();
    for (id, node) in graph.nodes.iter().enumerate() {
        let h = &handles;
        let (l, m, act, salt) = (ledger.clone(), meter.clone(), node.act, node.salt);
        let handle = match &node.op {
            Op::Number { nums, lent } => {
                let call = number(l, id, act, salt, numbers(h, nums), heaps(h, lent));
                Handle::Number(set(call, id, node, h))
            }
            Op::Heap { nums, lent, owned } => {
                let (lent, owned) = (heaps(h, lent), heaps(h, owned));
                let call = heap(l, m, id, act, salt, numbers(h, nums), lent, owned);
                Handle::Heap(set(call, id, node, h))
            }
            Op::StepOwned(j) => Handle::Heap(set(
                step_owned(l, id, act, salt, heap_at(h, *j)),
                id,
                node,
                h,
            )),
            Op::StepLent(j) => Handle::Heap(set(
                step_lent(l, id, act, salt, heap_at(h, *j)),
                id,
                node,
                h,
            )),
            Op::StepNumber(j) => Handle::Number(set(
                step_number(l, id, act, salt, number_at(h, *j)),
                id,
                node,
                h,
            )),
            Op::Two(j, k) => {
                let call = two(l, id, act, salt, heap_at(h, *j), heap_at(h, *k));
                Handle::Heap(set(call, id, node, h))
            }
            Op::First(j) => {
                let call = pair(l, m, id, act, salt, number_at(h, *j));
                Handle::Number(set(call, id, node, h).unzip().0)
            }
            Op::Second(j) => {
                let call = pair(l, m, id, act, salt, number_at(h, *j));
                Handle::Heap(set(call, id, node, h).unzip().1)
            }
            Op::Map(j) => Handle::Number(number_at(h, *j).map(|x| x ^ 0x55)),
            Op::ReadHeap(j) => Handle::Number(heap_at(h, *j).map(|t| t.value().wrapping_add(1))),
            Op::UnwrapOr(j) => Handle::Number(number_at(h, *j).unwrap_or(-7)),
            Op::CatchHeap(j) => {
                let caught = heap_at(h, *j).catch();
                Handle::Number(caught.map(|r| r.as_ref().map_or(-8, Tracked::value)))
            }
        };
        handles.push(handle);
    }
    handles
}

// ---- runs

/// One bit for each pass.
const ALL: u32 = 31;
const DEDUPE: u32 = 2;
const INLINE: u32 = 4;

fn settings(options: Options, mask: u32) -> Options {
    let on = |bit: u32| mask & bit != 0;
    options
        .cull(on(1))
        .dedupe(on(DEDUPE))
        .inline(on(INLINE))
        .fuse(on(8))
        .order(on(16))
}

fn pool(workers: usize) -> &'static ThreadPool {
    static POOLS: [OnceLock<ThreadPool>; 9] = [const { OnceLock::new() }; 9];
    POOLS[workers].get_or_init(|| pool_of(workers))
}

fn options(workers: usize, mask: u32) -> Options {
    let options = match workers {
        0 => Options::new().scheduler(Scheduler::Serial),
        n => Options::new().pool(pool(n)),
    };
    settings(options, mask)
}

struct Case {
    graph: Graph,
    oracle: Oracle,
    ledger: Ledger,
    meter: Meter,
    handles: Vec<Handle>,
}

impl Case {
    fn new(graph: Graph) -> Self {
        let (ledger, meter) = (Ledger::of(graph.nodes.len()), Meter::new());
        let handles = build(&graph, &ledger, &meter);
        Case {
            oracle: evaluate(&graph),
            graph,
            ledger,
            meter,
            handles,
        }
    }

    fn outputs(&self) -> (Vec<Delayed<i64>>, Vec<Delayed<Tracked>>) {
        let (heap, number): (Vec<usize>, Vec<usize>) = self
            .graph
            .outputs
            .iter()
            .partition(|i| self.graph.nodes[**i].op.on_heap());
        (numbers(&self.handles, &number), heaps(&self.handles, &heap))
    }

    /// The values in the order of `outputs`, or the possible culprits.
    fn expected(&self) -> Result<(Vec<i64>, Vec<i64>), BTreeSet<usize>> {
        let culprits: BTreeSet<usize> = self
            .graph
            .outputs
            .iter()
            .filter_map(|i| self.oracle.values[*i].as_ref().err())
            .flatten()
            .copied()
            .collect();
        if !culprits.is_empty() {
            return Err(culprits);
        }
        let of = |heap: bool| {
            let all = self
                .graph
                .outputs
                .iter()
                .filter(|i| self.graph.nodes[**i].op.on_heap() == heap);
            all.map(|i| *self.oracle.values[*i].as_ref().expect("no culprits"))
                .collect()
        };
        Ok((of(false), of(true)))
    }

    /// Runs it and checks everything; gives the error, if any, as text.
    fn run(&self, workers: usize, mask: u32) -> Result<Option<String>, TestCaseError> {
        let (nums, heaps) = self.outputs();
        let at = format!("{workers} workers, passes {mask:05b}");
        let options = options(workers, mask);
        let result = if mask & 1 == 0 {
            Plan::new((&nums, &heaps), &settings(Options::new(), mask))
                .and_then(|plan| plan.run_with(&options))
        } else {
            compute_with(&options, (&nums, &heaps))
        };
        let told = match (result, self.expected()) {
            (Ok((nums, heaps)), Ok(expected)) => {
                let heaps: Vec<i64> = heaps.iter().map(Tracked::value).collect();
                prop_assert_eq!((nums, heaps), expected, "{}", at);
                None
            }
            (Err(e), Err(culprits)) => {
                self.check_culprit(&e, &culprits, &at)?;
                Some(format!("{e:?}"))
            }
            (Ok(_), Err(culprits)) => {
                return Err(TestCaseError::fail(format!(
                    "{at}: {culprits:?} should fail it"
                )));
            }
            (Err(e), Ok(_)) => {
                return Err(TestCaseError::fail(format!(
                    "{at}: nothing should fail, but {e:?}"
                )));
            }
        };
        prop_assert_eq!(self.meter.live(), 0, "{}: something is left alive", at);
        self.check_counts(mask, told.is_none(), &at)?;
        Ok(told)
    }

    fn check_culprit(
        &self,
        e: &Error,
        culprits: &BTreeSet<usize>,
        at: &str,
    ) -> Result<(), TestCaseError> {
        // A pure call may have run under the label of an equal one.
        let found = self.graph.nodes.iter().enumerate().find(|(i, node)| {
            let kind = if node.act == PANIC {
                ErrorKind::Panicked
            } else {
                ErrorKind::Failed
            };
            e.task() == label(*i)
                && e.kind() == kind
                && culprits
                    .iter()
                    .any(|c| self.oracle.class[*c] == self.oracle.class[*i])
        });
        prop_assert!(found.is_some(), "{at}: {e:?} is none of {culprits:?}");
        Ok(())
    }

    fn check_counts(&self, mask: u32, success: bool, at: &str) -> Result<(), TestCaseError> {
        let ran = self.ledger.take();
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if node.op.is_call() {
                members.entry(self.oracle.class[i]).or_default().push(i);
            }
        }
        for all in members.values() {
            let reached: Vec<usize> = all
                .iter()
                .copied()
                .filter(|i| self.oracle.reached.contains(i))
                .collect();
            let node = &self.graph.nodes[all[0]];
            let count: usize = all.iter().map(|i| ran[*i]).sum();
            let once = match node.act {
                act if act >= FLAKY => usize::from((act - FLAKY).min(node.retries)) + 1,
                _ => 1,
            };
            let inlined = mask & INLINE != 0 && reached.iter().any(|i| self.graph.nodes[*i].inline);
            let most = if reached.is_empty() {
                0
            } else if inlined {
                usize::MAX
            } else if mask & DEDUPE != 0 {
                once
            } else {
                once * reached.len()
            };
            prop_assert!(count <= most, "{at}: {all:?} ran {count} times, not {most}");
            let needed = all.iter().any(|i| self.oracle.must.contains(i));
            if success && needed {
                prop_assert!(count >= once, "{at}: {all:?} ran {count} times, not {once}");
            }
        }
        Ok(())
    }

    /// Every output on its own: those that can have a value have it.
    fn all_outcomes(&self, workers: usize) -> Result<(), TestCaseError> {
        let wanted: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|i| !self.graph.nodes[*i].op.on_heap())
            .collect();
        let wanted: Vec<usize> = wanted.into_iter().rev().take(10).collect();
        let all = compute_all_with(&options(workers, ALL), numbers(&self.handles, &wanted));
        for (i, outcome) in wanted.iter().zip(all) {
            match (outcome, &self.oracle.values[*i]) {
                (Ok(x), Ok(y)) => prop_assert_eq!(x, *y, "n{}", i),
                (Err(e), Err(culprits)) => self.check_culprit(&e, culprits, "compute_all")?,
                (got, expected) => {
                    return Err(TestCaseError::fail(format!(
                        "n{i}: {got:?}, not {expected:?}"
                    )));
                }
            }
        }
        prop_assert_eq!(self.meter.live(), 0, "compute_all: something is left alive");
        drop(self.ledger.take());
        Ok(())
    }
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 150;
    }
    config.max_shrink_iters = 20_000;
    config.failure_persistence = None;
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_scheduler_and_every_setting(graph in graphs(), some in 0..=ALL) {
        quiet();
        let case = Case::new(graph);
        for mask in 0..=ALL {
            case.run(0, mask)?;
        }
        for mask in [ALL, some, 0] {
            let serial = case.run(0, mask)?;
            prop_assert_eq!(&case.run(0, mask)?, &serial, "serial, again, passes {:05b}", mask);
            prop_assert_eq!(&case.run(1, mask)?, &serial, "one worker, passes {:05b}", mask);
            for workers in [2, 8] {
                for _ in 0..2 {
                    case.run(workers, mask)?;
                }
            }
        }
        for workers in [0, 2] {
            case.all_outcomes(workers)?;
        }
        let meter = case.meter.clone();
        drop(case);
        prop_assert_eq!(meter.live(), 0);
    }
}

#[test]
fn the_oracle_counts_equal_pure_calls_once() {
    let node = |op, salt, pure| Node {
        op,
        salt,
        act: FINE,
        retries: 0,
        pure,
        inline: false,
        fuse: true,
        priority: 0,
        after: None,
    };
    let leaf = || Op::Number {
        nums: vec![],
        lent: vec![],
    };
    let graph = Graph {
        nodes: vec![
            node(leaf(), 1, true),
            node(leaf(), 1, true),
            node(leaf(), 2, true),
            node(leaf(), 1, false),
            node(Op::StepNumber(0), 0, true),
            node(Op::StepNumber(1), 0, true),
            node(Op::StepNumber(3), 0, true),
        ],
        outputs: vec![4, 5, 6, 2],
    };
    let class = classes(&graph);
    assert_eq!(
        (
            class[0] == class[1],
            class[0] == class[2],
            class[0] == class[3]
        ),
        (true, false, false)
    );
    assert_eq!((class[4] == class[5], class[4] == class[6]), (true, false));
    let case = Case::new(graph);
    assert_eq!(case.run(0, ALL).unwrap(), None);
}
