//! The executor under a model checker: every lock, atomic and thread of it is shuttle's, and its schedules are
//! tried by the thousand, at random and by PCT (Burckhardt et al., "A Randomized Scheduler with Probabilistic
//! Guarantees of Finding Bugs", 2010). A hang, a lost value, a permit not given back is a failure.
//!
//! ```text
//! RUSTFLAGS="--cfg lazygraph_shuttle" cargo test --target-dir target/models --test models
//! LAZYGRAPH_SCHEDULES=100000 ..        as many schedules for each model
//! ```
#![cfg(lazygraph_shuttle)]

mod client;
mod waits;

use lazygraph::__private::steal;
use lazygraph::sync::Event;
use lazygraph::{CancelToken, ErrorKind, Options, compute_all_with, hold_slot, prelude::*};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::{Condvar, Mutex};
use shuttle::{Config, MaxSteps, Runner, thread};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Tries `model` under many schedules.
fn check(model: impl Fn() + Copy + Send + Sync + 'static) {
    let schedules = std::env::var("LAZYGRAPH_SCHEDULES");
    let schedules: usize = schedules.map_or(1_000, |n| n.parse().expect("a number"));
    let config = || {
        let mut config = Config::new();
        config.stack_size = 256 * 1024;
        config
    };
    Runner::new(RandomScheduler::new(schedules / 2), config()).run(model);
    // Unfair: what looks up from its sleep now and then may starve the others. A livelock is found by the fair schedules.
    let mut unfair = config();
    unfair.max_steps = MaxSteps::ContinueAfter(200_000);
    Runner::new(PctScheduler::new(4, schedules / 2), unfair).run(model);
}

/// For what may take place on one thread alone: PCT wants two.
fn beside_another(model: impl FnOnce()) {
    let other = thread::spawn(thread::yield_now);
    model();
    other.join().unwrap();
}

fn on(threads: usize) -> Options {
    Options::new().threads(threads)
}

/// A value that owns memory and is counted while it lives.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>, Vec<i64>);

