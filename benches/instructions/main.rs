//! What lazygraph does in instructions, for `benches/instructions/run`, which counts them with callgrind.
//!
//! ```text
//! benches/instructions/run                     counts, and compares with the figures that are stored
//! cargo bench --bench instructions             only runs what would be counted, and checks every result
//! cargo bench --bench instructions -- list     the workloads
//! ```
//!
//! Callgrind writes a file for each phase, named `workload phase nodes`. One thread computes, but for the client, which has a
//! thread of its own.

#[path = "../common/mod.rs"]
mod common;

use common::hand::plain_loop;
use common::shapes::Shape;
use common::tasks;
use lazygraph::{Client, Delayed, Options, Plan, call, delayed};
use std::ffi::{CStr, CString};
use std::hint::black_box;
use std::sync::{Arc, Barrier};

/// About as many nodes as fit the caches of a small machine: instructions per node do not depend on it.
const NODES: usize = 20_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut names: Vec<&str> = args.iter().map(String::as_str).collect();
    // What cargo says to every bench and test.
    names.retain(|arg| !["--bench", "--test", "--nocapture"].contains(arg));
    match names[..] {
        [] => WORKLOADS.iter().for_each(|(_, run)| run()),
        ["list"] => WORKLOADS.iter().for_each(|(name, _)| println!("{name}")),
        [name] => {
            let found = WORKLOADS.iter().find(|(known, _)| *known == name);
            let (_, run) = found.unwrap_or_else(|| panic!("{name}: no such workload"));
            run();
        }
        _ => panic!("one workload, please: {names:?}"),
    }
}

const WORKLOADS: &[(&str, fn())] = &[
    ("chain", || shape("chain", &Shape::chain(NODES))),
    ("wide", || shape("wide", &Shape::wide(NODES * 15 / 16))),
    ("tree", || shape("tree", &Shape::tree(NODES / 2))),
    ("wavefront", || shape("wavefront", &Shape::wavefront(NODES))),
    ("layered", || shape("layered", &Shape::layered(NODES))),
    ("lists", lists),
    ("nested", nested),
    ("keys", keys),
    ("list-key", list_key),
    ("dedupe", dedupe),
    ("alone", alone),
    ("one-node", one_node),
    ("client", client),
];

// ------------------------------------------------------------------ counting

/// What callgrind can be asked for, from "Client requests" in its manual: `CT` and a number.
#[derive(Clone, Copy)]
enum Request {
    Zero = 1,
    /// Writes down what has been counted, under a name.
    Dump = 3,
    Start = 4,
    Stop = 5,
}

/// Tells callgrind. Nothing happens where the program does not run under it.
#[cfg(target_arch = "x86_64")]
fn ask(request: Request, name: &CStr) {
    let code = usize::from_be_bytes(*b"\0\0\0\0CT\0\0") + request as usize;
    let args: [usize; 6] = [code, name.as_ptr().addr(), 0, 0, 0, 0];
    // SAFETY: the rotations add up to 128 bits and so change nothing, nor does the exchange of a register with itself.
    // Valgrind knows the sequence and reads `args`, and the name, which live as long as that takes.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") &args,
            inout("rdx") 0usize => _,
        );
    }
}

/// Elsewhere nothing is counted.
#[cfg(not(target_arch = "x86_64"))]
fn ask(_: Request, _: &CStr) {}

/// Runs what is to be counted.
#[inline(never)]
fn counted<T>(workload: &str, phase: &str, nodes: usize, run: impl FnOnce() -> T) -> T {
    let name = CString::new(format!("{workload} {phase} {nodes}")).expect("no zero byte");
    ask(Request::Start, &name);
    ask(Request::Zero, &name);
    let result = black_box(run());
    ask(Request::Dump, &name);
    ask(Request::Stop, &name);
    result
}

fn one_thread() -> Options {
    Options::new().threads(1)
}

/// Plan, run and drop, apart from each other.
fn plan_run_drop(
    workload: &str,
    nodes: usize,
    outputs: Vec<Delayed<u64>>,
    options: &Options,
) -> Vec<u64> {
    let plan = counted(workload, "plan", nodes, || {
        Plan::new(outputs, options).expect("no cycles")
    });
    let values = counted(workload, "run", nodes, || {
        plan.run().expect("no task fails")
    });
    counted(workload, "drop", nodes, || drop(plan));
    values
}

// ------------------------------------------------------------------ workloads

fn shape(name: &str, shape: &Shape) {
    let outputs = counted(name, "build", shape.len(), || shape.delayed());
    let values = plan_run_drop(name, shape.len(), outputs, &one_thread());
    assert_eq!(values, plain_loop(shape));
}

#[delayed]
fn list(i: u64) -> Vec<u64> {
    vec![i]
}

#[delayed]
fn append(mut a: Vec<u64>, b: &[u64]) -> Vec<u64> {
    a[0] = a[0].wrapping_mul(3).wrapping_add(b[0]);
    a
}

