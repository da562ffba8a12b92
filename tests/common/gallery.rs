//! A gallery of graphs as lists of inputs: what programs look like, each created level by level.
//!
//! They are plain numbers, so that any order of them can be simulated; `built.rs` makes nodes of them.

use crate::Chance;

/// A graph: node `i` reads `inputs[i]`, all of them less than `i`. The order of the numbers is the order of creation.
#[derive(Clone, Debug)]
pub struct Dag {
    pub name: String,
    pub inputs: Vec<Vec<usize>>,
}

/// The graphs that the promise on memory names, each with the peak of an order like Dask's.
pub fn promised() -> Vec<(Dag, usize)> {
    vec![
        (tree(64, 2), 7),
        (fold(32), 2),
        (chains(20, 5), 1),
        (ladder(100), 5),
        (all_to_all(8), 16),
        (cross_validation(5, 20), 33),
    ]
}

/// Everything else.
pub fn gallery() -> Vec<Dag> {
    let mut all = vec![
        grid(20, 20, false),
        grid(10, 40, false),
        grid(40, 10, false),
        grid(16, 16, true),
        lattice(6),
        butterfly(64),
        stencil(32, 32),
        stencil(16, 48),
        plate(8, 6),
        cholesky(8),
        lu(6),
        fibonacci(12),
        caterpillar(40),
        uneven(10),
        pyramid(20),
        scan(64),
        sweep(64),
        diamonds(30),
        rounds(5, 40),
        tree(81, 3),
        tree(64, 4),
        spread(64),
        hourglass(64),
        shuffles(8),
        cross_validation(10, 5),
        tuned(4, 6),
        windows(64, 5),
        matmul(5),
        bitonic(32),
        cycle(64),
        pairs(12),
        late_fan(12, 30),
        pipelines(12, 6),
    ];
    all.extend((0..4).map(|seed| layered(seed, 20, 12)));
    all.extend((0..4).map(|seed| series_parallel(seed, 200)));
    all.extend((0..4).map(|seed| sparse(seed, 200)));
    all
}

/// Nodes are added one after the other, and numbered level by level in the end.
#[derive(Default)]
struct Maker(Vec<Vec<usize>>);

impl Maker {
    fn node(&mut self, inputs: impl Into<Vec<usize>>) -> usize {
        self.0.push(inputs.into());
        self.0.len() - 1
    }

    fn leaves(&mut self, n: usize) -> Vec<usize> {
        (0..n).map(|_| self.node([])).collect()
    }

    /// Sums of `arity` until one is left.
    fn reduce(&mut self, mut level: Vec<usize>, arity: usize) -> usize {
        while level.len() > 1 {
            level = level.chunks(arity).map(|part| self.node(part)).collect();
        }
        level[0]
    }

    fn named(self, name: String) -> Dag {
        let dag = Dag {
            name,
            inputs: self.0,
        };
        let levels = dag.levels();
        let mut order: Vec<usize> = (0..dag.len()).collect();
        order.sort_by_key(|&i| levels[i]);
        dag.created_as(&order)
    }
}

