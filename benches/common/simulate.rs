//! Runs on several workers, simulated: how long they take and what they hold.

use fixtures::gallery::Dag;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which ready node is next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The one that became ready last.
    Lifo,
    /// The first in the order, as far ahead of it as `src/exec/ahead.rs` allows.
    Ranked,
}

pub(crate) struct Simulated {
    pub(crate) makespan: u64,
    pub(crate) peak: usize,
}

/// Runs `dag`, whose nodes take `durations`, on so many workers. `order` lists the nodes as one worker runs them.
pub(crate) fn simulate(
    dag: &Dag,
    order: &[usize],
    durations: &[u64],
    workers: usize,
    policy: Policy,
) -> Simulated {
    let n = dag.len();
    let mut place = vec![0; n];
    for (at, &i) in order.iter().enumerate() {
        place[i] = at;
    }
    let users = dag.users();
    let last = |i: usize| users[i].iter().map(|&u| place[u]).max().unwrap_or(0);
    let is_output: Vec<bool> = users.iter().map(Vec::is_empty).collect();
    let limit = dag.peak(order) as i64 + 2 * workers as i64;
    let mut waits: Vec<usize> = dag.inputs.iter().map(Vec::len).collect();
    let mut readers = dag.readers();
    // What would be held before each place, if one worker went on in the order.
    let mut held = held_before(dag, order);
    // Places; the one that became ready last is at the end.
    let sources = order.iter().rev().filter(|&&i| waits[i] == 0);
    let mut ready: Vec<usize> = sources.map(|&i| place[i]).collect();
    let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let mut done = vec![false; n];
    let (mut front, mut now, mut live, mut peak) = (0, 0, 0usize, 0);
    loop {
        while running.len() < workers && !ready.is_empty() {
            let first = (0..ready.len()).min_by_key(|&k| ready[k]);
            let at = match policy {
                Policy::Lifo => ready.len() - 1,
                Policy::Ranked => first.unwrap_or_default(),
            };
            let p = ready[at];
            if policy == Policy::Ranked && p > front && !is_output[order[p]] {
                let most = held[front..=p].iter().max().copied().unwrap_or(0);
                if most + 1 > limit {
                    break;
                }
                held[..=p].iter_mut().for_each(|h| *h += 1);
            }
            ready.remove(at);
            running.push(Reverse((now + durations[order[p]], p)));
        }
        let Some(Reverse((end, p))) = running.pop() else {
            break;
        };
        now = end;
        done[p] = true;
        let i = order[p];
        // A result is there before its inputs are let go.
        live += usize::from(!is_output[i]);
        peak = peak.max(live);
        for &k in &dag.inputs[i] {
            readers[k] -= 1;
            if readers[k] == 0 {
                live -= 1;
                held[..=last(k)].iter_mut().for_each(|h| *h -= 1);
            }
        }
        while done.get(front) == Some(&true) {
            front += 1;
        }
        for &user in users[i].iter().rev() {
            waits[user] -= 1;
            if waits[user] == 0 {
                ready.push(place[user]);
            }
        }
    }
    assert!(done.iter().all(|&d| d), "{}: not all has run", dag.name);
    Simulated {
        makespan: now,
        peak,
    }
}

fn held_before(dag: &Dag, order: &[usize]) -> Vec<i64> {
    let mut left = dag.readers();
    let mut live = 0;
    let step = |&i: &usize| {
        let before = live;
        live += i64::from(left[i] > 0);
        for &k in &dag.inputs[i] {
            left[k] -= 1;
            live -= i64::from(left[k] == 0);
        }
        before
    };
    order.iter().map(step).collect()
}
