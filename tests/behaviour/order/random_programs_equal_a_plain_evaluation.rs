//! Random programs, whose nodes compute programs of their own in every way that there is: nested, returned, started on a
//! client; pure or not, with explicit keys, failing, tried again, timed out, cancelled, caught, computed once more. Serially, on
//! 1, 2 and 8 workers, with every set of passes, with a memo that all of them share, and on a client, the values are those of
//! an interpreter that knows nothing of the library; or the error is of a kind that it may be.
//!
//! `LAZYGRAPH_PROGRAMS=100000` tries so many, `LAZYGRAPH_PROGRAMS=17..18` that one.

use common::{Chance, client_of, ends, pool_of, quiet};
use lazygraph::sync::Event;
use lazygraph::{
    Client, ErrorKind, Memo, Options, Scheduler, Token, compute, compute_all_with, compute_with,
    prelude::*,
};
use rayon::ThreadPool;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

// ---- programs as data

/// What can be wrong with a node: kinds of errors, in a set of bits.
type Wrongs = u8;
const FAILED: Wrongs = 1;
const PANICKED: Wrongs = 2;
const TIMEOUT: Wrongs = 4;
const CANCELLED: Wrongs = 8;

/// What a call does when it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Fine,
    Err,
    Panic,
    /// Fails so often, and is tried again as often.
    Flaky(u32),
}

/// How the body of a node computes its program.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Each,
    Together,
    Get,
    OptionsOfItsOwn,
    Persisted,
    Submitted,
    Gathered,
    /// The body returns the graph.
    Returned,
}

#[derive(Clone, Debug)]
enum Op {
    /// A value that the program is given.
    Given(usize),
    Call {
        act: Act,
        owned: Vec<usize>,
        lent: Vec<usize>,
    },
    Body {
        program: Arc<Program>,
        how: How,
        inputs: Vec<usize>,
    },
    Map(usize),
    Caught(usize),
    Or(usize),
    Recomputed(usize),
    /// A future of a client.
    Future(usize),
    /// As above, which is cancelled before it can end.
    Cancelled,
    /// Waits for what does not come, for a time.
    TooLate,
}

#[derive(Clone, Debug)]
struct Node {
    op: Op,
    salt: i64,
    pure: bool,
    key: bool,
    inline: bool,
    fuse: bool,
    priority: i32,
    retries: u32,
    /// A limit that is never reached.
    limit: bool,
    after: Option<usize>,
}

#[derive(Clone, Debug)]
struct Program {
    id: u64,
    nodes: Vec<Node>,
    outputs: Vec<usize>,
}

struct Generator(Chance, u64);

impl Generator {
    fn program(&mut self, depth: usize, given: usize) -> Program {
        let most = [4, 7, 14][depth];
        let (count, failures) = (1 + given + self.0.below(most), self.0.below(3) == 0);
        let mut program = Program {
            id: 0,
            nodes: Vec::new(),
            outputs: Vec::new(),
        };
        for i in 0..count {
            let node = self.node(&program, i, depth, given, failures);
            program.nodes.push(node);
        }
        program.outputs = (0..1 + self.0.below(3)).map(|_| self.pick(count)).collect();
        self.1 += 1;
        program.id = self.1;
        program
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.0.below(n) == 0
    }

    /// One of the nodes before `i`, the near ones more often.
    fn pick(&mut self, i: usize) -> usize {
        match self.one_in(2) {
            true => i - 1 - self.0.below(i.min(3)),
            false => self.0.below(i),
        }
    }

    fn picks(&mut self, i: usize, most: usize) -> Vec<usize> {
        let count = if i == 0 { 0 } else { self.0.below(most + 1) };
        (0..count).map(|_| self.pick(i)).collect()
    }

