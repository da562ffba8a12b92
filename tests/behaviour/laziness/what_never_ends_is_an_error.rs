//! P6: a graph that goes on for ever is an error, as a recursion that does; and what is told of deep or circular things is short.

use std::sync::{Arc, OnceLock, RwLock};

use common::{client_of, close, ends_within, everywhere, quiet};
use lazygraph::{ErrorKind, Handle, Options, prelude::*};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(120);

#[delayed]
fn flat(n: u64) -> Delayed<u64> {
    flat(n + 1)
}

#[delayed]
fn flat_to(n: u64, end: u64) -> Delayed<u64> {
    match n == end {
        true => value(n),
        false => flat_to(n + 1, end),
    }
}

type Shared = Arc<OnceLock<Delayed<u64>>>;

#[delayed]
fn returns(shared: &Shared) -> Delayed<u64> {
    shared.get().expect("set").clone()
}

#[delayed]
fn inc(x: u64) -> u64 {
    x + 1
}

#[test]
fn graphs_without_end() {
    quiet();
    for (name, options) in everywhere().into_iter().take(3) {
        ends_within(LONG, "graphs without end", move || {
            let e = flat(0).compute_with(&options).unwrap_err();
            assert_eq!(
                e.root().kind(),
                ErrorKind::Invalid,
                "{name}: {:?}",
                e.root()
            );
            let text = format!("{e:?}");
            assert!(text.contains("does the recursion end?"), "{name}: {text}");
            assert!(text.len() < 40_000, "{name}: {} bytes", text.len());
            assert!(format!("{e:#}").len() < 40_000, "{name}");
            // A deep one that ends.
            let deep = flat_to(0, 20_000).compute_with(&options);
            assert_eq!(deep.unwrap(), 20_000, "{name}");
        });
    }
}

#[test]
fn a_graph_that_is_its_own_node() {
    quiet();
    for (name, options) in everywhere() {
        ends_within(LONG, "a graph of itself", move || {
            let shared = Shared::default();
            let x = returns(shared.clone());
            shared.set(x.clone()).unwrap();
            let e = x.compute_with(&options).unwrap_err();
            assert_eq!(e.root().kind(), ErrorKind::Deadlock, "{name}: {e:?}");
            // By way of another, and as a part of what it returns.
            let shared = Shared::default();
            let x = returns(shared.clone());
            let other = Shared::default();
            other.set(x.clone()).unwrap();
            shared.set(returns(other)).unwrap();
            let e = x.compute_with(&options).unwrap_err();
            assert_eq!(e.root().kind(), ErrorKind::Deadlock, "{name}: {e:?}");
            let shared = Shared::default();
            let x = returns(shared.clone());
            shared.set(inc(&x)).unwrap();
            let e = x.compute_with(&options).unwrap_err();
            assert!(
                matches!(e.root().kind(), ErrorKind::Deadlock | ErrorKind::Invalid),
                "{name}: {:?}",
                e.root()
            );
        });
    }
}

/// An argument whose `Debug` shows what it holds.
#[derive(Debug, Clone)]
struct Holds(Option<Delayed<u64>>);

#[delayed]
fn over(below: &Holds) -> Result<u64, String> {
    let _ = &below.0;
    Err("the root cause".to_owned())
}

#[derive(Debug, Clone, Default)]
struct HoldsAll(Arc<RwLock<Vec<Handle<u64>>>>);

#[delayed]
fn over_all(all: &HoldsAll) -> Result<u64, String> {
    let _ = all;
    Err("the root cause".to_owned())
}

#[test]
fn texts_of_deep_and_circular_arguments() {
    quiet();
    ends_within(LONG, "texts", || {
        let deep = (0..20_000).fold(Holds(None), |below, _| Holds(Some(over(value(below)))));
        let plain = |x: &Delayed<u64>| format!("{x:?}");
        let top = over(value(deep));
        assert!(plain(&top).len() < 1000);
        let e = top.compute().unwrap_err();
        for text in [format!("{e}"), format!("{e:?}"), format!("{e:#}")] {
            assert!(text.len() < 2000, "{text}");
        }
        let client = client_of(1);
        let all = HoldsAll::default();
        for _ in 0..100 {
            let handle = client.submit(over_all(all.clone()));
            all.0.write().unwrap().push(handle);
        }
        let handles = all.0.read().unwrap().clone();
        for handle in &handles {
            let e = handle.result().unwrap_err();
            let text = format!("{e:?} {handle:?}");
            assert!(text.contains("the root cause"), "{text}");
            assert!(text.len() < 5000, "{} bytes", text.len());
        }
        all.0.write().unwrap().clear();
        close(&client);
    });
}

#[delayed]
fn down(n: u64) -> Result<u64, Error> {
    match n {
        0 => over(value(Holds(None))).compute(),
        _ => down(n - 1).compute(),
    }
}

#[test]
fn an_error_through_many_levels_is_folded() {
    quiet();
    ends_within(LONG, "a deep error", || {
        for depth in [3, 100, 200, 20_000] {
            let e = down(depth)
                .compute_with(&Options::new().threads(1))
                .unwrap_err();
            for text in [format!("{e:?}"), format!("{e:#}")] {
                assert!(text.len() < 40_000, "{depth}: {} bytes", text.len());
                assert!(text.ends_with("the root cause"), "{depth}: {text}");
                assert!(text.contains(&format!("down({depth})")), "{depth}: {text}");
                assert_eq!(text.contains(" more .."), depth > 126, "{depth}: {text}");
            }
        }
    });
}
