//! The macros of `lazygraph`: `#[delayed]`, `#[derive(Token)]` and `#[derive(Footprint)]`. Use them through that crate.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod debug;
mod derive;
mod expand;
mod identity;
mod options;
mod paths;
mod report;
mod syntax;
mod task;

use proc_macro::TokenStream;
use report::Report;
use syntax::Item;

/// Makes a function build a node of a task graph instead of running.
///
/// A call takes any mix of plain and delayed arguments and returns a `Delayed<T>`; nothing runs before `compute`. The
/// plain function can still be called: `inc::now(..)`.
///
/// ```
/// use lazygraph::prelude::*;
///
/// #[delayed]
/// fn inc(x: i64) -> i64 { x + 1 }
/// #[delayed]
/// fn add(a: i64, b: i64) -> i64 { a + b }
///
/// let x = inc(1);
/// assert_eq!(add(&x, inc(&x)).compute()?, 5);
/// assert_eq!(inc::now(1), 2);
/// # Ok::<(), Error>(())
/// ```
///
/// # Parameters
///
/// | declared | what happens |
/// |---|---|
/// | `x: T` | moved into the last task that needs it, cloned for the others; `T: Clone` |
/// | `x: &T`, `&[T]`, `&str`, `&Path` | lent, never cloned |
/// | `xs: &[&T]`, `&[&[T]]`, `&[&str]` | many values, each lent |
/// | `x: &dyn Trait` | lent from a `Box<dyn Trait>` or an `Arc<dyn Trait>` |
/// | `f: impl Fn(A) -> B`, `fn(A) -> B` | a closure or function, plain only |
/// | `x: Delayed<T>` | the handle itself, unevaluated |
///
/// `&mut T`, deeper borrows (`Option<&T>`), `async`, `unsafe` and `extern` functions do not compile; the error says what
/// to write instead:
///
/// ```compile_fail
/// # use lazygraph::prelude::*;
/// #[delayed]
/// fn push(v: &mut Vec<f64>, x: f64) { v.push(x) }
/// ```
///
/// # Results
///
/// A `Result<T, E>` becomes a `Delayed<T>`, and an `Err` stops the graph. A `Delayed<T>` is flattened: a task may
/// return a graph, which then continues in its place.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed]
/// fn parse(s: &str) -> Result<i64, std::num::ParseIntError> { s.parse() }
///
/// assert_eq!(parse("12").compute()?, 12);
/// assert!(parse("x").compute().is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # Options of a function
///
/// ## `pure`
/// Declares the function deterministic in its arguments: equal calls run once. Plain arguments need a content key:
/// `#[derive(Token)]` on their type, or `#[key(hash)]`, `#[key(serde)]`, `#[key(identity)]`, `#[key(skip)]` on the
/// parameter.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[derive(Hash, Clone)]
/// struct Id(u32);
///
/// #[delayed(pure)]
/// fn load(#[key(hash)] id: &Id, #[key(skip)] verbose: bool) -> u32 {
///     if verbose { println!("loading") }
///     id.0
/// }
/// assert_eq!(load(Id(1), true).content_key(), load(Id(1), false).content_key());
/// ```
///
/// ## `impure`
/// Declares that every call runs: no call is merged with another.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(impure)]
/// fn now() -> std::time::Instant { std::time::Instant::now() }
/// # let _ = now();
/// ```
///
/// ## `inline`
/// Runs a pure function again inside each task that needs it, instead of holding its result: for functions that are
/// cheaper to run again than to wait for.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(pure, inline)]
/// fn twice(x: f64) -> f64 { 2.0 * x }
/// # assert_eq!(twice(1.0).compute()?, 2.0);
/// # Ok::<(), Error>(())
/// ```
///
/// ## `name = ".."`
/// Sets the name of the function in errors, logs and drawings.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(name = "train model")]
/// fn train(x: f64) -> f64 { x }
/// assert_eq!(train(1.0).name(), "train model");
/// ```
///
/// ## `cost = ..`
/// Declares the cost of one call: `tiny`, `light`, `heavy`, `io`, or a time. It is shown in exports and does not affect
/// scheduling.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(cost = tiny)]
/// fn negate(x: f64) -> f64 { -x }
/// #[delayed(cost = "250us")]
/// fn hash(x: &[u8]) -> u64 { x.iter().map(|b| u64::from(*b)).sum() }
/// # assert_eq!(compute!(negate(1.0), hash([1, 2]))?, (-1.0, 3));
/// # Ok::<(), Error>(())
/// ```
///
/// ## `retries = n`
/// Tries a failed call again, up to `n` times.
///
/// ```
/// # use lazygraph::prelude::*;
/// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
///
/// #[delayed(retries = 2)]
/// fn flaky() -> Result<u32, String> {
///     static CALLS: AtomicU32 = AtomicU32::new(0);
///     match CALLS.fetch_add(1, Relaxed) {
///         2 => Ok(2),
///         n => Err(format!("call {n}")),
///     }
/// }
/// assert_eq!(flaky().compute()?, 2);
/// # Ok::<(), Error>(())
/// ```
///
/// ## `timeout = ".."`
/// Sets how long one attempt may take before it fails: `"500ms"`, `"1.5s"`, `"5m"`, `"1h"`.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(timeout = "30s")]
/// fn fetch(url: &str) -> String { url.to_owned() }
/// # assert_eq!(fetch("x").compute()?, "x");
/// # Ok::<(), Error>(())
/// ```
///
/// ## `version = ".."`
/// Adds a version to the identity of the function, which is made of its path and its tokens. Change the version when
/// something that the body calls has changed, so that results stored before are not found again.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(pure, version = "2")]
/// fn model(x: f64) -> f64 { x }
/// # let _ = model(1.0);
/// ```
///
/// ## `result`
/// Keeps a `Result` as an ordinary value: a `Delayed<Result<T, E>>`.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(result)]
/// fn parse(s: &str) -> Result<i64, String> { s.parse().map_err(|_| "bad".to_owned()) }
/// assert_eq!(parse("x").compute()?, Err("bad".to_owned()));
/// # Ok::<(), Error>(())
/// ```
///
/// ## `ok = T`
/// Names the success type of a return type that is an alias of `Result`.
///
/// ```
/// # use lazygraph::prelude::*;
/// type Answer = Result<i64, String>;
///
/// #[delayed(ok = i64)]
/// fn answer() -> Answer { Ok(42) }
/// assert_eq!(answer().compute()?, 42);
/// # Ok::<(), Error>(())
/// ```
///
/// ## `remote`, `remote(T, ..)`
/// Checks that the function could run in another process: its parameters and result must be `Serialize +
/// DeserializeOwned`. A generic function lists its instances. The function does not run in other processes yet.
///
/// ```
/// # use lazygraph::prelude::*;
/// #[delayed(remote)]
/// fn norm(v: &[f64]) -> f64 { v.iter().map(|x| x * x).sum::<f64>().sqrt() }
/// #[delayed(remote(f64, i64))]
/// fn largest<T: PartialOrd + Copy>(xs: &[T]) -> Option<T> { xs.iter().copied().reduce(|a, b| if b > a { b } else { a }) }
/// # assert_eq!(compute!(norm([3.0, 4.0]), largest([1, 2]))?, (5.0, Some(2)));
/// # Ok::<(), Error>(())
/// ```
///
/// ## `now = name`
/// Names the plain function. Use it where the module has a type or module called `inc`, so that `inc::now` cannot be.
///
/// ```
/// # use lazygraph::prelude::*;
/// mod parse {
///     use lazygraph::delayed;
///     #[delayed(now = parse_now)]
///     pub fn parse(s: &str) -> usize { s.len() }
/// }
/// use parse::{parse, parse_now};
/// assert_eq!(parse("ab").compute()?, parse_now("ab"));
/// # Ok::<(), Error>(())
/// ```
///
/// ## `crate = path`
/// Sets the path of `lazygraph`, if it is not `::lazygraph`.
///
/// ```
/// mod vendored { pub use lazygraph as graphs; }
///
/// #[vendored::graphs::delayed(crate = crate::vendored::graphs)]
/// fn inc(x: i64) -> i64 { x + 1 }
/// # fn main() { assert_eq!(inc(1).get(), 2); }
/// ```
///
/// # Methods
///
/// On an `impl` block, the methods stay as they are, and a trait `FooDelayed` adds delayed versions of them to
/// `Delayed<Foo>`: the receiver decides which is called. Options of a method go on the method; `#[delayed(skip)]` leaves
/// a method out. `#[delayed(ext = Name)]` names the trait. Methods of a narrower visibility get a trait of their own.
///
/// ```
/// use lazygraph::prelude::*;
///
/// #[derive(Clone)]
/// struct Sim { t: f64 }
///
/// #[delayed]
/// impl Sim {
///     fn new(t: f64) -> Self { Sim { t } }
///     fn step(mut self, dt: f64) -> Self { self.t += dt; self }
///     #[delayed(pure)]
///     fn time(&self) -> f64 { self.t }
///     #[delayed(skip)]
///     fn reset(&mut self) { self.t = 0.0 }
/// }
///
/// let mut eager = Sim::new(1.0).step(0.5);
/// assert_eq!(eager.time(), 1.5);
/// eager.reset();
/// let lazy = Delayed::<Sim>::new(1.0).step(0.5);
/// assert_eq!(lazy.time().compute()?, 1.5);
/// # Ok::<(), Error>(())
/// ```
///
/// # The expansion
///
/// `LAZYGRAPH_DEBUG_MACRO=inc cargo check` prints what the macro makes of `inc` (touch the file first).
#[proc_macro_attribute]
pub fn delayed(args: TokenStream, item: TokenStream) -> TokenStream {
    delay(args.into(), item.into()).into()
}

