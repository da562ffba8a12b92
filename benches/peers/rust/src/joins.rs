//! Libraries that fork and join and make no graph: the recursion, and the tree, which is one too.

use crate::common::pool;
use crate::common::shapes::{Kind, Shape};
use crate::common::tasks::join_fib;
use crate::sample::{Sample, timed};
use crate::{Job, Peer, Work};
use std::hint::black_box;

/// Node `id` of a tree: itself, if it is a leaf, or its children.
enum Node {
    Leaf(u64),
    Inner(u64, u64),
}

impl Node {
    fn of(id: u64, leaves: u64) -> Node {
        match id.checked_sub(leaves) {
            None => Node::Leaf(id * 3 + 1),
            Some(k) => Node::Inner(2 * k, 2 * k + 1),
        }
    }

    fn pair(a: u64, b: u64) -> u64 {
        a.wrapping_mul(3).wrapping_add(b)
    }
}

/// The root of a tree and how many leaves it has; nothing for another shape.
fn tree(shape: &Shape) -> Option<(u64, u64)> {
    (shape.kind == Kind::Tree).then_some((shape.len() as u64 - 1, shape.leaves as u64))
}

fn sample(run: impl FnOnce() -> u64) -> Sample {
    let (value, took) = timed(run);
    Sample::phases(&[("run", took)], value)
}

pub(crate) fn rayon_join(work: &Work) -> Option<Peer> {
    fn node(id: u64, leaves: u64) -> u64 {
        match Node::of(id, leaves) {
            Node::Leaf(value) => value,
            Node::Inner(a, b) => {
                let (a, b) = rayon::join(|| node(a, leaves), || node(b, leaves));
                Node::pair(a, b)
            }
        }
    }
    let pool = pool(work.threads);
    Some(match work.job {
        Job::Fib(n) => Box::new(move || sample(|| pool.install(|| join_fib(black_box(n))))),
        Job::Graph(shape) => {
            let (root, leaves) = tree(shape)?;
            Box::new(move || sample(|| pool.install(|| node(black_box(root), leaves))))
        }
    })
}

pub(crate) fn rayon_scope(work: &Work) -> Option<Peer> {
    fn fib(n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (mut a, mut b) = (0, 0);
        rayon::scope(|scope| {
            scope.spawn(|_| a = fib(n - 1));
            scope.spawn(|_| b = fib(n - 2));
        });
        a + b
    }
    let Job::Fib(n) = work.job else { return None };
    let pool = pool(work.threads);
    Some(Box::new(move || {
        sample(|| pool.install(|| fib(black_box(n))))
    }))
}

#[cfg(feature = "chili")]
pub(crate) fn chili_join(work: &Work) -> Option<Peer> {
    use chili::{Config, Scope, ThreadPool};

    fn fib(scope: &mut Scope<'_>, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (a, b) = scope.join(|s| fib(s, n - 1), |s| fib(s, n - 2));
        a + b
    }
    fn node(scope: &mut Scope<'_>, id: u64, leaves: u64) -> u64 {
        match Node::of(id, leaves) {
            Node::Leaf(value) => value,
            Node::Inner(a, b) => {
                let (a, b) = scope.join(|s| node(s, a, leaves), |s| node(s, b, leaves));
                Node::pair(a, b)
            }
        }
    }
    // The calling thread is one of them.
    let pool = ThreadPool::with_config(Config {
        thread_count: std::num::NonZero::new(work.threads),
        ..Config::default()
    });
    Some(match work.job {
        Job::Fib(n) => Box::new(move || sample(|| fib(&mut pool.scope(), black_box(n)))),
        Job::Graph(shape) => {
            let (root, leaves) = tree(shape)?;
            Box::new(move || sample(|| node(&mut pool.scope(), black_box(root), leaves)))
        }
    })
}

#[cfg(feature = "forte")]
pub(crate) fn forte_join(work: &Work) -> Option<Peer> {
    use forte::{ThreadPool, Worker};

    fn fib(worker: &Worker, n: u64) -> u64 {
        if n < 2 {
            return n;
        }
        let (a, b) = worker.join(|w| fib(w, n - 1), |w| fib(w, n - 2));
        a + b
    }
    fn node(worker: &Worker, id: u64, leaves: u64) -> u64 {
        match Node::of(id, leaves) {
            Node::Leaf(value) => value,
            Node::Inner(a, b) => {
                let (a, b) = worker.join(|w| node(w, a, leaves), |w| node(w, b, leaves));
                Node::pair(a, b)
            }
        }
    }
    static POOL: ThreadPool = ThreadPool::new();
    let run: Peer = match work.job {
        Job::Fib(n) => Box::new(move || sample(|| POOL.with_worker(|w| fib(w, black_box(n))))),
        Job::Graph(shape) => {
            let (root, leaves) = tree(shape)?;
            Box::new(move || sample(|| POOL.with_worker(|w| node(w, black_box(root), leaves))))
        }
    };
    // The calling thread works, too.
    POOL.resize_to(work.threads - 1);
    Some(run)
}
