//! What a node costs, phase by phase, beside the same by hand.
//!
//! Everything is per node (`elem/s` is nodes per second). See `benches/README.md` for what each name means.

#[path = "../common/mod.rs"]
mod common;

use common::hand::{Closures, Csr, plain_loop};
use common::shapes::Shape;
use common::tasks::{self, FIB, FIB_CALLS, FIB_OF};
use common::{nodes, pool};
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use lazygraph::{Delayed, Options, Plan};
use std::hint::black_box;
use std::time::Duration;

const ONCE: BatchSize = BatchSize::PerIteration;

fn shapes(criterion: &mut Criterion) {
    for shape in Shape::all(nodes()) {
        let mut group = criterion.benchmark_group(shape.name);
        group.throughput(Throughput::Elements(shape.len() as u64));
        by_phase(&mut group, &shape);
        by_hand(&mut group, &shape);
    }
}

/// The phases of a compute, then all of it.
fn by_phase(group: &mut BenchmarkGroup<'_, WallTime>, shape: &Shape) {
    let expected = plain_loop(shape);
    let one = Options::new().threads(1);
    let planned =
        |outputs: Vec<Delayed<u64>>| Plan::new(outputs, &one).expect("a graph without cycles");

    group.bench_function("build", |b| {
        b.iter_batched(|| (), |()| shape.delayed(), ONCE)
    });
    group.bench_function("optimise", |b| {
        b.iter_batched(|| shape.delayed(), planned, ONCE)
    });
    // The plan is kept: from its second run on, it knows who waits for whom.
    let plan = planned(shape.delayed());
    for threads in [1, 2] {
        let options = Options::new().threads(threads);
        let run = || plan.run_with(&options).expect("no task fails");
        assert_eq!(run(), expected, "{} on {threads} threads", shape.name);
        group.bench_function(format!("run/{threads}"), |b| b.iter(run));
    }
    drop(plan);
    group.bench_function("drop", |b| {
        b.iter_batched(|| planned(shape.delayed()), drop, ONCE)
    });
    for threads in [1, 2] {
        let options = Options::new().threads(threads);
        let total = || shape.lazygraph(&options).expect("no task fails");
        assert_eq!(total(), expected, "{} on {threads} threads", shape.name);
        group.bench_function(format!("total/{threads}"), |b| b.iter(total));
    }
}

/// Baselines: build, run and drop together.
fn by_hand(group: &mut BenchmarkGroup<'_, WallTime>, shape: &Shape) {
    let expected = plain_loop(shape);
    group.bench_function("baseline: loop", |b| {
        b.iter(|| plain_loop(black_box(shape)))
    });
    let closures = || Closures::build(shape).run();
    assert_eq!(closures(), expected, "{} in closures", shape.name);
    group.bench_function("baseline: closures", |b| b.iter(closures));
    for threads in [1, 2] {
        let pool = pool(threads);
        let csr = || Csr::build(shape).run(&pool);
        assert_eq!(
            csr(),
            expected,
            "{} on {threads} threads of rayon",
            shape.name
        );
        group.bench_function(format!("baseline: rayon/{threads}"), |b| b.iter(csr));
    }
}

/// A graph inside every node.
fn nested(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("nested fib");
    group.throughput(Throughput::Elements(FIB_CALLS));
    for threads in [1, 2] {
        let options = Options::new().threads(threads);
        let lazy = || {
            tasks::fib(black_box(FIB_OF))
                .compute_with(&options)
                .expect("no task fails")
        };
        assert_eq!(lazy(), FIB);
        group.bench_function(format!("total/{threads}"), |b| b.iter(lazy));
        let pool = pool(threads);
        let join = || pool.install(|| tasks::join_fib(black_box(FIB_OF)));
        assert_eq!(join(), FIB);
        group.bench_function(format!("baseline: rayon::join/{threads}"), |b| b.iter(join));
    }
    group.bench_function("baseline: recursion", |b| {
        b.iter(|| tasks::plain_fib(black_box(FIB_OF)))
    });
    drop(group);

    // Each call is remembered: 81 bodies.
    let mut group = criterion.benchmark_group("nested pure fib");
    group.throughput(Throughput::Elements(81));
    for threads in [1, 2] {
        let options = Options::new().threads(threads);
        let lazy = || {
            tasks::pure_fib(80)
                .compute_with(&options)
                .expect("no task fails")
        };
        assert_eq!(lazy(), 23_416_728_348_467_685);
        group.bench_function(format!("total/{threads}"), |b| b.iter(lazy));
    }
}

/// Bodies of about 10 µs: here the graph should cost nothing.
fn coarse(criterion: &mut Criterion) {
    let count = (nodes() as u64 / 200).max(16);
    let expected = tasks::coarse_loop(count);
    let mut group = criterion.benchmark_group("coarse, 10 us");
    group.throughput(Throughput::Elements(count));
    for threads in [1, 2] {
        let options = Options::new().threads(threads);
        let lazy = || {
            tasks::coarse(count)
                .compute_with(&options)
                .expect("no task fails")
        };
        assert_eq!(lazy(), expected);
        group.bench_function(format!("total/{threads}"), |b| b.iter(lazy));
        let pool = pool(threads);
        let rayon = || pool.install(|| tasks::coarse_rayon(black_box(count)));
        assert_eq!(rayon(), expected);
        group.bench_function(format!("baseline: par_iter/{threads}"), |b| b.iter(rayon));
    }
    group.bench_function("baseline: loop", |b| {
        b.iter(|| tasks::coarse_loop(black_box(count)))
    });
}

/// Graphs in which one pass has much to do: with it and without.
fn passes(criterion: &mut Criterion) {
    let calls = (nodes() as u64 / 10).max(16);
    let expected = tasks::repeated_loop(calls);
    let mut group = criterion.benchmark_group("repeated pure calls");
    group.throughput(Throughput::Elements(calls));
    for on in [true, false] {
        let options = Options::new().threads(1).dedupe(on);
        let lazy = || {
            tasks::repeated(calls)
                .compute_with(&options)
                .expect("no task fails")
        };
        assert_eq!(lazy(), expected);
        group.bench_function(format!("total/1, dedupe {}", on_off(on)), |b| b.iter(lazy));
    }
    group.bench_function("baseline: loop", |b| {
        b.iter(|| tasks::repeated_loop(black_box(calls)))
    });
    drop(group);

    let count = (calls / tasks::LINKS).max(2);
    let expected = tasks::chains_loop(count);
    let mut group = criterion.benchmark_group("short chains");
    group.throughput(Throughput::Elements(count * tasks::LINKS));
    for (on, threads) in [(true, 1), (false, 1), (true, 2), (false, 2)] {
        let options = Options::new().threads(threads).fuse(on);
        let lazy = || {
            tasks::chains(count)
                .compute_with(&options)
                .expect("no task fails")
        };
        assert_eq!(lazy(), expected);
        group.bench_function(format!("total/{threads}, fuse {}", on_off(on)), |b| {
            b.iter(lazy)
        });
    }
    group.bench_function("baseline: loop", |b| {
        b.iter(|| tasks::chains_loop(black_box(count)))
    });
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Few samples of long iterations: a million nodes average enough.
fn config() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1000))
        .nresamples(10_000)
        .without_plots()
}

criterion_group! {
    name = benches;
    config = config();
    targets = shapes, nested, coarse, passes
}
criterion_main!(benches);
