//! Graphs of well-known shapes, created level by level (so that creation order is a bad order).
//!
//! Every inner node returns a [`Tracked`] value made as the last thing in its body; outputs are plain numbers, so
//! the meter counts intermediates only.

use lazygraph::prelude::*;

use super::tracked::{Meter, Tracked};

/// Builds a graph on a meter.
pub type Build = fn(&Meter) -> Shape;

/// The graphs of which memory is promised, and the peak of an order like Dask's.
pub const PROMISED: [(Build, usize); 6] = [
    (|meter| tree(meter, 64), 7),
    (|meter| fold(meter, 32), 2),
    (|meter| chains(meter, 20, 5), 1),
    (|meter| ladder(meter, 100), 5),
    (|meter| all_to_all(meter, 8), 16),
    (|meter| cross_validation(meter, 5, 20), 33),
];

/// A graph: what to compute, what must come out, and how many nodes it has.
pub struct Shape {
    pub name: String,
    pub outputs: Vec<Delayed<i64>>,
    pub expected: Vec<i64>,
    pub nodes: usize,
}

#[delayed]
fn leaf(meter: &Meter, x: i64) -> Tracked {
    Tracked::new(meter, x)
}

/// One more than its input.
#[delayed]
fn step(x: &Tracked) -> Tracked {
    x.like(x.value() + 1)
}

/// The sum of its inputs.
#[delayed]
fn merge(parts: &[&Tracked]) -> Tracked {
    parts[0].like(parts.iter().map(|p| p.value()).sum())
}

/// As `step`, for an output.
#[delayed]
fn finish(x: &Tracked) -> i64 {
    x.value() + 1
}

/// As `merge`, for an output.
#[delayed]
fn total(parts: &[&Tracked]) -> i64 {
    parts.iter().map(|p| p.value()).sum()
}

fn number(n: usize) -> i64 {
    i64::try_from(n).expect("small")
}

fn leaves(meter: &Meter, n: usize) -> Vec<Delayed<Tracked>> {
    (0..n).map(|i| leaf(meter.clone(), number(i))).collect()
}

/// `n` nodes in a row.
pub fn chain(meter: &Meter, n: usize) -> Shape {
    let mut shape = chains(meter, 1, n);
    shape.name = format!("chain({n})");
    shape
}

/// `count` chains of `length` nodes; their ends are outputs.
pub fn chains(meter: &Meter, count: usize, length: usize) -> Shape {
    let mut level = leaves(meter, count);
    for _ in 2..length {
        level = level.iter().map(step).collect();
    }
    Shape {
        name: format!("chains({count},{length})"),
        outputs: level.iter().map(finish).collect(),
        expected: (0..count).map(|i| number(i + length - 1)).collect(),
        nodes: count * length,
    }
}

/// `n` leaves (a power of two), then sums of two.
pub fn tree(meter: &Meter, n: usize) -> Shape {
    let mut level = leaves(meter, n);
    while level.len() > 2 {
        level = level.chunks(2).map(merge).collect();
    }
    Shape {
        name: format!("tree({n})"),
        outputs: vec![total(level)],
        expected: vec![number(n * (n - 1) / 2)],
        nodes: 2 * n - 1,
    }
}

/// The leaves first, then a running sum over them.
pub fn fold(meter: &Meter, n: usize) -> Shape {
    let leaves = leaves(meter, n);
    let mut acc = leaves[0].clone();
    for leaf in &leaves[1..n - 1] {
        acc = merge([acc, leaf.clone()]);
    }
    Shape {
        name: format!("fold({n})"),
        outputs: vec![total([acc, leaves[n - 1].clone()])],
        expected: vec![number(n * (n - 1) / 2)],
        nodes: 2 * n - 1,
    }
}