impl Dag {
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// The longest way from a node without inputs to each node.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = Vec::with_capacity(self.len());
        for inputs in &self.inputs {
            let level = inputs.iter().map(|&k: &usize| levels[k] + 1).max();
            levels.push(level.unwrap_or(0));
        }
        levels
    }

    /// The same graph, created in another order: `order` lists the nodes, inputs before users.
    pub fn created_as(&self, order: &[usize]) -> Dag {
        let mut place = vec![0; self.len()];
        for (at, &i) in order.iter().enumerate() {
            place[i] = at;
        }
        let inputs = |&i: &usize| self.inputs[i].iter().map(|&k| place[k]).collect();
        Dag {
            name: self.name.clone(),
            inputs: order.iter().map(inputs).collect(),
        }
    }

    /// Which nodes nobody reads: the outputs.
    pub fn outputs(&self) -> Vec<usize> {
        let mut read = vec![false; self.len()];
        for &k in self.inputs.iter().flatten() {
            read[k] = true;
        }
        (0..self.len()).filter(|&i| !read[i]).collect()
    }

    /// How often each node is read.
    pub fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.len()];
        for &k in self.inputs.iter().flatten() {
            readers[k] += 1;
        }
        readers
    }

    /// The most results alive at once along an order; outputs do not count.
    pub fn peak(&self, order: &[usize]) -> usize {
        let mut left = self.readers();
        let (mut live, mut peak) = (0usize, 0usize);
        for &i in order {
            live += usize::from(left[i] > 0);
            for &k in &self.inputs[i] {
                left[k] -= 1;
                live -= usize::from(left[k] == 0);
            }
            peak = peak.max(live);
        }
        peak
    }

    /// As it was created.
    pub fn creation(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// First in, first out: a node waits in line from the moment its last input is there.
    pub fn breadth_first(&self) -> Vec<usize> {
        let mut waits: Vec<usize> = self.inputs.iter().map(Vec::len).collect();
        let users = self.users();
        let mut order: Vec<usize> = (0..self.len()).filter(|&i| waits[i] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            for &user in &users[order[at]] {
                waits[user] -= 1;
                if waits[user] == 0 {
                    order.push(user);
                }
            }
            at += 1;
        }
        order
    }

    /// Back from the outputs, input by input.
    pub fn depth_first(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.len());
        let mut seen = vec![false; self.len()];
        for output in self.outputs() {
            let mut open = vec![(output, 0)];
            seen[output] = true;
            while let Some((i, next)) = open.last_mut() {
                match self.inputs[*i].get(*next) {
                    Some(&k) => {
                        *next += 1;
                        if !std::mem::replace(&mut seen[k], true) {
                            open.push((k, 0));
                        }
                    }
                    None => {
                        order.push(*i);
                        open.pop();
                    }
                }
            }
        }
        order
    }

    /// Who reads each node, once for each time it does.
    pub fn users(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.len()];
        for (i, inputs) in self.inputs.iter().enumerate() {
            for &k in inputs {
                users[k].push(i);
            }
        }
        users
    }

    /// The least of the peaks of the three plain orders.
    pub fn plain_peak(&self) -> usize {
        let orders = [self.creation(), self.breadth_first(), self.depth_first()];
        let peaks = orders.iter().map(|order| self.peak(order));
        peaks.min().unwrap_or(0)
    }
}

// ------------------------------------------------------------------ trees and rows

/// `n` leaves, then sums of `arity`.
pub fn tree(n: usize, arity: usize) -> Dag {
    let mut make = Maker::default();
    let leaves = make.leaves(n);
    make.reduce(leaves, arity);
    make.named(format!("tree({n}) by {arity}"))
}

/// A running sum over leaves.
pub fn fold(n: usize) -> Dag {
    let mut make = Maker::default();
    let leaves = make.leaves(n);
    let mut acc = leaves[0];
    for leaf in &leaves[1..] {
        acc = make.node([acc, *leaf]);
    }
    make.named(format!("fold({n})"))
}

pub fn chains(count: usize, length: usize) -> Dag {
    let mut make = Maker::default();
    for _ in 0..count {
        let mut end = make.node([]);
        for _ in 1..length {
            end = make.node([end]);
        }
    }
    make.named(format!("chains({count},{length})"))
}

/// A tree like the calls of the Fibonacci numbers.
fn fibonacci(n: usize) -> Dag {
    fn below(make: &mut Maker, n: usize) -> usize {
        if n < 2 {
            return make.node([]);
        }
        // The smaller side first: the worse order.
        let small = below(make, n - 2);
        let large = below(make, n - 1);
        make.node([small, large])
    }
    let mut make = Maker::default();
    below(&mut make, n);
    make.named(format!("fibonacci tree({n})"))
}

/// A fold from the far end: each step has a leaf that was mapped twice.
fn caterpillar(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut end = make.node([]);
    for _ in 0..n {
        let leaf = make.node([]);
        let once = make.node([leaf]);
        let twice = make.node([once]);
        end = make.node([twice, end]);
    }
    make.named(format!("caterpillar({n})"))
}

