//! Random programs of nodes that compute graphs of nodes, pure ones shared across levels: on every scheduler the values
//! are those of a plain evaluation, every pure call runs once per run, every impure one as often as it is called.
//!
//! `PROPTEST_CASES` says how many programs are tried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use common::tracked::{Meter, Tracked};
use common::{ends, quiet};
use lazygraph::{ErrorKind, Options, Scheduler, prelude::*};
use proptest::prelude::*;
use rayon::ThreadPoolBuilder;

/// How a body computes the calls it makes.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// All in one graph.
    Together,
    /// One graph after another.
    InTurn,
    /// One graph, by `get`.
    Get,
    /// Each in turn, from the threads of the pool.
    ParIter,
}

/// Procedure `p` may call only those after it, so that every program ends.
#[derive(Clone, Debug)]
struct Procedure {
    pure: bool,
    style: Style,
    salt: i64,
    /// The procedures called and what is added to the argument.
    calls: Vec<(usize, i64)>,
    /// Impure leaves on the way, on the heap.
    leaves: usize,
    fails: bool,
    /// Failing calls count as -1.
    forgives: bool,
}

#[derive(Debug)]
struct Program(Vec<Procedure>);

impl Program {
    fn is_foreign(&self) -> bool {
        self.0.iter().any(|p| matches!(p.style, Style::ParIter))
    }
}

/// Arguments are few, so that calls meet.
fn argument(x: i64) -> i64 {
    x.rem_euclid(3)
}

fn fold(salt: i64, values: impl IntoIterator<Item = i64>) -> i64 {
    values.into_iter().fold(salt, |all, x| {
        all.rotate_left(5).wrapping_mul(31).wrapping_add(x)
    })
}

// ---- the program on the library

#[derive(Clone)]
struct World {
    program: Arc<Program>,
    ran: Arc<Mutex<BTreeMap<(usize, i64), usize>>>,
    meter: Meter,
}

#[delayed]
fn leaf(world: &World, x: i64) -> Tracked {
    Tracked::new(&world.meter, x)
}

#[delayed]
fn combine(salt: i64, values: &[i64], leaves: &[&Tracked]) -> i64 {
    fold(
        salt,
        values
            .iter()
            .copied()
            .chain(leaves.iter().map(|t| t.value())),
    )
}

#[delayed(pure)]
fn call(#[key(skip)] world: &World, p: usize, x: i64) -> Result<i64, Error> {
    let ran = || world.ran.lock().unwrap_or_else(PoisonError::into_inner);
    *ran().entry((p, x)).or_default() += 1;
    let procedure = &world.program.0[p];
    if procedure.fails {
        return refuse(p).compute();
    }
    let below: Vec<Delayed<i64>> = procedure
        .calls
        .iter()
        .map(|(q, add)| node(world, *q, argument(x + add)))
        .collect();
    let below: Vec<Delayed<i64>> = if procedure.forgives {
        below.iter().map(|d| d.unwrap_or(-1)).collect()
    } else {
        below
    };
    let leaves: Vec<Delayed<Tracked>> = (0..procedure.leaves)
        .map(|i| leaf(world.clone(), i as i64))
        .collect();
    match procedure.style {
        Style::Together => combine(procedure.salt, below, leaves).compute(),
        Style::Get => Ok(combine(procedure.salt, below, leaves).get()),
        Style::InTurn => {
            let values: Result<Vec<i64>, Error> = below.iter().map(Delayed::compute).collect();
            combine(procedure.salt, values?, leaves).compute()
        }
        Style::ParIter => {
            use rayon::prelude::*;
            let values: Result<Vec<i64>, Error> = below.par_iter().map(Delayed::compute).collect();
            combine(procedure.salt, values?, leaves).compute()
        }
    }
}

#[delayed]
fn refuse(p: usize) -> Result<i64, String> {
    Err(format!("no {p}"))
}

fn node(world: &World, p: usize, x: i64) -> Delayed<i64> {
    let node = call(world.clone(), p, x).named(format!("p{p}"));
    if world.program.0[p].pure {
        node
    } else {
        node.impure()
    }
}

// ---- a plain evaluation of it

#[derive(Default)]
struct Oracle {
    pure: BTreeMap<(usize, i64), Result<i64, ()>>,
    ran: BTreeMap<(usize, i64), usize>,
    culprits: BTreeSet<usize>,
}

impl Oracle {
    fn call(&mut self, program: &Program, p: usize, x: i64) -> Result<i64, ()> {
        let procedure = &program.0[p];
        if procedure.pure
            && let Some(known) = self.pure.get(&(p, x))
        {
            return *known;
        }
        *self.ran.entry((p, x)).or_default() += 1;
        let value = if procedure.fails {
            self.culprits.insert(p);
            Err(())
        } else {
            let below: Vec<Result<i64, ()>> = procedure
                .calls
                .iter()
                .map(|(q, add)| self.call(program, *q, argument(x + add)))
                .collect();
            let below: Result<Vec<i64>, ()> = below
                .into_iter()
                .map(|r| {
                    if procedure.forgives {
                        Ok(r.unwrap_or(-1))
                    } else {
                        r
                    }
                })
                .collect();
            below.map(|below| {
                let leaves = (0..procedure.leaves).map(|i| i as i64);
                fold(procedure.salt, below.into_iter().chain(leaves))
            })
        };
        if procedure.pure {
            self.pure.insert((p, x), value);
        }
        value
    }
}

