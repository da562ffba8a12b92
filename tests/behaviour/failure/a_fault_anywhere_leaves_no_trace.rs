//! P8: a panic at every single place where user code runs – the first call, the second, … – in every scheduler.
//! Each is an `Error`, nothing stays alive, nothing is remembered, and the same graph gives its value afterwards. The
//! same in the tasks of a client: then all slots are free as well, nobody waits, and no thread is left inside.
//!
//! `cargo test --test behaviour a_fault_anywhere -- --nocapture` prints the matrix.

use common::{PATIENCE, ends_within, pool_of, quiet, wait_until};
use lazygraph::{
    Client, ErrorKind, Hasher128, Memo, Observer, Options, RunEvent, RunOptions, Scheduler, Token,
    compute_with, get_client, prelude::*, secede, worker_client,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// What a fault says.
const FAULT: &str = "planned fault";

/// Where user code runs.
#[derive(Clone, Copy, Debug)]
enum Place {
    Body,
    Clone,
    Drop,
    Token,
    Observer,
    Closure,
    /// What a future calls when it has ended; only where there are futures.
    Callback,
}

const PLACES: [Place; 7] = [
    Place::Body,
    Place::Clone,
    Place::Drop,
    Place::Token,
    Place::Observer,
    Place::Closure,
    Place::Callback,
];
/// Of a compute.
const COMPUTE: usize = 6;

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
            panic!("{FAULT} in {place:?} {call}");
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
    fn event(&self, _: &RunEvent<'_>) {
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
            assert!(format!("{error:?}").contains(FAULT), "{name}: {error:?}");
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
                assert!(format!("{error:?}").contains(FAULT), "{name}: {error:?}");
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
        let pool = pool_of(workers.max(1));
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
            for place in PLACES[..COMPUTE].iter().cycle().take(rounds * COMPUTE) {
                inject(*place, &options, &format!("{place:?}, {name}"));
            }
            table += &format!("{name}: ");
            for place in &PLACES[..COMPUTE] {
                let count = inject(*place, &options, &format!("{place:?}, {name}"));
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

// -------------------------------------------------------------- the tasks of a client

/// A task that launches others, in several ways, and waits for them.
#[delayed]
fn launches(world: &World, x: i64) -> Result<Loud, Error> {
    world.body();
    let client = get_client()?;
    let one = client.submit(make(world.clone(), x));
    let both = client.submit(add(&one, twice(Loud::new(world, x))));
    let more = worker_client(|client| {
        let more = client.map(|x| make(world.clone(), x), x..x + 2);
        client.gather(more)
    })?;
    let away = secede()?;
    let sum = world.clone();
    let whole = client.submit(all(more.into_iter().map(value).collect::<Vec<_>>()));
    drop(away);
    let mut result = both.result()?;
    result.1[0] += whole.result()? + nested(sum, x).compute()?;
    // Not on the way out: Rust forgets what a function returns if a local value then panics in `drop`.
    drop((one, both, whole));
    Ok(result)
}

/// What user code gives to the one who asks; where it panics there, what it panics with.
fn asked<R>(ask: impl FnOnce() -> Result<R, Error>) -> Result<R, String> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let told = format!("{error:?}");
            let as_planned = told.contains(FAULT) || error.root().kind() == ErrorKind::Cancelled;
            assert!(as_planned, "{told}");
            Err(told)
        }
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => Err(*text),
            Err(_) => Err("another panic".to_owned()),
        },
    }
}

