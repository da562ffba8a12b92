//! Chooses a model by cross-validation, on a data set of medical images.
//!
//! Every candidate is written down as if it were alone in the world: load the file, split it, prepare the features,
//! fit, score. All of that is pure, so what the candidates have in common runs once: the file is parsed once, a
//! fold is prepared once for all the models, the normal equations of a fold are formed once for all the penalties.
//! No cache was written and nothing was hoisted out of a loop by hand.
//!
//! ```text
//! cargo run --release --example grid_search                        # the data set beside this file
//! cargo run --release --example grid_search -- other.csv           # the same layout, see data/README.md
//! cargo run --release --example grid_search -- --folds 10
//! ```

use std::{
    error::Error as StdError,
    fmt, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use lazygraph::{Counter, Options, Token, compute_with, prelude::*};

// The search space

/// What the models get to see.
#[derive(Clone, Copy, Debug, PartialEq, Token)]
enum Features {
    AsMeasured,
    WithSquares,
}

#[derive(Clone, Copy, Debug, PartialEq, Token)]
enum Model {
    /// Least squares on ±1 with a penalty on the weights.
    Ridge { penalty: f64 },
    /// A vote of the nearest samples.
    Neighbours { count: usize },
    /// Logistic regression with a penalty on the weights.
    Logistic { penalty: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Candidate {
    features: Features,
    model: Model,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.model {
            Model::Ridge { penalty } => write!(f, "ridge, penalty {penalty}")?,
            Model::Neighbours { count } => write!(f, "vote of the nearest {count}")?,
            Model::Logistic { penalty } => write!(f, "logistic, penalty {penalty}")?,
        }
        match self.features {
            Features::AsMeasured => Ok(()),
            Features::WithSquares => f.write_str(", with squares"),
        }
    }
}

fn candidates() -> Vec<Candidate> {
    let ridge = (-3..=4).map(|e| Model::Ridge {
        penalty: 10f64.powi(e),
    });
    let neighbours = (1..=29).step_by(2).map(|count| Model::Neighbours { count });
    let logistic = (-2..=3).map(|e| Model::Logistic {
        penalty: 10f64.powi(e),
    });
    let models: Vec<_> = ridge.chain(neighbours).chain(logistic).collect();
    [Features::AsMeasured, Features::WithSquares]
        .into_iter()
        .flat_map(|features| {
            models
                .iter()
                .map(move |&model| Candidate { features, model })
        })
        .collect()
}

// The data

/// Samples with their classes.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Row after row.
    values: Vec<f64>,
    columns: usize,
    classes: Vec<bool>,
}

impl Table {
    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.columns)
    }

    fn push(&mut self, row: impl IntoIterator<Item = f64>, class: bool) {
        self.values.extend(row);
        self.classes.push(class);
    }

    fn empty_like(&self) -> Table {
        Table {
            columns: self.columns,
            ..Table::default()
        }
    }
}

/// The samples to learn from, and those to be judged by.
#[derive(Clone, Debug)]
struct Split {
    train: Table,
    test: Table,
}

/// Reads a table: the number of samples and of features and two class names in the first line, then samples with
/// their class, 0 or 1, in the last column.
#[delayed(pure)]
fn load(path: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut lines = text.lines().enumerate();
    let first = lines.next().map(|(_, line)| line).unwrap_or_default();
    let columns = first
        .split(',')
        .nth(1)
        .and_then(|n| n.trim().parse::<usize>().ok())
        .filter(|n| *n > 0)
        .ok_or("line 1: expected the numbers of samples and features, and two class names")?;
    let mut table = Table {
        columns,
        ..Table::default()
    };
    for (i, line) in lines {
        let cells: Vec<f64> = line
            .split(',')
            .map(|cell| cell.trim().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| format!("line {}: a cell is not a number", i + 1))?;
        match cells.split_last() {
            Some((&class, row)) if row.len() == columns && (class == 0.0 || class == 1.0) => {
                table.push(row.iter().copied(), class == 1.0);
            }
            _ => {
                return Err(format!(
                    "line {}: expected {columns} numbers and a class, 0 or 1",
                    i + 1
                ));
            }
        }
    }
    Ok(table)
}