/// Map and reduce in groups of 1, 2, 3, … members.
fn uneven(groups: usize) -> Dag {
    let mut make = Maker::default();
    let mut sums = Vec::new();
    for size in 1..=groups {
        let leaves = make.leaves(size);
        let mapped: Vec<_> = leaves.iter().map(|&leaf| make.node([leaf])).collect();
        sums.push(make.reduce(mapped, 2));
    }
    make.node(sums);
    make.named(format!("uneven map-reduce({groups})"))
}

/// From one to `n` by halves; the last ones are outputs.
fn spread(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = vec![make.node([])];
    while level.len() < n {
        level = (0..2 * level.len())
            .map(|i| make.node([level[i / 2]]))
            .collect();
    }
    make.named(format!("spread({n})"))
}

/// A tree down to one, and from there out again and back.
fn hourglass(n: usize) -> Dag {
    let mut make = Maker::default();
    let leaves = make.leaves(n);
    let waist = make.reduce(leaves, 2);
    let out: Vec<_> = (0..n).map(|_| make.node([waist])).collect();
    make.reduce(out, 2);
    make.named(format!("hourglass({n})"))
}

fn diamonds(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut end = make.node([]);
    for _ in 0..n {
        let (left, right) = (make.node([end]), make.node([end]));
        end = make.node([left, right]);
    }
    make.named(format!("diamonds({n})"))
}

/// One to many and back to one, several times.
fn rounds(rounds: usize, width: usize) -> Dag {
    let mut make = Maker::default();
    let mut end = make.node([]);
    for _ in 0..rounds {
        let out: Vec<_> = (0..width).map(|_| make.node([end])).collect();
        end = make.reduce(out, 4);
    }
    make.named(format!("broadcast-reduce({rounds},{width})"))
}

/// Pipelines over parts of one thing, with a summary of each stage.
fn pipelines(width: usize, stages: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(width);
    let mut summaries = Vec::new();
    for _ in 0..stages {
        level = level.iter().map(|&x| make.node([x])).collect();
        summaries.push(make.reduce(level.clone(), 3));
    }
    make.node(summaries);
    make.named(format!("pipelines({width},{stages})"))
}

/// A long chain; then many readers of its end; what the readers are paired with could be made long before.
fn late_fan(width: usize, length: usize) -> Dag {
    let mut make = Maker::default();
    let early = make.leaves(4 * width);
    let mut end = make.node([]);
    for _ in 0..length {
        end = make.node([end]);
    }
    let fan: Vec<_> = (0..width).map(|_| make.node([end])).collect();
    let mut acc = make.node(fan);
    for leaf in early {
        acc = make.node([acc, leaf]);
    }
    make.named(format!("late fan({width},{length})"))
}

// ------------------------------------------------------------------ grids

/// Each cell needs the one above and the one to the left, perhaps also the one between.
pub fn grid(rows: usize, columns: usize, diagonal: bool) -> Dag {
    let mut make = Maker::default();
    for i in 0..rows {
        for j in 0..columns {
            let at = |i: usize, j: usize| i * columns + j;
            let mut inputs = Vec::new();
            if i > 0 {
                inputs.push(at(i - 1, j));
            }
            if j > 0 {
                inputs.push(at(i, j - 1));
            }
            if diagonal && i > 0 && j > 0 {
                inputs.push(at(i - 1, j - 1));
            }
            make.node(inputs);
        }
    }
    let kind = if diagonal { "alignment" } else { "grid" };
    make.named(format!("{kind}({rows},{columns})"))
}

/// A grid in three dimensions.
fn lattice(n: usize) -> Dag {
    let mut make = Maker::default();
    for i in 0..n {
        for j in 0..n {
            for k in 0..n {
                let at = |i: usize, j: usize, k: usize| (i * n + j) * n + k;
                let mut inputs = Vec::new();
                if i > 0 {
                    inputs.push(at(i - 1, j, k));
                }
                if j > 0 {
                    inputs.push(at(i, j - 1, k));
                }
                if k > 0 {
                    inputs.push(at(i, j, k - 1));
                }
                make.node(inputs);
            }
        }
    }
    make.named(format!("lattice({n},{n},{n})"))
}

