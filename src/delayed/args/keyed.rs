//! Which plain arguments a pure function takes.

use crate::delayed::{Delayed, Handle, Seal};

/// Whether a plain argument may go to a pure function; `K == false`: only graph values will do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no content key, so it cannot be a plain argument of a `#[delayed(pure)]` function",
    label = "no content key for `{Self}`",
    note = "add `#[derive(lazygraph::Token)]` to `{Self}`, or say on the parameter how to key it: `#[key(hash)]`, `#[key(serde)]`, `#[key(identity)]`, `#[key(skip)]`",
    note = "or pass `value(x)`: it is then keyed by identity, and shared only through clones of that handle"
)]
pub trait Keyed<const K: bool> {
    #[doc(hidden)]
    const SEAL: Seal;
}

#[diagnostic::do_not_recommend]
impl<A> Keyed<true> for A {
    const SEAL: Seal = Seal;
}

macro_rules! never_plain {
    ($([$($g:tt)*] $t:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($g)*> Keyed<false> for $t {
            const SEAL: Seal = Seal;
        }
    )*};
}

never_plain! {
    [T: ?Sized] Delayed<T>;
    [T: ?Sized] &Delayed<T>;
    [T] Vec<Delayed<T>>;
    [T] &[Delayed<T>];
    [T] &Vec<Delayed<T>>;
    [T] Option<Delayed<T>>;
    [T, const N: usize] [Delayed<T>; N];
    [T] Handle<T>;
    [T] &Handle<T>;
    [T] Vec<Handle<T>>;
    [T] &[Handle<T>];
    [T] &Vec<Handle<T>>;
    [T, const N: usize] [Handle<T>; N];
}
