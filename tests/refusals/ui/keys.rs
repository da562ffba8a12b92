// `#[key(..)]` where it has no meaning, or is malformed.
use lazygraph::prelude::*;
#[delayed]
fn not_pure(#[key(hash)] x: u64) -> u64 { x }
#[delayed(impure)]
fn impure(#[key(skip)] x: u64) -> u64 { x }
#[delayed(pure)]
fn unknown(#[key(sha256)] x: u64) -> u64 { x }
#[delayed(pure)]
fn empty(#[key] x: u64) -> u64 { x }
#[delayed(pure)]
fn twice(#[key(hash)] #[key(skip)] x: u64) -> u64 { x }
struct NoSerde;
#[delayed(pure)]
fn no_serde(#[key(serde)] x: &NoSerde) -> u64 { let _ = x; 0 }
#[delayed(pure)]
fn generic<T>(#[key(hash)] x: &T) -> usize { size_of_val(x) }
fn main() {
    let _ = (not_pure(1), impure(1), unknown(1), empty(1), twice(1));
    let _ = no_serde(NoSerde);
    let _ = generic(1.5);
}
