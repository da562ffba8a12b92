// `#[delayed]` goes on functions and inherent impl blocks.
use lazygraph::prelude::*;
#[delayed]
struct S;
#[delayed]
enum E { A }
#[delayed]
trait T { fn f(&self) -> i64; }
#[delayed]
mod m { pub fn f() {} }
#[delayed]
const C: i64 = 1;
#[delayed]
type A = i64;
#[delayed]
impl T for S { fn f(&self) -> i64 { C } }
#[derive(lazygraph::Token)]
union U { a: u8 }
fn main() { m::f(); let _ = (E::A, S.f(), A::MAX); }