impl Counted {
    fn new(live: &Arc<AtomicUsize>, x: i64) -> Counted {
        live.fetch_add(1, SeqCst);
        Counted(live.clone(), vec![x])
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        self.0.fetch_add(1, SeqCst);
        Counted(self.0.clone(), self.1.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// What the models share with their bodies. Plain atomics: bodies are not what is modelled.
#[derive(Clone, Debug, Default)]
struct Seen {
    live: Arc<AtomicUsize>,
    runs: Arc<AtomicUsize>,
}

impl Seen {
    fn runs(&self) -> usize {
        self.runs.load(SeqCst)
    }

    fn assert_nothing_lives(&self) {
        assert_eq!(self.live.load(SeqCst), 0, "values that are still alive");
    }
}

#[delayed]
fn make(seen: &Seen, x: i64) -> Counted {
    seen.runs.fetch_add(1, SeqCst);
    thread::yield_now();
    Counted::new(&seen.live, x)
}

#[delayed]
fn add(mut a: Counted, b: &Counted) -> Counted {
    thread::yield_now();
    a.1[0] += b.1[0];
    a
}

#[delayed]
fn total(parts: &[&Counted]) -> i64 {
    parts.iter().map(|part| part.1[0]).sum()
}

/// As `total`; nothing else may be alive when it runs.
#[delayed]
fn total_alone(seen: &Seen, parts: &[&Counted]) -> i64 {
    assert_eq!(
        seen.live.load(SeqCst),
        parts.len(),
        "values that live too long"
    );
    parts.iter().map(|part| part.1[0]).sum()
}

#[delayed]
fn number(seen: &Seen, x: i64) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    thread::yield_now();
    x
}

#[delayed]
fn plus(a: i64, b: i64) -> i64 {
    thread::yield_now();
    a + b
}

/// Participants join, share out the work, leave; values without memory of their own go through the deques.
#[test]
fn participants_come_and_go() {
    check(|| {
        let seen = Seen::default();
        let leaves: Vec<_> = (0..6).map(|i| number(seen.clone(), i)).collect();
        let sums: Vec<_> = leaves
            .chunks(2)
            .map(|pair| plus(&pair[0], &pair[1]))
            .collect();
        let all = plus(plus(&sums[0], &sums[1]), &sums[2]);
        assert_eq!(all.compute_with(&on(3)).unwrap(), 15);
        assert_eq!(seen.runs(), 6);
    });
}

/// A value with several users is moved into the last of them and dropped once; strict priority and its budget.
#[test]
fn a_slot_is_emptied_once() {
    check(|| {
        let seen = Seen::default();
        let (a, b) = (make(seen.clone(), 1), make(seen.clone(), 2));
        let users: Vec<_> = [add(&a, &b), add(&b, &a), add(&a, &a)].into();
        let all = total_alone(seen.clone(), users);
        assert_eq!(all.compute_with(&on(3)).unwrap(), 8);
        assert_eq!(seen.runs(), 2);
        drop((a, b, all));
        seen.assert_nothing_lives();
    });
}

/// Numbers that are added up, 36 in all: leaves, sums of neighbours and one, then all.
fn numbers(seen: &Seen, leaf: impl Fn(&Seen, i64) -> Delayed<i64>) -> Delayed<i64> {
    let leaves: Vec<_> = (0..6).map(|i| leaf(seen, i)).collect();
    let pair = |i: usize| plus(&leaves[i], &leaves[(i + 1) % 6]);
    let sums: Vec<_> = (0..6).map(|i| plus(plus(pair(i), 0), 1)).collect();
    let threes = sums.chunks(3).map(|s| plus(plus(&s[0], &s[1]), &s[2]));
    let threes: Vec<_> = threes.collect();
    plus(&threes[0], &threes[1])
}

/// Many small nodes: their owner begins alone. At any time it goes on so, shares the units that are left, or groups.
#[test]
fn who_begins_alone_shares_what_is_left() {
    let model = || {
        let seen = Seen::default();
        let all = numbers(&seen, |seen, i| number(seen.clone(), i));
        assert_eq!(all.compute_with(&on(3)).unwrap(), 36);
        assert_eq!(seen.runs(), 6);
    };
    check(move || beside_another(model));
}

/// As above, and something fails: each output for itself, or all.
#[test]
fn who_begins_alone_meets_a_failure() {
    #[delayed]
    fn three_fails(seen: &Seen, x: i64) -> Result<i64, String> {
        seen.runs.fetch_add(1, SeqCst);
        thread::yield_now();
        if x == 3 { Err("no 3".into()) } else { Ok(x) }
    }
    let model = || {
        let seen = Seen::default();
        let leaf = |seen: &Seen, i| three_fails(seen.clone(), i);
        let (all, other) = (numbers(&seen, leaf), plus(leaf(&seen, 7), leaf(&seen, 8)));
        let results = compute_all_with(&on(3), vec![all.clone(), other]);
        assert!(results[0].is_err());
        assert_eq!((*results[1].as_ref().unwrap(), seen.runs()), (15, 8));
        let error = all.compute_with(&on(3)).unwrap_err();
        assert!(format!("{error:?}").contains("no 3"), "{error:?}");
    };
    check(move || beside_another(model));
}

#[delayed]
fn nested(seen: &Seen, x: i64) -> Result<i64, Error> {
    let parts = vec![
        number(seen.clone(), x),
        number(seen.clone(), x + 1),
        number(seen.clone(), x + 2),
    ];
    let sum = plus(plus(&parts[0], &parts[1]), &parts[2]);
    compute!(sum)
}

/// Owners of nested runs wait, give their slot away and take one back.
#[test]
fn a_slot_is_handed_over_while_its_holder_waits() {
    check(|| {
        let seen = Seen::default();
        let all: Vec<_> = (0..3).map(|i| nested(seen.clone(), i)).collect();
        let sum = plus(plus(&all[0], &all[1]), &all[2]);
        assert_eq!(sum.compute_with(&on(2)).unwrap(), 18);
        assert_eq!(seen.runs(), 9);
    });
}

/// Says that it has begun, or waits until somebody has.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let mut is_open = self.0.0.lock().unwrap();
        while !*is_open {
            is_open = self.0.1.wait(is_open).unwrap();
        }
    }
}

#[delayed]
fn opens(gate: Gate, x: i64) -> i64 {
    gate.open();
    x
}

#[delayed]
fn passes(gate: Gate, x: i64) -> i64 {
    gate.pass();
    x
}

