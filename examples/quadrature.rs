//! Adaptive integration: a panel that is not good enough splits in two, from inside the node that found out.
//!
//! Where the function is smooth a few panels do; near a peak or a kink the recursion goes deep. Nobody can draw
//! that graph in advance, so every node computes the graph of its own halves. Below an adjustable depth the plain
//! recursion takes over, for a node should be worth its cost.
//!
//! ```text
//! cargo run --release --example quadrature                 # 10 levels of nodes, tolerance 1e-12
//! cargo run --release --example quadrature -- 20 1e-9      # 20 levels, tolerance 1e-9
//! ```

use std::{
    error::Error as StdError,
    f64::consts::PI,
    hint::black_box,
    ops::Add,
    process::ExitCode,
    str::FromStr,
    time::{Duration, Instant},
};

use lazygraph::{Counter, Options, prelude::*};

/// Functions that are hard in different ways, with known integrals.
#[derive(Clone, Copy, Debug)]
enum Integrand {
    /// `1 / (x² + 10⁻⁶)` on -1..1: a peak of height a million.
    Peak,
    /// `√|x - 1/3|` on 0..1: a kink with infinite slope.
    Kink,
    /// `Σ sin(kx)/k` for k to 100, on 0..π: a sawtooth with ripples, and not cheap to evaluate.
    Sawtooth,
}

impl Integrand {
    const ALL: [Integrand; 3] = [Integrand::Peak, Integrand::Kink, Integrand::Sawtooth];

    fn at(self, x: f64) -> f64 {
        match self {
            Integrand::Peak => 1.0 / (x * x + 1e-6),
            Integrand::Kink => (x - 1.0 / 3.0).abs().sqrt(),
            Integrand::Sawtooth => (1..=100).map(f64::from).map(|k| (k * x).sin() / k).sum(),
        }
    }

    fn range(self) -> (f64, f64) {
        match self {
            Integrand::Peak => (-1.0, 1.0),
            Integrand::Kink => (0.0, 1.0),
            Integrand::Sawtooth => (0.0, PI),
        }
    }

    fn exact(self) -> f64 {
        match self {
            Integrand::Peak => 2000.0 * 1000f64.atan(),
            Integrand::Kink => 2.0 / 3.0 * ((1.0 / 3.0f64).powf(1.5) + (2.0 / 3.0f64).powf(1.5)),
            // Only the odd terms have an area, 2/k².
            Integrand::Sawtooth => (1..=100)
                .step_by(2)
                .map(f64::from)
                .map(|k| 2.0 / (k * k))
                .sum(),
        }
    }
}

/// A piece of the range with the three values that Simpson's rule needs.
#[derive(Clone, Copy, Debug)]
struct Panel {
    a: f64,
    b: f64,
    at_a: f64,
    at_middle: f64,
    at_b: f64,
    /// The error that this panel may add.
    tolerance: f64,
}

impl Panel {
    fn new(f: Integrand, tolerance: f64) -> Self {
        let (a, b) = f.range();
        Panel {
            a,
            b,
            at_a: f.at(a),
            at_middle: f.at((a + b) / 2.0),
            at_b: f.at(b),
            tolerance,
        }
    }

    fn simpson(&self) -> f64 {
        (self.b - self.a) / 6.0 * (self.at_a + 4.0 * self.at_middle + self.at_b)
    }

    /// The two halves; evaluates `f` twice.
    fn halves(&self, f: Integrand) -> (Panel, Panel) {
        let middle = (self.a + self.b) / 2.0;
        let left = Panel {
            b: middle,
            at_middle: f.at((self.a + middle) / 2.0),
            at_b: self.at_middle,
            tolerance: self.tolerance / 2.0,
            ..*self
        };
        let right = Panel {
            a: middle,
            at_a: self.at_middle,
            at_middle: f.at((middle + self.b) / 2.0),
            tolerance: self.tolerance / 2.0,
            ..*self
        };
        (left, right)
    }