/// One of `folds` ways to set samples aside. Both classes are dealt out evenly.
#[delayed(pure)]
fn split(table: &Table, folds: usize, fold: usize) -> Result<Split, String> {
    let mut split = Split {
        train: table.empty_like(),
        test: table.empty_like(),
    };
    let mut dealt = [0, 0];
    for (row, &class) in table.rows().zip(&table.classes) {
        let part = match dealt[usize::from(class)] % folds == fold {
            true => &mut split.test,
            false => &mut split.train,
        };
        part.push(row.iter().copied(), class);
        dealt[usize::from(class)] += 1;
    }
    if dealt.iter().any(|n| *n < folds) {
        return Err(format!("fewer than {folds} samples of one class"));
    }
    Ok(split)
}

/// Adds the squares if asked to, scales all columns to mean 0 and deviation 1 as seen in training, and puts a
/// constant in front.
#[delayed(pure)]
fn prepare(split: &Split, features: Features) -> Split {
    let widen = |table: &Table| match features {
        Features::AsMeasured => table.clone(),
        Features::WithSquares => {
            let mut wide = Table {
                columns: 2 * table.columns,
                ..Table::default()
            };
            for (row, &class) in table.rows().zip(&table.classes) {
                wide.push(row.iter().flat_map(|x| [*x, x * x]), class);
            }
            wide
        }
    };
    let (train, test) = (widen(&split.train), widen(&split.test));
    let samples = train.classes.len() as f64;
    let mean_of = |column: usize, f: &dyn Fn(f64) -> f64| {
        train.rows().map(|row| f(row[column])).sum::<f64>() / samples
    };
    let scales: Vec<(f64, f64)> = (0..train.columns)
        .map(|column| {
            let mean = mean_of(column, &|x| x);
            let deviation = mean_of(column, &|x| (x - mean).powi(2)).sqrt();
            (mean, if deviation > 0.0 { deviation } else { 1.0 })
        })
        .collect();
    let scale = |table: &Table| {
        let mut scaled = Table {
            columns: 1 + table.columns,
            ..Table::default()
        };
        for (row, &class) in table.rows().zip(&table.classes) {
            let cells = row.iter().zip(&scales);
            let cells = cells.map(|(x, (mean, deviation))| (x - mean) / deviation);
            scaled.push(std::iter::once(1.0).chain(cells), class);
        }
        scaled
    };
    Split {
        train: scale(&train),
        test: scale(&test),
    }
}

// The models

