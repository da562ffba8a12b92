//! Many references at once: for a parameter `xs: &[&T]`, `&[&[T]]`, `&[&str]` or `&[&Path]`.

use super::arg::{ArgRefs, Exact, GenericParam, ParamMode};
use super::lend::{ManyOf, ManyPlain};
use super::rows::{all, of_list};
use crate::delayed::{Delayed, Handle, Seal};
use crate::task::{Many, Value, View};
use std::path::Path;

macro_rules! by_references {
    ($([$($g:tt)*] $q:ty, $m:ty: $from:ty => |$x:ident| $e:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> ArgRefs<$q, $m> for $from {
            const SEAL: Seal = Seal;
            fn into_operand(self) -> Many<$q> {
                let $x = self;
                Many::new($e)
            }
        }
    )*};
}

of_list! { by_references:
    [T: Value, M: ParamMode] T, M: of T => |x| ManyOf::same(x);
    [T: Value, S: Value + View<[T]>] [T], Exact: of S => |x| ManyOf::viewed(x);
    [T: Value, S: Value + View<[T]>] [T], GenericParam: of S => |x| ManyOf::viewed(x);
    [S: Value + View<str>] str, Exact: of S => |x| ManyOf::viewed(x);
    [S: Value + View<str>] str, GenericParam: of S => |x| ManyOf::viewed(x);
    [S: Value + View<Path>] Path, Exact: of S => |x| ManyOf::viewed(x);
    [S: Value + View<Path>] Path, GenericParam: of S => |x| ManyOf::viewed(x);
}

by_references! {
    [T: Value] T, Exact: Vec<T> => |x| ManyPlain(x);
}
