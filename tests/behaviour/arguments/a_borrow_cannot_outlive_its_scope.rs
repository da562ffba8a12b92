//! `scope` lends data from the stack to a graph; what escapes fails with `OutOfScope`, it never dangles.

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::everywhere;
use lazygraph::{ErrorKind, compute_with, prelude::*, scope};

#[delayed]
fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[delayed]
fn scale(v: Vec<f64>, k: f64) -> Vec<f64> {
    v.into_iter().map(|x| x * k).collect()
}

#[delayed]
fn nests(v: &[f64]) -> Result<f64, Error> {
    norm(v.to_vec()).compute()
}

#[test]
fn inside_it_is_lent() {
    let data = vec![3.0, 4.0, 12.0];
    for (name, options) in everywhere() {
        let values = scope(|s| {
            let (a, b) = (s.borrow(&data[..2]), s.borrow(&data));
            compute_with(
                &options,
                (norm(&a), norm(scale(&b, 2.0)), norm(&b), nests(&b)),
            )
        });
        assert_eq!(values.unwrap(), (5.0, 26.0, 13.0, 13.0), "{name}");
    }
}

#[test]
fn outside_it_is_an_error() {
    for (name, options) in everywhere() {
        let data = vec![3.0, 4.0];
        let mut escaped = None;
        scope(|s| {
            let b = s.borrow(&data);
            escaped = Some((norm(&b), norm(scale(&b, 2.0)), b));
        });
        drop(data);
        let (a, b, c) = escaped.unwrap();
        for e in [
            a.compute_with(&options).unwrap_err(),
            b.compute_with(&options).unwrap_err(),
            c.map(Vec::len)
                .compute_with(&options)
                .map(|_| ())
                .unwrap_err(),
        ] {
            assert_eq!(e.kind(), ErrorKind::OutOfScope, "{name}: {e:?}");
        }
        assert_eq!(
            a.unwrap_or(1.0).compute_with(&options).unwrap(),
            1.0,
            "{name}"
        );
    }
}

#[test]
fn a_panic_in_the_scope_ends_it_too() {
    common::quiet();
    let mut escaped = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let data = vec![3.0, 4.0];
        scope(|s| {
            escaped = Some(norm(s.borrow(&data)));
            panic!("planned panic");
        });
    }));
    assert!(panicked.is_err());
    let e = escaped.unwrap().compute().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::OutOfScope);
}

#[test]
fn the_end_of_the_scope_waits_for_those_who_read() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static READING: AtomicBool = AtomicBool::new(false);
    static SCOPE_ENDED: AtomicBool = AtomicBool::new(false);
    static OVERLAP: AtomicBool = AtomicBool::new(false);

    #[delayed]
    fn reads_slowly(v: &[f64]) -> f64 {
        READING.store(true, Ordering::SeqCst);
        std::thread::sleep(std::time::Duration::from_millis(100));
        OVERLAP.fetch_or(SCOPE_ENDED.load(Ordering::SeqCst), Ordering::SeqCst);
        v.iter().sum()
    }
    let data = vec![3.0, 4.0];
    let reader = scope(|s| {
        let d = reads_slowly(s.borrow(&data));
        let reader = std::thread::spawn(move || d.compute());
        assert!(common::wait_until(|| READING.load(Ordering::SeqCst)));
        reader
    });
    SCOPE_ENDED.store(true, Ordering::SeqCst);
    drop(data);
    assert_eq!(reader.join().unwrap().unwrap(), 7.0);
    assert!(
        !OVERLAP.load(Ordering::SeqCst),
        "the scope ended while a body was reading"
    );
}

#[test]
fn scopes_nest() {
    let outer = vec![1.0, 2.0];
    let sum = scope(|s| {
        let a = s.borrow(&outer);
        let inner = vec![2.0];
        scope(|t| compute!(norm(t.borrow(&inner)), a.len()))
    });
    assert_eq!(sum.unwrap(), (2.0, 2));
}
