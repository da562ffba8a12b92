//! Rows that are the same for a `Delayed` and a `Handle`.

use crate::delayed::{Delayed, Handle};
use crate::task::Value;

/// A row of the macro `$row` for each way to pass one delayed value of a `$t`; `$x` is a `Delayed<$t>`.
macro_rules! of_one {
    ($row:ident: $([$($g:tt)*] $p:ty, $m:ty: of $t:ty => |$x:ident| $e:expr;)*) => {$(
        $row! {
            [$($g)*] $p, $m: Delayed<$t> => |$x| $e;
            [$($g)*] $p, $m: &Delayed<$t> => |x| { let $x = x.clone(); $e };
            [$($g)*] $p, $m: Handle<$t> => |x| { let $x = x.to_delayed(); $e };
            [$($g)*] $p, $m: &Handle<$t> => |x| { let $x = x.to_delayed(); $e };
        }
    )*};
}

/// A row of the macro `$row` for each way to pass a list of delayed values of a `$t`; `$x` is a `Vec<Delayed<$t>>`.
macro_rules! of_list {
    ($row:ident: $([$($g:tt)*] $p:ty, $m:ty: of $t:ty => |$x:ident| $e:expr;)*) => {$(
        $row! {
            [$($g)*] $p, $m: Vec<Delayed<$t>> => |$x| $e;
            [$($g)*] $p, $m: &[Delayed<$t>] => |x| { let $x = x.to_vec(); $e };
            [$($g)*] $p, $m: &Vec<Delayed<$t>> => |x| { let $x = x.clone(); $e };
            [$($g)*, const N: usize] $p, $m: [Delayed<$t>; N] => |x| { let $x = Vec::from(x); $e };
            [$($g)*] $p, $m: Vec<Handle<$t>> => |x| { let $x = all(&x); $e };
            [$($g)*] $p, $m: &[Handle<$t>] => |x| { let $x = all(x); $e };
            [$($g)*] $p, $m: &Vec<Handle<$t>> => |x| { let $x = all(x); $e };
            [$($g)*, const N: usize] $p, $m: [Handle<$t>; N] => |x| { let $x = all(&x); $e };
        }
    )*};
}

pub(super) use {of_list, of_one};

/// Delayed values of handles.
pub(super) fn all<T: Value>(handles: &[Handle<T>]) -> Vec<Delayed<T>> {
    handles.iter().map(Handle::to_delayed).collect()
}