/// Each row is half of the one below; one cell is the top.
fn pyramid(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(n);
    while level.len() > 1 {
        level = level.windows(2).map(|pair| make.node(pair)).collect();
    }
    make.named(format!("pyramid({n})"))
}

/// A row of cells over time: each needs itself and its neighbours.
fn stencil(width: usize, steps: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(width);
    for _ in 0..steps {
        level = (0..width)
            .map(|i| make.node(&level[i.saturating_sub(1)..(i + 2).min(width)]))
            .collect();
    }
    make.named(format!("stencil({width},{steps})"))
}

/// A square of cells over time: each needs itself and four neighbours; then the sum.
fn plate(n: usize, steps: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(n * n);
    for _ in 0..steps {
        let mut next = Vec::new();
        for i in 0..n {
            for j in 0..n {
                let mut inputs = vec![level[i * n + j]];
                if i > 0 {
                    inputs.push(level[(i - 1) * n + j]);
                }
                if j > 0 {
                    inputs.push(level[i * n + j - 1]);
                }
                if i + 1 < n {
                    inputs.push(level[(i + 1) * n + j]);
                }
                if j + 1 < n {
                    inputs.push(level[i * n + j + 1]);
                }
                next.push(make.node(inputs));
            }
        }
        level = next;
    }
    make.reduce(level, 4);
    make.named(format!("plate({n},{n},{steps})"))
}

/// Smoothing, down to coarser grids and up again.
fn cycle(n: usize) -> Dag {
    let mut make = Maker::default();
    let smooth = |make: &mut Maker, level: &[usize]| -> Vec<usize> {
        let n = level.len();
        (0..n)
            .map(|i| make.node(&level[i.saturating_sub(1)..(i + 2).min(n)]))
            .collect()
    };
    let leaves = make.leaves(n);
    let mut level = smooth(&mut make, &leaves);
    let mut finer = Vec::new();
    while level.len() > 2 {
        let coarse: Vec<_> = level.chunks(2).map(|pair| make.node(pair)).collect();
        finer.push(level);
        level = smooth(&mut make, &coarse);
    }
    while let Some(fine) = finer.pop() {
        let corrected: Vec<_> = (0..fine.len())
            .map(|i| make.node([fine[i], level[i / 2]]))
            .collect();
        level = smooth(&mut make, &corrected);
    }
    make.named(format!("multigrid({n})"))
}

// ------------------------------------------------------------------ networks

/// The network of a fast Fourier transform.
fn butterfly(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(n);
    let mut span = 1;
    while span < n {
        level = (0..n)
            .map(|i| make.node([level[i], level[i ^ span]]))
            .collect();
        span *= 2;
    }
    make.named(format!("butterfly({n})"))
}

/// All sums of the first so many, in log n steps (Hillis & Steele).
fn scan(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(n);
    let mut span = 1;
    while span < n {
        level = (0..n)
            .map(|i| match i.checked_sub(span) {
                Some(k) => make.node([level[k], level[i]]),
                None => level[i],
            })
            .collect();
        span *= 2;
    }
    make.named(format!("scan({n})"))
}

/// The same, up a tree and down again (Blelloch).
fn sweep(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut up = vec![make.leaves(n)];
    while up[up.len() - 1].len() > 1 {
        let level = &up[up.len() - 1];
        let next = level.chunks(2).map(|pair| make.node(pair)).collect();
        up.push(next);
    }
    let mut down = vec![make.node([])];
    for level in up.iter().rev().skip(1) {
        down = (0..level.len())
            .map(|i| match i % 2 {
                0 => make.node([down[i / 2]]),
                _ => make.node([down[i / 2], level[i - 1]]),
            })
            .collect();
    }
    for i in 0..n {
        make.node([down[i], up[0][i]]);
    }
    make.named(format!("sweep({n})"))
}

/// A sorting network: each comparator has a lower and an upper half.
fn bitonic(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut level = make.leaves(n);
    let mut block = 2;
    while block <= n {
        let mut span = block / 2;
        while span > 0 {
            let before = level.clone();
            for i in (0..n).filter(|i| i & span == 0) {
                let compared = make.node([before[i], before[i | span]]);
                level[i] = make.node([compared]);
                level[i | span] = make.node([compared]);
            }
            span /= 2;
        }
        block *= 2;
    }
    make.named(format!("bitonic({n})"))
}

