//! One table: what a node costs in time and in memory, beside the same by hand.
//!
//! ```text
//! cargo bench --bench table                       the table
//! cargo bench --bench table -- --only tree        one shape (a part of its name)
//! cargo bench --bench table -- --ours             without what is written by hand
//! cargo bench --bench table -- --threads 1        on one thread alone
//! cargo bench --bench table -- --runs 3           medians over 3 runs instead of 7
//! cargo bench --bench table -- --least            the fastest run instead: for a busy machine
//! cargo bench --bench table -- --large            memory of graphs of ten million nodes
//! ```
//!
//! Every variant runs once in each round, so that a change of the machine's mood hits all alike. Every
//! result is checked.

mod common;

use common::hand::{Closures, Csr, plain_loop};
use common::shapes::Shape;
use common::tasks::{self, FIB, FIB_CALLS, FIB_OF};
use common::{is_measuring, nodes, pool};
use lazygraph::{Options, Plan};
use rayon::ThreadPool;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: Counted = Counted::new();

fn main() {
    let wishes = Wishes::read();
    if let Some(name) = &wishes.one_large {
        return large_one(name);
    }
    if let Some(name) = &wishes.one_memory {
        return memory_one(name);
    }
    if wishes.large {
        return large(&wishes);
    }
    let shapes: Vec<Shape> = Shape::all(nodes())
        .into_iter()
        .filter(|s| wishes.plain.want(s.name))
        .collect();
    times(&wishes, &shapes);
    if wishes.plain.want("nested") || wishes.plain.want("coarse") {
        others(&wishes);
    }
    memory(&shapes);
}

/// What the command line asks for.
struct Wishes {
    plain: common::wishes::Wishes,
    ours: bool,
    least: bool,
    large: bool,
    /// The shape that this process measures for `large`.
    one_large: Option<String>,
    /// The shape that this process measures for `memory`.
    one_memory: Option<String>,
}

impl Wishes {
    fn read() -> Wishes {
        let (mut ours, mut least, mut large) = (false, false, false);
        let (mut one_large, mut one_memory) = (None, None);
        let plain = common::wishes::Wishes::read_also(|word, next| {
            match word {
                "--ours" => ours = true,
                "--least" => least = true,
                "--large" => large = true,
                "--large-one" => one_large = Some(next()),
                "--memory-one" => one_memory = Some(next()),
                _ => return false,
            }
            true
        });
        Wishes {
            plain,
            ours,
            least,
            large,
            one_large,
            one_memory,
        }
    }
}

// ------------------------------------------------------------------ time

/// What one run of a variant took; a phase that the variant does not have is `None`.
#[derive(Clone, Copy, Default)]
struct Phases {
    build: Option<Duration>,
    plan: Option<Duration>,
    run: Option<Duration>,
    drop: Option<Duration>,
    total: Duration,
}

/// One line of the table: a name, and how to run it and check the result.
struct Variant<'s> {
    name: &'static str,
    threads: usize,
    once: Box<dyn Fn() -> Phases + 's>,
    seen: Vec<Phases>,
}

impl<'s> Variant<'s> {
    fn new(name: &'static str, threads: usize, once: impl Fn() -> Phases + 's) -> Variant<'s> {
        Variant {
            name,
            threads,
            once: Box::new(once),
            seen: Vec::new(),
        }
    }

    /// Nanoseconds: the median over the runs, or the least.
    fn typical(&self, least: bool, phase: impl Fn(&Phases) -> Option<Duration>) -> Option<f64> {
        let mut all: Vec<Duration> = self.seen.iter().filter_map(phase).collect();
        all.sort_unstable();
        let at = if least { 0 } else { all.len() / 2 };
        Some(all.get(at)?.as_nanos() as f64)
    }
}

/// Runs and times one phase. Not inlined, so that profilers see the phases by name.
#[inline(never)]
fn timed<T>(phase: impl FnOnce() -> T) -> (T, Duration) {
    let since = Instant::now();
    let result = black_box(phase());
    (result, since.elapsed())
}

/// Runs every variant once per round, and prints a line for each. The first is the loop that the others
/// are compared with.
fn compare(wishes: &Wishes, what: &str, nodes: usize, mut variants: Vec<Variant<'_>>) {
    let floor = variants[0].name;
    variants.retain(|v| v.name == floor || wishes.plain.threads.is_none_or(|n| v.threads == n));
    for _ in 0..wishes.plain.runs {
        for variant in &mut variants {
            let phases = (variant.once)();
            variant.seen.push(phases);
        }
    }
    let per_node = |variant: &Variant<'_>, phase: fn(&Phases) -> Option<Duration>| {
        Some(variant.typical(wishes.least, phase)? / nodes as f64)
    };
    let total = |variant: &Variant<'_>| per_node(variant, |p| Some(p.total)).unwrap_or_default();
    let floor = total(&variants[0]);
    for variant in &variants {
        let cell = |phase| per_node(variant, phase).map_or(String::new(), |ns| format!("{ns:.1}"));
        println!(
            "| {what} | {} | {} | {} | {} | {} | {} | {:.1} | {:.2} |",
            variant.name,
            variant.threads,
            cell(|p| p.build),
            cell(|p| p.plan),
            cell(|p| p.run),
            cell(|p| p.drop),
            total(variant),
            total(variant) / floor,
        );
    }
}

