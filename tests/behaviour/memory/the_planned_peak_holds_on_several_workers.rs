//! P7: with W workers at most P+1+2W heap-owning intermediates are alive.

use common::pool_of;
use common::shapes::PROMISED;
use common::tracked::Meter;
use lazygraph::{Options, compute_with};

fn check(workers: usize) {
    let pool = pool_of(workers);
    for fuse in [false, true] {
        let options = Options::new().pool(&pool).fuse(fuse);
        for (build, peak) in PROMISED {
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