/// `n` loads, each split `n` ways; join `j` reads the `j`-th split of every load.
fn shuffle(make: &mut Maker, loads: &[usize]) -> Vec<usize> {
    let n = loads.len();
    let splits: Vec<Vec<_>> = loads
        .iter()
        .map(|&load| (0..n).map(|_| make.node([load])).collect())
        .collect();
    (0..n)
        .map(|j| make.node(splits.iter().map(|row| row[j]).collect::<Vec<_>>()))
        .collect()
}

pub fn all_to_all(n: usize) -> Dag {
    let mut make = Maker::default();
    let loads = make.leaves(n);
    shuffle(&mut make, &loads);
    make.named(format!("alltoall({n},{n})"))
}

fn shuffles(n: usize) -> Dag {
    let mut make = Maker::default();
    let loads = make.leaves(n);
    let once = shuffle(&mut make, &loads);
    shuffle(&mut make, &once);
    make.named(format!("alltoall twice({n})"))
}

// ------------------------------------------------------------------ studies

/// `d0 → a0, b0, c0; bᵢ → b0; cᵢ → c0; dᵢ → dᵢ₋₁, bᵢ, cᵢ`, for `i < depth`.
pub fn ladder(depth: usize) -> Dag {
    let mut make = Maker::default();
    let (a, b, c) = (make.node([]), make.node([]), make.node([]));
    let mut d = make.node([a, b, c]);
    for _ in 1..depth {
        let (left, right) = (make.node([b]), make.node([c]));
        d = make.node([d, left, right]);
    }
    make.named(format!("ladder({depth})"))
}

/// Every parameter is fitted and scored on every fold, then averaged; the best is the output.
pub fn cross_validation(folds: usize, params: usize) -> Dag {
    let mut make = Maker::default();
    let data = make.node([]);
    let train: Vec<_> = (0..folds).map(|_| make.node([data])).collect();
    let test: Vec<_> = (0..folds).map(|_| make.node([data])).collect();
    let mut means = Vec::new();
    for _ in 0..params {
        let mut scores = Vec::new();
        for (train, test) in train.iter().zip(&test) {
            let fit = make.node([*train]);
            scores.push(make.node([fit, *test]));
        }
        means.push(make.node(scores));
    }
    make.node(means);
    make.named(format!("crossval({folds},{params})"))
}

/// The same with an inner search in each fold, whose best is scored.
fn tuned(folds: usize, params: usize) -> Dag {
    let mut make = Maker::default();
    let data = make.node([]);
    let mut scores = Vec::new();
    for _ in 0..folds {
        let (train, test) = (make.node([data]), make.node([data]));
        let mut tried = Vec::new();
        for _ in 0..params {
            let fit = make.node([train]);
            let inner = make.node([fit, train]);
            tried.push(make.node([inner, fit]));
        }
        let best = make.node(tried);
        scores.push(make.node([best, test]));
    }
    make.node(scores);
    make.named(format!("nested crossval({folds},{params})"))
}

/// Each window reads so many neighbours; then the sum of all.
fn windows(n: usize, width: usize) -> Dag {
    let mut make = Maker::default();
    let leaves = make.leaves(n);
    let means: Vec<_> = leaves.windows(width).map(|w| make.node(w)).collect();
    make.reduce(means, 8);
    make.named(format!("windows({n},{width})"))
}

/// All pairs of loads, and the sum of what they give.
fn pairs(n: usize) -> Dag {
    let mut make = Maker::default();
    let loads = make.leaves(n);
    let mut met = Vec::new();
    for i in 0..n {
        for j in 0..i {
            met.push(make.node([loads[i], loads[j]]));
        }
    }
    make.reduce(met, 4);
    make.named(format!("pairs({n})"))
}

/// The product of two matrices of `n` by `n` blocks.
fn matmul(n: usize) -> Dag {
    let mut make = Maker::default();
    let (a, b) = (make.leaves(n * n), make.leaves(n * n));
    for i in 0..n {
        for j in 0..n {
            let products: Vec<_> = (0..n)
                .map(|k| make.node([a[i * n + k], b[k * n + j]]))
                .collect();
            make.reduce(products, 2);
        }
    }
    make.named(format!("matmul({n})"))
}