#[delayed]
fn waits_below(gate: Gate) -> Result<i64, Error> {
    let sum = plus(number(Seen::default(), 1), passes(gate, 1));
    compute!(sum)
}

/// Who sleeps, for others do the rest of its run, has given its slot to somebody who begins what else is ready.
#[test]
fn who_sleeps_lets_others_begin() {
    check(|| {
        let gate = Gate::default();
        // Who has made both ready goes on with the one that waits; another may wait in the nested run. Then the third
        // slot is that of the owner, who sleeps.
        let first = slow(1);
        let waits = plus(waits_below(gate.clone()), passes(gate.clone(), &first));
        let sum = plus(waits, opens(gate, &first));
        assert_eq!(sum.compute_with(&on(3)).unwrap(), 4);
    });
}

#[delayed]
fn waits_for(event: &Event) -> Result<(), Error> {
    event.wait()
}

#[delayed]
fn waits_or_sets(seen: &Seen, event: &Event, x: i64, how: i64) -> Result<i64, Error> {
    seen.runs.fetch_add(1, SeqCst);
    match (x, how) {
        (2, 0) => event.wait()?,
        (2, 1) => hold_slot(|| event.wait())?,
        (2, _) => waits_for(event.clone()).compute()?,
        (5, _) => event.set(),
        _ => thread::yield_now(),
    }
    Ok(x)
}

/// Who waits before it has shared what is left shares it then: somebody else does what is waited for.
#[test]
fn who_begins_alone_and_waits_lets_others_begin() {
    let model = || {
        for how in 0..3 {
            let (seen, event) = (Seen::default(), Event::new());
            let leaf = |seen: &Seen, i| waits_or_sets(seen.clone(), event.clone(), i, how);
            assert_eq!(numbers(&seen, leaf).compute_with(&on(2)).unwrap(), 36);
            assert_eq!(seen.runs(), 6);
        }
    };
    check(move || beside_another(model));
}

/// Calls without inputs, computed with defaults one after the other: the run is kept for the next, unless somebody still has
/// a part of it, or it was stopped.
#[test]
fn a_lone_run_is_used_again() {
    let model = || {
        let seen = Seen::default();
        for x in 0..3 {
            assert_eq!(nested(seen.clone(), x).compute().unwrap(), 3 * x + 3);
            let error = fails_below(x).compute().unwrap_err();
            assert!(
                format!("{error:?}").contains(&format!("no {x}")),
                "{error:?}"
            );
        }
        assert_eq!(seen.runs(), 9);
    };
    check(move || beside_another(model));
}

#[delayed]
fn fails_below(x: i64) -> Result<i64, Error> {
    compute!(plus(fails(x), slow(1)))
}

#[delayed]
fn deep(seen: &Seen, levels: i64) -> Result<i64, Error> {
    if levels == 0 {
        return number(seen.clone(), 1).compute();
    }
    let (a, b) = (deep(seen.clone(), levels - 1), nested(seen.clone(), 0));
    let both = plus(a, b);
    compute!(both)
}

#[test]
fn runs_nest_in_runs() {
    check(|| {
        let seen = Seen::default();
        let (a, b) = (deep(seen.clone(), 2), deep(seen.clone(), 2));
        assert_eq!(plus(a, b).compute_with(&on(2)).unwrap(), 14);
        assert_eq!(seen.runs(), 14);
    });
}

shuttle::thread_local! {
    /// Whether a body that must meet no stranger is on this thread's stack.
    static HELD: Cell<bool> = Cell::new(false);
}

/// Holds what `HELD` stands for while `wait` waits.
fn holding<R>(wait: impl FnOnce() -> R) -> R {
    HELD.with(|held| assert!(!held.replace(true), "a stranger runs on a waiting stack"));
    let result = wait();
    HELD.with(|held| held.set(false));
    result
}

#[delayed]
fn parallel_inside(seen: &Seen, x: i64) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    // Half of the body is done by another thread of the pool, which waits in there for parts of its own.
    let piece = thread::spawn(|| holding(steal));
    holding(|| {
        steal();
        thread::yield_now();
        steal();
    });
    piece.join().unwrap();
    x
}

