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
    assert_eq!((plain_spec.retries, plain_spec.inline), (0, false));

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
