//! Every shape of function that `#[delayed]` takes, with the values it computes.
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub, unused_results, warnings)]
#![allow(clippy::all, clippy::pedantic)]

use lazygraph::{Value, delayed, prelude::*};
use std::fmt::{Debug, Display};
use std::path::Path;

mod names {
    //! A user's names never meet the generated ones.
    use super::*;

    #[derive(Debug)]
    #[allow(non_camel_case_types, dead_code)]
    pub(super) struct Option;
    #[allow(dead_code)]
    pub(super) struct Result;
    #[allow(dead_code)]
    pub(super) struct Vec;
    #[allow(dead_code)]
    pub(super) struct Some;
    #[allow(dead_code)]
    pub(super) enum Ok {}
    #[allow(dead_code)]
    mod core {}
    #[allow(dead_code)]
    mod std {}
    #[allow(dead_code)]
    mod lazygraph {}

    #[delayed]
    pub(super) fn shadowed(__s0: i64, __v0: i64, __ops: i64, __frame: &i64) -> i64 {
        __s0 + __v0 * 10 + __ops * 100 + __frame * 1000
    }

    #[delayed(
        pure,
        cost = "250us",
        retries = 2,
        timeout = "1s",
        version = "3",
        name = "other"
    )]
    pub(super) fn same_name(same_name: i64, arg1: i64, (a, b): (i64, i64), _: u8) -> i64 {
        same_name + arg1 + a + b
    }

    #[delayed(impure, cost = heavy)]
    pub(super) fn r#match(r#type: i64, r#fn: &str) -> ::std::string::String {
        ::std::format!("{}{}", r#type, r#fn)
    }

    #[test]
    fn values() {
        assert_eq!(shadowed(1, 2, 3, 4).get(), 4321);
        assert_eq!(same_name(1, 2, (3, 4), 0).get(), 10);
        assert_eq!(r#match(1, "x").get(), "1x");
        assert_eq!(r#match::now(1, "x"), "1x");
    }
}

mod counts {
    //! Any number of parameters.
    use super::*;

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
        a + b
            + c
            + d
            + e
            + f
            + g
            + h
            + i
            + j
            + k
            + l
            + m
            + n
            + o.len() as i64
            + p.iter().sum::<i64>()
    }

    #[test]
    fn values() {
        assert_eq!(none().get(), 7);
        assert_eq!(none::now(), 7);
        nothing().get();
        let x = none();
        assert_eq!(
            sixteen(1, &x, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, &x, "ab", [1, 2]).get(),
            31
        );
    }
}

mod types {
    use super::*;
    use std::borrow::Cow;
    use std::collections::HashMap;
    use std::sync::Arc;

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
    fn values() {
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
}

mod generics {
    use super::*;
    use std::iter::Sum;
    use std::marker::PhantomData;
    use std::ops::Add;

