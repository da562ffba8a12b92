use lazygraph::{Arg, AsHandle, Handle, prelude::*};
struct Mine;
impl Arg<Mine> for u8 {
    fn into_operand(self) -> lazygraph::__private::Val<Mine> { lazygraph::__private::plain(Mine) }
}
impl AsHandle for Mine {
    type Value = u8;
    fn as_handle(&self) -> &Handle<u8> { unimplemented!() }
    fn take(&mut self) -> Option<Result<u8, Error>> { None }
}
fn main() {}
