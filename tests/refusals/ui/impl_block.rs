// What a delayed `impl` block refuses; the other methods stay usable.
use lazygraph::prelude::*;
#[derive(Clone)]
struct Sim(f64);
#[delayed(pure)]
impl Sim {
    fn fine(&self, x: f64) -> f64 { self.0 + x }
    fn map(&self) -> f64 { self.0 }
    fn named() -> Sim { Sim(0.0) }
    fn clone(&self) -> Sim { Sim(self.0) }
    fn reset(&mut self) { self.0 = 0.0 }
    fn boxed(self: Box<Self>) -> f64 { self.0 }
    async fn later(&self) -> f64 { self.0 }
    fn borrow(&self) -> &f64 { &self.0 }
    fn push(&self, v: &mut Vec<f64>) { v.push(self.0) }
    #[delayed(skip, pure)]
    fn skipped(&self) {}
    #[delayed(now = plain)]
    fn named_plain(&self) {}
    #[delayed(pur)]
    fn misspelt(&self) -> f64 { self.0 }
    #[delayed(retries = 1)]
    #[delayed(pure)]
    fn twice(&self) -> f64 { self.0 }
}
struct View<'a>(&'a str);
#[delayed]
impl<'a> View<'a> { fn len_of(&self) -> usize { self.0.len() } }
struct Elided<'a>(&'a str);
#[delayed]
impl Elided<'_> { fn len_of(&self) -> usize { self.0.len() } }
fn main() {
    let d = value(Sim(1.0));
    let _ = (d.fine(1.0), d.later(), d.push(vec![1.0]), d.borrow(), d.named_plain(), d.misspelt(), d.twice());
    let _ = (Sim(1.0).fine(1.0), Sim(1.0).named_plain(), View("a").len_of(), Elided("a").len_of());
}
