//! What runs hold, and what it costs in time that they hold little.
//!
//! ```text
//! cargo bench --bench memory                      the tables
//! cargo bench --bench memory -- --only grid       some shapes (a part of their name)
//! cargo bench --bench memory -- --planning        what ordering a million heap-owning nodes takes
//! ```
//!
//! The shapes are those of the tests; every result is checked.

#[path = "common/simulate.rs"]
mod simulate;

use fixtures::Chance;
use fixtures::built::Make;
use fixtures::gallery::{self, Dag};
use fixtures::tracked::Meter;
use lazygraph::{Options, Plan, compute_with, prelude::*};
use rayon::{ThreadPool, ThreadPoolBuilder};
use simulate::{Policy, simulate};
use std::time::{Duration, Instant};

const WORKERS: [usize; 4] = [1, 2, 4, 8];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.get(at + 1).cloned()
    };
    let is_measuring = args.iter().any(|a| a == "--bench");
    if args.iter().any(|a| a == "--planning") {
        return planning(if is_measuring { 1_000_000 } else { 1_000 });
    }
    let only = after("--only");
    let wanted = |dag: &Dag| only.as_ref().is_none_or(|only| dag.name.contains(only));
    let promised = gallery::promised().into_iter().map(|(dag, _)| dag);
    let shapes: Vec<Dag> = promised.chain(gallery::gallery()).filter(wanted).collect();
    let pools: Vec<(usize, ThreadPool)> = WORKERS.map(|n| (n, pool(n))).into();
    memory(&shapes, &pools, if is_measuring { 20 } else { 1 });
    let large: Vec<&Dag> = shapes.iter().filter(|dag| dag.len() > 50).collect();
    simulated(&large);
    let few: &[&str] = match is_measuring {
        true => &[
            "tree(64) by 2",
            "ladder",
            "alltoall(8,8)",
            "crossval(5",
            "grid(20",
            "stencil(16",
            "chole",
            "butter",
        ],
        false => &["tree(64) by 2"],
    };
    let few = large
        .into_iter()
        .filter(|d| few.iter().any(|f| d.name.starts_with(f)));
    measured(&few.collect::<Vec<_>>(), &pools[1..]);
}

fn pool(threads: usize) -> ThreadPool {
    let built = ThreadPoolBuilder::new().num_threads(threads).build();
    built.unwrap_or_else(|e| panic!("cannot start {threads} threads: {e}"))
}

fn planned(dag: &Dag, fuse: bool) -> Plan<Vec<Delayed<i64>>> {
    let (outputs, _) = dag.built(&Meter::new());
    Plan::new(outputs, &Options::new().fuse(fuse)).expect("no cycles")
}

// ------------------------------------------------------------------ memory

/// The most that was alive in so many runs, in half of which the bodies rest.
fn alive(dag: &Dag, pool: &ThreadPool, fuse: bool, runs: usize) -> usize {
    let options = Options::new().pool(pool).fuse(fuse);
    let one = |run: usize| {
        let meter = Meter::new();
        let make = Make {
            meter: &meter,
            pause: Duration::from_micros(if run % 2 == 1 { 20 } else { 0 }),
            prefix: "",
        };
        let (outputs, expected) = dag.build(make, &dag.creation());
        let values = compute_with(&options, &outputs).expect("no task fails");
        assert_eq!(values, expected, "{}", dag.name);
        meter.peak()
    };
    (0..runs).map(one).max().unwrap_or(0)
}

