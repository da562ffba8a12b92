//! Programs of operations on graphs: handles are built, cloned, dropped, computed with all kinds of options, cancelled,
//! given to a client. The outcome is that of a plain recursive evaluation, or the error of one who may have failed; after
//! each compute nothing is alive but what the program still holds, and after the program no slot of the client is taken.
#![no_main]

use std::collections::BTreeSet;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Once, OnceLock};
use std::thread;
use std::time::Duration;

use arbitrary::Arbitrary;
use lazygraph::{
    CancelToken, Client, ErrorKind, Memo, Options, Plan, Scheduler, compute_all_with, compute_with,
    prelude::*,
};
use libfuzzer_sys::fuzz_target;

// ---- programs as data

#[derive(Arbitrary, Debug)]
struct Program {
    /// Of the client: one to three.
    slots: u8,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Literal(i8),
    Call(Call),
    /// The call before, but for what is set on it.
    Again(Settings),
    Nested {
        of: u8,
        with: Option<u8>,
        get: bool,
    },
    Returned {
        of: u8,
    },
    Caught {
        of: u8,
        or: i8,
    },
    Mapped {
        of: u8,
    },
    Persist {
        of: u8,
    },
    CloneHandle {
        of: u8,
    },
    DropHandle {
        of: u8,
    },
    /// Another thread lets go of them.
    DropElsewhere {
        of: Vec<u8>,
    },
    /// A call without inputs, computed with defaults.
    Lone {
        salt: i8,
        act: Act,
        nested: bool,
        elsewhere: bool,
    },
    Large(Large, How),
    Compute {
        of: Vec<u8>,
        how: How,
    },
    All {
        of: Vec<u8>,
        how: How,
    },
    Twice {
        of: Vec<u8>,
        how: How,
    },
    ForgetMemo,
    Submit {
        of: u8,
    },
    Map {
        of: Vec<u8>,
    },
    Task(Task, u8),
    Gather {
        of: Vec<u8>,
    },
}

/// What is done with a future.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Task {
    Result,
    Timeout,
    AsNode,
    Clone,
    Drop,
    Detach,
    Cancel,
    Retry,
}

#[derive(Arbitrary, Debug)]
struct Call {
    salt: i8,
    lent: Vec<u8>,
    owned: Vec<u8>,
    act: Act,
    settings: Settings,
}

#[derive(Arbitrary, Debug)]
struct Settings {
    impure: bool,
    retries: bool,
    inline: bool,
    fuse: Option<bool>,
    priority: i8,
    after: Option<u8>,
}

#[derive(Arbitrary, Clone, Copy, PartialEq, Debug)]
enum Act {
    Fine,
    Good,
    Yields,
    Err,
    Panic,
    Flaky,
}

/// A graph of up to thousands of small calls, whose handles are dropped in any order by several threads.
#[derive(Arbitrary, Debug)]
struct Large {
    calls: u16,
    seed: u32,
    /// Calls use what was made shortly before.
    near: bool,
    /// What each body spins.
    spins: u8,
    outputs: u8,
    /// One call does this instead of adding.
    act: Act,
    /// So many threads make the calls, one after the other.
    makers: u8,
    droppers: u8,
    /// The handles are dropped during the compute.
    meanwhile: bool,
}

#[derive(Arbitrary, Debug)]
struct How {
    scheduler: Where,
    optimize: Option<bool>,
    dedupe: Option<bool>,
    inline: Option<bool>,
    fuse: Option<bool>,
    order: Option<bool>,
    cancel: Cancel,
    memo: bool,
}

#[derive(Arbitrary, Debug)]
enum Where {
    Serial,
    One,
    Two,
    Eight,
}

#[derive(Arbitrary, Debug)]
enum Cancel {
    Never,
    Neither,
    Before,
    Meanwhile(u8),
    After,
}

// ---- values and bodies

/// A value on the heap that is counted while it lives.
#[derive(Debug)]
struct Counted {
    value: Box<i64>,
    live: Arc<AtomicI64>,
}