/// Cholesky's factors of a matrix of `n` by `n` blocks.
fn cholesky(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut block: Vec<Vec<_>> = (0..n).map(|i| make.leaves(i + 1)).collect();
    for k in 0..n {
        block[k][k] = make.node([block[k][k]]);
        for i in k + 1..n {
            block[i][k] = make.node([block[i][k], block[k][k]]);
        }
        for i in k + 1..n {
            for j in k + 1..=i {
                let mut inputs = vec![block[i][j], block[i][k]];
                if i != j {
                    inputs.push(block[j][k]);
                }
                block[i][j] = make.node(inputs);
            }
        }
    }
    make.named(format!("cholesky({n})"))
}

/// The factors L and U of a matrix of `n` by `n` blocks, without pivots.
fn lu(n: usize) -> Dag {
    let mut make = Maker::default();
    let mut block: Vec<Vec<_>> = (0..n).map(|_| make.leaves(n)).collect();
    for k in 0..n {
        block[k][k] = make.node([block[k][k]]);
        for i in k + 1..n {
            block[i][k] = make.node([block[i][k], block[k][k]]);
            block[k][i] = make.node([block[k][i], block[k][k]]);
        }
        for i in k + 1..n {
            for j in k + 1..n {
                block[i][j] = make.node([block[i][j], block[i][k], block[k][j]]);
            }
        }
    }
    make.named(format!("lu({n})"))
}

// ------------------------------------------------------------------ by chance

/// Layers in which each node reads one to three of the layer before.
pub fn layered(seed: u64, layers: usize, width: usize) -> Dag {
    let (mut make, mut chance) = (Maker::default(), Chance(seed));
    let mut level = make.leaves(width);
    for _ in 1..layers {
        level = (0..width)
            .map(|_| {
                let count = 1 + chance.below(3);
                let inputs: Vec<_> = (0..count).map(|_| level[chance.below(width)]).collect();
                make.node(inputs)
            })
            .collect();
    }
    make.named(format!("layered({layers},{width}) #{seed}"))
}

/// Edges replaced by two in a row or two side by side, again and again.
pub fn series_parallel(seed: u64, size: usize) -> Dag {
    let mut chance = Chance(seed);
    let mut nodes = 2;
    let mut edges = vec![(0, 1)];
    while nodes < size {
        let at = chance.below(edges.len());
        let (from, to) = edges[at];
        let middle = nodes;
        nodes += 1;
        edges[at] = (from, middle);
        edges.push((middle, to));
        if chance.below(2) == 0 {
            edges.push((from, nodes));
            edges.push((nodes, to));
            nodes += 1;
        }
    }
    from_edges(nodes, &edges).named(format!("series-parallel({nodes}) #{seed}"))
}

/// Each node reads up to three of the fifty before it.
pub fn sparse(seed: u64, n: usize) -> Dag {
    let (mut make, mut chance) = (Maker::default(), Chance(seed));
    for i in 0..n {
        let near = i.min(50);
        let count = if near == 0 { 0 } else { chance.below(4) };
        let inputs: Vec<_> = (0..count).map(|_| i - 1 - chance.below(near)).collect();
        make.node(inputs);
    }
    make.named(format!("sparse({n}) #{seed}"))
}

/// Numbers the nodes of a graph so that inputs come first.
fn from_edges(nodes: usize, edges: &[(usize, usize)]) -> Maker {
    let mut inputs = vec![Vec::new(); nodes];
    for &(from, to) in edges {
        inputs[to].push(from);
    }
    let mut place = vec![None; nodes];
    let mut make = Maker::default();
    // Each round places what has all its inputs.
    while make.0.len() < nodes {
        for i in 0..nodes {
            let placed: Option<Vec<usize>> = inputs[i].iter().map(|&k| place[k]).collect();
            if let (None, Some(placed)) = (place[i], placed) {
                place[i] = Some(make.node(placed));
            }
        }
    }
    make
}