    fn node(
        &mut self,
        before: &Program,
        i: usize,
        depth: usize,
        given: usize,
        failures: bool,
    ) -> Node {
        let op = match self.0.below(24) {
            _ if i < given => Op::Given(i),
            0..8 if depth > 0 => {
                let inputs = self.picks(i, 2);
                let how = [
                    How::Each,
                    How::Together,
                    How::Get,
                    How::OptionsOfItsOwn,
                    How::Persisted,
                    How::Submitted,
                    How::Gathered,
                    How::Returned,
                ];
                let how = how[self.0.below(how.len())];
                let program = Arc::new(self.program(depth - 1, inputs.len()));
                Op::Body {
                    program,
                    how,
                    inputs,
                }
            }
            8 if i > 0 => Op::Map(self.pick(i)),
            9 if i > 0 => Op::Caught(self.pick(i)),
            10 if i > 0 => Op::Or(self.pick(i)),
            11 if i > 0 => {
                let of = self.pick(i);
                match may_be_recomputed(&before.nodes[of]) {
                    true => Op::Recomputed(of),
                    false => Op::Map(of),
                }
            }
            12 if i > 0 => Op::Future(self.pick(i)),
            13 if failures && self.one_in(4) => Op::Cancelled,
            14 if failures && self.one_in(8) => Op::TooLate,
            _ => {
                let act = match self.0.below(40) {
                    0 if failures => Act::Err,
                    1 if failures => Act::Panic,
                    2..5 => Act::Flaky(1 + self.0.below(2) as u32),
                    _ => Act::Fine,
                };
                let (owned, lent) = (self.picks(i, 3), self.picks(i, 2));
                Op::Call { act, owned, lent }
            }
        };
        let is_call = matches!(op, Op::Call { .. } | Op::Body { .. });
        let flaky = match op {
            Op::Call {
                act: Act::Flaky(n), ..
            } => n,
            _ => 0,
        };
        let has_inputs =
            !matches!(&op, Op::Call { owned, lent, .. } if owned.is_empty() && lent.is_empty());
        let after = (is_call && i > 0 && self.one_in(20)).then(|| self.pick(i));
        Node {
            salt: self.0.below(4) as i64,
            // A pure function does not fail now and then.
            pure: is_call && flaky == 0 && self.one_in(2),
            // One key is for calls that are equal.
            key: !has_inputs && after.is_none() && flaky == 0 && self.one_in(4),
            inline: self.one_in(10),
            fuse: !self.one_in(10),
            priority: if self.one_in(9) {
                self.0.below(6) as i32 - 3
            } else {
                0
            },
            retries: flaky.max(if self.one_in(6) {
                self.0.below(2) as u32
            } else {
                0
            }),
            limit: is_call && self.one_in(8),
            after,
            op,
        }
    }
}

/// Whether a second evaluation comes to the same: it has attempts of its own, but not its own failures.
fn may_be_recomputed(node: &Node) -> bool {
    let is_call = match node.op {
        Op::Call { act, .. } => !matches!(act, Act::Flaky(_)),
        Op::Body { .. } => true,
        _ => false,
    };
    is_call && node.after.is_none()
}

// ---- the interpreter

fn mix(tag: i64, salt: i64, parts: impl IntoIterator<Item = i64>) -> i64 {
    let start = tag.wrapping_mul(0x9e37_79b9).wrapping_add(salt);
    parts.into_iter().fold(start, |all, part| {
        all.rotate_left(7)
            .wrapping_mul(0x0100_0193)
            .wrapping_add(part)
    })
}

fn interpret(program: &Program, given: &[i64]) -> Vec<Result<i64, Wrongs>> {
    let mut values: Vec<Result<i64, Wrongs>> = Vec::new();
    for node in &program.nodes {
        let value = interpret_node(node, given, &values);
        values.push(value);
    }
    values
}

/// All values, or what may be wrong.
fn all(
    which: impl IntoIterator<Item = usize>,
    values: &[Result<i64, Wrongs>],
) -> Result<Vec<i64>, Wrongs> {
    let (mut found, mut wrongs) = (Vec::new(), 0);
    for i in which {
        match values[i] {
            Ok(x) => found.push(x),
            Err(why) => wrongs |= why,
        }
    }
    if wrongs == 0 { Ok(found) } else { Err(wrongs) }
}

