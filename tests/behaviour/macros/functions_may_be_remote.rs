//! `remote`: arguments and results that may travel.

use super::*;

#[derive(serde::Serialize, serde::Deserialize, Clone)]
struct Job {
    id: u32,
}
#[delayed(pure, remote)]
fn solve(#[key(serde)] j: &Job, xs: &[f64], name: &str, jobs: &[&Job]) -> Result<f64, String> {
    Ok(f64::from(j.id) + (xs.len() + name.len() + jobs.len()) as f64)
}
#[delayed(remote(f64, i64))]
fn largest<T: PartialOrd + Copy>(xs: &[T]) -> T {
    xs.iter()
        .copied()
        .reduce(|a, b| if b > a { b } else { a })
        .unwrap()
}
#[delayed(remote((f64, i64), (u8, String)))]
fn pair<A, B>(a: A, b: B) -> (A, B) {
    (a, b)
}
#[test]
fn values() {
    assert_eq!(
        solve(Job { id: 1 }, [1.0], "ab", [value(Job { id: 2 })]).get(),
        5.0
    );
    assert_eq!(largest(vec![1, 3, 2]).get(), 3);
    assert_eq!(pair(1.0, 2).get(), (1.0, 2));
}
