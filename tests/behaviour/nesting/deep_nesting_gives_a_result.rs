//! P6: nesting may be deep: a result, never a crash or a hang.

use common::{ends, on_a_small_stack, schedulers};
use lazygraph::{Options, Scheduler, prelude::*};

#[delayed]
fn down(n: u64) -> Result<u64, Error> {
    if n == 0 {
        return Ok(0);
    }
    Ok(down(n - 1).compute()? + 1)
}

#[delayed]
fn leaf(n: u64) -> u64 {
    n
}

/// Two children: one deep, one not.
#[delayed]
fn down_with_sibling(n: u64) -> Result<u64, Error> {
    if n == 0 {
        return Ok(0);
    }
    let (deep, flat) = compute!(down_with_sibling(n - 1), leaf(n))?;
    Ok(deep + flat)
}

#[delayed(pure)]
fn down_pure(n: u64) -> Result<u64, Error> {
    if n == 0 {
        return Ok(0);
    }
    Ok(down_pure(n - 1).compute()? + 1)
}

#[test]
fn a_thousand_deep_on_every_scheduler() {
    for (name, options) in schedulers() {
        let n = ends(&name, move || down(1000).compute_with(&options).unwrap());
        assert_eq!(n, 1000, "{name}");
    }
}

#[test]
fn ten_thousand_deep_on_every_scheduler() {
    for (name, options) in schedulers() {
        let n = ends(&name, move || down(10_000).compute_with(&options).unwrap());
        assert_eq!(n, 10_000, "{name}");
    }
}

#[test]
fn ten_thousand_deep_from_a_small_stack() {
    for options in [
        Options::new().scheduler(Scheduler::Serial),
        Options::new().threads(1),
    ] {
        let n = ends("small stack", move || {
            on_a_small_stack(move || down(10_000).compute_with(&options).unwrap())
        });
        assert_eq!(n, 10_000);
    }
}

#[test]
fn with_siblings_at_every_level() {
    for (name, options) in schedulers() {
        let n = ends(&name, move || {
            down_with_sibling(2000).compute_with(&options).unwrap()
        });
        assert_eq!(n, 2000 * 2001 / 2, "{name}");
    }
}

/// Takes a lot of the stack, and goes down twice at some levels.
#[delayed]
fn down_in_large_steps(n: u64) -> u64 {
    let room = std::hint::black_box([n; 12_500]);
    let deeper = match n {
        0 => 0,
        _ if n.is_multiple_of(64) => get!(leaf(n)) + get!(down_in_large_steps(n - 1), leaf(0)).0,
        _ => get!(down_in_large_steps(n - 1)),
    };
    deeper + room[12_499] - n + 1
}

#[test]
fn with_bodies_that_take_a_lot_of_stack() {
    for (name, options) in schedulers() {
        let n = ends(&name, move || {
            down_in_large_steps(300).compute_with(&options).unwrap()
        });
        assert_eq!(n, 301 + 64 + 128 + 192 + 256, "{name}");
    }
}

#[test]
fn pure_nodes_all_the_way_down() {
    for (name, options) in schedulers() {
        let n = ends(&name, move || {
            down_pure(3000).compute_with(&options).unwrap()
        });
        assert_eq!(n, 3000, "{name}");
    }
}

#[test]
fn a_failure_ten_thousand_levels_down() {
    #[delayed]
    fn fails_below(n: u64) -> Result<u64, Error> {
        if n == 0 {
            return leaf(0).map(|_| 1).and_then(|_| refuse()).compute();
        }
        fails_below(n - 1).compute()
    }
    #[delayed]
    fn refuse() -> Result<u64, String> {
        Err("the very bottom".to_owned())
    }
    let told = ends("a deep failure", || {
        let e = fails_below(10_000).compute().unwrap_err();
        assert_eq!((e.task(), e.root().task()), ("fails_below", "refuse"));
        let text = format!("{e:?}");
        on_a_small_stack(move || drop(e));
        text
    });
    assert!(told.contains("the very bottom"));
}
