//! A result is read as the type that it was made as, not as a subtype or supertype of it.
use lazygraph::{Client, Delayed, Handle, value};

type Any = for<'a> fn(&'a str) -> usize;
type Static = fn(&'static str) -> usize;

fn main() {
    let any: Delayed<Any> = value(str::len as Any);
    let _: Delayed<Static> = any.clone();
    let _: Handle<Static> = Client::new().submit(any);
}
