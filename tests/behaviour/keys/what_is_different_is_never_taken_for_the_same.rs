//! P3: only calls of one function, with one result type, share a result; whatever the names, texts and hashes say.

use common::{client_of, everywhere};
use lazygraph::{Hasher128, Memo, Options, Token, compute_with, prelude::*};

/// Two calls of functions that look alike, and what they are worth.
type Pair = fn() -> ((Delayed<i64>, i64), (Delayed<i64>, i64));

/// Functions of one name and text, which mean different things where they stand.
const LOOK_ALIKES: &[(&str, Pair)] = &[
    ("in two bodies", || ((one::body(), 101), (two::body(), 201))),
    ("in two modules", || {
        ((one::outer(1), 101), (two::outer(1), 201))
    }),
    ("from a macro in one body", || {
        macro_rules! plus {
            ($k:expr) => {{
                const K: i64 = $k;
                #[delayed(pure)]
                fn f(x: i64) -> i64 {
                    x + K
                }
                f(1)
            }};
        }
        ((plus!(100), 101), (plus!(200), 201))
    }),
    ("in unnamed constants", || ((first(), 101), (second(), 201))),
    ("in impls of a trait", || {
        ((<u8 as Calls>::call(), 101), (<u16 as Calls>::call(), 201))
    }),
    ("of other type arguments", || {
        ((size::<u8>(), 1), (size::<[u8; 9]>(), 9))
    }),
    ("of other constants", || {
        ((width::<3>(), 3), (width::<4>(), 4))
    }),
    ("closures", || {
        let x = value(1i64);
        let a = x.clone().map(|x| x + 100).pure();
        let b = x.map(|x| x + 200).pure();
        ((a, 101), (b, 201))
    }),
    ("of other arguments of one look", || {
        ((one::seen_local(), 1), (two::seen_local(), 2))
    }),
];

macro_rules! bodies {
    ($($name:ident: $k:literal, $n:literal;)*) => {$(
        mod $name {
            use super::*;

            pub(super) fn body() -> Delayed<i64> {
                fn helper() -> i64 {
                    $k
                }
                #[delayed(pure)]
                fn nested(x: i64) -> i64 {
                    helper() + x
                }
                nested(1)
            }

            fn helper() -> i64 {
                $k
            }

            #[delayed(pure)]
            pub(super) fn outer(x: i64) -> i64 {
                helper() + x
            }

            #[derive(Token, Clone, Default)]
            struct Local {
                x: u8,
            }

            pub(super) fn seen_local() -> Delayed<i64> {
                seen(Local::default())
            }

            impl Worth for Local {
                fn worth(&self) -> i64 {
                    $n
                }
            }
        }
    )*};
}

bodies! { one: 100, 1; two: 200, 2; }

macro_rules! unnamed {
    ($($name:ident: $k:literal;)*) => {$(
        const _: () = {
            const K: i64 = $k;
            #[delayed(pure)]
            fn hidden(x: i64) -> i64 {
                x + K
            }
            impl Unnamed<$k> {
                fn make() -> Delayed<i64> {
                    hidden(1)
                }
            }
        };

        fn $name() -> Delayed<i64> {
            Unnamed::<$k>::make()
        }
    )*};
}

struct Unnamed<const K: i64>;
unnamed! { first: 100; second: 200; }

trait Calls {
    fn call() -> Delayed<i64>;
}

macro_rules! calls {
    ($($T:ty: $k:literal;)*) => {$(
        impl Calls for $T {
            fn call() -> Delayed<i64> {
                const K: i64 = $k;
                #[delayed(pure)]
                fn inner(x: i64) -> i64 {
                    x + K
                }
                inner(1)
            }
        }
    )*};
}

calls! { u8: 100; u16: 200; }

#[delayed(pure)]
fn size<T: 'static>() -> i64 {
    size_of::<T>() as i64
}

#[delayed(pure)]
fn width<const N: usize>() -> i64 {
    N as i64
}

trait Worth: Token + Clone + Send + Sync + 'static {
    fn worth(&self) -> i64;
}

#[delayed(pure)]
fn seen<T: Worth>(x: T) -> i64 {
    x.worth()
}

#[delayed(pure)]
fn double(x: i64) -> i64 {
    2 * x
}

#[delayed]
fn within(pair: usize, swapped: bool) -> Result<(i64, i64), Error> {
    let ((a, _), (b, _)) = LOOK_ALIKES[pair].1();
    match swapped {
        false => Ok((a.get(), b.get())),
        true => {
            let (b, a) = compute!(b, a)?;
            Ok((a, b))
        }
    }
}