/// `d0 → a0, b0, c0; bᵢ → b0; cᵢ → c0; dᵢ → dᵢ₋₁, bᵢ, cᵢ`, for `i < depth`.
pub fn ladder(meter: &Meter, depth: usize) -> Shape {
    let a0 = leaf(meter.clone(), 1);
    let b0 = leaf(meter.clone(), 2);
    let c0 = leaf(meter.clone(), 3);
    let bs: Vec<_> = (1..depth).map(|_| step(&b0)).collect();
    let cs: Vec<_> = (1..depth).map(|_| step(&c0)).collect();
    let mut d = merge([a0, b0, c0]);
    for i in 0..depth - 2 {
        d = merge([d, bs[i].clone(), cs[i].clone()]);
    }
    let last = total([d, bs[depth - 2].clone(), cs[depth - 2].clone()]);
    Shape {
        name: format!("ladder({depth})"),
        outputs: vec![last],
        expected: vec![6 + 7 * number(depth - 1)],
        nodes: 4 + 3 * (depth - 1),
    }
}

/// One top, two middles, one end.
pub fn diamond(meter: &Meter) -> Shape {
    let top = leaf(meter.clone(), 1);
    let (left, right) = (step(&top), step(&top));
    Shape {
        name: "diamond".to_owned(),
        outputs: vec![total([left, right])],
        expected: vec![4],
        nodes: 4,
    }
}

/// `n` loads, each split `n` ways; output `j` joins the `j`-th split of every load.
pub fn all_to_all(meter: &Meter, n: usize) -> Shape {
    let loads = leaves(meter, n);
    let splits: Vec<Vec<_>> = loads
        .iter()
        .map(|load| (0..n).map(|_| step(load)).collect())
        .collect();
    let outputs = (0..n)
        .map(|j| total(splits.iter().map(|row| row[j].clone()).collect::<Vec<_>>()))
        .collect();
    Shape {
        name: format!("alltoall({n},{n})"),
        outputs,
        expected: vec![number(n * (n + 1) / 2); n],
        nodes: n + n * n + n,
    }
}

/// A grid search: every parameter is fitted and scored on every fold, then averaged; the best is the output.
pub fn cross_validation(meter: &Meter, folds: usize, params: usize) -> Shape {
    let data = leaf(meter.clone(), 0);
    let train: Vec<_> = (0..folds).map(|_| step(&data)).collect();
    let test: Vec<_> = (0..folds).map(|_| step(&data)).collect();
    let fits: Vec<Vec<_>> = (0..params)
        .map(|_| train.iter().map(step).collect())
        .collect();
    let scores: Vec<Vec<_>> = fits
        .iter()
        .map(|row: &Vec<Delayed<Tracked>>| {
            row.iter()
                .zip(&test)
                .map(|(fit, test)| merge([fit.clone(), test.clone()]))
                .collect()
        })
        .collect();
    let means: Vec<_> = scores
        .iter()
        .map(|row: &Vec<Delayed<Tracked>>| merge(&row[..]))
        .collect();
    Shape {
        name: format!("crossval({folds},{params})"),
        outputs: vec![total(means)],
        expected: vec![3 * number(folds * params)],
        nodes: 1 + 2 * folds + params * (2 * folds + 1) + 1,
    }
}

/// Each cell needs the one above and the one to the left.
pub fn grid(meter: &Meter, n: usize) -> Shape {
    let mut cells: Vec<Vec<Delayed<Tracked>>> = Vec::new();
    let mut paths = vec![vec![1i64; n]; n];
    for i in 0..n {
        cells.push(Vec::new());
        for j in 0..n {
            let mut inputs = Vec::new();
            if i > 0 {
                inputs.push(cells[i - 1][j].clone());
            }
            if j > 0 {
                inputs.push(cells[i][j - 1].clone());
            }
            if i > 0 && j > 0 {
                paths[i][j] = paths[i - 1][j] + paths[i][j - 1];
            }
            let cell = if inputs.is_empty() {
                leaf(meter.clone(), 1)
            } else if i + 1 < n || j + 1 < n {
                merge(inputs)
            } else {
                return Shape {
                    name: format!("grid({n},{n})"),
                    outputs: vec![total(inputs)],
                    expected: vec![paths[i][j]],
                    nodes: n * n,
                };
            };
            cells[i].push(cell);
        }
    }
    unreachable!("the last cell returns")
}
