//! Methods of plain and generic types, by reference and by value, with `self` lent or moved.

use super::*;

#[derive(Clone, Debug, PartialEq)]
struct Sim {
    t: f64,
    x: Vec<f64>,
}
#[delayed]
impl Sim {
    const START: f64 = 0.5;
    /// A new one.
    pub(crate) fn new(n: usize) -> Self {
        Sim {
            t: Self::START,
            x: vec![1.0; n],
        }
    }
    #[must_use]
    pub(crate) fn step(mut self, dt: f64) -> Self {
        self.t += dt;
        self
    }
    #[delayed(pure, retries = 1)]
    pub(crate) fn energy(&self) -> f64 {
        self.x.iter().sum()
    }
    pub(crate) fn check(&self, limit: f64) -> Result<f64, String> {
        if self.t < limit {
            Ok(self.t)
        } else {
            Err("over".to_owned())
        }
    }
    pub(crate) fn merge(&self, others: &[&Self], first: Option<Self>) -> f64 {
        let first = first.map_or(0.0, |s| s.t);
        self.t + first + others.iter().map(|s| s.t).sum::<f64>()
    }
    pub(crate) fn each<F: Fn(f64) -> f64>(&self, f: F, g: impl Fn(f64) -> f64) -> Vec<f64> {
        self.x.iter().map(|x| g(f(*x))).collect()
    }
    pub(crate) fn split<const N: usize>(&self) -> Result<[f64; N], String> {
        self.x.clone().try_into().map_err(|_| "length".to_owned())
    }
    #[delayed(skip)]
    pub(crate) fn reset(&mut self) {
        self.t = 0.0;
    }
    fn private(&self, s: &str) -> String {
        format!("{s}{}", self.t)
    }
    #[cfg(any())]
    fn switched(&self, x: Missing) {}
    fn associated(&self, x: <Self as Iterator>::Item) -> <Self as Iterator>::Item {
        x
    }
}
impl Iterator for Sim {
    type Item = u8;
    fn next(&mut self) -> Option<u8> {
        None
    }
}

struct Grid<T, const N: usize>([T; N]);
#[delayed(ext = LazyGrid)]
impl<T: Value + Clone, const N: usize> Grid<T, N>
where
    T: PartialEq,
{
    fn cell(&self, i: usize) -> T {
        self.0[i].clone()
    }
    fn holds(&self, x: &T) -> bool {
        self.0.contains(x)
    }
    fn pair<U: Debug>(&self, x: U) -> (T, String) {
        (self.0[0].clone(), format!("{x:?}"))
    }
}

struct Small(u8);
#[delayed]
impl Small {
    fn double(&self) -> u8 {
        self.0 * 2
    }
}
#[delayed(ext = MoreSmall)]
impl Small {
    fn triple(&self) -> u8 {
        self.0 * 3
    }
}

#[test]
fn values() {
    let s = Delayed::<Sim>::new(2).step(0.5).step(1.0);
    assert_eq!(s.energy().get(), 2.0);
    assert_eq!(s.check(9.0).get(), 2.0);
    assert!(s.check(1.0).compute().is_err());
    assert_eq!(s.merge([s.clone(), s.step(1.0)], None).get(), 7.0);
    assert_eq!(s.each(|x| x + 1.0, |x| -x).get(), [-2.0, -2.0]);
    assert_eq!(s.split::<2>().get(), [1.0, 1.0]);
    assert_eq!(s.private("t").get(), "t2");
    assert_eq!(s.associated(3).get(), 3);
    let mut eager = Sim::new(2).step(1.0);
    eager.reset();
    assert_eq!(eager.energy(), 2.0);
    let g = value(Grid(['a', 'b']));
    assert_eq!(g.cell(1).get(), 'b');
    assert!(g.holds('a').get());
    assert_eq!(g.pair(1).get(), ('a', "1".to_owned()));
    let s = value(Small(2));
    assert_eq!((s.double().get(), s.triple().get()), (4, 6));
}