#[test]
fn in_one_compute_in_either_order() {
    for (what, pair) in LOOK_ALIKES {
        for (name, options) in everywhere() {
            let ((a, x), (b, y)) = pair();
            // What uses them is different, too.
            let used = (double(&a), double(&b));
            let got = compute_with(&options, (&a, &b, used)).unwrap();
            assert_eq!(got, (x, y, (2 * x, 2 * y)), "{what}, {name}");
            let got = compute_with(&options, (b, a)).unwrap();
            assert_eq!(got, (y, x), "{what}, {name}");
        }
    }
}

#[test]
fn in_several_computes_that_share_what_they_remember() {
    for (what, pair) in LOOK_ALIKES {
        let ((a, x), (b, y)) = pair();
        let memo = Memo::new();
        let options = Options::new().memo(&memo);
        for _ in 0..2 {
            let got = (
                a.compute_with(&options).unwrap(),
                b.compute_with(&options).unwrap(),
                double(&b).compute_with(&options).unwrap(),
                double(&a).compute_with(&options).unwrap(),
            );
            assert_eq!(got, (x, y, 2 * y, 2 * x), "{what}");
        }
        let client = client_of(2);
        let (a, b) = (client.submit(a), client.submit(b));
        assert_eq!((a.result().unwrap(), b.result().unwrap()), (x, y), "{what}");
    }
}

#[test]
fn in_one_compute_and_those_nested_in_it() {
    for (i, (what, pair)) in LOOK_ALIKES.iter().enumerate() {
        for (name, options) in everywhere() {
            let ((a, x), (b, y)) = pair();
            let all = (within(i, false), within(i, true), &b, &a);
            let got = compute_with(&options, all).unwrap();
            assert_eq!(got, ((x, y), (x, y), y, x), "{what}, {name}");
        }
    }
}

#[test]
fn keys_for_other_builds_differ_or_are_refused() {
    for (what, pair) in LOOK_ALIKES {
        let ((a, _), (b, _)) = pair();
        let keys = [a.content_key(), b.content_key()];
        assert!(keys[0].is_none() || keys[0] != keys[1], "{what}: {keys:?}");
        // Those that were told apart stay so.
        if let [Some(_), Some(_)] = keys {
            let ((a, _), (b, _)) = pair();
            assert_eq!([a.content_key(), b.content_key()], keys, "{what}");
        }
    }
}

/// A `Token` that does to its hasher what safe code can.
#[derive(Clone, Copy)]
enum Hostile {
    Resets,
    Replaces,
    Swaps,
    WritesNothing,
}

const HOSTILE: [Hostile; 4] = [
    Hostile::Resets,
    Hostile::Replaces,
    Hostile::Swaps,
    Hostile::WritesNothing,
];

impl Token for Hostile {
    fn token(&self, h: &mut Hasher128) {
        match self {
            Hostile::Resets => h.reset(0),
            Hostile::Replaces => *h = Hasher128::new(0),
            Hostile::Swaps => {
                let mut other = Hasher128::new(0);
                other.u64(1);
                std::mem::swap(h, &mut other);
            }
            Hostile::WritesNothing => {}
        }
    }
}

#[delayed(pure)]
fn numbers(hostile: Hostile, x: u64) -> (u64, u64, u64) {
    let _ = hostile;
    (x, x, x)
}

#[delayed(pure)]
fn text(hostile: Hostile, x: u64) -> String {
    let _ = hostile;
    format!("text {x}")
}

#[delayed(pure)]
fn listed(x: u64, hostile: Vec<Hostile>) -> Vec<u64> {
    vec![x; hostile.len()]
}

#[delayed(pure)]
fn length(x: &[u64], hostile: Hostile) -> usize {
    let _ = hostile;
    x.len()
}

#[delayed(pure)]
fn written(x: &str, hostile: Hostile) -> usize {
    let _ = hostile;
    x.len()
}

#[test]
fn a_token_says_nothing_of_the_function_or_of_other_arguments() {
    for hostile in HOSTILE {
        for (name, options) in everywhere() {
            let memo = Memo::new();
            let options = options.memo(&memo);
            for x in [7, 8] {
                let (n, t, l) = (
                    numbers(hostile, x),
                    text(hostile, x),
                    listed(x, vec![hostile; 3]),
                );
                let ends = (length(&l, hostile), written(&t, hostile));
                let got = compute_with(&options, (&t, &n, &l, ends)).unwrap();
                let expected = (format!("text {x}"), (x, x, x), vec![x; 3], (3, 6));
                assert_eq!(got, expected, "{name}");
                let got = compute_with(&options, (n, t)).unwrap();
                assert_eq!(got, ((x, x, x), format!("text {x}")), "{name}");
            }
        }
    }
}