/// `XᵀWX` and `Xᵀz`, for weights and targets by row.
#[derive(Clone, Debug)]
struct Normal {
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Normal {
    fn new(table: &Table, by_row: impl Fn(usize) -> (f64, f64)) -> Self {
        let n = table.columns;
        let mut normal = Normal {
            matrix: vec![0.0; n * n],
            right: vec![0.0; n],
        };
        for (i, row) in table.rows().enumerate() {
            let (weight, target) = by_row(i);
            for (j, &x) in row.iter().enumerate() {
                normal.right[j] += x * target;
                let line = &mut normal.matrix[j * n..=j * n + j];
                line.iter_mut()
                    .zip(row)
                    .for_each(|(cell, y)| *cell += weight * x * y);
            }
        }
        normal
    }

    /// Solves with `penalty` on the diagonal, but for the constant, by the method of Cholesky.
    fn solve(&self, penalty: f64) -> Result<Vec<f64>, String> {
        let n = self.right.len();
        let mut lower = self.matrix.clone();
        (1..n).for_each(|i| lower[i * n + i] += penalty);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for i in 0..n {
            let (done, line) = lower.split_at_mut(i * n);
            for j in 0..i {
                let other = &done[j * n..];
                line[j] = (line[j] - dot(&line[..j], &other[..j])) / other[j];
            }
            let rest = line[i] - dot(&line[..i], &line[..i]);
            if rest <= 0.0 {
                return Err(format!("the equations are singular at penalty {penalty}"));
            }
            line[i] = rest.sqrt();
        }
        let mut x = self.right.clone();
        for i in 0..n {
            x[i] = (x[i] - dot(&lower[i * n..i * n + i], &x[..i])) / lower[i * n + i];
        }
        for i in (0..n).rev() {
            let below: f64 = (i + 1..n).map(|j| lower[j * n + i] * x[j]).sum();
            x[i] = (x[i] - below) / lower[i * n + i];
        }
        Ok(x)
    }
}

fn sign(class: bool) -> f64 {
    if class { 1.0 } else { -1.0 }
}

fn margin(weights: &[f64], row: &[f64]) -> f64 {
    weights.iter().zip(row).map(|(w, x)| w * x).sum()
}

/// What all penalties of a ridge fit have in common.
#[delayed(pure)]
fn normal_equations(split: &Split) -> Normal {
    let train = &split.train;
    Normal::new(train, |i| (1.0, sign(train.classes[i])))
}

#[delayed(pure)]
fn ridge(normal: &Normal, penalty: f64) -> Result<Vec<f64>, String> {
    normal.solve(penalty)
}

/// Newton's method, with halved steps where the full one leads uphill.
#[delayed(pure)]
fn logistic(split: &Split, penalty: f64) -> Result<Vec<f64>, String> {
    let train = &split.train;
    let loss = |weights: &[f64]| {
        let misfit = train.rows().zip(&train.classes).map(|(row, &class)| {
            let m = sign(class) * margin(weights, row);
            (-m.abs()).exp().ln_1p() + (-m).max(0.0)
        });
        let size: f64 = weights[1..].iter().map(|w| w * w).sum();
        misfit.sum::<f64>() + penalty / 2.0 * size
    };
    let mut weights = vec![0.0; train.columns];
    let mut before = loss(&weights);
    for _ in 0..50 {
        let chances: Vec<f64> = train
            .rows()
            .map(|row| 1.0 / (1.0 + (-margin(&weights, row)).exp()))
            .collect();
        let mut normal = Normal::new(train, |i| {
            let p = chances[i];
            let hit = f64::from(u8::from(train.classes[i]));
            ((p * (1.0 - p)).max(1e-10), hit - p)
        });
        let towards_zero = normal.right.iter_mut().zip(&weights).skip(1);
        towards_zero.for_each(|(right, w)| *right -= penalty * w);
        let step = normal.solve(penalty)?;
        let mut length = 1.0;
        let (next, after) = loop {
            let next: Vec<f64> = weights
                .iter()
                .zip(&step)
                .map(|(w, s)| w + length * s)
                .collect();
            let after = loss(&next);
            if after <= before || length < 1e-6 {
                break (next, after);
            }
            length /= 2.0;
        };
        weights = next;
        if before - after <= 1e-9 * before {
            break;
        }
        before = after;
    }
    Ok(weights)
}

#[delayed(pure)]
fn accuracy(weights: &[f64], split: &Split) -> f64 {
    let test = &split.test;
    let guesses = test.rows().map(|row| margin(weights, row) > 0.0);
    share_of_hits(guesses, &test.classes)
}

/// For each test sample the classes of its neighbours in training, the nearest first: for all counts at once.
#[delayed(pure)]
fn neighbours(split: &Split) -> Vec<Vec<bool>> {
    let train = &split.train;
    let of_one = |row: &[f64]| {
        let mut near: Vec<(f64, bool)> = train
            .rows()
            .zip(&train.classes)
            .map(|(other, &class)| {
                let distance = row.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum();
                (distance, class)
            })
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near.into_iter().map(|(_, class)| class).collect()
    };
    split.test.rows().map(of_one).collect()
}

#[delayed(pure)]
fn vote(neighbours: &[Vec<bool>], count: usize, split: &Split) -> f64 {
    let guesses = neighbours.iter().map(|near| {
        let near = &near[..count.min(near.len())];
        2 * near.iter().filter(|class| **class).count() > near.len()
    });
    share_of_hits(guesses, &split.test.classes)
}

fn share_of_hits(guesses: impl Iterator<Item = bool>, classes: &[bool]) -> f64 {
    let hits = guesses.zip(classes).filter(|(a, b)| a == *b).count();
    hits as f64 / classes.len() as f64
}

/// The accuracy over the folds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Score {
    mean: f64,
    deviation: f64,
}

