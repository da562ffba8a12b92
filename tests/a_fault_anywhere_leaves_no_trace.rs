//! P8: a panic at every single place where user code runs – the first call, the second, … – in every scheduler.
//! Each is an `Error`, nothing stays alive, nothing is remembered, and the same graph gives its value afterwards.
//!
//! `cargo test --test behaviour a_fault_anywhere -- --nocapture` prints the matrix.

use crate::common;

use common::quiet;
use lazygraph::{
    Event, Hasher128, Observer, Options, RunOptions, Scheduler, Token, compute_with, prelude::*,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Where user code runs.
#[derive(Clone, Copy, Debug)]
enum Place {
    Body,
    Clone,
    Drop,
    Token,
    Observer,
    Closure,
}

const PLACES: [Place; 6] = [
    Place::Body,
    Place::Clone,
    Place::Drop,
    Place::Token,
    Place::Observer,
    Place::Closure,
];

/// Counts what runs, and panics where it was told to.
#[derive(Clone, Debug, Default)]
struct World(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// Calls at each place since the last `arm`.
    calls: [AtomicUsize; PLACES.len()],
    /// The call that panics at each place; 0: none.
    fault: [AtomicUsize; PLACES.len()],
    live: AtomicUsize,
    bodies: AtomicUsize,
}

impl World {
    fn here(&self, place: Place) {
        let call = self.0.calls[place as usize].fetch_add(1, SeqCst) + 1;
        if self.0.fault[place as usize].load(SeqCst) == call {
            panic!("planned fault in {place:?} {call}");
        }
    }

    /// From now on, this call at this place panics; 0: none does.
    fn arm(&self, place: Place, call: usize) {
        self.0.calls.iter().for_each(|calls| calls.store(0, SeqCst));
        self.0.fault[place as usize].store(call, SeqCst);
        self.0.bodies.store(0, SeqCst);
    }

    /// Nothing panics any more; how often user code was called at `place`.
    fn disarm(&self, place: Place) -> usize {
        self.0.fault[place as usize].store(0, SeqCst);
        self.0.calls[place as usize].load(SeqCst)
    }

    fn body(&self) {
        self.0.bodies.fetch_add(1, SeqCst);
        self.here(Place::Body);
    }
}

impl Observer for World {
    fn event(&self, _: &Event<'_>) {
        self.here(Place::Observer);
    }
}

/// A value that tells its world of everything that happens to it.
#[derive(Debug)]
struct Loud(World, Vec<i64>);

impl Loud {
    fn new(world: &World, x: i64) -> Loud {
        world.0.live.fetch_add(1, SeqCst);
        Loud(world.clone(), vec![x])
    }
}

impl Clone for Loud {
    fn clone(&self) -> Loud {
        self.0.here(Place::Clone);
        Loud::new(&self.0, self.1[0])
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        self.0.0.live.fetch_sub(1, SeqCst);
        self.0.here(Place::Drop);
    }
}

impl Token for Loud {
    fn token(&self, to: &mut Hasher128) {
        self.0.here(Place::Token);
        self.1.token(to);
    }
}

#[delayed]
fn make(world: &World, x: i64) -> Loud {
    world.body();
    Loud::new(world, x)
}

#[delayed]
fn add(mut a: Loud, b: &Loud) -> Loud {
    a.0.body();
    a.1[0] += b.1[0];
    a
}

#[delayed]
fn all(parts: &[&Loud]) -> i64 {
    parts[0].0.body();
    parts.iter().map(|part| part.1[0]).sum()
}

#[delayed(pure)]
fn twice(x: &Loud) -> Loud {
    x.0.body();
    Loud::new(&x.0, 2 * x.1[0])
}

#[delayed]
fn nested(world: &World, x: i64) -> Result<i64, Error> {
    world.body();
    let parts = vec![make(world.clone(), x), twice(Loud::new(world, x))];
    all(parts).compute()
}

#[delayed]
fn returned(world: &World, x: i64) -> Delayed<Loud> {
    world.body();
    add(make(world.clone(), x), twice(Loud::new(world, x)))
}

const EXPECTED: i64 = 47;

/// One of everything: sharing, moving, lending, purity, nesting, a returned graph, a closure with state.
fn graph(world: &World) -> (Delayed<i64>, Delayed<Loud>) {
    let (a, b) = (make(world.clone(), 1), make(world.clone(), 2));
    let held = Loud::new(world, 3);
    let with_state = a.map(move |a| {
        held.0.here(Place::Closure);
        Loud::new(&held.0, a.1[0] + held.1[0])
    });
    let parts = vec![
        add(&a, &b),
        add(add(&b, &a), &b),
        twice(Loud::new(world, 5)),
        twice(Loud::new(world, 5)),
        returned(world.clone(), 1),
        returned(world.clone(), 2),
        with_state,
    ];
    let sum = all(&parts) + nested(world.clone(), 1) + nested(world.clone(), 1);
    (sum + nested(world.clone(), 0), parts[0].clone())
}

/// Runs the graph; `None`: it failed with a panic.
fn run(world: &World, options: &RunOptions<'_>, name: &str) -> Option<(i64, i64)> {
    let (sum, one) = graph(world);
    match compute_with(options, (&sum, &one)) {
        Ok((sum, one)) => Some((sum, one.1[0])),
        Err(error) => {
            assert!(
                format!("{error:?}").contains("planned fault"),
                "{name}: {error:?}"
            );
            None
        }
    }
}

/// Every call at `place`, one after the other; returns how many there were.
fn inject(place: Place, options: &RunOptions<'_>, name: &str) -> usize {
    let world = World::default();
    let options = &options.clone().observe(&world);
    let expected = Some((EXPECTED, 3));
    world.arm(place, 0);
    assert_eq!(run(&world, options, name), expected, "{name}");
    let bodies = world.0.bodies.load(SeqCst);
    let mut call = 0;
    loop {
        call += 1;
        // Only what the compute calls may panic, not what building and dropping the graph calls outside of it.
        let (sum, one) = graph(&world);
        world.arm(place, call);
        let result = compute_with(options, (&sum, &one));
        let reached = world.disarm(place) >= call;
        match &result {
            Ok((sum, one)) => {
                assert!(!reached, "{name}: a fault at call {call} was swallowed");
                assert_eq!((*sum, one.1[0]), (EXPECTED, 3), "{name}");
            }
            Err(error) => {
                assert!(reached, "{name}: {error:?}");
                assert!(
                    format!("{error:?}").contains("planned fault"),
                    "{name}: {error:?}"
                );
            }
        }
        drop((result, sum, one));
        assert_eq!(
            world.0.live.load(SeqCst),
            0,
            "{name}, call {call}: values still alive"
        );
        world.arm(place, 0);
        assert_eq!(
            run(&world, options, name),
            expected,
            "{name}, after call {call}"
        );
        assert_eq!(
            world.0.bodies.load(SeqCst),
            bodies,
            "{name}: something was remembered"
        );
        if !reached {
            return call - 1;
        }
    }
}

#[test]
fn matrix() {
    quiet();
    let mut table = String::from("faults injected, each reported, none left a trace\n");
    for workers in [0, 1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(workers.max(1))
            .build()
            .unwrap();
        let options = match workers {
            0 => Options::new().scheduler(Scheduler::Serial),
            _ => Options::new().pool(&pool),
        };
        for optimize in [true, false] {
            let name = match workers {
                0 => format!("serial, optimizer {optimize}"),
                n => format!("{n} workers, optimizer {optimize}"),
            };
            let options = options.clone().optimize(optimize);
            // The interleaving differs from run to run.
            let rounds = if workers > 1 { 10 } else { 0 };
            for place in PLACES.iter().cycle().take(rounds * PLACES.len()) {
                inject(*place, &options, &format!("{place:?}, {name}"));
            }
            let counts = PLACES.map(|place| inject(place, &options, &format!("{place:?}, {name}")));
            table += &format!("{name}: ");
            for (place, count) in PLACES.iter().zip(counts) {
                let least = if matches!(place, Place::Token) && !optimize {
                    0
                } else {
                    1
                };
                assert!(count >= least, "{name}: no call at {place:?}");
                table += &format!("{place:?} {count}, ");
            }
            table += "\n";
        }
    }
    println!("{table}");
}