    #[delayed]
    fn id<T>(x: T) -> T {
        x
    }
    #[delayed]
    fn plus<T: Add<Output = T>>(a: T, b: T) -> T {
        a + b
    }
    #[delayed]
    fn sum<T>(xs: &[T]) -> T
    where
        T: Copy + Sum<T>,
    {
        xs.iter().copied().sum()
    }
    #[delayed]
    fn dot<const N: usize>(a: [f64; N], b: [f64; N]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }
    #[delayed]
    fn zero<T: Default>() -> T {
        T::default()
    }
    /// `T` is in no parameter and not in the result.
    #[delayed]
    fn size<T, const N: usize>() -> usize {
        size_of::<T>() * N
    }
    #[delayed]
    fn items<I: IntoIterator>(items: I) -> usize
    where
        I::Item: Debug,
    {
        items.into_iter().count()
    }
    #[delayed]
    fn associated<I: Iterator>(first: I::Item, marker: PhantomData<I>) -> String
    where
        I::Item: Display,
    {
        let _ = marker;
        first.to_string()
    }
    #[delayed]
    fn concat<T: Clone>(parts: &[&[T]]) -> Vec<T> {
        parts.concat()
    }
    #[delayed]
    fn apply(f: impl Fn(f64) -> f64, x: f64) -> f64 {
        f(x)
    }
    #[delayed]
    fn apply_within<'a>(f: impl Fn(f64) -> f64 + 'a, g: &'a (impl Fn(f64) -> f64 + 'a)) -> f64 {
        f(g(1.0))
    }
    #[delayed]
    fn apply_ref<T: Copy>(x: T, f: &impl Fn(T) -> T) -> T {
        f(f(x))
    }
    #[delayed]
    fn apply_named<F, G: FnOnce(i64) -> i64>(f: F, mut g: impl FnMut(i64) -> i64, h: G) -> i64
    where
        F: Fn(i64) -> i64,
    {
        h(g(f(1)))
    }
    #[delayed]
    fn show(
        x: impl Display,
        y: &impl Display,
        all: Vec<impl Display>,
        pair: (impl Debug, impl Debug),
    ) -> String {
        format!("{x}{y}{}{pair:?}", all.len())
    }
    #[delayed]
    fn longest<'a: 'b, 'b, T: 'a + AsRef<str>>(a: &'a T, b: &'b T) -> String
    where
        'a: 'b,
        T: 'b,
    {
        if a.as_ref().len() > b.as_ref().len() {
            a.as_ref().to_owned()
        } else {
            b.as_ref().to_owned()
        }
    }
    #[delayed]
    fn higher<F>(f: F) -> usize
    where
        for<'x> F: Fn(&'x str) -> &'x str,
    {
        f("abc").len()
    }
    #[delayed(pure)]
    fn keyed<T: lazygraph::Token + Into<f64>>(x: T, xs: &[T]) -> f64 {
        x.into() + xs.len() as f64
    }
    #[delayed]
    fn parse<T: std::str::FromStr>(s: &str) -> Result<T, T::Err>
    where
        T::Err: std::error::Error + Send + Sync,
    {
        s.parse()
    }
    #[delayed]
    fn unsized_<T: ?Sized + Debug>(x: &T) -> String
    where
        T: Value,
    {
        format!("{x:?}")
    }

    #[test]
    fn values() {
        let d = id(7i64);
        assert_eq!(id(&d).get().pow(2), 49);
        assert_eq!(plus(&d, 2).get().pow(2), 81);
        assert_eq!(plus(2, &d).get(), 9);
        assert_eq!(sum(vec![1.0, 2.0]).get(), 3.0);
        assert_eq!(dot([1.0, 2.0], id([3.0, 4.0])).get(), 11.0);
        assert_eq!(zero::<u8>().get(), 0);
        assert_eq!(size::<u16, 3>().get(), 6);
        assert_eq!(items(vec![1, 2]).get(), 2);
        assert_eq!(
            associated(1u8, PhantomData::<std::vec::IntoIter<u8>>).get(),
            "1"
        );
        assert_eq!(concat([id(vec![1]), id(vec![2, 3])]).get(), [1, 2, 3]);
        let k = 3.0;
        assert_eq!(apply(move |x| x * k, 2.0).get(), 6.0);
        assert_eq!(apply_within(|x| x + 1.0, |x| x * 5.0).get(), 6.0);
        assert_eq!(apply_ref(1, |x: i64| x + 1).get(), 3);
        assert_eq!(apply_named(|x| x + 1, |x| x * 2, |x| x + 5).get(), 9);
        assert_eq!(
            show(1, 2.5, vec!['a', 'b'], (1, "x")).get(),
            "12.52(1, \"x\")"
        );
        assert_eq!(
            longest("ab".to_owned(), value("abc".to_owned())).get(),
            "abc"
        );
        assert_eq!(higher(|s: &str| &s[1..]).get(), 2);
        assert_eq!(keyed(1.0f32, vec![1.0f32]).get(), 2.0);
        assert_eq!(parse::<i64>("12").get(), 12);
        assert_eq!(unsized_(5u8).get(), "5");
        assert_eq!(id::<f64>(2.0).get(), 2.0);
    }
}