/// One of everything that a client can be asked: the results, in order, and how often user code was called at each place
/// while somebody waited for what came of it.
fn session(world: &World, client: &Client) -> (Vec<Result<i64, String>>, Vec<usize>) {
    let number = |loud: Loud| loud.1[0];
    let called = || {
        let world = world.clone();
        move || world.here(Place::Callback)
    };
    let mut told = Vec::new();
    told.push(asked(|| client.submit(graph(world).0).result()));
    let mut many = Vec::new();
    told.push(asked(|| {
        many = client.map(|x| make(world.clone(), x), 1..4);
        let called = called();
        many[0].on_done(move |_| called());
        client.submit(all(&many)).result()
    }));
    for one in &many {
        told.push(asked(|| one.result().map(number)));
    }
    told.push(asked(|| {
        let values = client.gather(&many)?;
        Ok(values.into_iter().map(number).sum())
    }));
    // The last handles: what has come of them is dropped here.
    for one in many {
        told.push(asked(|| {
            drop(one);
            Ok(0)
        }));
    }
    told.push(asked(|| {
        let launched = client.submit(launches(world.clone(), 2));
        let called = called();
        launched.on_done(move |_| called());
        launched.result().map(number)
    }));
    told.push(asked(|| {
        let data = client.scatter(Loud::new(world, 7));
        let kept = client.persist(add(&data, &data));
        let both = client.compute((kept.map(|kept| kept.1[0]), twice(kept.clone())));
        Ok(both.0.result()? + both.1.result().map(number)?)
    }));
    let waited = world
        .0
        .calls
        .iter()
        .map(|calls| calls.load(SeqCst))
        .collect();
    // Nobody waits for these.
    told.push(asked(|| {
        client.submit(make(world.clone(), 9)).detach();
        drop(client.submit(launches(world.clone(), 9)));
        Ok(0)
    }));
    (told, waited)
}

/// Every call at `place` in a session, one after the other. Returns how many there were, and how many of the faults nobody
/// was told of.
fn inject_in_tasks(place: Place, slots: usize, optimize: bool) -> (usize, usize) {
    let name = format!("{place:?}, client of {slots} slots, optimizer {optimize}");
    let (world, memo) = (World::default(), Memo::new());
    let options = Options::new().optimize(optimize).observe(&world);
    let builder = Client::builder().threads(slots).memo(&memo);
    let client = builder.options(options.memo(&memo)).build().unwrap();
    let rests = |call: usize| {
        let at_rest = || {
            let stats = client.stats();
            (stats.live, stats.threads) == (0, 0)
        };
        assert!(
            wait_until(at_rest),
            "{name}, call {call}: {:?}",
            client.stats()
        );
    };
    let settled = |call: usize| {
        rests(call);
        let stats = client.stats();
        let slots_free = (stats.permits, stats.suspended, stats.running, stats.lent);
        assert_eq!(
            slots_free,
            (slots, 0, 0, 0),
            "{name}, call {call}: {stats:?}"
        );
        memo.clear();
        let live = world.0.live.load(SeqCst);
        assert_eq!(live, 0, "{name}, call {call}: values still alive");
    };
    world.arm(place, 0);
    let (expected, _) = session(&world, &client);
    assert!(expected.iter().all(Result::is_ok), "{name}: {expected:?}");
    settled(0);
    let (mut call, mut unheard) = (0, 0);
    loop {
        call += 1;
        world.arm(place, call);
        let (told, waited) = session(&world, &client);
        rests(call);
        let reached = world.disarm(place) >= call;
        let is_told = told.iter().any(Result::is_err);
        assert!(reached || !is_told, "{name}: {told:?}");
        // An observer, a callback and a drop may come after the result.
        let is_before = matches!(
            place,
            Place::Body | Place::Clone | Place::Token | Place::Closure
        );
        assert!(
            is_told || !is_before || call > waited[place as usize],
            "{name}: a fault at call {call} was swallowed"
        );
        unheard += usize::from(reached && !is_told);
        drop(told);
        settled(call);
        world.arm(place, 0);
        let (again, _) = session(&world, &client);
        assert_eq!(again, expected, "{name}, after call {call}");
        settled(call);
        if !reached {
            return (call - 1, unheard);
        }
    }
}

mod slow {
    use super::*;

    #[test]
    fn matrix_of_tasks() {
        quiet();
        ends_within(10 * PATIENCE, "it", || {
            println!("faults injected into tasks (of these, told to nobody), none left a trace");
            for (slots, optimize) in [(1, true), (1, false), (2, true), (2, false)] {
                let mut row = format!("{slots} slots, optimizer {optimize}: ");
                for place in PLACES {
                    let (count, unheard) = inject_in_tasks(place, slots, optimize);
                    let least = usize::from(optimize || !matches!(place, Place::Token));
                    assert!(count >= least, "{row}: no call at {place:?}");
                    row += &format!("{place:?} {count} ({unheard}), ");
                }
                println!("{row}");
            }
        });
    }
}