fn times(wishes: &Wishes, shapes: &[Shape]) {
    let pools = [(1, pool(1)), (2, pool(2))];
    println!("| shape (nodes) | variant | threads | build | plan | run | drop | total | x loop |");
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|");
    for shape in shapes {
        let expected = &plain_loop(shape)[..];
        let mut variants = vec![Variant::new("plain loop", 1, || looped(shape, expected))];
        for threads in [1, 2] {
            variants.push(Variant::new("lazygraph", threads, move || {
                ours(shape, expected, threads)
            }));
        }
        if !wishes.ours {
            variants.push(Variant::new("boxed closures", 1, || {
                closures(shape, expected)
            }));
            for (threads, pool) in &pools {
                variants.push(Variant::new("flat CSR on rayon", *threads, || {
                    csr(shape, expected, pool)
                }));
            }
        }
        compare(
            wishes,
            &format!("{} ({})", shape.name, shape.len()),
            shape.len(),
            variants,
        );
    }
}

/// The phases one by one, and then, afresh, all in one.
fn ours(shape: &Shape, expected: &[u64], threads: usize) -> Phases {
    let options = Options::new().threads(threads);
    let (outputs, build) = timed(|| shape.delayed());
    let (planned, plan) = timed(|| Plan::new(outputs, &options).expect("a graph without cycles"));
    let (values, run) = timed(|| planned.run().expect("no task fails"));
    assert_eq!(values, expected, "{} on {threads} threads", shape.name);
    let ((), drop) = timed(|| drop(planned));
    let (values, total) = timed(|| shape.lazygraph(&options).expect("no task fails"));
    assert_eq!(values, expected, "{} on {threads} threads", shape.name);
    Phases {
        build: Some(build),
        plan: Some(plan),
        run: Some(run),
        drop: Some(drop),
        total,
    }
}

fn looped(shape: &Shape, expected: &[u64]) -> Phases {
    let (values, total) = timed(|| plain_loop(black_box(shape)));
    assert_eq!(values, expected);
    Phases {
        total,
        ..Phases::default()
    }
}

fn closures(shape: &Shape, expected: &[u64]) -> Phases {
    let (bodies, build) = timed(|| Closures::build(shape));
    let (values, run) = timed(|| bodies.run());
    assert_eq!(values, expected);
    let ((), drop) = timed(|| drop(bodies));
    Phases {
        build: Some(build),
        plan: None,
        run: Some(run),
        drop: Some(drop),
        total: build + run + drop,
    }
}

fn csr(shape: &Shape, expected: &[u64], pool: &ThreadPool) -> Phases {
    let (graph, build) = timed(|| Csr::build(shape));
    let (values, run) = timed(|| graph.run(pool));
    assert_eq!(values, expected);
    let ((), drop) = timed(|| drop(graph));
    Phases {
        build: Some(build),
        plan: None,
        run: Some(run),
        drop: Some(drop),
        total: build + run + drop,
    }
}

/// Nested graphs and coarse nodes.
fn others(wishes: &Wishes) {
    let whole = |total| Phases {
        total,
        ..Phases::default()
    };
    let pools = [(1, pool(1)), (2, pool(2))];
    if wishes.plain.want("nested") {
        let mut variants = vec![Variant::new("recursion", 1, || {
            let (value, total) = timed(|| tasks::plain_fib(black_box(FIB_OF)));
            assert_eq!(value, FIB);
            whole(total)
        })];
        for (threads, pool) in &pools {
            let options = Options::new().threads(*threads);
            variants.push(Variant::new("lazygraph", *threads, move || {
                let (value, total) = timed(|| tasks::fib(FIB_OF).compute_with(&options));
                assert_eq!(value.expect("no task fails"), FIB);
                whole(total)
            }));
            variants.push(Variant::new("rayon::join", *threads, move || {
                let (value, total) = timed(|| pool.install(|| tasks::join_fib(black_box(FIB_OF))));
                assert_eq!(value, FIB);
                whole(total)
            }));
        }
        compare(
            wishes,
            &format!("nested fib({FIB_OF}) ({FIB_CALLS} calls)"),
            FIB_CALLS as usize,
            variants,
        );
    }
    if wishes.plain.want("coarse") {
        let count = (nodes() as u64 / 200).max(16);
        let expected = tasks::coarse_loop(count);
        let mut variants = vec![Variant::new("plain loop", 1, move || {
            let (value, total) = timed(|| tasks::coarse_loop(black_box(count)));
            assert_eq!(value, expected);
            whole(total)
        })];
        for (threads, pool) in &pools {
            let options = Options::new().threads(*threads);
            variants.push(Variant::new("lazygraph", *threads, move || {
                let (value, total) = timed(|| tasks::coarse(count).compute_with(&options));
                assert_eq!(value.expect("no task fails"), expected);
                whole(total)
            }));
            variants.push(Variant::new("rayon par_iter", *threads, move || {
                let (value, total) =
                    timed(|| pool.install(|| tasks::coarse_rayon(black_box(count))));
                assert_eq!(value, expected);
                whole(total)
            }));
        }
        compare(
            wishes,
            &format!("coarse, 10 us ({count})"),
            count as usize,
            variants,
        );
    }
}

