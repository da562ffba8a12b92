//! P7: with W workers at most P+1+2W heap-owning intermediates are alive.

use common;

use common::shapes::{self, Shape};
use common::tracked::Meter;
use lazygraph::{Options, compute_with};

type Build = fn(&Meter) -> Shape;

/// The graphs of the table, and the peak of an order like Dask's.
const TABLE: [(Build, usize); 6] = [
    (|meter| shapes::tree(meter, 64), 7),
    (|meter| shapes::fold(meter, 32), 2),
    (|meter| shapes::chains(meter, 20, 5), 1),
    (|meter| shapes::ladder(meter, 100), 5),
    (|meter| shapes::all_to_all(meter, 8), 16),
    (|meter| shapes::cross_validation(meter, 5, 20), 33),
];

fn check(workers: usize) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(workers)
        .build()
        .unwrap();
    for fuse in [false, true] {
        let options = Options::new().pool(&pool).fuse(fuse);
        for (build, peak) in TABLE {
            // The interleaving differs from run to run.
            for _ in 0..20 {
                let meter = Meter::new();
                let shape = build(&meter);
                assert_eq!(
                    compute_with(&options, &shape.outputs).unwrap(),
                    shape.expected
                );
                let allowed = peak + 1 + 2 * workers;
                assert!(
                    meter.peak() <= allowed,
                    "{} on {workers} workers, fuse {fuse}: {} alive, {allowed} allowed",
                    shape.name,
                    meter.peak(),
                );
                assert_eq!(meter.live(), 0);
            }
        }
    }
}

#[test]
fn two_workers() {
    check(2);
}

#[test]
fn four_workers() {
    check(4);
}

#[test]
fn eight_workers() {
    check(8);
}
