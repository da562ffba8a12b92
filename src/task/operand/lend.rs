//! By-reference arguments.

use super::Operand;
use super::small_box::SmallBox;
use crate::task::io::{Describe, Frame, ParamInfo};
use crate::task::node::Inputs;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, needs_drop};
use std::ops::Deref;

/// Something that can be lent as `&Q`.
pub(crate) trait Lender<Q: ?Sized>: Send + Sync + 'static {
    fn list_inputs(&self, inputs: &mut Inputs);
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, Q>;
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>);
}

/// Whether a [`Lender`] has inputs.
pub(crate) trait Reads {
    /// `false` only if its `list_inputs` lists nothing.
    const INPUTS: bool = true;
}

/// What is lent: a reference, or a value that was put together to be lent.
#[doc(hidden)]
pub enum Lent<'f, Q: ?Sized> {
    /// A value in place.
    Ref(&'f Q),
    /// A value put together from parts.
    #[allow(private_interfaces)]
    Owned(OwnedView<'f, Q>),
}

impl<Q: ?Sized> Deref for Lent<'_, Q> {
    type Target = Q;

    #[inline]
    fn deref(&self) -> &Q {
        match self {
            Lent::Ref(q) => q,
            Lent::Owned(view) => view.get(),
        }
    }
}

/// Owns something that can be seen as a `Q`.
pub(crate) trait Holder<Q: ?Sized> {
    fn get(&self) -> &Q;
}

/// A [`Holder`] of a `Q`: one of a few words in place, a larger one boxed.
pub(crate) struct OwnedView<'f, Q: ?Sized> {
    data: MaybeUninit<ManyWords>,
    get: unsafe fn(*const ManyWords) -> *const Q,
    drop: unsafe fn(*mut ManyWords),
    /// Neither `Send` nor `Sync`: neither is required of the holder.
    holder: PhantomData<(&'f Q, *const ())>,
}

type ManyWords = [usize; 8];

impl<'f, Q: ?Sized> OwnedView<'f, Q> {
    #[inline]
    pub(crate) fn new<H: Holder<Q> + 'f>(holder: H) -> OwnedView<'f, Q> {
        let mut data = MaybeUninit::uninit();
        // SAFETY: the words are this function's own.
        unsafe { SmallBox::put(holder, data.as_mut_ptr()) };
        OwnedView {
            data,
            // SAFETY: called with words that hold an `H`.
            get: |words| unsafe { (*SmallBox::<H, ManyWords>::get(words)).get() as *const Q },
            // SAFETY: as above, once.
            drop: |words| unsafe { SmallBox::<H, ManyWords>::drop(words) },
            holder: PhantomData,
        }
    }

    #[inline]
    fn get(&self) -> &Q {
        // SAFETY: `get` belongs to what the words hold, which lives as long as `self`.
        unsafe { &*(self.get)(self.data.as_ptr()) }
    }
}

impl<Q: ?Sized> Drop for OwnedView<'_, Q> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `drop` belongs to what the words hold; it is dropped once.
        unsafe { (self.drop)(self.data.as_mut_ptr()) }
    }
}

/// A by-reference argument: an owner of up to three words, or a node, in place; anything larger boxed.
#[doc(hidden)]
pub struct Lend<Q: ?Sized + 'static> {
    data: MaybeUninit<Words>,
    table: &'static LendTable<Q>,
}

type Words = [usize; 3];

struct LendTable<Q: ?Sized + 'static> {
    lender: unsafe fn(*const Words) -> *const dyn Lender<Q>,
    drop: unsafe fn(*mut Words),
    inputs: bool,
    /// Dropping it does nothing.
    inert: bool,
}

trait Lends<Q: ?Sized + 'static>: Sized {
    const TABLE: LendTable<Q>;
}

impl<Q: ?Sized + 'static, L: Lender<Q> + Reads> Lends<Q> for SmallBox<L, Words> {
    const TABLE: LendTable<Q> = LendTable {
        // SAFETY: this closure is only in the table of words that hold an `L`.
        lender: |words| unsafe { SmallBox::<L, Words>::get(words) } as *const dyn Lender<Q>,
        // SAFETY: as above; dropped once, by the `Lend` that owns it.
        drop: |words| unsafe { SmallBox::<L, Words>::drop(words) },
        inputs: L::INPUTS,
        inert: Self::IN_PLACE && !needs_drop::<L>(),
    };
}

// SAFETY: the words hold a `Lender`, which is `Send + Sync`.
unsafe impl<Q: ?Sized> Send for Lend<Q> {}
// SAFETY: as above.
unsafe impl<Q: ?Sized> Sync for Lend<Q> {}

impl<Q: ?Sized + 'static> Lend<Q> {
    #[inline]
    pub(crate) fn new<L: Lender<Q> + Reads>(lender: L) -> Lend<Q> {
        let mut data = MaybeUninit::uninit();
        // SAFETY: the words are this function's own.
        unsafe { SmallBox::put(lender, data.as_mut_ptr()) };
        Lend {
            data,
            table: const { &<SmallBox<L, Words> as Lends<Q>>::TABLE },
        }
    }

    #[inline]
    fn lender(&self) -> &dyn Lender<Q> {
        // SAFETY: the table belongs to what the words hold, and that lives as long as `self`.
        unsafe { &*(self.table.lender)(self.data.as_ptr()) }
    }

    /// Lends the reference, for the body.
    #[inline]
    pub fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, Q> {
        self.lender().lend(frame)
    }

    /// Describes the argument.
    pub fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
        self.lender().describe(to, info);
    }
}

impl<Q: ?Sized + 'static> Drop for Lend<Q> {
    fn drop(&mut self) {
        // SAFETY: the table belongs to what the words hold; it is dropped once.
        unsafe { (self.table.drop)(self.data.as_mut_ptr()) }
    }
}

impl<Q: ?Sized + 'static> Operand for Lend<Q> {
    #[inline]
    #[allow(private_interfaces)]
    fn list_inputs(&self, inputs: &mut Inputs) {
        self.lender().list_inputs(inputs);
    }
    #[inline]
    fn has_inputs(&self) -> bool {
        self.table.inputs
    }
    #[inline]
    fn is_inert(&self) -> bool {
        self.table.inert
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile if `OwnedView` is `Send` or `Sync`: it would be ambiguous which `Asked` is meant.
    #[test]
    fn what_is_held_stays_on_its_thread() {
        trait Asked<A> {
            fn asked() -> bool {
                true
            }
        }
        struct IsSend;
        struct IsSync;
        impl<T: ?Sized> Asked<()> for T {}
        impl<T: ?Sized + Send> Asked<IsSend> for T {}
        impl<T: ?Sized + Sync> Asked<IsSync> for T {}
        assert!(OwnedView::<str>::asked());
    }
}
