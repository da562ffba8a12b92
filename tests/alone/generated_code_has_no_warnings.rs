//! What the macros generate draws no warning in a crate that asks for all of them. Run clippy on it, too.
#![forbid(unsafe_code)]
#![deny(warnings)]
#![deny(
    missing_docs,
    unreachable_pub,
    unused_results,
    unused_qualifications,
    unused_lifetimes
)]
#![deny(
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    elided_lifetimes_in_paths
)]
#![deny(
    explicit_outlives_requirements,
    let_underscore_drop,
    missing_debug_implementations
)]
#![deny(
    private_bounds,
    private_interfaces,
    unnameable_types,
    non_local_definitions
)]
#![deny(clippy::all, clippy::pedantic)]

use lazygraph::{Delayed, Footprint, Token, Value, delayed, value};
use std::collections::HashMap;
use std::hash::BuildHasher;

/// Adds one.
#[delayed]
pub const fn inc(x: i64) -> i64 {
    x + 1
}

/// Everything at once.
///
/// # Errors
/// If `p` is less than one.
#[delayed(
    pure,
    cost = "250us",
    retries = 1,
    timeout = "2s",
    version = "2",
    name = "p-norm"
)]
pub fn norm(v: &[f64], p: f64) -> Result<f64, String> {
    if p < 1.0 {
        return Err("p".into());
    }
    Ok(v.iter().map(|x| x.abs().powf(p)).sum::<f64>().powf(1.0 / p))
}

/// A config.
#[derive(Token, Footprint, Clone, Debug)]
pub struct Config {
    tolerance: f64,
    mode: Mode,
}

/// A mode.
#[derive(Token, Footprint, Clone, Debug)]
pub enum Mode {
    /// Fast.
    Fast,
    /// Exact.
    Exact {
        /// How exact.
        digits: u8,
    },
    /// Both.
    Both(u8, String),
}

/// Measured as far as it goes.
#[derive(Footprint, Debug)]
pub struct Measured<T, const N: usize> {
    /// Asked.
    pub items: [T; N],
    #[footprint(with = bits)]
    seen: [u64; 4],
    #[footprint(skip)]
    lock: std::sync::Mutex<bool>,
}

const fn bits(_: &[u64; 4]) -> usize {
    0
}

/// Keyed by derived tokens.
#[delayed(pure)]
#[must_use]
pub fn solve(config: &Config, #[key(hash)] id: u64, all: &[&Config]) -> f64 {
    let digits = match &config.mode {
        Mode::Fast => 0,
        Mode::Exact { digits } => *digits,
        Mode::Both(digits, name) => *digits + u8::from(name.is_empty()),
    };
    let all: f64 = all.iter().map(|c| c.tolerance).sum();
    config.tolerance + f64::from(digits) + all + if id == 0 { 1.0 } else { 0.0 }
}

/// Generic, with closures.
#[delayed]
pub fn select<T: Value + Clone, F>(xs: &[T], last: T, f: F, keep: impl Fn(&T) -> bool) -> Vec<T>
where
    F: Fn(&T) -> T,
{
    let mut selected: Vec<T> = xs.iter().filter(|x| keep(x)).map(f).collect();
    selected.push(last);
    selected
}

/// The plain version has a name of its own.
#[delayed(now = shout_now)]
pub fn shout(text: &str) -> String {
    text.to_uppercase()
}

/// A table.
#[delayed]
pub fn entries<S: BuildHasher>(table: &HashMap<String, f64, S>) -> usize {
    table.len()
}

#[delayed]
fn private((left, right): (i64, i64), _: u8) -> i64 {
    left + right
}

#[delayed]
#[deprecated = "it is old"]
fn old() {}

/// A simulation.
#[derive(Clone, Debug)]
pub struct Sim {
    time: f64,
}

#[delayed]
impl Sim {
    /// Starts.
    #[must_use]
    pub const fn new(time: f64) -> Self {
        Self { time }
    }

    /// Goes on.
    #[must_use]
    pub fn step(mut self, dt: f64) -> Self {
        self.time += dt;
        self
    }

    /// Checks.
    ///
    /// # Errors
    /// If it is over.
    #[delayed(pure)]
    pub fn check(&self, config: &Config) -> Result<f64, String> {
        if self.time < config.tolerance {
            Ok(self.helper())
        } else {
            Err("over".into())
        }
    }

    fn helper(&self) -> f64 {
        self.time
    }
}

struct Hidden(u8);
struct Other;

#[delayed]
impl Hidden {
    fn double(&self, _: &Other) -> Self {
        Self(self.0 * 2)
    }
}

#[test]
fn it_runs_too() {
    #[delayed]
    fn local(x: i64) -> i64 {
        x * 3
    }
    let d: Delayed<i64> = local(inc(private((1, 2), 0)));
    assert_eq!(d.get(), 12);
    assert!((norm([3.0, 4.0], 2.0).get() - 5.0).abs() < 1e-9);
    let config = |mode| Config {
        tolerance: 9.0,
        mode,
    };
    let all = [
        value(config(Mode::Fast)),
        value(config(Mode::Exact { digits: 1 })),
    ];
    assert!((solve(config(Mode::Both(2, String::new())), 0, all).get() - 31.0).abs() < 1e-9);
    assert_eq!(select(vec![1, 2], 3, |x| x * 10, |x| *x > 1).get(), [20, 3]);
    assert_eq!(shout("a").get(), shout_now("a"));
    assert_eq!(entries(HashMap::from([("a".to_owned(), 1.0)])).get(), 1);
    #[allow(deprecated)]
    old().get();
    let sim = Delayed::<Sim>::new(1.0).step(2.0);
    assert!((sim.check(config(Mode::Fast)).get() - 3.0).abs() < 1e-9);
    assert!((sim.helper().get() - Sim::new(3.0).time).abs() < 1e-9);
    assert_eq!(value(Hidden(1)).double(Other).map(|h| h.0).get(), 2);
    let measured = Measured {
        items: ["ab".to_owned(), String::new()],
        seen: [1; 4],
        lock: false.into(),
    };
    assert_eq!(measured.footprint(), 2);
    assert!(!*measured.lock.lock().unwrap());
    assert_eq!(config(Mode::Fast).footprint(), 0);
}
