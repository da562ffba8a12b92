//! P8: the error names the label, the arguments (short), the place of the call that built the node, the source.

use std::num::ParseIntError;

use common::{everywhere, quiet};
use expect_test::expect;
use lazygraph::{ErrorKind, prelude::*};

#[delayed]
fn parse(s: &str) -> Result<i64, ParseIntError> {
    s.trim().parse()
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[delayed]
fn refuse(x: i64, why: &str) -> Result<i64, String> {
    Err(format!("{why}: {x}"))
}

#[delayed]
fn burst(x: i64) -> i64 {
    panic!("planned panic about {x}")
}

#[delayed]
fn static_burst() -> i64 {
    panic!("planned panic")
}

#[delayed]
fn with_any(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(x > 0, "not positive: {x}");
    Ok(x)
}

#[test]
fn label_arguments_and_source() {
    for (name, options) in everywhere() {
        let e = add(parse("12"), parse(" one"))
            .compute_with(&options)
            .unwrap_err();
        assert_eq!((e.kind(), e.task()), (ErrorKind::Failed, "parse"), "{name}");
        assert_eq!(e.call(), r#"parse(" one")"#, "{name}");
        assert_eq!(e.to_string(), r#"task `parse(" one")` failed"#, "{name}");
        assert!(e.downcast_ref::<ParseIntError>().is_some(), "{name}");
        assert!(e.downcast_ref::<std::io::Error>().is_none(), "{name}");
        assert_eq!(
            (e.is_panic(), e.panic_message(), e.others()),
            (false, None, 0),
            "{name}"
        );
        expect!["task `parse(\" one\")` failed: invalid digit found in string"]
            .assert_eq(&format!("{e:#}"));
    }
}

#[test]
fn delayed_arguments_are_shown_by_name() {
    let e = refuse(add(parse("1"), 2).named("three"), "no")
        .compute()
        .unwrap_err();
    assert_eq!(e.call(), r#"refuse(<three>, "no")"#);
    assert_eq!(
        format!("{e:#}"),
        r#"task `refuse(<three>, "no")` failed: no: 3"#
    );
}

#[test]
fn a_label_stands_for_the_function() {
    for (name, options) in everywhere() {
        let e = refuse(1, "no")
            .named("the third")
            .compute_with(&options)
            .unwrap_err();
        assert_eq!(e.task(), "the third", "{name}");
        assert_eq!(e.call(), r#"the third(1, "no")"#, "{name}");
    }
}

#[test]
fn the_place_is_that_of_the_call_that_built_the_node() {
    for (name, options) in everywhere() {
        let line = line!() + 1;
        let failing = refuse(1, "no");
        let consumer = add(failing, 1);
        let e = consumer.compute_with(&options).unwrap_err();
        let place = format!("an_error_tells_the_whole_story.rs:{line}:");
        assert!(
            e.location().contains(&place),
            "{name}: {} is not {place}",
            e.location()
        );
    }
}

#[test]
fn a_panic_is_an_error_with_its_message() {
    quiet();
    for (name, options) in everywhere() {
        let e = add(burst(4), 1).compute_with(&options).unwrap_err();
        assert_eq!(
            (e.kind(), e.task()),
            (ErrorKind::Panicked, "burst"),
            "{name}"
        );
        assert!(e.is_panic(), "{name}");
        assert_eq!(e.panic_message(), Some("planned panic about 4"), "{name}");
        assert_eq!(
            e.to_string(),
            "task `burst(4)` panicked: planned panic about 4",
            "{name}"
        );
        let e = static_burst().compute_with(&options).unwrap_err();
        assert_eq!(e.panic_message(), Some("planned panic"), "{name}");
    }
}

#[test]
fn any_error_type_is_kept() {
    let e = with_any(-1).compute().unwrap_err();
    assert_eq!(
        format!("{e:#}"),
        "task `with_any(-1)` failed: not positive: -1"
    );
    let e = refuse(1, "no").compute().unwrap_err();
    assert_eq!(std::error::Error::source(&e).unwrap().to_string(), "no: 1");
}

#[test]
fn an_error_is_a_cheap_clone_that_crosses_threads() {
    let e = parse("x").compute().unwrap_err();
    let same = e.clone();
    let told = std::thread::spawn(move || format!("{same:?}"))
        .join()
        .unwrap();
    assert_eq!(told, format!("{e:?}"));
}

#[test]
fn an_expression_in_a_closure_or_operator_names_itself() {
    quiet();
    let e = parse("5")
        .map(|x| assert_eq!(*x, 6, "planned panic"))
        .compute()
        .unwrap_err();
    assert!(e.is_panic() && e.task() == "map", "{e:?}");
    let e = (value(1) / (parse("0") * 1))
        .catch()
        .compute()
        .unwrap()
        .unwrap_err();
    assert!(e.is_panic(), "{e:?}");
}
