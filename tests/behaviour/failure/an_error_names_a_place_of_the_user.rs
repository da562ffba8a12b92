//! P8: the place of a call is where the user wrote it; where a delayed function is passed as a value, where the verb was called, or
//! the function's definition: never a path inside of the standard library or of lazygraph.

use common::{client_of, close};
use lazygraph::{ErrorKind, Options, Plan, get_client, join, prelude::*, tree_reduce};

#[delayed]
fn fail(x: i64) -> Result<i64, String> {
    Err(format!("no {x}"))
}
#[delayed]
fn fail_two(x: i64, y: i64) -> Result<i64, String> {
    Err(format!("no {x}, {y}"))
}
#[delayed]
fn fail_many(xs: &[i64]) -> Result<i64, String> {
    Err(format!("no {xs:?}"))
}
#[delayed]
fn nested(x: i64) -> Result<i64, Error> {
    [x].map(fail)[0].compute()
}
#[delayed]
fn returned(x: i64) -> Delayed<i64> {
    [x].map(fail).into_iter().next().expect("one")
}
#[delayed]
fn task(x: i64) -> Result<i64, Error> {
    get_client()?.map(fail, [x])[0].result()
}

type Use = fn() -> Result<(), Error>;

/// Ways to pass a delayed function that fails.
const USES: &[(&str, Use)] = &[
    ("called", || fail(1).compute().map(drop)),
    ("Iterator::map", || {
        let xs: Vec<_> = (0..3).map(fail).collect();
        compute(xs).map(drop)
    }),
    ("a function pointer", || {
        let f: fn(i64) -> Delayed<i64> = |x| fail(x);
        f(1).compute().map(drop)
    }),
    ("a lone iterator", || {
        std::iter::once(1)
            .map(fail)
            .next()
            .expect("one")
            .compute()
            .map(drop)
    }),
    ("array::map", || compute([1, 2].map(fail)).map(drop)),
    ("Iterator::fold", || {
        let x = (0..3).fold(value(0i64), |x, y| fail_two(&x, y));
        x.compute().map(drop)
    }),
    ("collect", || {
        (0..3)
            .map(fail)
            .collect::<Delayed<Vec<i64>>>()
            .compute()
            .map(drop)
    }),
    ("sum", || {
        (0..3).map(fail).sum::<Delayed<i64>>().compute().map(drop)
    }),
    ("tree_reduce", || {
        tree_reduce((0..3).map(value), 2, fail_many)
            .compute()
            .map(drop)
    }),
    ("and_then", || {
        value(1i64).and_then(|x| fail(*x)).compute().map(drop)
    }),
    ("map with a panic", || {
        value(1i64).map(|x| [0][*x as usize]).compute().map(drop)
    }),
    ("at", || value(vec![1i64]).at(7).compute().map(drop)),
    ("an operator", || (fail(1) + fail(2)).compute().map(drop)),
    ("join", || join((fail(1), fail(2))).compute().map(drop)),
    ("delayed", || {
        delayed(|x: i64| [0][x as usize])(7).compute().map(drop)
    }),
    ("call", || {
        call(|x: i64| [0][x as usize], (7,)).compute().map(drop)
    }),
    ("Client::map", || {
        let client = client_of(1);
        let got = client.gather(client.map(fail, [1, 2])).map(drop);
        close(&client);
        got
    }),
    ("Client::starmap", || {
        let client = client_of(1);
        let got = client.gather(client.starmap(fail_two, [(1, 2)])).map(drop);
        close(&client);
        got
    }),
    ("Client::submit", || {
        let client = client_of(1);
        let got = client.submit(fail(1)).result().map(drop);
        close(&client);
        got
    }),
    ("nested", || compute([1].map(nested)).map(drop)),
    ("returned", || compute([1].map(returned)).map(drop)),
    ("a task", || {
        let client = client_of(1);
        let got = client.map(task, [1])[0].result().map(drop);
        close(&client);
        got
    }),
];

#[test]
fn of_every_verb() {
    common::quiet();
    for (verb, of) in USES {
        let e = of().expect_err(verb);
        assert!(
            matches!(e.kind(), ErrorKind::Failed | ErrorKind::Panicked),
            "{verb}: {e:?}"
        );
        for text in [format!("{e}"), format!("{e:?}"), format!("{e:#}")] {
            for foreign in [
                "/rustc/",
                "library/core",
                "library/std",
                "src/delayed/",
                "src/client/",
            ] {
                assert!(!text.contains(foreign), "{verb}: {text}");
            }
        }
        let told = format!("{e:?}");
        let places = told.matches(file!()).count();
        assert!(places >= 1, "{verb}: {told}");
        assert!(
            e.location().starts_with(file!()),
            "{verb}: {}",
            e.location()
        );
    }
}

fn is_at(e: &Error, line: u32) -> bool {
    e.location().starts_with(&format!("{}:{line}:", file!()))
}

#[test]
fn the_verb_before_the_definition() {
    let client = client_of(1);
    let line = line!() + 1;
    let e = client.map(fail, [1])[0].result().unwrap_err();
    assert!(is_at(&e, line), "{}", e.location());
    let line = line!() + 1;
    let e = client.starmap(fail_two, [(1, 2)])[0].result().unwrap_err();
    assert!(is_at(&e, line), "{}", e.location());
    let line = line!() + 1;
    let e = tree_reduce((0..3).map(value), 2, fail_many)
        .compute()
        .unwrap_err();
    assert!(is_at(&e, line), "{}", e.location());
    close(&client);
    // No verb of ours: the definition.
    let definition = Plan::new(fail(1), &Options::new()).unwrap();
    let definition = definition.order().next().unwrap().definition().to_owned();
    let e = compute([1].map(fail)).unwrap_err();
    assert!(e.location().starts_with(&definition), "{}", e.location());
}
