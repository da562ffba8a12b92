//! What the benches share: graphs of known answer, tasks of known cost, and hand-written code for the same.
#![allow(dead_code, reason = "each bench uses its own part of this module")]

pub(crate) mod hand;
pub(crate) mod shapes;
pub(crate) mod tasks;
pub(crate) mod wishes;

/// About how many nodes a shape has: `LAZYGRAPH_BENCH_NODES`, else a million; few where the bench is only
/// tried (`cargo test --benches`).
pub(crate) fn nodes() -> usize {
    if let Ok(given) = std::env::var("LAZYGRAPH_BENCH_NODES") {
        let text = given.replace('_', "");
        return text
            .parse()
            .unwrap_or_else(|_| panic!("LAZYGRAPH_BENCH_NODES: `{given}` is not a number"));
    }
    if is_measuring() { 1_000_000 } else { 1_000 }
}

/// Whether cargo runs this as a bench, not as a test.
pub(crate) fn is_measuring() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// A rayon pool of so many threads.
pub(crate) fn pool(threads: usize) -> rayon::ThreadPool {
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    built.unwrap_or_else(|e| panic!("cannot start {threads} threads: {e}"))
}
