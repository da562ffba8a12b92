//! DESIGN §8: no output, no element, the same output twice, a cycle, a value that comes after itself.

use std::collections::{BTreeMap, HashMap};

use common::{Log, ends, everywhere};
use lazygraph::{ErrorKind, Options, Plan, compute_with, prelude::*};

#[delayed]
fn inc(log: &Log, x: i64) -> i64 {
    log.push("inc");
    x + 1
}

#[test]
fn no_outputs() {
    for (name, options) in everywhere() {
        let () = compute_with(&options, ()).unwrap();
        let none = compute_with(&options, Vec::<Delayed<i64>>::new()).unwrap();
        assert_eq!(none, [0i64; 0], "{name}");
        let none = compute_with(&options, [] as [Delayed<i64>; 0]).unwrap();
        assert_eq!(none, [0i64; 0], "{name}");
        let none = compute_with(&options, BTreeMap::<i64, Delayed<i64>>::new()).unwrap();
        assert!(none.is_empty(), "{name}");
        let none = compute_with(&options, HashMap::<i64, Delayed<i64>>::new()).unwrap();
        assert!(none.is_empty(), "{name}");
        assert_eq!(
            compute_with(&options, (None::<Delayed<i64>>, ())).unwrap(),
            (None, ()),
            "{name}"
        );
        let joined = join(Vec::<Delayed<i64>>::new());
        assert_eq!(joined.compute_with(&options).unwrap(), [0i64; 0], "{name}");
    }
    let plan = Plan::new((), &Options::new()).unwrap();
    assert_eq!(
        (plan.node_count(), plan.unit_count(), plan.order().count()),
        (0, 0, 0)
    );
    assert_eq!(plan.memory_profile().peak(), 0);
    let () = plan.run().unwrap();
    assert!(plan.to_dot().starts_with("digraph"));
}

#[test]
fn the_same_output_twice() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = inc(log.clone(), 1);
        let values = compute_with(&options, (&x, &x, vec![&x, &x], Some(&x))).unwrap();
        assert_eq!(values, (2, 2, vec![2, 2], Some(2)), "{name}");
        assert_eq!(log.len(), 1, "{name}");
    }
}

#[test]
fn only_plain_values() {
    for (name, options) in everywhere() {
        let x = value(vec![1, 2]);
        assert_eq!(x.compute_with(&options).unwrap(), [1, 2], "{name}");
        assert_eq!(
            compute_with(&options, (&x, value("a"), &x)).unwrap().1,
            "a",
            "{name}"
        );
        assert_eq!(x.len().compute_with(&options).unwrap(), 2, "{name}");
    }
}

#[test]
fn a_value_that_waits_for_itself_through_others() {
    let told = ends("a cycle", || {
        let log = Log::new();
        let a = inc(log.clone(), 1).named("alpha");
        let b = inc(log.clone(), &a).named("beta");
        let a = a.after(&b);
        let mut all = Vec::new();
        for (_, options) in everywhere() {
            for d in [&a, &b] {
                let e = d.compute_with(&options).unwrap_err();
                assert!(
                    matches!(e.kind(), ErrorKind::Deadlock | ErrorKind::Invalid),
                    "{e:?}"
                );
                all.push(format!("{e:?}"));
            }
        }
        assert_eq!(log.len(), 0);
        all
    });
    for told in told {
        assert!(told.contains("alpha") && told.contains("beta"), "{told}");
    }
}

#[test]
fn options_that_cannot_be_honoured_are_refused_or_honoured() {
    // Serial with four threads is a contradiction; zero threads are none.
    for options in [
        Options::new()
            .scheduler(lazygraph::Scheduler::Serial)
            .threads(4),
        Options::new().threads(0),
    ] {
        let log = Log::new();
        let e = inc(log.clone(), 1).compute_with(&options).unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Invalid, "{e:?}");
        assert_eq!(log.len(), 0);
    }
}

#[test]
fn a_pure_call_with_an_argument_that_has_no_key() {
    #[derive(Clone)]
    struct NoKey;
    #[delayed]
    fn takes(x: NoKey) -> i64 {
        let _ = x;
        1
    }
    let e = takes(NoKey).pure().compute().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Invalid, "{e:?}");
    assert!(format!("{e:?}").contains("takes"), "{e:?}");
}

#[test]
fn a_thousand_outputs_of_one_node_and_one_of_a_thousand() {
    for (name, options) in everywhere() {
        let log = Log::new();
        let x = inc(log.clone(), 1);
        let refs = vec![&x; 1000];
        assert_eq!(
            compute_with(&options, refs).unwrap(),
            vec![2; 1000],
            "{name}"
        );
        assert_eq!(log.take().len(), 1, "{name}");
    }
}