impl Counted {
    fn new(live: &Arc<AtomicI64>, value: i64) -> Counted {
        live.fetch_add(1, SeqCst);
        Counted {
            value: Box::new(value),
            live: live.clone(),
        }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Counted {
        Counted::new(&self.live, *self.value)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}

/// What bodies share; no part of a key.
#[derive(Clone, Debug)]
struct World {
    live: Arc<AtomicI64>,
    /// How often this node was tried.
    tries: Arc<AtomicUsize>,
}

fn mix(salt: i64, values: impl Iterator<Item = i64>) -> i64 {
    values.fold(salt.wrapping_mul(0x9e37_79b9), |all, x| {
        all.rotate_left(7).wrapping_mul(0x0100_0193).wrapping_add(x)
    })
}

#[delayed(pure)]
fn work(
    #[key(skip)] world: &World,
    salt: i8,
    act: u8,
    lent: &[&Counted],
    owned: Vec<Counted>,
) -> Result<Counted, String> {
    let tries = world.tries.fetch_add(1, SeqCst);
    match act {
        ERR => return Err("planned".into()),
        PANIC => panic!("planned"),
        FLAKY if tries % 2 == 0 => return Err("not yet".into()),
        YIELDS => thread::yield_now(),
        _ => {}
    }
    let values = lent.iter().map(|c| *c.value);
    let value = mix(
        i64::from(salt),
        values.chain(owned.iter().map(|c| *c.value)),
    );
    Ok(match owned.into_iter().next_back() {
        Some(mut last) => {
            *last.value = value;
            last
        }
        None => Counted::new(&world.live, value),
    })
}

const YIELDS: u8 = 1;
const ERR: u8 = 2;
const PANIC: u8 = 3;
const FLAKY: u8 = 4;

/// A graph that a node computes or returns.
#[derive(Clone)]
struct Inner(Delayed<Counted>);

#[delayed]
fn nested(inner: &Inner, get: bool, with: &[&Counted]) -> Result<Counted, Error> {
    let mut value = match get {
        true => inner.0.get(),
        false => inner.0.compute()?,
    };
    *value.value = mix(
        77,
        [*value.value, with.first().map_or(0, |c| *c.value)].into_iter(),
    );
    Ok(value)
}

#[delayed]
fn returned(inner: &Inner) -> Delayed<Counted> {
    inner.0.clone()
}

/// `guard` is held by the node.
#[delayed]
fn sum(
    guard: &Arc<()>,
    a: i64,
    b: i64,
    more: &[&i64],
    spins: u8,
    act: u8,
) -> Result<i64, String> {
    let _ = guard;
    match act {
        ERR => return Err("planned".into()),
        PANIC => panic!("planned"),
        _ => (0..u32::from(spins) * 8).for_each(|_| std::hint::spin_loop()),
    }
    Ok(mix(a, [b].into_iter().chain(more.iter().map(|x| **x))))
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[delayed]
fn lone(guard: &Arc<()>, salt: i8, act: u8, nested: bool) -> Result<i64, Failure> {
    let below = || lone(guard.clone(), salt, act, false);
    match act {
        _ if nested => {
            let (a, b) = compute!(below(), below())?;
            Ok(a + b)
        }
        ERR => Err("planned".into()),
        PANIC => panic!("planned"),
        YIELDS => {
            thread::yield_now();
            Ok(i64::from(salt))
        }
        _ => Ok(i64::from(salt)),
    }
}

fn xorshift(seed: &mut u32) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    *seed as usize
}

// ---- the plain evaluation

/// What a handle stands for: the value, or the kinds of error it may end with.
#[derive(Clone, Debug)]
struct Expected {
    value: Option<i64>,
    kinds: BTreeSet<u8>,
    /// How many bodies one evaluation runs at most, were nothing shared.
    cost: usize,
    /// It needs a future, which may be cancelled.
    needs_future: bool,
}

impl Expected {
    fn of(value: i64) -> Expected {
        Expected {
            value: Some(value),
            kinds: BTreeSet::new(),
            cost: 1,
            needs_future: false,
        }
    }
}

impl Act {
    fn fails(self) -> bool {
        matches!(self, Act::Err | Act::Panic)
    }
}

fn number_of(act: Act) -> u8 {
    match act {
        Act::Fine | Act::Good => 0,
        Act::Yields => YIELDS,
        Act::Err => ERR,
        Act::Panic => PANIC,
        Act::Flaky => FLAKY,
    }
}

fn number(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Failed => ERR,
        ErrorKind::Panicked => PANIC,
        other => panic!("not expected: {other:?}"),
    }
}

#[derive(Clone)]
struct Future {
    handle: lazygraph::Handle<Counted>,
    expected: Expected,
}

/// A client of one to three slots, and its memo; they last from program to program.
fn client(slots: usize) -> &'static (Client, Memo) {
    static CLIENTS: [OnceLock<(Client, Memo)>; 3] = [const { OnceLock::new() }; 3];
    CLIENTS[slots - 1].get_or_init(|| {
        let memo = Memo::with_budget(4096);
        let client = Client::builder().threads(slots).memo(&memo).build();
        (client.expect("threads"), memo)
    })
}