fn interpret_node(
    node: &Node,
    given: &[i64],
    values: &[Result<i64, Wrongs>],
) -> Result<i64, Wrongs> {
    match &node.op {
        Op::Given(i) => Ok(given[*i]),
        Op::Call { act, owned, lent } => {
            let count = owned.len() + lent.len();
            let inputs = owned.iter().chain(lent).copied();
            let mut inputs = all(inputs.chain(node.after), values)?;
            inputs.truncate(count);
            match act {
                Act::Err => Err(FAILED),
                Act::Panic => Err(PANICKED),
                Act::Fine | Act::Flaky(_) => Ok(mix(1, node.salt, inputs)),
            }
        }
        Op::Body {
            program,
            how,
            inputs,
        } => {
            let mut given = all(inputs.iter().copied().chain(node.after), values)?;
            given.truncate(inputs.len());
            let values = interpret(program, &given);
            match how {
                How::Returned => values[program.outputs[0]],
                _ => Ok(mix(2, 0, all(program.outputs.iter().copied(), &values)?)),
            }
        }
        Op::Map(i) => values[*i].map(|x| x ^ 0x55),
        Op::Caught(i) => Ok(values[*i].unwrap_or(-8)),
        Op::Or(i) => Ok(values[*i].unwrap_or(-7)),
        Op::Recomputed(i) | Op::Future(i) => values[*i],
        Op::Cancelled => Err(CANCELLED),
        Op::TooLate => Err(TIMEOUT),
    }
}

// ---- the program as the library sees it

/// Numbers go another way than what owns memory.
trait Number: Clone + Debug + Token + Send + Sync + 'static {
    fn of(x: i64) -> Self;
    fn get(&self) -> i64;
    /// Spoils it: nobody else may see that.
    fn spoil(&mut self);
}

impl Number for i64 {
    fn of(x: i64) -> i64 {
        x
    }
    fn get(&self) -> i64 {
        *self
    }
    fn spoil(&mut self) {
        *self = -1;
    }
}

impl Number for Vec<i64> {
    fn of(x: i64) -> Vec<i64> {
        vec![x]
    }
    fn get(&self) -> i64 {
        self[0]
    }
    fn spoil(&mut self) {
        self[0] = -1;
    }
}

/// How often a call was tried.
#[derive(Clone, Debug, Default)]
struct Tried(Arc<AtomicU64>);

#[delayed(pure)]
fn call<T: Number>(
    #[key(skip)] tried: Tried,
    act: i64,
    salt: i64,
    mut owned: Vec<T>,
    lent: &[&T],
) -> Result<T, String> {
    let before = tried.0.fetch_add(1, SeqCst);
    match act {
        -1 => return Err("no".into()),
        -2 => panic!("planned panic"),
        n if before < n as u64 => return Err("not yet".into()),
        _ => {}
    }
    let parts = owned.iter().map(T::get).chain(lent.iter().map(|t| t.get()));
    let value = T::of(mix(1, salt, parts.collect::<Vec<_>>()));
    owned.iter_mut().for_each(T::spoil);
    Ok(value)
}

#[delayed(pure)]
fn body<T: Number>(
    #[key(skip)] program: Arc<Program>,
    #[key(skip)] how: How,
    id: u64,
    given: Vec<T>,
) -> Result<T, Error> {
    let _ = id;
    let outputs = outputs(&program, &given);
    let values: Vec<T> = match how {
        How::Each => outputs
            .iter()
            .map(|x| x.compute())
            .collect::<Result<_, _>>()?,
        How::Together => compute(outputs)?,
        How::Get => outputs.into_iter().map(|x| get!(x)).collect(),
        How::OptionsOfItsOwn => compute_with(&Options::new().threads(2), outputs)?,
        How::Persisted => {
            let kept = outputs
                .iter()
                .map(|x| x.persist())
                .collect::<Result<Vec<_>, _>>()?;
            compute(kept)?
        }
        How::Submitted => {
            let futures: Vec<_> = outputs.into_iter().map(|x| client().submit(x)).collect();
            futures
                .iter()
                .map(|x| x.result())
                .collect::<Result<_, _>>()?
        }
        How::Gathered => client().gather(outputs.into_iter().map(|x| client().submit(x)))?,
        How::Returned => unreachable!("it has a function of its own"),
    };
    Ok(T::of(mix(2, 0, values.iter().map(T::get))))
}

