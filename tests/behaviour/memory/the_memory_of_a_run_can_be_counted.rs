//! P10, P7: a run that is observed tells which intermediate results are alive, and what they take.

use common::tracked::{Meter, Tracked};
use common::{Log, schedulers, shapes};
use lazygraph::{Counter, Footprint, Observer, Options, Plan, RunEvent, compute_with, prelude::*};
use std::sync::{Arc, Mutex};

#[delayed]
fn make(n: usize) -> Vec<u8> {
    vec![0; n]
}

#[delayed]
fn append(mut a: Vec<u8>, b: &[u8]) -> Vec<u8> {
    a.extend_from_slice(b);
    a.shrink_to_fit();
    a
}

#[delayed]
fn length(v: &[u8]) -> usize {
    v.len()
}

#[delayed]
fn lengths(a: usize, b: usize) -> usize {
    a + b
}

const LIST: usize = size_of::<Vec<u8>>();

#[test]
fn bytes_come_and_go_with_the_results() {
    let seen = Counter::new();
    let options = Options::new().threads(1).observe(&seen);
    let (a, b) = (make(100), make(20));
    let all = length(append(a, b));
    assert_eq!(all.compute_with(&options).unwrap(), 120);
    // `append` has its result before its arguments are let go.
    assert_eq!((seen.live(), seen.peak_live()), (0, 3));
    assert_eq!(seen.peak_bytes(), 3 * LIST + 100 + 20 + 120);
    assert!(!seen.is_estimate());
}

#[test]
fn outputs_and_plain_values_and_numbers_do_not_count() {
    let seen = Counter::new();
    let options = Options::new().observe(&seen);
    let given = value(vec![0u8; 9]);
    compute_with(&options, (make(100), lengths(length(&given), 1))).unwrap();
    assert_eq!((seen.peak_live(), seen.peak_bytes()), (0, 0));
}

#[test]
fn what_is_counted_is_what_is_alive() {
    for (name, options) in schedulers() {
        for fuse in [false, true] {
            let (meter, seen) = (Meter::new(), Counter::new());
            let options = options.clone().fuse(fuse).observe(&seen);
            let shape = shapes::ladder(&meter, 40);
            let plan = Plan::new(&shape.outputs, &options).unwrap();
            assert_eq!(plan.run().unwrap(), shape.expected, "{name}");
            assert_eq!(seen.live(), 0, "{name}");
            let peak = seen.peak_live();
            assert!(peak >= plan.memory_profile().peak(), "{name}: {peak}");
            if name == "serial" {
                assert_eq!(peak, meter.peak(), "fuse {fuse}");
            }
            assert!(seen.is_estimate(), "`Tracked` has no footprint");
            assert_eq!(seen.peak_bytes(), peak * size_of::<Tracked>(), "{name}");
        }
    }
}

#[delayed]
fn nested(n: usize) -> Result<usize, Error> {
    length(append(make(n), make(n))).compute()
}

#[delayed]
fn graph(n: usize) -> Delayed<Vec<u8>> {
    append(make(n), make(n))
}

#[delayed]
fn fails(v: &[u8]) -> Result<usize, String> {
    Err(format!("{} bytes", v.len()))
}

#[delayed(pure)]
fn pure(n: usize) -> Vec<u8> {
    vec![0; n]
}

#[test]
fn what_came_to_life_ends_however_the_run_does() {
    for (name, options) in schedulers() {
        let seen = Counter::new();
        let options = options.observe(&seen);
        let good = (
            lengths(nested(10), length(graph(20))),
            lengths(length(pure(5)), length(pure(5))),
            fails(make(3)).unwrap_or(7),
            length(graph(4).map_owned(|v| v)).retries(2),
        );
        let values = compute_with(&options, &good).unwrap();
        assert_eq!(values, (60, 10, 7, 8), "{name}");
        assert_eq!(seen.live(), 0, "{name}");
        assert!(seen.peak_live() >= 3, "{name}");
        let many: Vec<_> = (0..20).map(make).collect();
        let bad: Vec<_> = many.iter().map(|v| lengths(length(v), fails(v))).collect();
        assert!(compute_with(&options, &bad).is_err(), "{name}");
        assert_eq!(seen.live(), 0, "{name}: after a failure");
    }
}

/// Keeps the births and ends of results.
#[derive(Clone, Default)]
struct Lives(Arc<Mutex<Vec<String>>>);

impl Observer for Lives {
    fn event(&self, event: &RunEvent<'_>) {
        let line = match event {
            RunEvent::NodeStarted { node, .. } => format!("> {}", node.label),
            RunEvent::ResultBorn {
                node,
                bytes,
                estimated,
                ..
            } => format!("+ {} {bytes} {estimated}", node.label),
            RunEvent::ResultEnded { node, bytes, .. } => format!("- {} {bytes}", node.label),
            RunEvent::NodeFinished { node, .. } => format!("< {}", node.label),
            _ => return,
        };
        self.0.lock().unwrap().push(line);
    }
}

#[derive(Clone)]
struct Unknown {
    _name: String,
}

#[delayed]
fn unknown() -> Unknown {
    let _name = "long enough".to_owned();
    Unknown { _name }
}

#[derive(Clone, Footprint)]
struct Known {
    name: String,
}

#[delayed]
fn known(from: Unknown) -> Result<Known, std::io::Error> {
    let _ = from;
    let name = "1234".to_owned();
    Ok(Known { name })
}

#[delayed]
fn last(log: &Log, from: &Known) -> usize {
    log.push("last");
    from.name.len()
}

#[test]
fn events_in_their_order() {
    let seen = Lives::default();
    let options = Options::new().threads(1).observe(&seen);
    let all = last(Log::new(), known(unknown()));
    assert_eq!(all.compute_with(&options).unwrap(), 4);
    let known = size_of::<Known>() + 4;
    let expected = [
        "> unknown",
        "+ unknown 24 true",
        "< unknown",
        "> known",
        &format!("+ known {known} false"),
        "< known",
        "- unknown 24",
        "> last",
        "< last",
        &format!("- known {known}"),
    ];
    assert_eq!(*seen.0.lock().unwrap(), expected);
}
