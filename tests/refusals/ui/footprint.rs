// A derived `Footprint` asks every field, and says what to do where one has none.
use lazygraph::Footprint;
struct Foreign(*const u8);
#[derive(Footprint)]
struct Unmeasured { name: String, raw: Foreign }
#[derive(Footprint)]
struct Measured { #[footprint(with = bytes)] a: Foreign, #[footprint(skip)] b: Foreign }
fn bytes(_: &Foreign) -> usize { 8 }
#[derive(Footprint)]
union Either { a: u8, b: i8 }
#[derive(Footprint)]
#[footprint(skip)]
struct OnTheType(u8);
#[derive(Footprint)]
enum Odd { #[footprint(skip)] A, B(#[footprint(ignore)] u8), C(#[footprint(skip, with = bytes)] Foreign) }
fn main() {}