/// Results that own memory: the planner orders them, and the run keeps their books.
fn lists() {
    let leaves = (NODES / 2).next_power_of_two();
    let nodes = 2 * leaves - 1;
    let build = || {
        let mut level: Vec<_> = (0..leaves as u64).map(list).collect();
        while level.len() > 1 {
            let pairs = level.chunks_exact(2).map(|pair| append(&pair[0], &pair[1]));
            level = pairs.collect();
        }
        level.remove(0)
    };
    let root = counted("lists", "build", nodes, build);
    let plan = counted("lists", "plan", nodes, || {
        Plan::new(root, &one_thread()).expect("no cycles")
    });
    let value = counted("lists", "run", nodes, || plan.run().expect("no task fails"));
    counted("lists", "drop", nodes, || drop(plan));
    let mut level: Vec<u64> = (0..leaves as u64).collect();
    while level.len() > 1 {
        let pairs = level
            .chunks_exact(2)
            .map(|pair| pair[0].wrapping_mul(3).wrapping_add(pair[1]));
        level = pairs.collect();
    }
    assert_eq!(value, level);
}

/// A graph inside every node.
fn nested() {
    const CALLS: usize = 8_361;
    let value = counted("nested", "total", CALLS, || {
        tasks::fib(black_box(18)).compute_with(&one_thread())
    });
    assert_eq!(value.expect("no task fails"), 2_584);
}

#[delayed(pure)]
fn multiply(a: u64, b: u64) -> u64 {
    a.wrapping_mul(b)
}

/// Pure calls, none of them equal: a key for each, all remembered.
fn keys() {
    let build = || {
        let calls = (0..NODES as u64).map(|i| multiply(i, i + 1));
        calls.collect::<Vec<_>>()
    };
    let outputs = counted("keys", "build", NODES, build);
    let values = plan_run_drop("keys", NODES, outputs, &one_thread());
    let expected: Vec<u64> = (0..NODES as u64).map(|i| i.wrapping_mul(i + 1)).collect();
    assert_eq!(values, expected);
}

#[delayed(pure)]
fn total(xs: &[f64]) -> u64 {
    xs.len() as u64
}

/// The key of a long argument. Per number, not per node.
fn list_key() {
    const NUMBERS: usize = 1_000_000;
    let xs: Vec<f64> = (0..NUMBERS).map(|i| i as f64).collect();
    let call = total(xs);
    let plan = counted("list-key", "plan", NUMBERS, || {
        Plan::new(call, &one_thread()).expect("no cycles")
    });
    assert_eq!(plan.run().expect("no task fails"), NUMBERS as u64);
}

/// Pure calls, most of them equal.
fn dedupe() {
    let calls = NODES as u64;
    let nodes = NODES + NODES / 15;
    let sum = counted("dedupe", "build", nodes, || tasks::repeated(calls));
    let values = plan_run_drop("dedupe", nodes, vec![sum], &one_thread());
    assert_eq!(values, [tasks::repeated_loop(calls)]);
}

#[delayed]
fn next(x: u64) -> u64 {
    x + 1
}

/// One trivial node after the other, each computed by itself from outside: directly, for the options say nothing.
fn alone() {
    one_by_one("alone", |x| x.compute());
}

/// The same with options: each has a plan and a run.
fn one_node() {
    let options = one_thread();
    one_by_one("one-node", |x| x.compute_with(&options));
}

fn one_by_one(workload: &str, compute: impl Fn(Delayed<u64>) -> Result<u64, lazygraph::Error>) {
    const COMPUTES: usize = 1_000;
    // What a process does once is not a part of it.
    assert_eq!(compute(next(1)).expect("no task fails"), 2);
    let last = counted(workload, "total", COMPUTES, || {
        (0..COMPUTES).fold(0, |x, _| compute(next(x)).expect("no task fails"))
    });
    assert_eq!(last, COMPUTES as u64);
}

/// Futures. The one slot is taken until all tasks have been submitted, so that nothing depends on who is faster.
fn client() {
    const TASKS: usize = 5_000;
    let client = Client::builder().threads(1).build();
    let client = client.expect("a thread");
    let (begun, go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let holder = {
        let (begun, go) = (begun.clone(), go.clone());
        let hold = move || {
            begun.wait();
            go.wait();
        };
        client.submit(call(hold, ()))
    };
    begun.wait();
    let futures = counted("client", "submit", TASKS, || {
        let tasks = (0..TASKS as u64).map(|i| client.submit(next(i)));
        tasks.collect::<Vec<_>>()
    });
    counted("client", "run", TASKS, || {
        go.wait();
        // The last one in ends last.
        futures[TASKS - 1].result().expect("no task fails")
    });
    let sum = counted("client", "result", TASKS, || {
        let values = futures.iter().map(|x| x.result().expect("no task fails"));
        values.sum::<u64>()
    });
    counted("client", "drop", TASKS, || drop(futures));
    holder.result().expect("it ends");
    assert_eq!(sum, (1..=TASKS as u64).sum());
}