/// An invitation that is taken up on top of a body, or of a part of one on another thread, is declined.
#[test]
fn no_stranger_starts_on_a_waiting_stack() {
    check(|| {
        let seen = Seen::default();
        let all: Vec<_> = (0..4).map(|i| parallel_inside(seen.clone(), i)).collect();
        let sum = plus(plus(&all[0], &all[1]), plus(&all[2], &all[3]));
        assert_eq!(sum.compute_with(&on(3)).unwrap(), 6);
        assert_eq!(seen.runs(), 4);
    });
}

#[delayed]
fn held_across_a_compute(seen: &Seen, x: i64) -> Result<i64, Error> {
    holding(|| {
        let sum = plus(slow(x), number(seen.clone(), x));
        let sum = plus(&sum, slow(x));
        compute!(sum)
    })
}

/// As `plus`, and wants what `held_across_a_compute` holds.
#[delayed]
fn plus_holding(a: i64, b: i64) -> i64 {
    holding(|| a + b)
}

#[delayed]
fn slow(x: i64) -> i64 {
    (0..12).for_each(|_| thread::yield_now());
    x
}

/// While a node waits for its nested run, its thread starts no node that could want what it holds.
#[test]
fn a_waiting_owner_runs_only_its_own() {
    check(|| {
        let seen = Seen::default();
        let held = held_across_a_compute(seen.clone(), 1);
        let gate = slow(1);
        let users: Vec<_> = (0..4).map(|x| plus_holding(&gate, x)).collect();
        let sum = plus(plus(&users[0], &users[1]), plus(&users[2], &users[3]));
        assert_eq!(plus(held, sum).compute_with(&on(3)).unwrap(), 13);
    });
}

#[delayed(pure)]
fn remembered(#[key(skip)] seen: &Seen, x: i64) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    thread::yield_now();
    if x == 0 {
        return 0;
    }
    get!(remembered(seen.clone(), x - 1)) + 1
}

#[delayed]
fn asks(seen: &Seen, x: i64) -> i64 {
    get!(remembered(seen.clone(), x))
}

/// A pure call that is in flight is waited for, and computed once.
#[test]
fn what_is_in_flight_is_shared() {
    check(|| {
        let seen = Seen::default();
        let all: Vec<_> = [2, 1, 2].map(|x| asks(seen.clone(), x)).into();
        let sum = plus(plus(&all[0], &all[1]), &all[2]);
        assert_eq!(sum.compute_with(&on(3)).unwrap(), 5);
        assert_eq!(seen.runs(), 3);
    });
}

#[delayed(pure)]
fn refuses(#[key(skip)] seen: &Seen) -> Result<i64, String> {
    seen.runs.fetch_add(1, SeqCst);
    thread::yield_now();
    Err("no".into())
}

#[delayed]
fn asks_for_a_refusal(seen: &Seen) -> i64 {
    i64::from(refuses(seen.clone()).compute().is_err())
}

#[delayed]
fn catches_a_refusal(seen: &Seen) -> Result<i64, Error> {
    refuses(seen.clone()).unwrap_or(1).compute()
}

/// A result that stays in the plan above is found from below at any time: before, while and after its node runs.
#[test]
fn a_result_is_found_where_it_lies() {
    check(|| {
        let seen = Seen::default();
        let direct = plus(remembered(seen.clone(), 2), remembered(seen.clone(), 0));
        let asked = plus(asks(seen.clone(), 2), asks(seen.clone(), 1));
        assert_eq!(plus(asked, direct).compute_with(&on(3)).unwrap(), 5);
        assert_eq!(seen.runs(), 3);
        let seen = Seen::default();
        let direct = refuses(seen.clone()).unwrap_or(5);
        let asked = plus(asks_for_a_refusal(seen.clone()), direct);
        assert_eq!(asked.compute_with(&on(2)).unwrap(), 6);
        assert_eq!(seen.runs(), 1);
    });
}

/// Two ask for what fails, and go on.
#[test]
fn a_failure_is_found_where_it_lies() {
    check(|| {
        let seen = Seen::default();
        let direct = refuses(seen.clone()).unwrap_or(5);
        let asked = [(); 2].map(|()| catches_a_refusal(seen.clone()));
        let sum = plus(plus(&asked[0], direct), &asked[1]);
        assert_eq!(sum.compute_with(&on(3)).unwrap(), 7);
        assert_eq!(seen.runs(), 1);
    });
}

