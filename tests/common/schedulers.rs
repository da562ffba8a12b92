//! The ways to run a graph.

use lazygraph::{Options, Scheduler};

/// The serial scheduler, and the parallel one with 1, 2 and 8 workers.
pub fn schedulers() -> Vec<(String, Options)> {
    let mut all = vec![(
        "serial".to_owned(),
        Options::new().scheduler(Scheduler::Serial),
    )];
    for threads in [1, 2, 8] {
        all.push((
            format!("{threads} threads"),
            Options::new().threads(threads),
        ));
    }
    all
}

/// Every scheduler, with the optimizer on and off: a rule of the library holds on all of them.
pub fn everywhere() -> Vec<(String, Options)> {
    let mut all = schedulers();
    for (name, options) in schedulers() {
        all.push((format!("{name}, not optimized"), options.optimize(false)));
    }
    all
}
