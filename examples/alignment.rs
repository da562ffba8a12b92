//! Aligns two long DNA sequences: dynamic programming, in blocks, as a wavefront of nodes.
//!
//! The table of the Needleman-Wunsch algorithm has a row for each letter of one sequence and a column for each
//! letter of the other; a cell needs its three neighbours above and to the left. Cut into blocks, a block needs the
//! bottom row of the block above and the right column of the block to the left. That is all the program says: which
//! blocks may run at the same time, and when a border may be dropped, follows from the graph.
//!
//! ```text
//! cargo run --release --example alignment                  # 20000 letters each, blocks of 500
//! cargo run --release --example alignment -- 40000 1000    # longer, with larger blocks
//! ```

use std::{
    error::Error as StdError,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use lazygraph::{Options, Plan, prelude::*};

const MATCH: i32 = 2;
const MISMATCH: i32 = -3;
const GAP: i32 = -4;

/// What the neighbours of a block see of it.
#[derive(Debug)]
struct Borders {
    /// The last row, beginning with the corner to its left.
    bottom: Vec<i32>,
    /// The last column, beginning with the corner above it.
    right: Vec<i32>,
}

/// Fills the block of the table for the letters `rows` of `a` and `columns` of `b`.
#[delayed]
fn block(
    a: &[u8],
    rows: (usize, usize),
    b: &[u8],
    columns: (usize, usize),
    above: &Borders,
    left: &Borders,
) -> Borders {
    fill(
        &a[rows.0..rows.1],
        &b[columns.0..columns.1],
        &above.bottom,
        &left.right,
    )
}

/// Fills a rectangle of the table from the row above it and the column to its left, keeping one row at a time.
fn fill(a: &[u8], b: &[u8], top: &[i32], left: &[i32]) -> Borders {
    let mut row = top.to_vec();
    let mut right = Vec::with_capacity(left.len());
    right.push(row[b.len()]);
    for (&letter, &start) in a.iter().zip(&left[1..]) {
        let mut diagonal = std::mem::replace(&mut row[0], start);
        let mut before = start;
        for (cell, &other) in row[1..].iter_mut().zip(b) {
            let step = if letter == other { MATCH } else { MISMATCH };
            let from_above = (diagonal + step).max(*cell + GAP);
            before = from_above.max(before + GAP);
            diagonal = std::mem::replace(cell, before);
        }
        right.push(before);
    }
    Borders { bottom: row, right }
}

/// The scores along the edge of the table, from letter `start` on: gaps only.
fn edge(start: usize, end: usize) -> Vec<i32> {
    (start..=end).map(|i| i as i32 * GAP).collect()
}

/// The score of the best alignment as a graph: a wavefront of blocks from the top left to the bottom right.
fn aligned(a: &Arc<Vec<u8>>, b: &Arc<Vec<u8>>, size: usize) -> Delayed<i32> {
    let cut = |len: usize| -> Vec<(usize, usize)> {
        (0..len)
            .step_by(size)
            .map(|start| (start, len.min(start + size)))
            .collect()
    };
    let columns = cut(b.len());
    let mut above: Vec<Delayed<Borders>> = columns
        .iter()
        .map(|&(start, end)| {
            value(Borders {
                bottom: edge(start, end),
                right: Vec::new(),
            })
        })
        .collect();
    let mut corner = value(0);
    for rows in cut(a.len()) {
        let mut left = value(Borders {
            bottom: Vec::new(),
            right: edge(rows.0, rows.1),
        });
        for (above, &columns) in above.iter_mut().zip(&columns) {
            left = block(a.clone(), rows, b.clone(), columns, &*above, &left);
            *above = left.clone();
        }
        corner = left.map(|last| last.right[last.right.len() - 1]);
    }
    corner
}

/// A xorshift generator: the same sequences in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn letter(&mut self) -> u8 {
        b"ACGT"[self.below(4) as usize]
    }
}

/// Random letters, and a copy of them with substitutions, insertions and deletions: one letter in ten is hit.
fn relatives(len: usize) -> (Vec<u8>, Vec<u8>) {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let original: Vec<u8> = (0..len).map(|_| random.letter()).collect();
    let mut copy = Vec::with_capacity(len + len / 16);
    for &letter in &original {
        match random.below(30) {
            0 => copy.push(random.letter()),
            1 => copy.extend([letter, random.letter()]),
            2 => {}
            _ => copy.push(letter),
        }
    }
    (original, copy)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

fn argument(position: usize, name: &str, default: usize) -> Result<usize, String> {
    match std::env::args().nth(position) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(n @ 1..=1_000_000) => Ok(n),
            _ => Err(format!("{name} must be from 1 to 1000000, not `{text}`")),
        },
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let len = argument(1, "the length", 20_000)?;
    let size = argument(2, "the block size", 500)?;
    let blocks = len.div_ceil(size).pow(2);
    if blocks > 4_000_000 {
        return Err(
            format!("blocks of {size} would be {blocks} blocks: choose larger ones").into(),
        );
    }
    let (a, b) = relatives(len);
    let cells = a.len() as f64 * b.len() as f64;
    println!("aligning {} with {} letters", a.len(), b.len());

    let (expected, serial) = timed(|| {
        let all = fill(&a, &b, &edge(0, b.len()), &edge(0, a.len()));
        all.bottom[b.len()]
    });

    let (a, b) = (Arc::new(a), Arc::new(b));
    let (graph, building) = timed(|| aligned(&a, &b, size));
    let plan = Plan::new(&graph, &Options::new())?;
    let (score, parallel) = timed(|| graph.compute());
    let score = score?;
    if score != expected {
        return Err(format!("the score is {score} in blocks, {expected} row by row").into());
    }

    println!("score {score}, the same both ways\n");
    let row = |title: &str, time: Duration| {
        let speed = cells / time.as_secs_f64() / 1e6;
        println!("{title:<28}{time:>12.2?}{speed:>10.0} million cells/s");
    };
    row("row by row, one thread", serial);
    row("blocks, as a graph", parallel);
    println!(
        "\n{} nodes, blocks of {size} x {size}; built in {building:.2?}; at most {} results alive at a time",
        plan.node_count(),
        plan.memory_profile().peak(),
    );
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("alignment: {e:#}\nusage: alignment [LENGTH] [BLOCK_SIZE]");
            ExitCode::FAILURE
        }
    }
}