#[delayed(pure)]
fn returned<T: Number>(#[key(skip)] program: Arc<Program>, id: u64, given: Vec<T>) -> Delayed<T> {
    let _ = id;
    outputs(&program, &given).swap_remove(0)
}

#[delayed]
fn never<T: Number>(event: Event) -> Result<T, Error> {
    event.wait()?;
    Ok(T::of(0))
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| client_of(2))
}

/// Says of a call what its node says.
fn set<T: Number>(call: Delayed<T>, node: &Node, known: &[Delayed<T>]) -> Delayed<T> {
    let mut call = match node.pure {
        true => call,
        false => call.impure(),
    };
    if node.inline {
        call = call.inline();
    }
    if !node.fuse {
        call = call.fuse(false);
    }
    if node.retries > 0 {
        call = call.retries(node.retries);
    }
    if node.limit {
        call = call.timeout(Duration::from_secs(10_000));
    }
    if let Some(after) = node.after {
        call = call.after(&known[after]);
    }
    call.priority(node.priority)
}

fn outputs<T: Number>(program: &Program, given: &[T]) -> Vec<Delayed<T>> {
    let mut known: Vec<Delayed<T>> = Vec::new();
    for node in &program.nodes {
        let list = |which: &[usize]| which.iter().map(|i| known[*i].clone()).collect::<Vec<_>>();
        let next = match &node.op {
            Op::Given(i) => value(given[*i].clone()),
            Op::Call { act, owned, lent } => {
                let code = match act {
                    Act::Fine => 0,
                    Act::Err => -1,
                    Act::Panic => -2,
                    Act::Flaky(n) => i64::from(*n),
                };
                let (owned, lent) = (list(owned), list(lent));
                let call = call(Tried::default(), code, node.salt, owned, lent);
                let call = match node.key {
                    true => call.key(&(code, node.salt, std::any::type_name::<T>())),
                    false => call,
                };
                set(call, node, &known)
            }
            Op::Body {
                program,
                how,
                inputs,
            } => {
                let (inputs, id, program) = (list(inputs), program.id, program.clone());
                let call = match how {
                    How::Returned => returned(program, id, inputs),
                    _ => body(program, *how, id, inputs),
                };
                set(call, node, &known)
            }
            Op::Map(i) => known[*i].map(|x| T::of(x.get() ^ 0x55)),
            Op::Caught(i) => {
                let or = |x: &Result<T, Error>| x.as_ref().map_or(T::of(-8), T::clone);
                known[*i].catch().map(or)
            }
            Op::Or(i) => known[*i].unwrap_or(T::of(-7)),
            Op::Recomputed(i) => known[*i].recompute(),
            Op::Future(i) => client().submit(&known[*i]).to_delayed(),
            Op::Cancelled => {
                let future = client().submit(never::<T>(Event::new()));
                future.cancel();
                future.to_delayed()
            }
            Op::TooLate => never::<T>(Event::new()).timeout(Duration::from_millis(1)),
        };
        known.push(next);
    }
    program.outputs.iter().map(|i| known[*i].clone()).collect()
}

// ---- both

fn pool(workers: usize) -> &'static ThreadPool {
    static POOLS: [OnceLock<ThreadPool>; 9] = [const { OnceLock::new() }; 9];
    POOLS[workers].get_or_init(|| pool_of(workers))
}

fn options(workers: usize, passes: usize) -> Options {
    let on = |bit: usize| passes & bit != 0;
    let options = match workers {
        0 => Options::new().scheduler(Scheduler::Serial),
        n => Options::new().pool(pool(n)),
    };
    let options = options.cull(on(1)).dedupe(on(2)).inline(on(4));
    options.fuse(on(8)).order(on(16))
}