// ------------------------------------------------------------------ memory

/// Counts live bytes while it is told to; costs one branch otherwise.
struct Counted {
    on: AtomicBool,
    live: AtomicI64,
    peak: AtomicI64,
}

impl Counted {
    const fn new() -> Counted {
        Counted {
            on: AtomicBool::new(false),
            live: AtomicI64::new(0),
            peak: AtomicI64::new(0),
        }
    }

    fn add(&self, bytes: i64) {
        if self.on.load(Relaxed) {
            let live = self.live.fetch_add(bytes, Relaxed) + bytes;
            self.peak.fetch_max(live, Relaxed);
        }
    }

    /// Counts from here.
    fn start(&self) {
        self.live.store(0, Relaxed);
        self.peak.store(0, Relaxed);
        self.on.store(true, Relaxed);
    }

    fn stop(&self) {
        self.on.store(false, Relaxed);
    }
}

// SAFETY: everything is done by `System`; counting touches no memory but the counters.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size() as i64);
        // SAFETY: the caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        self.add(-(layout.size() as i64));
        // SAFETY: as above; what was allocated came from `System`.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.add(size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Requested bytes per node: of the built graph, and at the peak of build and compute. Each shape in a process of its own,
/// for lazygraph keeps memory of nodes for the next graph.
fn memory(shapes: &[Shape]) {
    println!();
    println!(
        "| shape (nodes) | edges per node | bytes per node, graph | bytes per node, peak of build + compute |"
    );
    println!("|---|--:|--:|--:|");
    for shape in shapes {
        again(&["--memory-one", shape.name]);
    }
}

fn memory_one(name: &str) {
    let mut shapes = Shape::all(nodes()).into_iter();
    let Some(shape) = shapes.find(|shape| shape.name == name) else {
        panic!("{name}: no such shape")
    };
    drop(shapes);
    let expected = plain_loop(&shape);
    let options = Options::new().threads(1);
    MEMORY.start();
    let outputs = shape.delayed();
    let graph = MEMORY.live.load(Relaxed);
    let values = lazygraph::compute_with(&options, outputs).expect("no task fails");
    MEMORY.stop();
    assert_eq!(values, expected);
    let n = shape.len() as f64;
    println!(
        "| {} ({}) | {:.2} | {:.0} | {:.0} |",
        shape.name,
        shape.len(),
        shape.edges() as f64 / n,
        graph as f64 / n,
        MEMORY.peak.load(Relaxed) as f64 / n,
    );
}

/// Runs this program once more, on one shape.
fn again(args: &[&str]) {
    let this = std::env::current_exe().expect("this program has a path");
    let bench = is_measuring().then_some("--bench");
    let done = std::process::Command::new(this)
        .args(bench)
        .args(args)
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "{args:?} has failed"
    );
}

// ------------------------------------------------------------------ large graphs

/// Each shape in a process of its own, for a process remembers its peak.
fn large(wishes: &Wishes) {
    println!(
        "| shape | nodes | bytes per node, peak resident | build | plan | run | drop | total |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for name in ["chain", "wide", "tree", "wavefront"] {
        if wishes.plain.want(name) {
            again(&["--large-one", name]);
        }
    }
}

/// Ten times the usual nodes, once.
fn large_one(name: &str) {
    let leaves = nodes() * 10;
    // The arrays for the hand-written variants would be in the way: only their last value is wanted.
    let (shape, expected) = {
        let shape = match name {
            "chain" => Shape::chain(leaves),
            "wide" => Shape::wide(leaves),
            // A tree has as many inner nodes as leaves.
            "tree" => Shape::tree(leaves / 2),
            "wavefront" => Shape::wavefront(leaves),
            _ => panic!("{name}: no such shape"),
        };
        let expected = plain_loop(&shape);
        (shape.without_arrays(), expected)
    };
    let before = resident("VmRSS:");
    forget_peak();
    let options = Options::new().threads(1);
    let (outputs, build) = timed(|| shape.delayed());
    let (planned, plan) = timed(|| Plan::new(outputs, &options).expect("a graph without cycles"));
    let (values, run) = timed(|| planned.run().expect("no task fails"));
    assert_eq!(values, expected);
    let peak = resident("VmHWM:");
    let ((), drop) = timed(|| drop(planned));
    let n = shape.len() as f64;
    let per_node = |phase: Duration| phase.as_nanos() as f64 / n;
    println!(
        "| {} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
        shape.name,
        shape.len(),
        peak.saturating_sub(before) as f64 / n,
        per_node(build),
        per_node(plan),
        per_node(run),
        per_node(drop),
        per_node(build + plan + run + drop),
    );
}

/// Makes the kernel forget the peak so far, where it can; else the peak is that of the whole process.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// A size of this process in bytes, from Linux's `/proc/self/status`; 0 elsewhere.
fn resident(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
