//! Random trees of tasks with errors, panics, cancels, timeouts, resources, retries and misuse of `secede`: every future ends, and then
//! all permits are back, nothing is suspended and nothing lives.

use common::{Chance, PATIENCE, PLANNED, ends_within, quiet};
use lazygraph::{
    Client, ErrorKind, Handle, Options, get_client, hold_slot, prelude::*, secede, worker_client,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::time::Duration;

fn mix(x: u64) -> u64 {
    Chance(x).draw()
}

/// A value that is counted while it lives.
struct Counted(Arc<AtomicIsize>, u64);

impl Counted {
    fn new(live: &Arc<AtomicIsize>, x: u64) -> Counted {
        live.fetch_add(1, SeqCst);
        Counted(live.clone(), x)
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        Counted::new(&self.0, self.1)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[delayed]
fn tree(live: &Arc<AtomicIsize>, seed: u64, depth: u32) -> Result<Counted, Error> {
    let value = Counted::new(live, seed);
    if depth == 0 {
        return match mix(seed) % 16 {
            0 => panic!("{PLANNED}"),
            1 => Err("x".parse::<i32>().map_or_else(value_of, |_| unreachable!())),
            _ => Ok(value),
        };
    }
    let child = |i: u64| {
        let seed = mix(seed ^ (i << 32));
        let child = tree(live.clone(), seed, depth - 1);
        match mix(seed) % 12 {
            0 => child.timeout(Duration::from_micros(50)),
            1 => child.retries(1),
            2 => child.priority(seed as i32 % 3),
            3 => child.resource("gpu", 1),
            4 => child
                .resource("gpu", 1)
                .resource("memory", seed % 9)
                .retries(1),
            5 => child
                .resource("memory", 1 + seed % 8)
                .timeout(Duration::from_micros(100)),
            6 => child.retries(2).retry_if(|e| !e.is_panic()),
            _ => child,
        }
    };
    let n = 1 + mix(seed + 1) % 3;
    let client = get_client()?;
    match mix(seed + 2) % 12 {
        0 => drop(client.gather((0..n).map(|i| client.submit(child(i))))?),
        1 => drop(client.gather_all(client.map(child, 0..n))),
        2 => {
            let children: Vec<Handle<Counted>> = (0..n).map(|i| client.submit(child(i))).collect();
            children[0].cancel();
            drop(client.wait_all(children)?);
        }
        3 => worker_client(|c| c.gather(c.map(child, 0..n)).map(drop))?,
        4 => {
            let guard = secede()?;
            let twice = secede();
            let got = client.submit(child(0)).result();
            match seed % 3 {
                0 => std::mem::forget(guard),
                1 => drop(twice),
                _ => drop(guard),
            }
            got.map(drop)?;
        }
        5 => drop(client.map(child, 0..n)),
        6 => client.submit(child(0)).detach(),
        7 => drop(join((0..n).map(child).collect::<Vec<_>>()).compute()?),
        8 => {
            let x = client.submit(child(0));
            x.cancel();
            let _ = x.retry();
            x.result_arc()?;
        }
        9 => {
            let one = Options::new().threads(2);
            drop(join((0..n).map(child).collect::<Vec<_>>()).compute_with(&one)?);
        }
        #[cfg(feature = "async")]
        10 => {
            let (x, wanted) = (client.submit(child(0)), !mix(seed + 3).is_multiple_of(4));
            let y = client.spawn(
                |work| std::thread::spawn(|| pollster::block_on(work)),
                async move { x.await.map(|value| value.1) },
            );
            if wanted {
                y.result()?;
            }
        }
        _ => {
            let futures = client.map(child, 0..n);
            let both = client.submit(futures[0].to_delayed().catch());
            let _ = hold_slot(|| futures[0].is_done());
            let _ = both.result_timeout(Duration::from_micros(100));
        }
    }
    Ok(value)
}

fn value_of(e: std::num::ParseIntError) -> Error {
    #[delayed]
    fn fails(e: std::num::ParseIntError) -> Result<(), std::num::ParseIntError> {
        Err(e)
    }
    fails(e).compute().unwrap_err()
}

mod slow {
    use super::*;

    #[test]
    fn after_any_storm_everything_is_as_before() {
        quiet();
        let runs: u64 = std::env::var("LAZYGRAPH_STORMS").map_or(1_000, |n| n.parse().unwrap());
        for slots in [1, 2, 3, 4] {
            ends_within(50 * PATIENCE, "it", move || {
                let client = Client::builder()
                    .threads(slots)
                    .resource("gpu", 1)
                    .resource("memory", 8)
                    .build()
                    .unwrap();
                let live = Arc::new(AtomicIsize::new(0));
                let mut kinds = std::collections::BTreeMap::new();
                for run in 0..runs / 4 {
                    let seed = mix(run * 4 + slots as u64);
                    let roots: Vec<_> = (0..3)
                        .map(|i| client.submit(tree(live.clone(), mix(seed + i), 4)))
                        .collect();
                    if seed.is_multiple_of(4) {
                        roots[0].cancel();
                    }
                    for outcome in client.gather_all(roots) {
                        let kind = outcome.as_ref().err().map(Error::kind);
                        *kinds.entry(format!("{kind:?}")).or_insert(0) += 1;
                        let expected = [
                            None,
                            Some(ErrorKind::Failed),
                            Some(ErrorKind::Panicked),
                            Some(ErrorKind::Cancelled),
                            Some(ErrorKind::Timeout),
                        ];
                        assert!(
                            expected.contains(&kind),
                            "{outcome:?}",
                            outcome = outcome.err()
                        );
                    }
                    while client.stats().live > 0 {
                        std::thread::yield_now();
                    }
                    let stats = client.stats();
                    let rest = (stats.permits, stats.suspended, stats.running, stats.threads);
                    assert_eq!(
                        rest,
                        (slots, 0, 0, 0),
                        "after run {run} of {slots} slots: {stats:?}"
                    );
                    let free = ["gpu", "memory"].map(|name| client.available_resource(name));
                    assert_eq!(free, [Some(1), Some(8)]);
                }
                client.close();
                assert_eq!(live.load(SeqCst), 0, "values that still live");
                assert!(kinds.len() >= 4, "{kinds:?}");
            });
        }
    }
}
