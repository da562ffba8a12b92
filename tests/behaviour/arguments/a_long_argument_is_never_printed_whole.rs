//! DESIGN §8: a million-element argument is short wherever it is shown.

use common::Page;
use lazygraph::{Options, Plan, TextLog, prelude::*};

const MANY: usize = 1_000_000;
/// Nothing that shows a few nodes is longer than this.
const SHORT: usize = 20_000;

#[delayed]
fn refuse(v: &[f64], s: &str) -> Result<usize, String> {
    Err(format!("{} and {}", v.len(), s.len()))
}

#[delayed]
fn owned(v: Vec<u8>) -> Result<usize, String> {
    Err(v.len().to_string())
}

#[delayed]
fn nested(v: Vec<Vec<u32>>) -> Result<usize, String> {
    Err(v.len().to_string())
}

#[delayed]
fn gather(v: &[i64]) -> Result<usize, String> {
    Err(v.len().to_string())
}

#[delayed]
fn one(x: i64) -> i64 {
    x
}

fn check<T: lazygraph::Value + Clone>(what: &str, d: &Delayed<T>, told: &str) {
    let short = |form: &str, text: String| {
        assert!(
            text.len() < SHORT,
            "{what}: {form} has {} bytes",
            text.len()
        );
    };
    short("Debug of the handle", format!("{d:?}"));
    let e = d.compute().map(|_| ()).unwrap_err();
    assert!(format!("{e:#}").ends_with(told), "{what}: {e:#}");
    assert!(e.call().len() < 500, "{what}: {}", e.call().len());
    short("the error", format!("{e:?} {e} {e:#} {}", e.task()));
    let plan = Plan::new(d, &Options::new()).unwrap();
    if plan.node_count() < 10 {
        short("DOT", plan.to_dot());
        short("explain", plan.explain().to_string());
        short("JSON", serde_json::to_string(&plan).unwrap());
    }
    short(
        "the labels",
        plan.order()
            .take(100)
            .map(|n| n.label().to_string())
            .collect(),
    );
}

#[test]
fn a_slice_and_a_text() {
    let d = refuse(vec![0.5; MANY], "x".repeat(MANY));
    check("lent", &d, "1000000 and 1000000");
}

#[test]
fn a_list_by_value() {
    check("owned", &owned(vec![7u8; MANY]), "1000000");
}

#[test]
fn a_list_of_lists() {
    check("nested", &nested(vec![vec![7u32; 1000]; 1000]), "1000");
}

#[test]
fn a_list_of_delayed_values() {
    let many: Vec<_> = (0..100_000).map(one).collect();
    check("gathered", &gather(many), "100000");
}

#[test]
fn a_long_label() {
    let d = refuse([1.0], "").named("n".repeat(MANY));
    let e = d.compute().unwrap_err();
    assert_eq!(e.task().len(), MANY, "a label is what it is");
}

#[test]
fn a_text_log() {
    let page = Page::new();
    let d = refuse(vec![0.5; MANY], "x".repeat(MANY));
    let options = Options::new().observe(&TextLog::to(page.clone()));
    d.compute_with(&options).unwrap_err();
    let text = page.text();
    assert!(text.contains("refuse"), "{text:.200}");
    assert!(text.len() < SHORT, "{} bytes", text.len());
}