// ---- random programs

fn procedure(failures: bool) -> impl Strategy<Value = Procedure> {
    let style = prop_oneof![
        4 => Just(Style::Together),
        2 => Just(Style::InTurn),
        2 => Just(Style::Get),
        1 => Just(Style::ParIter),
    ];
    let calls = prop_oneof![
        1 => Just(0usize), 4 => 1..=3usize
    ]
    .prop_flat_map(|n| prop::collection::vec((any::<u8>(), 0..3i64), n));
    let fails = prop::bool::weighted(if failures { 0.15 } else { 0.0 });
    (
        any::<bool>(),
        style,
        0..100i64,
        calls,
        0..3usize,
        fails,
        any::<bool>(),
    )
        .prop_map(
            |(pure, style, salt, calls, leaves, fails, forgives)| Procedure {
                pure,
                style,
                salt,
                calls: calls
                    .into_iter()
                    .map(|(q, add)| (usize::from(q), add))
                    .collect(),
                leaves,
                fails,
                forgives,
            },
        )
}

fn programs(failures: bool) -> impl Strategy<Value = Program> {
    prop::collection::vec(procedure(failures), 1..10).prop_map(|mut all| {
        let n = all.len();
        for (p, procedure) in all.iter_mut().enumerate() {
            if p + 1 == n {
                procedure.calls.clear();
            }
            for (q, _) in &mut procedure.calls {
                *q = p + 1 + *q % (n - p - 1);
            }
        }
        Program(all)
    })
}

fn options(workers: usize) -> Options {
    match workers {
        0 => Options::new().scheduler(Scheduler::Serial),
        n => Options::new().threads(n),
    }
}

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 250;
    }
    config.failure_persistence = None;
    config
}

fn run(program: &Arc<Program>, workers: usize, dedupe: bool) -> (Result<i64, Error>, World) {
    let world = World {
        program: program.clone(),
        ran: Arc::default(),
        meter: Meter::new(),
    };
    let (inner, options) = (world.clone(), options(workers).dedupe(dedupe));
    // In a pool of its own: else a piece of a `par_iter` might land inside a body of another test, and be cancelled with it.
    let pool = (program.is_foreign()).then(|| ThreadPoolBuilder::new().num_threads(2).build());
    let result = ends(&format!("{workers} workers"), move || {
        let compute = || node(&inner, 0, 0).compute_with(&options);
        match pool {
            Some(pool) => pool.unwrap().install(compute),
            None => compute(),
        }
    });
    (result, world)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn values_and_counts(program in programs(false)) {
        let program = Arc::new(program);
        let mut oracle = Oracle::default();
        let expected = oracle.call(&program, 0, 0).expect("nothing fails");
        // A piece of a `par_iter` may run on a thread that is in no run: what it computes is then a run of its own.
        let foreign = program.is_foreign();
        for workers in [0, 1, 2, 8] {
            let (result, world) = run(&program, workers, true);
            prop_assert_eq!(result.unwrap(), expected, "{} workers", workers);
            if !foreign {
                let ran = world.ran.lock().unwrap().clone();
                prop_assert_eq!(&ran, &oracle.ran, "{} workers", workers);
            }
            prop_assert_eq!(world.meter.live(), 0, "{} workers", workers);
        }
        for workers in [0, 2] {
            let (result, world) = run(&program, workers, false);
            prop_assert_eq!(result.unwrap(), expected, "{} workers, no dedupe", workers);
            prop_assert_eq!(world.meter.live(), 0, "{} workers, no dedupe", workers);
        }
    }

    #[test]
    fn failures(program in programs(true)) {
        quiet();
        let program = Arc::new(program);
        let mut oracle = Oracle::default();
        let expected = oracle.call(&program, 0, 0);
        let foreign = program.is_foreign();
        let mut serial = None;
        for workers in [0, 1, 2, 8] {
            let (result, world) = run(&program, workers, true);
            match (result, expected) {
                (Ok(x), Ok(y)) => prop_assert_eq!(x, y, "{} workers", workers),
                (Err(e), Err(())) => {
                    prop_assert_eq!(e.task(), "p0");
                    prop_assert_eq!(e.kind(), ErrorKind::Failed, "{:?}", e);
                    let root = e.root();
                    prop_assert_eq!(root.task(), "refuse", "{:?}", e);
                    let culprit = oracle.culprits.iter().any(|p| root.call() == format!("refuse({p})"));
                    prop_assert!(culprit, "{:?} is none of {:?}", e, oracle.culprits);
                    let told = format!("{e:?}");
                    // In a `par_iter` whoever fails first is told.
                    if workers == 1 && !foreign {
                        prop_assert_eq!(Some(&told), serial.as_ref(), "one worker is as serial");
                    }
                    if workers == 0 {
                        serial = Some(told);
                    }
                }
                (got, expected) => {
                    return Err(TestCaseError::fail(format!("{workers}: {got:?}, not {expected:?}")));
                }
            }
            prop_assert_eq!(world.meter.live(), 0, "{} workers", workers);
        }
    }
}
