//! P6, of a client: the number of threads does not grow with the depth of tasks that launch tasks, on one slot.
//!
//! One test only: it counts the threads of the process.

#![cfg(target_os = "linux")]

use common::{ends, thread_count};
use lazygraph::{Client, as_completed, get_client, prelude::*, worker_client};

#[delayed]
fn by_worker_client(n: u64) -> Result<usize, Error> {
    let here = thread_count();
    if n == 0 {
        return Ok(here);
    }
    let below = worker_client(|client| client.submit(by_worker_client(n - 1)).result())?;
    Ok(here.max(below))
}

#[delayed]
fn by_result(n: u64) -> Result<usize, Error> {
    let here = thread_count();
    if n == 0 {
        return Ok(here);
    }
    Ok(here.max(get_client()?.submit(by_result(n - 1)).result()?))
}

#[delayed]
fn by_gather_of_three(n: u64) -> Result<usize, Error> {
    let here = thread_count();
    if n == 0 {
        return Ok(here);
    }
    let client = get_client()?;
    let leaves = [0, 0].map(|n| client.submit(by_gather_of_three(n)));
    let below = client.submit(by_gather_of_three(n - 1));
    let most = client.gather(leaves)?.into_iter().max().unwrap_or(0);
    Ok(here.max(most).max(below.result()?))
}

#[delayed]
fn by_any_of_two(n: u64) -> Result<usize, Error> {
    let here = thread_count();
    if n == 0 {
        return Ok(here);
    }
    let client = get_client()?;
    let mut most = here;
    let mut pending = [n - 1, 0].map(|n| client.submit(by_any_of_two(n))).to_vec();
    while !pending.is_empty() {
        let done;
        (done, pending) = client.wait_any(pending)?;
        for x in done {
            most = most.max(x.result()?);
        }
    }
    Ok(most)
}

#[delayed]
fn by_two_as_completed(n: u64) -> Result<usize, Error> {
    let here = thread_count();
    if n == 0 {
        return Ok(here);
    }
    let client = get_client()?;
    let below = [n - 1, 0].map(|n| client.submit(by_two_as_completed(n)));
    as_completed(below).try_fold(here, |most, x| Ok(most.max(x.result()?)))
}

/// So many threads may stand in for others; there may be a timer besides.
const LENT: usize = 8;

#[test]
fn a_thousand_levels_and_a_handful_of_threads() {
    for slots in [1, 2, 4] {
        let client = Client::builder()
            .threads(slots)
            .max_lent_threads(LENT)
            .build()
            .unwrap();
        // All of its threads, and the one that `ends` starts below.
        client.submit(value(1)).result().unwrap();
        let before = thread_count() + 1;
        type Call = fn(u64) -> Delayed<usize>;
        let ways: [(&str, Call); 5] = [
            ("worker_client", |n| by_worker_client(n)),
            ("result", |n| by_result(n)),
            ("gather", |n| by_gather_of_three(n)),
            ("wait_any", |n| by_any_of_two(n)),
            ("as_completed", |n| by_two_as_completed(n)),
        ];
        for (name, call) in ways {
            let run = client.clone();
            let since = std::time::Instant::now();
            let most = ends(name, move || run.submit(call(1000)).result().unwrap());
            println!(
                "{name} on {slots} slots: {:?}, {} more threads",
                since.elapsed(),
                most.saturating_sub(before)
            );
            // Where a task waits for one that is on its way elsewhere, a thread stands in for it, if there is one.
            assert!(
                most <= before + LENT + 1,
                "{name} on {slots} slots: {before} threads, {most} when nested"
            );
        }
        client.close();
        assert_eq!(client.stats().threads, 0);
    }
}
