//! Any number of parameters, of any type that can be moved or lent.

use super::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

#[delayed]
fn none() -> i64 {
    7
}
#[delayed]
fn nothing() {}
#[delayed]
#[allow(clippy::too_many_arguments)]
fn sixteen(
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: i64,
    i: i64,
    j: i64,
    k: i64,
    l: i64,
    m: i64,
    n: i64,
    o: &str,
    p: &[i64],
) -> i64 {
    a + b + c + d + e + f + g + h + i + j + k + l + m + n + o.len() as i64 + p.iter().sum::<i64>()
}

#[test]
fn of_any_number() {
    assert_eq!(none().get(), 7);
    assert_eq!(none::now(), 7);
    nothing().get();
    let x = none();
    assert_eq!(
        sixteen(1, &x, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, &x, "ab", [1, 2]).get(),
        31
    );
}

trait Area: Send + Sync {
    fn area(&self) -> f64;
}
struct Square(f64);
impl Area for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

#[delayed]
fn borrowed<'a>(a: &'a str, b: &[f64], c: &Path, d: &'a HashMap<String, f64>) -> usize {
    a.len() + b.len() + c.as_os_str().len() + d.len()
}
#[delayed]
fn many(a: &[&str], b: &[&[f64]], c: &[&HashMap<u8, u8>]) -> usize {
    a.concat().len() + b.concat().len() + c.len()
}
#[delayed]
fn object(shape: &dyn Area) -> f64 {
    shape.area()
}
#[delayed]
fn object_with_lifetime<'a>(shape: &'a (dyn Area + 'a)) -> f64 {
    shape.area()
}
#[delayed]
fn callback(f: &(dyn Fn(&str) -> usize + Send + Sync), s: &'static str) -> usize {
    f(s)
}
#[delayed]
fn pointer(f: fn(&str) -> usize, s: &str) -> usize {
    f(s)
}
#[delayed]
fn text(s: &'static str, c: Cow<'static, str>, o: Option<&'static str>) -> String {
    format!("{s}{c}{}", o.unwrap_or("!"))
}
#[delayed]
fn shared(x: Arc<dyn Area>, (a, [b, c]): (u8, [u8; 2]), mut v: Vec<u8>) -> Vec<u8> {
    v.extend([a, b, c, x.area() as u8]);
    v
}
#[delayed]
#[allow(unused_parens)]
fn paren(x: &(i64), (y): i64) -> (i64) {
    x + y
}

#[test]
fn of_any_type() {
    assert_eq!(borrowed("ab", [1.0], "abc", HashMap::new()).get(), 6);
    assert_eq!(
        many(
            [value("a".to_owned())],
            [value(vec![1.0])],
            [value(HashMap::new())]
        )
        .get(),
        3
    );
    assert_eq!(object(Box::new(Square(2.0)) as Box<dyn Area>).get(), 4.0);
    assert_eq!(
        object_with_lifetime(Box::new(Square(2.0)) as Box<dyn Area>).get(),
        4.0
    );
    let f = Box::new(|s: &str| s.len()) as Box<dyn Fn(&str) -> usize + Send + Sync>;
    assert_eq!(callback(f, "abc").get(), 3);
    assert_eq!(pointer(str::len, "abcd").get(), 4);
    assert_eq!(pointer(|s| s.len() + 1, "abcd").get(), 5);
    assert_eq!(text("a", Cow::Borrowed("b"), None).get(), "ab!");
    assert_eq!(
        shared(Arc::new(Square(1.0)) as Arc<dyn Area>, (1, [2, 3]), vec![0]).get(),
        [0, 1, 2, 3, 1]
    );
    assert_eq!(paren(1, 2).get(), 3);
}
