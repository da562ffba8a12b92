//! Runs on several workers, simulated: how long they take and what they hold.

use super::gallery::Dag;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which ready node is next.
#[derive(Clone, Copy)]
pub enum Policy {
    /// The one that became ready last.
    Lifo,
    /// The first in the order.
    Strict,
    /// The same, while what is ahead of the first unfinished node holds no more than two results for each worker, and as
    /// many more as the order itself holds less there than at its peak: what lazygraph does.
    Budget,
}

pub struct Outcome {
    pub makespan: u64,
    pub peak: usize,
}

/// Runs `dag`, whose nodes take `durations`, on so many workers.
pub fn simulate(dag: &Dag, order: &[usize], durations: &[u64], workers: usize, policy: Policy) -> Outcome {
    let n = dag.len();
    let mut place = vec![0; n];
    for (at, &i) in order.iter().enumerate() {
        place[i] = at;
    }
    let held = held_along(dag, order);
    let limit = held.iter().max().copied().unwrap_or(0) + 2 * workers;
    let users = dag.users();
    let mut waits: Vec<usize> = dag.inputs.iter().map(Vec::len).collect();
    let mut readers = dag.readers();
    let is_output: Vec<bool> = readers.iter().map(|&r| r == 0).collect();
    // Places; for `Lifo` the top is the end.
    let mut ready: Vec<usize> = order.iter().rev().filter(|&&i| waits[i] == 0).map(|&i| place[i]).collect();
    let mut running: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
    let (mut done, mut begun) = (vec![false; n], vec![false; n]);
    let (mut front, mut last) = (0, 0);
    let (mut now, mut live, mut peak) = (0, 0usize, 0);
    loop {
        while running.len() < workers && !ready.is_empty() {
            let at = match policy {
                Policy::Lifo => ready.len() - 1,
                _ => (0..ready.len()).min_by_key(|&k| ready[k]).expect("not empty"),
            };
            let p = ready[at];
            if let Policy::Budget = policy
                && p > front
            {
                let to = last.max(p);
                let most = held[front..=to].iter().max().copied().unwrap_or(0);
                // What is ahead of the first unfinished node: running, or done and still wanted.
                let holds = |&q: &usize| {
                    let i = order[q];
                    !is_output[i] && (q == p || begun[q] && (!done[q] || readers[i] > 0))
                };
                let ahead = (front + 1..=to).filter(holds).count();
                if most + ahead > limit {
                    break;
                }
            }
            ready.remove(at);
            begun[p] = true;
            last = last.max(p);
            running.push(Reverse((now + durations[order[p]], p)));
        }
        let Some(Reverse((end, p))) = running.pop() else { break };
        now = end;
        let i = order[p];
        done[p] = true;
        live += usize::from(!is_output[i]);
        peak = peak.max(live);
        for &k in &dag.inputs[i] {
            readers[k] -= 1;
            live -= usize::from(readers[k] == 0);
        }
        while front < n && done[front] {
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
    Outcome { makespan: now, peak }
}

/// Results held after each step.
fn held_along(dag: &Dag, order: &[usize]) -> Vec<usize> {
    let mut left = dag.readers();
    let mut live = 0;
    let step = |&i: &usize| {
        live += usize::from(left[i] > 0);
        for &k in &dag.inputs[i] {
            left[k] -= 1;
            live -= usize::from(left[k] == 0);
        }
        live
    };
    order.iter().map(step).collect()
}
