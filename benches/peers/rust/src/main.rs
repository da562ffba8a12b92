//! lazygraph and its peers in Rust, one run after the other of one peer on one workload.
//!
//! ```text
//! lazygraph-peers PEER WORKLOAD SIZE THREADS WARM-UPS RUNS
//! lazygraph-peers list
//! ```
//!
//! Each run prints a line for each of its phases, `RESULT peer workload threads phase nanoseconds checksum`, the last of
//! them `total`; `list` prints the names of the peers that this program was built with.

#[path = "../../../common/mod.rs"]
mod common;

#[cfg(feature = "dag_exec")]
mod dag_exec;
#[cfg(feature = "dagrs")]
mod dagrs;
#[cfg(feature = "dagx")]
mod dagx;
mod hand;
mod joins;
mod ours;
#[cfg(feature = "petgraph")]
mod petgraph;
mod sample;

use common::shapes::Shape;
use sample::Sample;

/// Gives the same peer on the same workload, again and again.
type Peer = Box<dyn FnMut() -> Sample>;

/// A name on the command line, and what it runs, if it has a program for that workload.
type Row = (&'static str, fn(&Work) -> Option<Peer>);

/// What is to be computed.
enum Job {
    /// A graph of known shape. It lives as long as the process, for some peers want that.
    Graph(&'static Shape),
    /// The n-th Fibonacci number, both calls of each level spawned.
    Fib(u64),
}

struct Work {
    job: Job,
    threads: usize,
}

impl Work {
    fn graph(&self) -> Option<&'static Shape> {
        match self.job {
            Job::Graph(shape) => Some(shape),
            Job::Fib(_) => None,
        }
    }
}

const PEERS: &[Row] = &[
    ("lazygraph", ours::total),
    ("lazygraph-phases", ours::phases),
    ("lazygraph-kept", ours::kept_plan),
    ("loop", hand::plain),
    ("closures", hand::closures),
    ("rayon-csr", hand::csr),
    ("rayon-join", joins::rayon_join),
    ("rayon-scope", joins::rayon_scope),
    #[cfg(feature = "chili")]
    ("chili", joins::chili_join),
    #[cfg(feature = "forte")]
    ("forte", joins::forte_join),
    #[cfg(feature = "dagrs")]
    ("dagrs", dagrs::peer),
    #[cfg(feature = "dagx")]
    ("dagx", dagx::peer),
    #[cfg(feature = "dag_exec")]
    ("dag_exec", dag_exec::peer),
    #[cfg(feature = "petgraph")]
    ("petgraph", petgraph::peer),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["list"] => PEERS.iter().for_each(|(name, _)| println!("{name}")),
        [peer, workload, size, threads, warm_ups, runs] => measure(
            peer,
            workload,
            number(size),
            number(threads),
            number(warm_ups) as usize,
            number(runs) as usize,
        ),
        _ => panic!("usage: lazygraph-peers PEER WORKLOAD SIZE THREADS WARM-UPS RUNS"),
    }
}

fn number(text: &str) -> u64 {
    text.parse()
        .unwrap_or_else(|_| panic!("`{text}` is not a number"))
}

fn measure(peer: &str, workload: &str, size: u64, threads: u64, warm_ups: usize, runs: usize) {
    let work = Work {
        job: job(workload, size),
        threads: threads as usize,
    };
    let row = PEERS.iter().find(|(name, _)| *name == peer);
    let (_, make) = row.unwrap_or_else(|| panic!("{peer}: no such peer in this program"));
    let mut once = make(&work).unwrap_or_else(|| panic!("{peer} has no program for {workload}"));
    for _ in 0..warm_ups {
        once();
    }
    for _ in 0..runs {
        let sample = once();
        for (phase, took) in &sample.phases {
            println!(
                "RESULT {peer} {workload} {threads} {phase} {} {}",
                took.as_nanos(),
                sample.checksum
            );
        }
    }
}

fn job(workload: &str, size: u64) -> Job {
    let n = size as usize;
    let shape = match workload {
        "chain" => Shape::chain(n),
        "wide" => Shape::wide(n),
        "tree" => Shape::tree(n),
        "wavefront" => Shape::wavefront(n),
        "layered" => Shape::layered(n),
        "fib" => return Job::Fib(size),
        other => panic!("{other}: no such workload"),
    };
    Job::Graph(Box::leak(Box::new(shape)))
}