#[delayed(pure)]
fn tiny(#[key(skip)] seen: &Seen, x: i64) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    2 * x
}

#[delayed]
fn asks_for_two(seen: &Seen, x: i64) -> Result<i64, Error> {
    let (a, b) = compute!(tiny(seen.clone(), x), tiny(seen.clone(), x + 3))?;
    Ok(a + b)
}

#[delayed(pure)]
fn after(#[key(skip)] seen: &Seen, #[key(skip)] event: &Event) -> Result<i64, Error> {
    seen.runs.fetch_add(1, SeqCst);
    event.wait()?;
    Ok(1)
}

#[delayed]
fn asks_for_after(seen: &Seen, event: &Event) -> Result<i64, Error> {
    after(seen.clone(), event.clone()).compute()
}

#[delayed]
fn sets(seen: &Seen, event: &Event) -> i64 {
    seen.runs.fetch_add(1, SeqCst);
    event.set();
    1
}

/// As above, of nodes that their owner begins alone, or that are gathered into groups: before one of these waits for who
/// has taken its node, it gives away what is behind.
#[test]
fn a_result_is_found_in_a_group() {
    check(|| {
        let seen = Seen::default();
        let mut all: Vec<_> = (0..14).map(|x| tiny(seen.clone(), x)).collect();
        for (at, x) in [(1, 9), (6, 2), (11, 4)] {
            all.insert(at, asks_for_two(seen.clone(), x));
        }
        let sum = lazygraph::compute_with(&on(3), all).unwrap();
        assert_eq!(sum.iter().sum::<i64>(), 182 + 42 + 14 + 22);
        assert_eq!(seen.runs(), 14);
    });
    check(|| {
        let (seen, event) = (Seen::default(), Event::new());
        let mut all: Vec<_> = (0..10).map(|x| tiny(seen.clone(), x)).collect();
        all.push(after(seen.clone(), event.clone()));
        all.push(sets(seen.clone(), event.clone()));
        all.push(sets(seen.clone(), event.clone()));
        all.insert(7, asks_for_after(seen.clone(), event.clone()));
        let sum = lazygraph::compute_with(&on(2), all).unwrap();
        assert_eq!(sum.iter().sum::<i64>(), 90 + 4);
        assert_eq!(seen.runs(), 13);
    });
}

#[delayed(pure)]
fn ping(#[key(skip)] seen: &Seen, end: bool) -> Result<i64, Error> {
    thread::yield_now();
    match end {
        true => Ok(1),
        false => pong(seen.clone()).compute(),
    }
}

#[delayed(pure)]
fn pong(#[key(skip)] seen: &Seen) -> Result<i64, Error> {
    thread::yield_now();
    let (a, b) = (ping(seen.clone(), true), ping(seen.clone(), false));
    let both = plus(a, b);
    compute!(both)
}

/// Two pure calls that need each other, begun on different threads, end with an error that says so.
#[test]
fn a_circle_of_waits_is_found() {
    check(|| {
        let seen = Seen::default();
        let both = plus(ping(seen.clone(), false), pong(seen.clone()));
        let error = both.compute_with(&on(2)).unwrap_err();
        assert_eq!(error.root().kind(), ErrorKind::Deadlock);
    });
}

/// A cancel meets a run at any point of its life: the value or `Cancelled`, and nothing left over.
#[test]
fn cancel_and_completion_meet() {
    check(|| {
        let seen = Seen::default();
        let token = CancelToken::new();
        let canceller = {
            let token = token.clone();
            thread::spawn(move || token.cancel())
        };
        let sum = total(vec![
            make(seen.clone(), 1),
            add(make(seen.clone(), 2), make(seen.clone(), 3)),
        ]);
        match sum.compute_with(&on(2).cancel(&token)) {
            Ok(value) => assert_eq!(value, 6),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Cancelled),
        }
        canceller.join().unwrap();
        drop(sum);
        seen.assert_nothing_lives();
    });
}

#[delayed]
fn fails(x: i64) -> Result<i64, String> {
    thread::yield_now();
    Err(format!("no {x}"))
}

#[delayed]
fn falls(seen: &Seen) -> Counted {
    let _value = Counted::new(&seen.live, 1);
    thread::yield_now();
    panic!("on purpose")
}

