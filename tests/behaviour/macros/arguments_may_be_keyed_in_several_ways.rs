//! `#[key(..)]` on a parameter: by hash, by serde, by identity, or not at all.

use super::*;

#[derive(Hash, Clone)]
struct Id(u32);
#[derive(serde::Serialize, Clone)]
struct Point {
    x: f64,
}
#[derive(Clone)]
struct Opaque(f64);

#[delayed(pure)]
fn run(
    #[key(hash)] id: Id,
    #[key(serde)] p: &Point,
    #[key(skip)] verbose: bool,
    #[key(identity)] o: &Opaque,
    q: &Opaque,
) -> f64 {
    let _ = verbose;
    f64::from(id.0) + p.x + o.0 + q.0
}
#[delayed(pure)]
fn generic<A: std::hash::Hash, B, C>(
    #[key(hash)] a: A,
    #[key(serde)] b: &B,
    #[key(identity)] c: C,
) -> usize {
    size_of_val(&a) + size_of_val(b) + size_of_val(&c)
}
#[delayed(pure)]
fn with_closure(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    f(x)
}
#[test]
fn values() {
    assert_eq!(
        run(
            Id(1),
            Point { x: 1.0 },
            true,
            Opaque(1.0),
            value(Opaque(2.0))
        )
        .get(),
        5.0
    );
    assert_eq!(generic(1u8, 2u16, value(3u32)).get(), 7);
    assert_eq!(with_closure(|x| x, 1.0).get(), 1.0);
}