#[delayed(pure)]
fn summary(folds: &[f64]) -> Score {
    let n = folds.len() as f64;
    let mean = folds.iter().sum::<f64>() / n;
    let variance = folds.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    Score {
        mean,
        deviation: variance.sqrt(),
    }
}

// The graph

/// One candidate from the file to its score, as if there were no other.
fn score(path: &Path, folds: usize, candidate: Candidate) -> Delayed<Score> {
    let by_fold: Vec<Delayed<f64>> = (0..folds)
        .map(|fold| {
            let table = load(path.to_owned());
            let split = prepare(split(table, folds, fold), candidate.features);
            match candidate.model {
                Model::Ridge { penalty } => {
                    accuracy(ridge(normal_equations(&split), penalty), &split)
                }
                Model::Neighbours { count } => vote(neighbours(&split), count, &split),
                Model::Logistic { penalty } => accuracy(logistic(&split, penalty), &split),
            }
        })
        .collect();
    summary(by_fold)
}

const FUNCTIONS: [&str; 10] = [
    "load",
    "split",
    "prepare",
    "normal_equations",
    "ridge",
    "logistic",
    "accuracy",
    "neighbours",
    "vote",
    "summary",
];

/// The scores, how many nodes of each function ran, and the time.
fn search(
    graph: &[Delayed<Score>],
    options: Options,
) -> Result<(Vec<Score>, Vec<usize>, Duration), Error> {
    let seen = Counter::new();
    let start = Instant::now();
    let scores = compute_with(&options.observe(&seen), graph)?;
    let time = start.elapsed();
    let ran = FUNCTIONS.iter().map(|name| seen.executed(name)).collect();
    Ok((scores, ran, time))
}

fn arguments() -> Result<(PathBuf, usize), String> {
    let (mut path, mut folds) = (None, 5);
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--folds") => {
                let number = words.next().and_then(|n| n.to_str()?.parse().ok());
                folds = number
                    .filter(|n| (2..=50).contains(n))
                    .ok_or("`--folds` needs a number from 2 to 50")?;
            }
            Some(option) if option.starts_with("--") => {
                return Err(format!("unknown option `{option}`"));
            }
            _ if path.is_some() => return Err("more than one file".into()),
            _ => path = Some(PathBuf::from(word)),
        }
    }
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/breast_cancer.csv");
    Ok((path.unwrap_or_else(beside), folds))
}

fn run() -> Result<(), Box<dyn StdError>> {
    let (path, folds) = arguments()?;
    let candidates = candidates();
    let graph: Vec<_> = candidates
        .iter()
        .map(|&candidate| score(&path, folds, candidate))
        .collect();
    let (scores, ran, time) = search(&graph, Options::new())?;
    let (again, all_ran, all_time) = search(&graph, Options::new().dedupe(false))?;
    if scores != again {
        return Err("sharing changed a score".into());
    }

    println!("{}", path.display());
    println!("{} candidates, {folds} folds\n", candidates.len());
    let mut ranking: Vec<_> = candidates.iter().zip(&scores).collect();
    ranking.sort_by(|a, b| {
        let by_mean = b.1.mean.total_cmp(&a.1.mean);
        by_mean.then(a.1.deviation.total_cmp(&b.1.deviation))
    });
    println!("  accuracy   deviation");
    for (candidate, score) in ranking.iter().take(8) {
        println!(
            "{:>10.4}{:>12.4}   {candidate}",
            score.mean, score.deviation
        );
    }

    println!(
        "\n{:<20}{:>10}{:>18}",
        "nodes run", "shared", "without dedupe"
    );
    for ((name, ran), all_ran) in FUNCTIONS.iter().zip(&ran).zip(&all_ran) {
        println!("{name:<20}{ran:>10}{all_ran:>18}");
    }
    let (ran, all_ran) = (ran.iter().sum::<usize>(), all_ran.iter().sum::<usize>());
    println!("{:<20}{ran:>10}{all_ran:>18}", "all");
    println!("{:<20}{time:>10.2?}{all_time:>18.2?}", "time");
    println!("\nsharing saved {} of {all_ran} node runs", all_ran - ran);
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("grid_search: {e:#}\nusage: grid_search [FILE.csv] [--folds N]");
            ExitCode::FAILURE
        }
    }
}