mod results {
    use super::*;
    use std::io;

    type Aliased = Result<i64, String>;
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) struct Plain(i64);

    #[delayed]
    fn fallible(x: i64) -> Result<i64, String> {
        if x > 0 { Ok(x) } else { Err("no".to_owned()) }
    }
    #[delayed]
    fn one_argument(x: i64) -> io::Result<i64> {
        Ok(x)
    }
    #[delayed]
    fn no_argument() -> std::fmt::Result {
        Ok(())
    }
    #[delayed(ok = i64)]
    fn aliased(x: i64) -> Aliased {
        Ok(x)
    }
    #[delayed(result)]
    fn kept(x: i64) -> Result<i64, String> {
        Ok(x)
    }
    #[delayed(result)]
    fn kept_alias(x: i64) -> Aliased {
        Ok(x)
    }
    #[delayed]
    fn graph(x: i64) -> Delayed<i64> {
        fallible(x)
    }
    #[delayed]
    fn fallible_graph(x: i64) -> Result<Delayed<i64>, String> {
        Ok(graph(x))
    }
    #[delayed]
    fn plain(x: i64) -> Plain {
        Plain(x)
    }
    #[delayed]
    fn boxed(x: i64) -> Box<dyn Fn(i64) -> i64 + Send + Sync> {
        Box::new(move |y| x + y)
    }
    #[delayed]
    fn unevaluated(x: Delayed<i64>) -> Delayed<i64> {
        x
    }

    #[test]
    fn values() {
        assert_eq!(fallible(1).get(), 1);
        assert!(fallible(0).compute().is_err());
        assert_eq!(one_argument(1).get(), 1);
        no_argument().get();
        assert_eq!(aliased(1).get(), 1);
        assert_eq!(kept(1).get(), Ok(1));
        assert_eq!(kept_alias(1).get(), Ok(1));
        assert_eq!(graph(1).get(), 1);
        assert_eq!(fallible_graph(1).get(), 1);
        assert_eq!(plain(1).get(), Plain(1));
        let _ = boxed(1);
        assert_eq!(unevaluated(fallible(1)).get(), 1);
    }
}

mod attributes {
    use super::*;

    /// Documented.
    ///
    /// # Panics
    /// Never.
    #[delayed]
    #[inline(never)]
    #[track_caller]
    #[must_use = "it is the result"]
    #[doc(alias = "other")]
    pub(crate) fn documented(#[allow(unused_variables)] x: i64, y: i64) -> i64 {
        y
    }
    #[delayed]
    #[deprecated = "it is old"]
    fn old(x: i64) -> i64 {
        x
    }
    #[delayed]
    #[expect(clippy::needless_pass_by_value)]
    fn expected(x: Vec<u8>) -> usize {
        x.len()
    }
    #[cfg(any())]
    #[delayed]
    fn switched(x: Missing) -> Missing {
        x
    }
    #[delayed]
    #[cfg(not(any()))]
    fn switched(x: i64) -> i64 {
        x
    }
    #[delayed]
    #[tracing::instrument]
    fn traced(x: i64) -> i64 {
        x
    }
    #[tracing::instrument(level = "debug", skip(v))]
    #[delayed]
    fn traced_above(x: i64, v: &[u8]) -> i64 {
        x + v.len() as i64
    }
    #[delayed]
    const fn constant(x: u32) -> u32 {
        x + 1
    }
    const TWO: u32 = constant::now(1);
    #[delayed(now = eager)]
    #[must_use]
    fn lazy((a, b): (i64, i64)) -> i64 {
        a + b
    }
    #[delayed(now = eager_generic, pure)]
    fn lazy_generic<T: lazygraph::Token>(x: T, _: &T) -> T {
        x
    }