#[track_caller]
fn check<T: Number>(result: Result<T, &Error>, expected: Result<i64, Wrongs>, at: &str) {
    match (result, expected) {
        (Ok(x), Ok(y)) => assert_eq!(x.get(), y, "{at}"),
        (Ok(x), Err(wrongs)) => panic!("{at}: {x:?}, but {wrongs:04b} is expected"),
        (Err(error), expected) => {
            let kind = match error.root().kind() {
                ErrorKind::Failed => FAILED,
                ErrorKind::Panicked => PANICKED,
                ErrorKind::Timeout => TIMEOUT,
                ErrorKind::Cancelled => CANCELLED,
                _ => 0,
            };
            let may_be = expected.is_err_and(|wrongs| wrongs & kind != 0);
            assert!(may_be, "{at}: {error:?}, but {expected:?} is expected");
        }
    }
}

/// What the programs were expected to come to.
static SEEN: AtomicU8 = AtomicU8::new(0);
const VALUE: u8 = 16;

/// What pure calls of all programs have come to.
fn memo() -> &'static Memo {
    static MEMO: OnceLock<Memo> = OnceLock::new();
    MEMO.get_or_init(|| Memo::with_budget(1 << 20))
}

fn try_program<T: Number>(number: u64) {
    let mut generator = Generator(
        Chance(number.wrapping_mul(0x2545_f491_4f6c_dd1d)),
        number << 32,
    );
    let program = generator.program(2, 0);
    let values = interpret(&program, &[]);
    let expected: Vec<_> = program.outputs.iter().map(|i| values[*i]).collect();
    for value in &expected {
        SEEN.fetch_or(value.err().unwrap_or(VALUE), SeqCst);
    }
    let futures = client().compute(outputs::<T>(&program, &[]));
    for (future, expected) in futures.iter().zip(&expected) {
        let outcome = future.result();
        check(
            outcome.as_ref().cloned(),
            *expected,
            &format!("program {number} on a client"),
        );
    }
    for (turn, workers) in [0, 1, 2, 8].into_iter().cycle().take(8).enumerate() {
        // Of the 32 sets of passes each has its turn with each number of workers.
        let passes = (number as usize * 7 + turn * 11) % 32;
        let at = format!("program {number}, {workers} workers, passes {passes:05b}");
        let options = match turn % 3 {
            0 => options(workers, passes).memo(memo()),
            _ => options(workers, passes),
        };
        let outputs = outputs::<T>(&program, &[]);
        if turn < 4 {
            let results = compute_all_with(&options, outputs);
            for (result, expected) in results.iter().zip(&expected) {
                check(result.as_ref().cloned(), *expected, &at);
            }
        } else {
            let which = 0..expected.len();
            match (compute_with(&options, outputs), all(which, &expected)) {
                (Ok(found), Ok(expected)) => {
                    assert!(found.iter().map(T::get).eq(expected), "{at}: {found:?}");
                }
                (Ok(found), Err(wrongs)) => panic!("{at}: {found:?}, expected {wrongs:04b}"),
                (Err(error), expected) => {
                    check::<T>(Err(&error), expected.map(|_| 0), &at);
                }
            }
        }
    }
}

fn wished() -> Range<u64> {
    let Ok(wish) = std::env::var("LAZYGRAPH_PROGRAMS") else {
        return 0..150;
    };
    let number = |text: &str| {
        text.parse()
            .expect("a number of programs, or a range of them")
    };
    match wish.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&wish),
    }
}

mod slow {
    use super::*;

    #[test]
    fn programs_come_to_what_an_interpreter_says() {
        quiet();
        let Range { start, end } = wished();
        for from in (start..end).step_by(50) {
            let to = end.min(from + 50);
            // A program that hangs is one of these.
            ends(&format!("programs {from}..{to}"), move || {
                for number in from..to {
                    match number % 2 {
                        0 => try_program::<i64>(number),
                        _ => try_program::<Vec<i64>>(number),
                    }
                }
            });
            if from % 5_000 == 0 && end - start > 5_000 {
                eprintln!("{to} programs");
            }
        }
        if end - start >= 150 {
            let all = VALUE | FAILED | PANICKED | TIMEOUT | CANCELLED;
            assert_eq!(SEEN.load(SeqCst), all, "what no program comes to");
        }
    }
}