#[derive(Clone)]
struct Handle {
    node: Delayed<Counted>,
    expected: Expected,
}

/// The most bodies in one evaluation: nesting would multiply them without end.
const DEAREST: usize = 3000;

struct Machine {
    live: Arc<AtomicI64>,
    handles: Vec<Handle>,
    /// What was called last: its lent and its owned arguments.
    last: Option<(i8, Act, Vec<Handle>, Vec<Handle>)>,
    memo: Memo,
    slots: usize,
    futures: Vec<Future>,
    /// Some future was cancelled: whoever needs it may be told so.
    any_cancelled: bool,
}

impl Machine {
    fn pick(&self, of: u8) -> Option<&Handle> {
        match self.handles.len() {
            0 => None,
            n => Some(&self.handles[usize::from(of) % n]),
        }
    }

    fn picks(&self, of: &[u8]) -> Vec<Handle> {
        let picked = of.iter().take(4).filter_map(|i| self.pick(*i));
        picked.cloned().collect()
    }

    fn add(&mut self, node: Delayed<Counted>, expected: Expected) {
        if expected.cost <= DEAREST && self.handles.len() < 64 {
            self.handles.push(Handle { node, expected });
        }
    }

    fn world(&self) -> World {
        World {
            live: self.live.clone(),
            tries: Arc::default(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Literal(x) => {
                let node = value(Counted::new(&self.live, i64::from(*x)));
                self.add(node, Expected::of(i64::from(*x)));
            }
            Step::Call(call) => {
                let (lent, owned) = (self.picks(&call.lent), self.picks(&call.owned));
                self.last = Some((call.salt % 2, call.act, lent, owned));
                self.call(&call.settings);
            }
            Step::Again(settings) => self.call(settings),
            Step::Nested { of, with, get } => {
                let Some(inner) = self.pick(*of) else { return };
                let with = with.and_then(|with| self.pick(with));
                let mut expected = inner.expected.clone();
                expected.cost += 1;
                let mut other = 0;
                if let Some(with) = with {
                    expected.cost += with.expected.cost;
                    expected.needs_future |= with.expected.needs_future;
                    expected.kinds.extend(&with.expected.kinds);
                    match with.expected.value {
                        Some(x) => other = x,
                        None => expected.value = None,
                    }
                }
                expected.value = expected.value.map(|x| mix(77, [x, other].into_iter()));
                let inner = Inner(inner.node.clone());
                let node = nested(
                    inner,
                    *get,
                    with.iter().map(|h| h.node.clone()).collect::<Vec<_>>(),
                );
                self.add(node, expected);
            }
            Step::Returned { of } => {
                let Some(inner) = self.pick(*of) else { return };
                let mut expected = inner.expected.clone();
                expected.cost += 1;
                let node = returned(Inner(inner.node.clone()));
                self.add(node, expected);
            }
            Step::Caught { of, or } => {
                let Some(h) = self.pick(*of) else { return };
                if h.expected.needs_future {
                    return;
                }
                let or = i64::from(*or);
                let mut expected = Expected::of(h.expected.value.unwrap_or(or));
                expected.cost += h.expected.cost;
                let node = h.node.unwrap_or(Counted::new(&self.live, or));
                self.add(node, expected);
            }
            Step::Mapped { of } => {
                let Some(h) = self.pick(*of) else { return };
                let mut expected = h.expected.clone();
                expected.cost += 1;
                expected.value = expected.value.map(|x| x ^ 1);
                let node = h.node.map(|c| Counted::new(&c.live, *c.value ^ 1));
                self.add(node, expected);
            }
            Step::Persist { of } => self.persist(*of),
            Step::CloneHandle { of } => {
                let Some(h) = self.pick(*of) else { return };
                let (node, expected) = (h.node.clone(), h.expected.clone());
                self.add(node, expected);
            }
            Step::DropHandle { of } => {
                if !self.handles.is_empty() {
                    let at = usize::from(*of) % self.handles.len();
                    self.handles.swap_remove(at);
                }
            }
            Step::DropElsewhere { of } => {
                let mut dropped = Vec::new();
                for of in of.iter().take(self.handles.len()) {
                    let at = usize::from(*of) % self.handles.len();
                    dropped.push(self.handles.swap_remove(at));
                }
                thread::spawn(move || drop(dropped)).join().unwrap();
            }
            Step::Lone {
                salt,
                act,
                nested,
                elsewhere,
            } => {
                let (guard, salt, act, nested) = (Arc::new(()), *salt, *act, *nested);
                let call = lone(guard.clone(), salt, number_of(act), nested);
                let compute = move || {
                    let value = i64::from(salt) * (1 + i64::from(nested));
                    match call.compute() {
                        Ok(result) => assert!(!act.fails() && result == value),
                        Err(error) => {
                            let kind = number(error.root().kind());
                            assert!(act.fails() && kind == number_of(act), "{error:?}");
                        }
                    }
                };
                match elsewhere {
                    true => thread::spawn(compute).join().unwrap(),
                    false => {
                        compute();
                        drop(compute);
                    }
                }
                assert_eq!(Arc::strong_count(&guard), 1, "a node is still alive");
            }
            Step::Large(large, how) => self.large(large, how),
            Step::Compute { of, how } => {
                let picked = self.picks(of);
                let nodes: Vec<_> = picked.iter().map(|h| h.node.clone()).collect();
                let expected: Vec<_> = picked.iter().map(|h| h.expected.clone()).collect();
                let any_cancelled = self.any_cancelled;
                self.observe(how, |options, cancelled| {
                    let cancelled = &|| any_cancelled || cancelled();
                    together(compute_with(options, nodes), &expected, cancelled);
                });
            }
            Step::Twice { of, how } => {
                let picked = self.picks(of);
                let nodes: Vec<_> = picked.iter().map(|h| h.node.clone()).collect();
                let expected: Vec<_> = picked.iter().map(|h| h.expected.clone()).collect();
                let any_cancelled = self.any_cancelled;
                self.observe(how, |options, cancelled| {
                    let cancelled = &|| any_cancelled || cancelled();
                    let plan = Plan::new(nodes, options).expect("a graph without circles");
                    together(plan.run_with(options), &expected, cancelled);
                    together(plan.run_with(options), &expected, cancelled);
                });
            }
            Step::All { of, how } => {
                let picked = self.picks(of);
                let nodes: Vec<_> = picked.iter().map(|h| h.node.clone()).collect();
                let expected: Vec<_> = picked.iter().map(|h| h.expected.clone()).collect();
                let any_cancelled = self.any_cancelled;
                self.observe(how, |options, cancelled| {
                    let cancelled = &|| any_cancelled || cancelled();
                    let results = compute_all_with(options, nodes);
                    assert_eq!(results.len(), expected.len());
                    for (result, expected) in results.into_iter().zip(&expected) {
                        check(result, expected, cancelled);
                    }
                });
            }
            Step::ForgetMemo => self.memo.clear(),
            Step::Submit { of } => {
                let Some(h) = self.pick(*of) else { return };
                let expected = h.expected.clone();
                let handle = client(self.slots).0.submit(h.node.clone());
                self.start(handle, expected);
            }
            Step::Map { of } => {
                let picked = self.picks(of);
                let nodes: Vec<_> = picked.iter().map(|h| h.node.clone()).collect();
                let handles = client(self.slots).0.compute(nodes);
                for (handle, h) in handles.into_iter().zip(picked) {
                    self.start(handle, h.expected);
                }
            }
            Step::Task(task, of) => self.task(*task, *of),
            Step::Gather { of } => {
                let futures = self.futures.len();
                let picked = of.iter().take(4).filter(|_| futures > 0);
                let picked: Vec<_> = picked
                    .map(|i| self.futures[usize::from(*i) % futures].clone())
                    .collect();
                let handles = picked.iter().map(|f| f.handle.clone());
                let outcomes = client(self.slots).0.gather_all(handles);
                assert_eq!(outcomes.len(), picked.len());
                for (outcome, future) in outcomes.into_iter().zip(&picked) {
                    check(outcome, &future.expected, &|| self.any_cancelled);
                }
            }
        }
    }

    fn large(&mut self, large: &Large, how: &How) {
        let guard = Arc::new(());
        let calls = 2 + usize::from(large.calls % 10_000);
        let mut seed = large.seed | 1;
        let odd = xorshift(&mut seed) % calls;
        let mut values: Vec<Option<i64>> = Vec::new();
        let mut handles: Vec<Delayed<i64>> = Vec::new();
        let mut make = |from: usize, to: usize| {
            for i in from..to {
                let act = if i == odd { number_of(large.act) } else { 0 };
                let mut pick = || match large.near {
                    true => i - 1 - xorshift(&mut seed) % i.min(8),
                    false => xorshift(&mut seed) % i,
                };
                if i < 2 {
                    let none = Vec::<Delayed<i64>>::new();
                    handles.push(sum(guard.clone(), i as i64, 7, none, large.spins, act));
                    values.push((!large.act.fails() || act == 0).then(|| mix(i as i64, [7].into_iter())));
                    continue;
                }
                let (a, b) = (pick(), pick());
                let more: Vec<usize> = (0..[0, 0, 0, 2, 80][i % 5]).map(|_| pick()).collect();
                let more = if i % 64 < 5 { more } else { Vec::new() };
                let others: Vec<_> = more.iter().map(|k| handles[*k].clone()).collect();
                handles.push(sum(guard.clone(), &handles[a], &handles[b], others, large.spins, act));
                let inputs = [b].into_iter().chain(more).map(|k| values[k]);
                let inputs: Option<Vec<i64>> = inputs.collect();
                let value = values[a].zip(inputs).map(|(a, rest)| mix(a, rest.into_iter()));
                values.push(value.filter(|_| !large.act.fails() || act == 0));
            }
        };
        let makers = 1 + usize::from(large.makers % 3);
        for maker in 0..makers {
            let part = calls.div_ceil(makers);
            let (from, to) = (maker * part, ((maker + 1) * part).min(calls));
            match maker {
                0 => make(from, to),
                _ => thread::scope(|scope| scope.spawn(|| make(from, to)).join().unwrap()),
            }
        }
        let picked: Vec<usize> = (0..large.outputs % 5)
            .map(|_| xorshift(&mut seed) % calls)
            .chain([calls - 1])
            .collect();
        let outputs: Vec<_> = picked.iter().map(|i| handles[*i].clone()).collect();
        for i in (1..calls).rev() {
            handles.swap(i, xorshift(&mut seed) % (i + 1));
        }
        let droppers = 1 + usize::from(large.droppers % 3);
        let part = calls.div_ceil(droppers);
        let parts: Vec<Vec<_>> = (0..droppers)
            .map(|_| handles.drain(..part.min(handles.len())).collect())
            .collect();
        self.observe(how, |options, cancelled| {
            thread::scope(|scope| {
                let droppers = || {
                    for part in parts {
                        scope.spawn(move || drop(part));
                    }
                };
                let result = match large.meanwhile {
                    true => {
                        droppers();
                        compute_with(options, outputs)
                    }
                    false => {
                        let result = compute_with(options, outputs);
                        droppers();
                        result
                    }
                };
                match result {
                    Ok(found) => {
                        let expected = picked.iter().map(|i| values[*i]);
                        assert!(found.into_iter().map(Some).eq(expected));
                    }
                    Err(error) if cancelled() && is_cancelled(&error) => {}
                    Err(error) => {
                        let kind = number(error.root().kind());
                        assert_eq!(kind, number_of(large.act), "{error:?}");
                        assert!(picked.iter().any(|i| values[*i].is_none()));
                    }
                }
            });
        });
        // A late invitation may hold the plan for a moment; nobody holds it for ever.
        while Arc::strong_count(&guard) > 1 {
            thread::yield_now();
        }
    }

    fn start(&mut self, handle: lazygraph::Handle<Counted>, expected: Expected) {
        if self.futures.len() < 32 {
            self.futures.push(Future { handle, expected });
        } else {
            // Its last handle is dropped: it may be needed by nobody, but is not in anybody's way.
            drop(handle);
        }
    }

    fn task(&mut self, task: Task, of: u8) {
        if self.futures.is_empty() {
            return;
        }
        let at = usize::from(of) % self.futures.len();
        let Future {
            handle,
            mut expected,
        } = self.futures[at].clone();
        let any_cancelled = self.any_cancelled;
        match task {
            Task::Result => check(handle.result(), &expected, &|| any_cancelled),
            Task::Timeout => match handle.result_timeout(Duration::from_micros(u64::from(of))) {
                Err(e) if e.kind() == ErrorKind::Timeout => {}
                outcome => check(outcome, &expected, &|| any_cancelled),
            },
            Task::AsNode => {
                expected.needs_future = true;
                self.add(handle.to_delayed(), expected);
            }
            Task::Clone => self.start(handle, expected),
            Task::Drop => drop(self.futures.swap_remove(at)),
            Task::Detach => self.futures.swap_remove(at).handle.detach(),
            Task::Cancel => {
                self.any_cancelled = true;
                handle.cancel();
            }
            Task::Retry => {
                let status = handle.status();
                if let Err(error) = handle.retry() {
                    assert_eq!(error.kind(), ErrorKind::Invalid, "{status:?}");
                }
            }
        }
    }

    /// Waits until the client has nothing to do. What it remembers is forgotten.
    fn settle(&self) {
        let (client, memo) = client(self.slots);
        while client.stats().live > 0 || client.stats().threads > 0 {
            thread::yield_now();
        }
        let stats = client.stats();
        assert_eq!(
            (stats.permits, stats.suspended),
            (self.slots, 0),
            "{stats:?}"
        );
        memo.clear();
    }

    fn call(&mut self, settings: &Settings) {
        let Some((salt, act, lent, owned)) = &self.last else {
            return;
        };
        let after = settings.after.and_then(|i| self.pick(i));
        let inputs = || lent.iter().chain(owned).map(|h| &h.expected);
        let values: Option<Vec<i64>> = inputs().map(|e| e.value).collect();
        let mut expected = Expected {
            value: values.map(|all| mix(i64::from(*salt), all.into_iter())),
            kinds: inputs().flat_map(|e| e.kinds.iter().copied()).collect(),
            cost: 1 + inputs().map(|e| e.cost).sum::<usize>(),
            needs_future: inputs().any(|e| e.needs_future),
        };
        if let Some(after) = after {
            expected.cost += after.expected.cost;
            expected.needs_future |= after.expected.needs_future;
            expected.kinds.extend(&after.expected.kinds);
            if after.expected.value.is_none() {
                expected.value = None;
            }
        }
        let number = number_of(*act);
        if number == ERR || number == PANIC {
            expected.value = None;
            expected.kinds.insert(number);
        }
        let mut node = work(
            self.world(),
            *salt,
            number,
            lent.iter().map(|h| h.node.clone()).collect::<Vec<_>>(),
            owned.iter().map(|h| h.node.clone()).collect::<Vec<_>>(),
        );
        // A flaky one may be tried by several at once, each of whom may spoil a try of the others.
        if *act == Act::Flaky {
            node = node.retries(64);
        } else if settings.retries {
            node = node.retries(1);
        }
        node = match settings.impure {
            true => node.impure(),
            false => node.pure(),
        };
        if settings.inline {
            node = node.inline();
        }
        if let Some(fuse) = settings.fuse {
            node = node.fuse(fuse);
        }
        if let Some(after) = after {
            node = node.after(&after.node);
        }
        node = node.priority(i32::from(settings.priority));
        self.add(node, expected);
    }

    fn persist(&mut self, of: u8) {
        let Some(h) = self.pick(of) else { return };
        let expected = h.expected.clone();
        match (h.node.persist(), expected.value) {
            (Ok(node), Some(value)) => {
                self.add(node, Expected::of(value));
            }
            (Err(error), _) if self.any_cancelled && is_cancelled(&error) => {}
            (Err(error), None) => {
                let kind = number(error.root().kind());
                assert!(expected.kinds.contains(&kind), "{error:?}");
            }
            (result, _) => panic!("persisted {:?}, expected {expected:?}", result.err()),
        }
    }

    /// Computes; afterwards as much is alive as before.
    fn observe(&self, how: &How, compute: impl FnOnce(&Options, &dyn Fn() -> bool)) {
        let mut options = match how.scheduler {
            Where::Serial => Options::new().scheduler(Scheduler::Serial),
            Where::One => Options::new().threads(1),
            Where::Two => Options::new().threads(2),
            Where::Eight => Options::new().threads(8),
        };
        let mut set = |given: Option<bool>, with: fn(Options, bool) -> Options| {
            if let Some(on) = given {
                options = with(std::mem::take(&mut options), on);
            }
        };
        set(how.optimize, Options::optimize);
        set(how.dedupe, Options::dedupe);
        set(how.inline, Options::inline);
        set(how.fuse, Options::fuse);
        set(how.order, Options::order);
        if how.memo {
            options = options.memo(&self.memo);
        }
        let token = CancelToken::new();
        if !matches!(how.cancel, Cancel::Never | Cancel::Neither) {
            options = options.cancel(&token);
        }
        let called = Arc::new(AtomicBool::new(false));
        let cancelled = || called.load(SeqCst);
        let cancel = {
            let (token, called) = (token.clone(), called.clone());
            move || {
                called.store(true, SeqCst);
                token.cancel();
            }
        };
        if !how.memo {
            // What it holds otherwise is of no account here.
            self.memo.clear();
        }
        self.settle();
        let before = self.live.load(SeqCst);
        match how.cancel {
            Cancel::Before => {
                cancel();
                compute(&options, &cancelled);
            }
            Cancel::Meanwhile(pause) => thread::scope(|scope| {
                scope.spawn(move || {
                    (0..u32::from(pause) * 16).for_each(|_| std::hint::spin_loop());
                    cancel();
                });
                compute(&options, &cancelled);
            }),
            Cancel::After => {
                compute(&options, &cancelled);
                cancel();
            }
            Cancel::Never | Cancel::Neither => compute(&options, &cancelled),
        }
        if how.memo {
            self.memo.clear();
        }
        assert!(
            self.live.load(SeqCst) <= before,
            "values that are still alive"
        );
        if !how.memo {
            assert_eq!(
                self.live.load(SeqCst),
                before,
                "values that were dropped twice"
            );
        }
    }
}

fn is_cancelled(error: &Error) -> bool {
    error.root().kind() == ErrorKind::Cancelled
}

fn together(
    result: Result<Vec<Counted>, Error>,
    expected: &[Expected],
    cancelled: &dyn Fn() -> bool,
) {
    match result {
        Ok(values) => {
            let values: Vec<_> = values.iter().map(|c| Some(*c.value)).collect();
            let expected: Vec<_> = expected.iter().map(|e| e.value).collect();
            assert_eq!(values, expected);
        }
        Err(error) => {
            if cancelled() && is_cancelled(&error) {
                return;
            }
            let kind = number(error.root().kind());
            assert!(
                expected.iter().any(|e| e.kinds.contains(&kind)),
                "{error:?}, expected {expected:?}"
            );
        }
    }
}

fn check(result: Result<Counted, Error>, expected: &Expected, cancelled: &dyn Fn() -> bool) {
    match result {
        Ok(value) => assert_eq!(Some(*value.value), expected.value),
        Err(error) => {
            if cancelled() && is_cancelled(&error) {
                return;
            }
            assert_eq!(expected.value, None, "{error:?}");
            let kind = number(error.root().kind());
            assert!(expected.kinds.contains(&kind), "{error:?}, {expected:?}");
        }
    }
}

/// Lets planned panics through: the hook of the fuzzer aborts at any.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.payload().downcast_ref::<&str>() != Some(&"planned") {
                usual(info);
            }
        }));
    });
}

fuzz_target!(|program: Program| {
    quiet();
    let live: Arc<AtomicI64> = Arc::default();
    let mut machine = Machine {
        live: live.clone(),
        handles: Vec::new(),
        last: None,
        memo: Memo::with_budget(4096),
        slots: 1 + usize::from(program.slots % 3),
        futures: Vec::new(),
        any_cancelled: false,
    };
    for step in program.steps.iter().take(48) {
        machine.step(step);
    }
    // Nodes may hold futures, and futures nodes.
    machine.futures.clear();
    machine.handles.clear();
    machine.last = None;
    machine.settle();
    drop(machine);
    assert_eq!(live.load(SeqCst), 0, "values that are still alive");
});