#[delayed]
fn returns_what_falls(seen: &Seen) -> Delayed<Counted> {
    falls(seen.clone())
}

/// Failures on several threads at once, one in a returned graph: one is told, the run ends, nothing is left.
#[test]
fn failures_meet() {
    check(|| {
        let seen = Seen::default();
        let value = make(seen.clone(), 1);
        let parts = vec![
            add(&value, falls(seen.clone())),
            add(&value, &value),
            add(returns_what_falls(seen.clone()), &value),
        ];
        let both = plus(total(parts), fails(1));
        let error = both.compute_with(&on(3)).unwrap_err();
        let told = format!("{error:?}");
        assert!(
            told.contains("no 1") || told.contains("on purpose"),
            "{told}"
        );
        drop((both, value));
        seen.assert_nothing_lives();
    });
}

/// Ends when its run is stopped, and not before.
#[delayed]
fn until_stopped() -> i64 {
    let token = CancelToken::current().unwrap();
    while !token.is_cancelled() {
        thread::yield_now();
    }
    0
}

#[delayed]
fn goes_on_below(seen: &Seen) -> Result<i64, Error> {
    let after = plus(until_stopped(), 1).map_owned({
        let seen = seen.clone();
        move |x| {
            seen.runs.fetch_add(1, SeqCst);
            x
        }
    });
    compute!(after)
}

/// A failure beside it stops a nested run as well, and what is nested in that: nothing of them starts any more.
#[test]
fn a_stop_is_seen_below() {
    check(|| {
        let seen = Seen::default();
        let below = goes_on_below(seen.clone());
        let both = plus(fails(1), plus(below, goes_on_below(seen.clone())));
        let error = both.compute_with(&on(3)).unwrap_err();
        assert!(format!("{error:?}").contains("no 1"), "{error:?}");
        assert_eq!(seen.runs(), 0, "what was started after the stop");
    });
}

#[delayed]
fn make_slowly(seen: &Seen, x: i64) -> Counted {
    (0..12).for_each(|_| thread::yield_now());
    Counted::new(&seen.live, x)
}

/// The second leaf is late: meanwhile others are made, until the budget says stop. Then, with nothing running and
/// nothing left of the budget, the first in rank runs nevertheless.
#[test]
fn a_used_up_budget_lets_the_first_run() {
    check(|| {
        let seen = Seen::default();
        let late = make_slowly(seen.clone(), 1);
        let first = add(make(seen.clone(), 0), late);
        let sum = (2..9).fold(first, |sum, x| add(sum, make(seen.clone(), x)));
        let sum = total(vec![sum]);
        assert_eq!(sum.compute_with(&on(2)).unwrap(), 36);
        drop(sum);
        seen.assert_nothing_lives();
    });
}

#[delayed]
fn returns_a_graph(seen: &Seen, levels: i64) -> Delayed<Counted> {
    match levels {
        0 => make(seen.clone(), 1),
        _ => add(
            returns_a_graph(seen.clone(), levels - 1),
            make(seen.clone(), 1),
        ),
    }
}

/// Graphs that bodies return are run by whoever is there, and concluded once.
#[test]
fn returned_graphs_are_concluded_once() {
    check(|| {
        let seen = Seen::default();
        let parts = vec![
            returns_a_graph(seen.clone(), 2),
            returns_a_graph(seen.clone(), 1),
        ];
        assert_eq!(total(parts).compute_with(&on(3)).unwrap(), 5);
        seen.assert_nothing_lives();
    });
}

/// Runs begun by two threads at once with the same handles, on one pool: each ends with all of its own.
#[test]
fn two_computes_share_a_graph() {
    check(|| {
        let seen = Seen::default();
        let graph = total(vec![
            make(seen.clone(), 1),
            add(make(seen.clone(), 2), make(seen.clone(), 3)),
        ]);
        let other = {
            let graph = graph.clone();
            thread::spawn(move || graph.compute_with(&on(2)).unwrap())
        };
        assert_eq!(graph.compute_with(&on(2)).unwrap(), 6);
        assert_eq!(other.join().unwrap(), 6);
        assert_eq!(seen.runs(), 6);
        drop(graph);
        seen.assert_nothing_lives();
    });
}