    #[test]
    fn values() {
        assert_eq!(documented(1, 2).get(), 2);
        #[allow(deprecated)]
        let old = old(1);
        assert_eq!((old.get(), old::now(1)), (1, 1));
        assert_eq!(expected(vec![1]).get(), 1);
        assert_eq!(switched(1).get(), 1);
        assert_eq!(traced(1).get(), 1);
        assert_eq!(traced_above(1, vec![1u8]).get(), 2);
        assert_eq!((TWO, constant(2).get()), (2, 3));
        assert_eq!((lazy((1, 2)).get(), eager((1, 2))), (3, 3));
        assert_eq!((lazy_generic(1u8, 2).get(), eager_generic(1u8, &2)), (1, 1));
    }
}

mod macros {
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
    fn values() {
        assert_eq!(f(2.0, vec![1.0], 1.0).get(), 4.0);
        assert_eq!(g(2, vec![1], 1, "ab").get(), 4);
        assert_eq!(whole(1).get(), 1);
        assert_eq!(added(1).get(), 12);
        assert_eq!(body().get(), 5);
    }
}

mod nested {
    use super::*;

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
    fn values() {
        assert_eq!(outer(1).get(), 2);
        assert_eq!(fib(10).get(), 55);
    }
}

mod methods {
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
}

mod renamed {
    //! The crate under another name.
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
}

mod keys {
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
}

mod travelling {
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
}

mod specs {
    //! What the attribute says arrives in the function's specification.
    use super::*;
    use lazygraph::__private::{Cost, Function, Purity, TaskSpec};
    use std::time::Duration;

    #[delayed]
    fn plain(x: i64) -> i64 {
        x
    }
    #[delayed(
        pure,
        inline,
        name = "other",
        cost = "250us",
        retries = 3,
        timeout = "1.5s"
    )]
    fn full(x: i64) -> i64 {
        x
    }
    #[delayed(impure, cost = io)]
    fn generic<T: Clone>(x: T) -> T {
        x
    }
    mod twin {
        #[lazygraph::delayed]
        pub(super) fn plain(x: i64) -> i64 {
            /* a comment changes nothing, the path does */
            x
        }
    }
    fn spec<F: Function>() -> TaskSpec {
        F::SPEC
    }

    #[test]
    fn values() {
        let plain_spec = spec::<plain>();
        assert_eq!(
            (plain_spec.name, plain_spec.path),
            ("plain", concat!(module_path!(), "::plain"))
        );
        assert_eq!((plain_spec.file, plain_spec.line > 0), (file!(), true));
        assert!(matches!(plain_spec.purity, Purity::Default));
        assert!(plain_spec.cost.is_none() && plain_spec.timeout.is_none());
        assert_eq!(
            (plain_spec.retries, plain_spec.inline, plain_spec.generic),
            (0, false, false)
        );

        let full_spec = spec::<full>();
        assert_eq!(
            (full_spec.name, full_spec.path),
            ("other", concat!(module_path!(), "::full"))
        );
        assert!(matches!(full_spec.purity, Purity::Pure));
        assert!(matches!(full_spec.cost, Some(Cost::Time(t)) if t == Duration::from_micros(250)));
        assert_eq!((full_spec.retries, full_spec.inline), (3, true));
        assert_eq!(full_spec.timeout, Some(Duration::from_millis(1500)));

        let generic_spec = spec::<generic>();
        assert!(matches!(generic_spec.purity, Purity::Impure));
        assert!(matches!(generic_spec.cost, Some(Cost::Io)));
        assert!(generic_spec.generic);
        assert_ne!(plain_spec.id, spec::<twin::plain>().id);

        assert_eq!(
            (
                plain(1).get(),
                full(1).get(),
                generic(1).get(),
                twin::plain(1).get()
            ),
            (1, 1, 1, 1)
        );
    }
}
