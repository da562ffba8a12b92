//! P11: keys, order, node ids and exports of one program are the same in every process, and one worker runs its nodes in
//! the same order.
//!
//! The test starts its own binary again, with a variable set, and compares what the children print.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::process::Command;

use common::recorder::{Recorder, What};
use common::shapes;
use common::tracked::Meter;
use lazygraph::{Options, Plan, Scheduler, Token, compute_with, prelude::*};

const CHILD: &str = "LAZYGRAPH_TEST_CHILD";

#[derive(Clone, Token)]
struct Config {
    name: String,
    weights: Vec<f64>,
    extra: HashMap<String, u32>,
    tags: HashSet<u8>,
    mode: Mode,
}

#[derive(Clone, Token)]
enum Mode {
    Fast,
    Exact { digits: u8 },
}

#[delayed(pure)]
fn load(c: &Config) -> Vec<f64> {
    let _ = (&c.name, &c.extra, &c.tags, &c.mode);
    c.weights.clone()
}

#[delayed(pure)]
fn scale(v: Vec<f64>, k: f64) -> Vec<f64> {
    v.into_iter().map(|x| x * k).collect()
}

#[delayed(pure)]
fn generic<T: Token + Clone>(x: T) -> u8 {
    let _ = x;
    0
}

#[delayed]
fn draw(v: &[f64], i: usize) -> f64 {
    v.get(i).copied().unwrap_or(0.0)
}

#[delayed]
fn sum(xs: &[f64]) -> f64 {
    xs.iter().sum()
}

fn config(mode: Mode) -> Config {
    Config {
        name: "n".to_owned(),
        weights: vec![1.0, 2.0, 4.0],
        // Their order differs from process to process.
        extra: (0..50).map(|i| (format!("k{i}"), i)).collect(),
        tags: (0..50).collect(),
        mode,
    }
}

/// The nodes whose bodies were called, in order.
fn ran(recorder: &Recorder) -> Vec<(String, usize)> {
    let started = |what| match what {
        What::Started { label, id, .. } => Some((label, id)),
        _ => None,
    };
    let ran: Vec<_> = recorder
        .seen()
        .into_iter()
        .filter_map(|seen| started(seen.what))
        .collect();
    assert!(ran.len() > 20, "{ran:?}");
    ran
}

fn program() -> String {
    let mut out = String::new();
    let fast = load(config(Mode::Fast));
    let exact = load(config(Mode::Exact { digits: 3 }));
    let scaled = scale(&fast, 2.0);
    for (name, key) in [
        ("fast", fast.content_key()),
        ("exact", exact.content_key()),
        ("scaled", scaled.content_key()),
        ("map", scaled.at(1).content_key()),
        ("i64", generic(1i64).content_key()),
        ("text", generic("a".to_owned()).content_key()),
        ("pair", generic((1u8, [2.5f64])).content_key()),
    ] {
        writeln!(out, "key {name} {:032x}", key.expect("pure")).unwrap();
    }
    let draws: HashMap<String, Delayed<f64>> = (0..20)
        .map(|i| (format!("d{i}"), draw(&scaled, i).named(format!("draw {i}"))))
        .collect();
    // A list in an order that the program fixes, out of a map in an order that it does not.
    let mut names: Vec<_> = draws.keys().cloned().collect();
    names.sort();
    let total = sum(names.iter().map(|n| draws[n].clone()).collect::<Vec<_>>());
    for (name, options) in [
        ("optimized", Options::new()),
        ("raw", Options::new().optimize(false)),
    ] {
        let plan = Plan::new(
            (&total, &exact, scale(&exact, 2.0), generic(&total)),
            &options,
        )
        .unwrap();
        let order: Vec<String> = plan.order().map(|n| n.label().to_string()).collect();
        writeln!(out, "{name} order {order:?}").unwrap();
        writeln!(out, "{name} json {}", serde_json::to_string(&plan).unwrap()).unwrap();
        writeln!(out, "{name} dot {:?}", plan.to_dot()).unwrap();
        let graph = plan.graph();
        writeln!(
            out,
            "{name} graph {} {}",
            graph.node_count(),
            graph.edge_count()
        )
        .unwrap();
        writeln!(out, "{name} peak {}", plan.memory_profile().peak()).unwrap();
        for (scheduler, options) in [
            ("serial", options.clone().scheduler(Scheduler::Serial)),
            ("one thread", options.clone().threads(1)),
        ] {
            let recorder = Recorder::new();
            plan.run_with(&options.observe(&recorder)).unwrap();
            writeln!(out, "{name} {scheduler} ran {:?}", ran(&recorder)).unwrap();
        }
    }
    let meter = Meter::new();
    for shape in [
        shapes::tree(&meter, 16),
        shapes::ladder(&meter, 8),
        shapes::all_to_all(&meter, 4),
        shapes::cross_validation(&meter, 3, 4),
        shapes::grid(&meter, 6),
    ] {
        let plan = Plan::new(&shape.outputs, &Options::new()).unwrap();
        let json = serde_json::to_string(&plan).unwrap();
        writeln!(out, "{} {json}", shape.name).unwrap();
        let recorder = Recorder::new();
        let serial = Options::new().scheduler(Scheduler::Serial);
        compute_with(&serial.observe(&recorder), &shape.outputs).unwrap();
        writeln!(out, "{} ran {:?}", shape.name, ran(&recorder)).unwrap();
    }
    let e = draw(&scaled, 99)
        .map(|x| assert_ne!(*x, 0.0, "planned panic"))
        .compute()
        .unwrap_err();
    writeln!(out, "error {e:?}").unwrap();
    out
}

/// In a child: prints what the program makes. In the parent: starts children and compares.
#[test]
fn the_same_in_ten_processes() {
    common::quiet();
    if std::env::var_os(CHILD).is_some() {
        println!("<<<{}>>>", program());
        return;
    }
    let here = program();
    assert!(here.lines().count() > 15, "{here}");
    for i in 0..9 {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "the_same_in_ten_processes",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, "1")
            // Other addresses, another environment.
            .env("LAZYGRAPH_TEST_PADDING", "x".repeat(1000 * i))
            .output()
            .unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stderr)
        );
        let text = String::from_utf8(child.stdout).unwrap();
        let (_, text) = text.split_once("<<<").expect("the child prints");
        let (text, _) = text.split_once(">>>").expect("the child prints all");
        for (line, (mine, theirs)) in here.lines().zip(text.lines()).enumerate() {
            assert_eq!(mine, theirs, "line {line} of child {i}");
        }
        assert_eq!(here, text);
    }
}

#[test]
fn the_same_twice_in_one_process_and_on_any_thread() {
    common::quiet();
    let first = program();
    let _noise: Vec<_> = (0..1000).map(|i| generic(i as i64)).collect();
    assert_eq!(first, program());
    assert_eq!(first, std::thread::spawn(program).join().unwrap());
}
