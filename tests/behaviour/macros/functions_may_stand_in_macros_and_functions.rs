//! Functions that a macro writes, and functions in the bodies of others.

use super::*;

macro_rules! functions {
    ($($(#[$m:meta])* $vis:vis fn $name:ident($x:ident: $t:ty $(, $more:ident: $u:ty)*) -> $out:ty $body:block)*) => {$(
        #[delayed]
        $(#[$m])*
        $vis fn $name($x: $t, all: &[$t], boxed: &$t $(, $more: $u)*) -> $out {
            let _ = (all, boxed);
            $body
        }
    )*};
}
functions! {
    fn f(x: f64) -> f64 { x * 2.0 }
    /// Documented.
    pub(crate) fn g(x: i64, y: &str) -> Result<usize, String> { Ok(x as usize + y.len()) }
}
macro_rules! whole {
    ($i:item) => {
        #[delayed(pure)]
        $i
    };
}
whole! { fn whole(x: i64) -> i64 { x } }
macro_rules! hygienic {
    ($name:ident, $x:expr) => {
        #[delayed]
        fn $name(x: i64) -> i64 {
            let y = 1;
            x + y + $x
        }
    };
}
hygienic!(added, 10);
macro_rules! bodies {
    ($name:ident $body:block) => {
        #[delayed]
        fn $name() -> i64 $body
    };
}
bodies!(body { 5 });

#[test]
fn in_macros() {
    assert_eq!(f(2.0, vec![1.0], 1.0).get(), 4.0);
    assert_eq!(g(2, vec![1], 1, "ab").get(), 4);
    assert_eq!(whole(1).get(), 1);
    assert_eq!(added(1).get(), 12);
    assert_eq!(body().get(), 5);
}

#[delayed]
fn outer(n: i64) -> i64 {
    struct Local(i64);
    #[delayed]
    fn inner(x: &Local) -> i64 {
        x.0 + 1
    }
    inner(Local(n)).get()
}
#[delayed]
fn fib(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    fib(n - 1).get() + fib::now(n - 2)
}

#[test]
fn in_functions() {
    assert_eq!(outer(1).get(), 2);
    assert_eq!(fib(10).get(), 55);
}
