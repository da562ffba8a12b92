//! The fuse pass: maximal chains where the producer has one consumer and the consumer one input node.

use common::shapes::{self, Shape};
use common::tracked::Meter;
use common::{Log, everywhere, schedulers};
use lazygraph::{Options, Plan, compute_with, prelude::*};

fn units(shape: &Shape, options: &Options) -> usize {
    Plan::new(&shape.outputs, options).unwrap().unit_count()
}

#[test]
fn units_of_well_known_shapes() {
    let meter = Meter::new();
    let cases = [
        (shapes::chain(&meter, 50), 1),
        (shapes::tree(&meter, 64), 127),
        (shapes::chains(&meter, 20, 5), 20),
        (shapes::fold(&meter, 32), 63),
        (shapes::ladder(&meter, 10), 31),
        (shapes::diamond(&meter), 4),
    ];
    for (shape, expected) in cases {
        let name = &shape.name;
        assert_eq!(units(&shape, &Options::new()), expected, "{name}");
        assert_eq!(
            units(&shape, &Options::new().fuse(false)),
            shape.nodes,
            "{name}, not fused"
        );
        let plan = Plan::new(&shape.outputs, &Options::new()).unwrap();
        assert_eq!(
            plan.node_count(),
            shape.nodes,
            "{name}: fusing loses no node"
        );
    }
}

#[test]
fn every_shape_gives_the_same_values_everywhere() {
    let meter = Meter::new();
    for shape in [
        shapes::chain(&meter, 50),
        shapes::tree(&meter, 64),
        shapes::chains(&meter, 20, 5),
        shapes::fold(&meter, 32),
        shapes::ladder(&meter, 10),
        shapes::diamond(&meter),
        shapes::all_to_all(&meter, 8),
        shapes::cross_validation(&meter, 5, 20),
        shapes::grid(&meter, 20),
    ] {
        for (name, options) in everywhere() {
            let made = meter.made();
            let values = compute_with(&options, &shape.outputs).unwrap();
            assert_eq!(values, shape.expected, "{} on {name}", shape.name);
            let inner = shape.nodes - shape.outputs.len();
            assert_eq!(
                meter.made() - made,
                inner,
                "{} on {name}: every node once",
                shape.name
            );
            assert_eq!(meter.live(), 0, "{} on {name}", shape.name);
        }
    }
}

#[delayed]
fn step(log: &Log, x: i64) -> i64 {
    log.push("step");
    x + 1
}

#[delayed]
fn add(x: i64, y: i64) -> i64 {
    x + y
}

#[test]
fn a_requested_output_is_never_absorbed() {
    let log = Log::new();
    let a = step(log.clone(), 0).named("a");
    let b = step(log.clone(), &a).named("b");
    let c = step(log.clone(), &b).named("c");
    let d = step(log.clone(), &c).named("d");
    let units =
        |outputs: &[&Delayed<i64>]| Plan::new(outputs, &Options::new()).unwrap().unit_count();
    assert_eq!(units(&[&d]), 1);
    assert_eq!(units(&[&d, &b]), 2, "{{a, b}} and {{c, d}}");
    assert_eq!(units(&[&d, &c, &b, &a]), 4);
    for (name, options) in everywhere() {
        assert_eq!(compute_with(&options, (&d, &b)).unwrap(), (4, 2), "{name}");
        assert_eq!(log.take().len(), 4, "{name}");
    }
}

#[test]
fn a_second_consumer_ends_a_chain() {
    let log = Log::new();
    let a = step(log.clone(), step(log.clone(), 0));
    let (b, c) = (step(log.clone(), &a), step(log.clone(), &a));
    let plan = Plan::new((&b, &c), &Options::new()).unwrap();
    assert_eq!(plan.unit_count(), 3, "the top pair, and each of its users");
}

#[test]
fn a_second_input_ends_a_chain() {
    let log = Log::new();
    let left = step(log.clone(), step(log.clone(), 0));
    let right = step(log.clone(), step(log.clone(), 5));
    let end = step(log.clone(), add(left, right));
    assert_eq!(Plan::new(&end, &Options::new()).unwrap().unit_count(), 3);
}

#[test]
fn one_value_as_both_inputs_is_one_input_node() {
    let log = Log::new();
    let a = step(log.clone(), 0);
    let twice = add(&a, &a);
    for (name, options) in everywhere() {
        assert_eq!(twice.compute_with(&options).unwrap(), 2, "{name}");
        assert_eq!(log.take().len(), 1, "{name}");
    }
    assert!(Plan::new(&twice, &Options::new()).unwrap().unit_count() <= 2);
}

#[test]
fn a_node_that_is_not_to_be_fused_is_a_barrier_on_both_sides() {
    let log = Log::new();
    let a = step(log.clone(), step(log.clone(), 0));
    let barrier = step(log.clone(), a).fuse(false);
    let end = step(log.clone(), step(log.clone(), barrier));
    assert_eq!(Plan::new(&end, &Options::new()).unwrap().unit_count(), 3);
    for (name, options) in schedulers() {
        assert_eq!(end.compute_with(&options).unwrap(), 5, "{name}");
        assert_eq!(log.take().len(), 5, "{name}");
    }
}

#[test]
fn a_run_may_go_without() {
    let log = Log::new();
    let end = step(log.clone(), step(log.clone(), step(log.clone(), 0)));
    for options in [Options::new().fuse(false), Options::new().optimize(false)] {
        assert_eq!(Plan::new(&end, &options).unwrap().unit_count(), 3);
        assert_eq!(end.compute_with(&options).unwrap(), 3);
    }
}

#[test]
fn a_fused_chain_keeps_at_most_two_values() {
    for (name, options) in everywhere() {
        let meter = Meter::new();
        let shape = shapes::chain(&meter, 50);
        assert_eq!(
            compute_with(&options, &shape.outputs).unwrap(),
            shape.expected,
            "{name}"
        );
        assert!(meter.peak() <= 2, "{name}: {} alive at once", meter.peak());
    }
}
