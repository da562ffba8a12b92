//! What can be started: functions of tuples, nestings of delayed values.

use crate::delayed::{Delayed, Handle, Seal};
use crate::task::{Claim, Input, Inputs, Number, Use, Value};

/// A delayed function that is called with a tuple of arguments: [`Client::starmap`](crate::Client::starmap).
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a delayed function of the arguments `{Args}`",
    label = "`starmap` takes a function of as many arguments as each item has parts"
)]
pub trait CallStar<Args, T> {
    #[doc(hidden)]
    const SEAL: Seal;
    #[doc(hidden)]
    #[track_caller]
    fn call_star(&self, args: Args) -> Delayed<T>;
}

macro_rules! call_star {
    ($($x:ident $i:tt),+) => {
        impl<Func, T, $($x),+> CallStar<($($x,)+), T> for Func
        where
            Func: Fn($($x),+) -> Delayed<T>,
        {
            const SEAL: Seal = Seal;
            #[track_caller]
            fn call_star(&self, args: ($($x,)+)) -> Delayed<T> {
                self($(args.$i),+)
            }
        }
    };
}

call_star!(A 0);
call_star!(A 0, B 1);
call_star!(A 0, B 1, C 2);
call_star!(A 0, B 1, C 2, D 3);
call_star!(A 0, B 1, C 2, D 3, E 4);
call_star!(A 0, B 1, C 2, D 3, E 4, F 5);
call_star!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
call_star!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// A delayed value, or a tuple, `Vec` or array of them: [`Client::compute`](crate::Client::compute).
///
/// This trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Delayed` (nor a tuple, `Vec` or array of them)",
    label = "nothing to start in `{Self}`",
    note = "a function is given with its arguments: `submit(f(x))`, or `compute((f(x), g(y)))` for several calls"
)]
pub trait Futures {
    #[doc(hidden)]
    const SEAL: Seal;
    /// The same nesting, of [`Handle`]s.
    type Handles;
    /// The same nesting, of [`Delayed`]s.
    type Delayed;

    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs);
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> Self::Handles;
    #[doc(hidden)]
    fn delayed(handles: Self::Handles) -> Self::Delayed;
}

/// A delayed value as what a future is made of: shared, for each handle, unless a copy is as good.
pub(super) fn future_of<T: Value>(call: &Delayed<T>) -> Input {
    let how = match Number::is::<T>() {
        true => Use::Value,
        false => Use::Shared,
    };
    Input::new(&call.node, how)
}

impl<T: Value> Futures for Delayed<T> {
    const SEAL: Seal = Seal;
    type Handles = Handle<T>;
    type Delayed = Delayed<T>;

    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        inputs.push(future_of(self));
    }
    #[allow(private_interfaces)]
    fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> Handle<T> {
        match claims.next() {
            Some(claim) => Handle::of(claim),
            None => unreachable!("a claim for every node that was visited"),
        }
    }
    fn delayed(handle: Handle<T>) -> Delayed<T> {
        handle.to_delayed()
    }
}

impl<N: Futures + ?Sized> Futures for &N {
    const SEAL: Seal = Seal;
    type Handles = N::Handles;
    type Delayed = N::Delayed;

    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        (**self).list_inputs(inputs);
    }
    #[allow(private_interfaces)]
    fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> N::Handles {
        (**self).handles(claims)
    }
    fn delayed(handles: N::Handles) -> N::Delayed {
        N::delayed(handles)
    }
}

macro_rules! sequences {
    ($([$($g:tt)*] $t:ty => $handles:ty, $delayed:ty;)*) => {$(
        impl<$($g)*> Futures for $t {
            const SEAL: Seal = Seal;
            type Handles = $handles;
            type Delayed = $delayed;

            #[allow(private_interfaces)]
            fn list_inputs(&self, inputs: &mut Inputs) {
                self.iter().for_each(|part| part.list_inputs(inputs));
            }
            #[allow(private_interfaces)]
            fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> Self::Handles {
                self.iter().map(|part| part.handles(claims)).collect()
            }
            fn delayed(handles: Self::Handles) -> Self::Delayed {
                handles.into_iter().map(N::delayed).collect()
            }
        }
    )*};
}

sequences! {
    [N: Futures] [N] => Vec<N::Handles>, Vec<N::Delayed>;
    [N: Futures] Vec<N> => Vec<N::Handles>, Vec<N::Delayed>;
}

impl<N: Futures, const M: usize> Futures for [N; M] {
    const SEAL: Seal = Seal;
    type Handles = [N::Handles; M];
    type Delayed = [N::Delayed; M];

    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.iter().for_each(|part| part.list_inputs(inputs));
    }
    #[allow(private_interfaces)]
    fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> Self::Handles {
        self.each_ref().map(|part| part.handles(claims))
    }
    fn delayed(handles: Self::Handles) -> Self::Delayed {
        handles.map(N::delayed)
    }
}

macro_rules! tuples {
    ($($n:ident $i:tt),+) => {
        impl<$($n: Futures),+> Futures for ($($n,)+) {
            const SEAL: Seal = Seal;
            type Handles = ($($n::Handles,)+);
            type Delayed = ($($n::Delayed,)+);

            #[allow(private_interfaces)]
            fn list_inputs(&self, inputs: &mut Inputs) {
                $(self.$i.list_inputs(inputs);)+
            }
            #[allow(private_interfaces)]
            fn handles(&self, claims: &mut dyn Iterator<Item = Claim>) -> Self::Handles {
                ($(self.$i.handles(claims),)+)
            }
            fn delayed(handles: Self::Handles) -> Self::Delayed {
                ($($n::delayed(handles.$i),)+)
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);
tuples!(A 0, B 1, C 2, D 3, E 4);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