/// Derives `Token`: a content key made of the keys of the fields.
///
/// The key also depends on the shape of the type: its name, and the names and types of its fields. `#[token(crate =
/// path)]` sets the path of `lazygraph`, if it is not `::lazygraph`.
///
/// ```
/// use lazygraph::{Token, prelude::*};
///
/// #[derive(Token, Clone)]
/// struct Config { tolerance: f64, mode: Mode }
/// #[derive(Token, Clone)]
/// enum Mode { Fast, Exact { digits: u8 } }
///
/// #[delayed(pure)]
/// fn solve(config: &Config) -> f64 { config.tolerance }
///
/// let exact = |digits| solve(Config { tolerance: 1e-3, mode: Mode::Exact { digits } });
/// assert_eq!(exact(3).content_key(), exact(3).content_key());
/// assert_ne!(exact(3).content_key(), exact(4).content_key());
/// # let _ = Mode::Fast;
/// ```
#[proc_macro_derive(Token, attributes(token))]
pub fn derive_token(input: TokenStream) -> TokenStream {
    derive::token(syn::parse_macro_input!(input)).into()
}

/// Derives `Footprint`: the bytes of heap memory that all fields own.
///
/// A field whose type has no `Footprint` is measured by a function, `#[footprint(with = function)]`, or left out,
/// `#[footprint(skip)]`. `#[footprint(crate = path)]` on the type sets the path of `lazygraph`, if it is not
/// `::lazygraph`.
///
/// ```
/// use lazygraph::Footprint;
///
/// # mod foreign { pub struct Image { pub pixels: Vec<u8> } }
/// #[derive(Footprint)]
/// struct Frame {
///     title: String,
///     #[footprint(with = pixels)]
///     image: foreign::Image,
///     #[footprint(skip)]
///     done: std::sync::Mutex<bool>,
/// }
/// fn pixels(image: &foreign::Image) -> usize { image.pixels.capacity() }
///
/// let image = foreign::Image { pixels: vec![0; 100] };
/// let frame = Frame { title: "abc".to_owned(), image, done: false.into() };
/// assert_eq!(frame.footprint(), 103);
/// # let _ = frame.done;
/// ```
#[proc_macro_derive(Footprint, attributes(footprint))]
pub fn derive_footprint(input: TokenStream) -> TokenStream {
    derive::footprint(syn::parse_macro_input!(input)).into()
}

fn delay(
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut report = Report::default();
    match syn::parse2(item.clone()) {
        Ok(Item::Function(function)) => {
            let expansion = expand::function(args, &function);
            debug::print(&function.sig.ident.to_string(), &expansion);
            expansion
        }
        Ok(Item::Block(block)) => {
            let name = block.type_name().to_string();
            let expansion = expand::block(args, block);
            debug::print(&name, &expansion);
            expansion
        }
        Ok(Item::Other(name, span)) => {
            report.at(
                span,
                format!(
                    "`#[delayed]` goes on a function or on an inherent `impl` block, not on {name}"
                ),
            );
            let error = report.into_tokens();
            quote::quote!(#error #item)
        }
        // The item stays, for editors and against errors about what is not there.
        Err(error) => {
            report.push(error);
            let error = report.into_tokens();
            quote::quote!(#error #item)
        }
    }
}