    /// The area, if this panel is good enough; otherwise its halves.
    fn refine(&self, f: Integrand) -> Result<Area, (Panel, Panel)> {
        let (left, right) = self.halves(f);
        let fine = left.simpson() + right.simpson();
        let change = fine - self.simpson();
        let cannot_split = left.b <= left.a || right.b <= right.a || self.tolerance < 1e-300;
        if change.abs() <= 15.0 * self.tolerance || cannot_split {
            Ok(Area {
                value: fine + change / 15.0,
                evaluations: 2,
            })
        } else {
            Err((left, right))
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Area {
    value: f64,
    evaluations: u64,
}

impl Add for Area {
    type Output = Area;

    /// Joins the halves of a panel that cost two evaluations itself.
    fn add(self, other: Area) -> Area {
        Area {
            value: self.value + other.value,
            evaluations: self.evaluations + other.evaluations + 2,
        }
    }
}

/// One panel: its area, or a graph of its two halves while `depth` lasts.
#[delayed]
fn integrate(f: Integrand, panel: Panel, depth: u32) -> Result<Area, Error> {
    match panel.refine(f) {
        Ok(area) => Ok(area),
        Err((left, right)) if depth == 0 => Ok(plain(f, left) + plain(f, right)),
        Err((left, right)) => {
            let (left, right) = compute!(
                integrate(f, left, depth - 1),
                integrate(f, right, depth - 1)
            )?;
            Ok(left + right)
        }
    }
}

fn plain(f: Integrand, panel: Panel) -> Area {
    match panel.refine(f) {
        Ok(area) => area,
        Err((left, right)) => plain(f, left) + plain(f, right),
    }
}

/// Runs `work` a few times and returns its result with the shortest time.
fn timed<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut once = || {
        let start = Instant::now();
        (work(), start.elapsed())
    };
    let mut best = once();
    for _ in 0..4 {
        let next = once();
        if next.1 < best.1 {
            best = next;
        }
    }
    best
}

fn argument<T: FromStr>(position: usize, name: &str, default: T) -> Result<T, String> {
    match std::env::args().nth(position) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .map_err(|_| format!("`{text}` is not a valid {name}")),
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let depth: u32 = argument(1, "depth", 10)?;
    let tolerance: f64 = argument(2, "tolerance", 1e-12)?;
    if depth > 64 {
        return Err("a depth above 64 is deeper than any of these integrals gets".into());
    }
    if !(1e-13..=1.0).contains(&tolerance) {
        return Err("the tolerance must be from 1e-13 to 1".into());
    }

    println!("tolerance {tolerance:e}, nodes down to depth {depth}, plain recursion below\n");
    println!(
        "{:<8}{:>22}{:>10}{:>13}{:>9}{:>12}{:>12}",
        "", "integral", "error", "evaluations", "nodes", "time", "plain time"
    );
    for f in Integrand::ALL {
        let panel = Panel::new(f, tolerance);
        let graph = integrate(f, panel, depth);
        let seen = Counter::new();
        graph.compute_with(&Options::new().observe(&seen))?;
        let (area, time) = timed(|| graph.compute());
        let (expected, plain_time) = timed(|| plain(f, black_box(panel)));
        let area = area?;
        if area != expected {
            return Err(format!("{f:?}: {area:?} with nodes, {expected:?} without").into());
        }
        println!(
            "{:<8}{:>22.12}{:>10.1e}{:>13}{:>9}{:>12.2?}{:>12.2?}",
            format!("{f:?}").to_lowercase(),
            area.value,
            (area.value - f.exact()).abs(),
            area.evaluations + 3,
            seen.executed("integrate"),
            time,
            plain_time,
        );
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("quadrature: {e:#}\nusage: quadrature [DEPTH] [TOLERANCE]");
            ExitCode::FAILURE
        }
    }
}
