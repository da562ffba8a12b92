//! `crate = path`, where the crate is reached by another name.

mod other {
    pub(super) mod path {
        pub(in super::super) use lazygraph::*;
    }
}

#[derive(other::path::Token, Clone)]
#[token(crate = other::path)]
struct Cfg<T> {
    tol: f64,
    extra: Vec<T>,
}
#[derive(other::path::Token, Clone)]
#[token(crate = other::path)]
enum Mode {
    Fast,
    Exact { digits: u8 },
    Both(u8, u16),
}

#[other::path::delayed(pure, crate = other::path)]
fn run(c: &Cfg<u8>, m: Mode) -> f64 {
    let digits = match m {
        Mode::Fast => 0.0,
        Mode::Exact { digits } => f64::from(digits),
        Mode::Both(a, b) => f64::from(a) + f64::from(b),
    };
    c.tol + c.extra.len() as f64 + digits
}
#[other::path::delayed(crate = other::path)]
impl Mode {
    fn is_fast(&self) -> bool {
        matches!(self, Mode::Fast)
    }
}

#[test]
fn values() {
    let cfg = |x: u8| Cfg {
        tol: 1.0,
        extra: vec![x],
    };
    assert_eq!(run(cfg(1), Mode::Fast).get(), 2.0);
    assert_eq!(run(cfg(1), Mode::Exact { digits: 2 }).get(), 4.0);
    assert_eq!(run(cfg(1), Mode::Both(1, 2)).get(), 5.0);
    assert!(lazygraph::value(Mode::Fast).is_fast().get());
}