fn memory(shapes: &[Dag], pools: &[(usize, ThreadPool)], runs: usize) {
    println!(
        "| shape (nodes) | as created | breadth first | depth first | **P** | L on 1 / 2 / 4 / 8 | P fused | L fused on 1 / 2 / 4 / 8 |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let mut worst = 0;
    for dag in shapes {
        let mut cells = Vec::new();
        for fuse in [false, true] {
            let peak = planned(dag, fuse).memory_profile().peak();
            let all = pools.iter().map(|(workers, pool)| {
                let alive = alive(dag, pool, fuse, runs);
                let allowed = if *workers == 1 { 1 } else { 1 + 2 * workers };
                assert!(
                    alive <= peak + allowed,
                    "{}: {alive} alive on {workers}",
                    dag.name
                );
                alive.to_string()
            });
            let all: Vec<String> = all.collect();
            cells.push((peak, all.join(" / ")));
        }
        let plain = [dag.creation(), dag.breadth_first(), dag.depth_first()].map(|o| dag.peak(&o));
        println!(
            "| {} ({}) | {} | {} | {} | **{}** | {} | {} | {} |",
            dag.name,
            dag.len(),
            plain[0],
            plain[1],
            plain[2],
            cells[0].0,
            cells[0].1,
            cells[1].0,
            cells[1].1
        );
        worst = worst.max(cells[0].0.saturating_sub(dag.plain_peak()));
    }
    println!("\nWorst against the best of the three plain orders: {worst} more.\n");
}

// ------------------------------------------------------------------ time

/// The numbers of the nodes, as one worker runs them.
fn order(dag: &Dag) -> Vec<usize> {
    let number = |label: &str| label.parse().expect("labels are numbers");
    planned(dag, false)
        .order()
        .map(|n| number(n.label()))
        .collect()
}

fn simulated(shapes: &[&Dag]) {
    println!(
        "| shape (nodes) | equal nodes, 2 / 4 / 8 workers | uneven nodes, 2 / 4 / 8 workers | L: LIFO, 8 | L: by rank, 8 |"
    );
    println!("|---|--:|--:|--:|--:|");
    let mut above = [0; 2];
    for dag in shapes {
        let order = order(dag);
        let mut cells = [Vec::new(), Vec::new()];
        let mut peaks = [0, 0];
        for (uneven, cells) in cells.iter_mut().enumerate() {
            for workers in &WORKERS[1..] {
                let mut spans = [0, 0];
                for seed in 0..1 + 9 * uneven as u64 {
                    let mut chance = Chance(seed);
                    let mut duration = || match uneven {
                        0 => 1,
                        // From 1 to 10000, most of them short.
                        _ => (1 + chance.below(100) as u64) * (1 + chance.below(100) as u64),
                    };
                    let durations: Vec<u64> = (0..dag.len()).map(|_| duration()).collect();
                    for (at, policy) in [Policy::Lifo, Policy::Ranked].into_iter().enumerate() {
                        let run = simulate(dag, &order, &durations, *workers, policy);
                        spans[at] += run.makespan;
                        peaks[at] = peaks[at].max(run.peak);
                    }
                }
                let more = (spans[1] as f64 / spans[0] as f64 - 1.0) * 100.0;
                above[uneven] += usize::from(more > 10.0);
                cells.push(format!("{more:+.1}"));
            }
        }
        println!(
            "| {} ({}) | {} | {} | {} | {} |",
            dag.name,
            dag.len(),
            cells[0].join(" / "),
            cells[1].join(" / "),
            peaks[0],
            peaks[1]
        );
    }
    println!(
        "\nOf {} figures each, above 10 %: {} of equal nodes, {} of uneven ones.\n",
        3 * shapes.len(),
        above[0],
        above[1]
    );
}

#[delayed]
fn number(pause: Duration, number: i64, inputs: &[i64]) -> i64 {
    std::thread::sleep(pause);
    inputs.iter().fold(number, |a, b| a.wrapping_add(*b))
}

/// The same graph of plain numbers, which own no heap memory: it is run last in, first out.
fn plain(dag: &Dag, pause: Duration) -> Vec<Delayed<i64>> {
    let mut nodes: Vec<Delayed<i64>> = Vec::new();
    for (i, inputs) in dag.inputs.iter().enumerate() {
        let inputs: Vec<Delayed<i64>> = inputs.iter().map(|&k| nodes[k].clone()).collect();
        nodes.push(number(pause, i as i64, inputs));
    }
    dag.outputs().iter().map(|&i| nodes[i].clone()).collect()
}

fn measured(shapes: &[&Dag], pools: &[(usize, ThreadPool)]) {
    const PAUSE: Duration = Duration::from_millis(1);
    println!("| shape (nodes) | workers | LIFO, ms | by rank, ms | more, % |");
    println!("|---|--:|--:|--:|--:|");
    for dag in shapes {
        for (workers, pool) in pools {
            let options = Options::new().pool(pool).fuse(false);
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..5 {
                let outputs = plain(dag, PAUSE);
                let since = Instant::now();
                let first = compute_with(&options, &outputs).expect("no task fails");
                times[0].push(since.elapsed());
                let meter = Meter::new();
                let make = Make {
                    meter: &meter,
                    pause: PAUSE,
                    prefix: "",
                };
                let (outputs, expected) = dag.build(make, &dag.creation());
                let since = Instant::now();
                let second = compute_with(&options, &outputs).expect("no task fails");
                times[1].push(since.elapsed());
                assert!(first == expected && second == expected, "{}", dag.name);
            }
            let [lifo, ranked] = times.map(|mut all| {
                all.sort_unstable();
                all[all.len() / 2].as_secs_f64() * 1e3
            });
            println!(
                "| {} ({}) | {workers} | {lifo:.1} | {ranked:.1} | {:+.1} |",
                dag.name,
                dag.len(),
                (ranked / lifo - 1.0) * 100.0
            );
        }
    }
}

// ------------------------------------------------------------------ planning

#[delayed]
fn listed(number: i64, inputs: &[&Vec<i64>]) -> Vec<i64> {
    vec![inputs.iter().fold(number, |a, b| a.wrapping_add(b[0]))]
}

/// Without labels, which take longer than everything else.
fn lists(dag: &Dag) -> Vec<Delayed<Vec<i64>>> {
    let mut nodes: Vec<Delayed<Vec<i64>>> = Vec::new();
    for (i, inputs) in dag.inputs.iter().enumerate() {
        let inputs: Vec<Delayed<Vec<i64>>> = inputs.iter().map(|&k| nodes[k].clone()).collect();
        nodes.push(listed(i as i64, inputs));
    }
    dag.outputs().iter().map(|&i| nodes[i].clone()).collect()
}

fn planning(n: usize) {
    let side = n.isqrt();
    let shapes = [
        gallery::chains(1, n),
        gallery::tree(n.next_power_of_two() / 2, 2),
        gallery::fold(n / 2),
        gallery::ladder(n / 3),
        gallery::grid(side, side, false),
        gallery::layered(1, side, side),
        gallery::sparse(1, n),
    ];
    println!(
        "| shape (nodes) | P | not ordered: ns per node | ordered: ns per node | run on 1 / 2 threads: ns per node |"
    );
    println!("|---|--:|--:|--:|--:|");
    for dag in shapes {
        let outputs = lists(&dag);
        let plan = |ordered: bool| {
            let options = Options::new().fuse(false).order(ordered);
            Plan::new(&outputs, &options).expect("no cycles")
        };
        let walk = typical(&dag, || plan(false));
        let ordered = typical(&dag, || plan(true));
        let plan = plan(true);
        let run = [1, 2].map(|threads| {
            let options = Options::new().threads(threads);
            let ns = typical(&dag, || plan.run_with(&options).expect("no task fails"));
            format!("{ns:.0}")
        });
        println!(
            "| {} ({}) | {} | {walk:.0} | {ordered:.0} | {} |",
            dag.name,
            dag.len(),
            plan.memory_profile().peak(),
            run.join(" / ")
        );
    }
}

/// Nanoseconds per node, the median of three.
fn typical<T>(dag: &Dag, what: impl Fn() -> T) -> f64 {
    let once = |_| {
        let since = Instant::now();
        let result = what();
        let took = since.elapsed();
        drop(result);
        took
    };
    let mut all: Vec<Duration> = (0..3).map(once).collect();
    all.sort_unstable();
    all[1].as_nanos() as f64 / dag.len() as f64
}
