//! P8: an error tells the path from the computed node down to the one that failed, through nested runs.

use std::num::ParseIntError;

use common::{everywhere, quiet};
use lazygraph::{ErrorKind, prelude::*};

#[delayed]
fn parse(s: &str) -> Result<i64, ParseIntError> {
    s.parse()
}

#[delayed]
fn middle(s: &str) -> Result<i64, Error> {
    Ok(parse(s).named("leaf").compute()? + 1)
}

#[delayed]
fn outer(s: &str) -> Result<i64, Error> {
    let (a, b) = compute!(middle(s), parse("1"))?;
    Ok(a + b)
}

#[delayed]
fn middle_gets(s: &str) -> i64 {
    parse(s).get() + 1
}

#[delayed]
fn outer_gets(s: &str) -> i64 {
    let (a, b) = get!(middle_gets(s), parse("1"));
    a + b
}

#[delayed]
fn bursts(x: i64) -> i64 {
    assert_ne!(x, 3, "planned panic");
    if x > 3 { bursts(x - 1).get() } else { x }
}

#[delayed]
fn down(n: u64) -> Result<u64, Error> {
    if n == 0 {
        return parse("bottom").map(|_| 0).compute();
    }
    down(n - 1).compute()
}

#[delayed]
fn wraps(s: &str) -> Result<i64, String> {
    parse(s).compute().map_err(|e| format!("wrapped: {e}"))
}

#[test]
fn compute_and_the_question_mark() {
    for (name, options) in everywhere() {
        let e = outer("x").compute_with(&options).unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "outer"), "{name}");
        assert_eq!(e.root().task(), "leaf", "{name}");
        assert!(
            e.root().location().contains("an_error_carries"),
            "{name}: {}",
            e.root().location()
        );
        assert!(e.downcast_ref::<ParseIntError>().is_some(), "{name}");
        let told = format!("{e:?}");
        let places = [
            "outer(\"x\")",
            "middle(\"x\")",
            "leaf(\"x\")",
            "invalid digit",
        ];
        let mut from = 0;
        for place in places {
            let at = told[from..].find(place);
            from += at.unwrap_or_else(|| panic!("{name}: no {place} after {from} in {told}"));
        }
    }
}

#[test]
fn get_carries_the_error_out() {
    quiet();
    for (name, options) in everywhere() {
        let e = outer_gets("x").compute_with(&options).unwrap_err();
        assert_eq!(
            (e.task(), e.root().task()),
            ("outer_gets", "parse"),
            "{name}"
        );
        assert_eq!(
            e.kind(),
            ErrorKind::Failed,
            "{name}: what was carried is no panic"
        );
        assert!(format!("{e:?}").contains("middle_gets"), "{name}: {e:?}");
        assert!(e.downcast_ref::<ParseIntError>().is_some(), "{name}");
    }
}

#[test]
fn a_panic_below_is_a_panic_at_the_root() {
    quiet();
    for (name, options) in everywhere() {
        let e = bursts(6).compute_with(&options).unwrap_err();
        assert!(e.root().is_panic(), "{name}: {e:?}");
        assert_eq!(
            e.root()
                .panic_message()
                .map(|m| m.contains("planned panic")),
            Some(true),
            "{name}"
        );
        assert_eq!(e.root().call(), "bursts(3)", "{name}");
        assert_eq!(e.call(), "bursts(6)", "{name}");
    }
}

#[test]
fn the_chain_may_be_a_hundred_long() {
    for (name, options) in everywhere() {
        let e = down(100).compute_with(&options).unwrap_err();
        assert_eq!(
            (e.call(), e.root().task()),
            ("down(100)", "parse"),
            "{name}"
        );
        assert!(e.downcast_ref::<ParseIntError>().is_some(), "{name}");
        assert_eq!(format!("{e:?}").matches("down(").count(), 101, "{name}");
    }
}

#[test]
fn a_body_may_keep_the_chain_to_itself() {
    let e = wraps("x").compute().unwrap_err();
    assert_eq!((e.task(), e.root().task()), ("wraps", "wraps"));
    assert!(
        format!("{e:#}").contains("wrapped: task `parse(\"x\")` failed"),
        "{e:#}"
    );
}

#[test]
fn get_outside_a_task_is_a_panic_that_tells_the_story() {
    quiet();
    let payload = std::panic::catch_unwind(|| outer("x").named("planned panic").get()).unwrap_err();
    let told = payload
        .downcast_ref::<String>()
        .expect("the panic has a text");
    for part in ["planned panic", "middle", "leaf", "invalid digit"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    assert_eq!(middle("4").get(), 5);
}
