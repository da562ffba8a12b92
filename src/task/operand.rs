//! What a constructor's arguments become: the typed part of a node.

use super::describe::{Describe, ParamInfo};
use super::frame::Frame;
use super::input::{Input, Inputs, Use};
use super::node::NodePtr;
use super::value::Value;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, needs_drop};
use std::ops::Deref;

/// The operands of a call: a list `(op0, (op1, ()))`, any length.
#[doc(hidden)]
pub trait Operands: Send + Sync + 'static {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs);
    #[doc(hidden)]
    fn has_inputs(&self) -> bool;
    #[doc(hidden)]
    fn are_inert(&self) -> bool;
}

impl Operands for () {
    #[allow(private_interfaces)]
    fn visit(&self, _: &mut Inputs) {}
    #[inline]
    fn has_inputs(&self) -> bool {
        false
    }
    #[inline]
    fn are_inert(&self) -> bool {
        true
    }
}

impl<H: Operand, T: Operands> Operands for (H, T) {
    #[inline]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        self.0.visit(inputs);
        self.1.visit(inputs);
    }
    #[inline]
    fn has_inputs(&self) -> bool {
        self.0.has_inputs() || self.1.has_inputs()
    }
    #[inline]
    fn are_inert(&self) -> bool {
        self.0.is_inert() && self.1.are_inert()
    }
}

/// One operand.
#[doc(hidden)]
pub trait Operand: Send + Sync + 'static {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs);
    /// `false` only if `visit` lists nothing.
    #[doc(hidden)]
    #[inline]
    fn has_inputs(&self) -> bool {
        true
    }
    /// `true` only if its drop does nothing.
    #[doc(hidden)]
    #[inline]
    fn is_inert(&self) -> bool {
        false
    }
}

/// A value that is put together from the results of several nodes.
pub(crate) trait Parts<T>: Send + Sync + 'static {
    fn visit(&self, inputs: &mut Inputs);
    fn assemble(&self, frame: &Frame<'_>) -> T;
    fn describe(&self, to: &mut Describe<'_>);
}

// ------------------------------------------------------------------ by value

/// A by-value argument.
#[doc(hidden)]
pub struct Val<T>(Kind<T>);

enum Kind<T> {
    Literal(T),
    Node(NodePtr),
    /// Boxed twice to stay one word: most arguments are not of this kind.
    #[allow(clippy::redundant_allocation)]
    Parts(Box<Box<dyn Parts<T>>>),
}

impl<T: Value + Clone> Kind<T> {
    #[inline(never)]
    fn take(&self, frame: &Frame<'_>) -> T {
        match self {
            Kind::Literal(x) => x.clone(),
            Kind::Node(_) => frame.take(),
            Kind::Parts(parts) => parts.assemble(frame),
        }
    }
}

impl<T: Value> Val<T> {
    /// A plain value.
    #[inline]
    pub fn literal(x: T) -> Val<T> {
        Val(Kind::Literal(x))
    }

    pub(crate) fn from_node(node: NodePtr) -> Val<T> {
        Val(Kind::Node(node))
    }

    pub(crate) fn from_parts(parts: impl Parts<T>) -> Val<T> {
        Val(Kind::Parts(Box::new(Box::new(parts))))
    }

    /// The value, for the body.
    #[inline]
    pub fn take(&self, frame: &Frame<'_>) -> T
    where
        T: Clone,
    {
        match &self.0 {
            Kind::Literal(x) => x.clone(),
            Kind::Node(_) if frame.is_direct::<T>() => frame.take_direct(),
            read => read.take(frame),
        }
    }

    #[inline(always)]
    pub(super) fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<T>) {
        match &self.0 {
            Kind::Literal(x) => to.literal(x, info),
            Kind::Node(_) => to.input(),
            Kind::Parts(parts) => parts.describe(to),
        }
    }
}

impl<T: Value> Operand for Val<T> {
    #[inline]
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        match &self.0 {
            Kind::Literal(_) => {}
            Kind::Node(node) => inputs.push(Input::new(node, Use::Value)),
            Kind::Parts(parts) => parts.visit(inputs),
        }
    }
    #[inline]
    fn has_inputs(&self) -> bool {
        !matches!(self.0, Kind::Literal(_))
    }
    #[inline]
    fn is_inert(&self) -> bool {
        !needs_drop::<T>() && matches!(self.0, Kind::Literal(_))
    }
}

// ------------------------------------------------------------------ by reference

/// Something that can be lent as `&Q`.
pub(crate) trait Lender<Q: ?Sized>: Send + Sync + 'static {
    fn visit(&self, inputs: &mut Inputs);
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, Q>;
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>);
}

/// Whether a [`Lender`] has inputs.
pub(crate) trait Reads {
    /// `false` only if its `visit` lists nothing.
    const INPUTS: bool = true;
}

/// What is lent: a reference, or a value put together for the occasion.
#[doc(hidden)]
pub enum Lent<'f, Q: ?Sized> {
    /// In place.
    Ref(&'f Q),
    /// Put together from parts.
    #[allow(private_interfaces)]
    Owned(Held<'f, Q>),
}

/// Holds something that can be seen as `Q`.
pub(crate) trait Holds<Q: ?Sized> {
    fn held(&self) -> &Q;
}

impl<Q: ?Sized> Deref for Lent<'_, Q> {
    type Target = Q;

    #[inline]
    fn deref(&self) -> &Q {
        match self {
            Lent::Ref(q) => q,
            Lent::Owned(held) => held.get(),
        }
    }
}

/// Something that [`Holds`] a `Q`: of a few words in place, anything larger boxed.
pub(crate) struct Held<'f, Q: ?Sized> {
    data: MaybeUninit<ManyWords>,
    see: unsafe fn(*const ManyWords) -> *const Q,
    drop: unsafe fn(*mut ManyWords),
    /// Neither `Send` nor `Sync`: nobody has asked either of what it holds.
    holds: PhantomData<(&'f Q, *const ())>,
}

type ManyWords = [usize; 8];

impl<'f, Q: ?Sized> Held<'f, Q> {
    #[inline]
    pub(crate) fn new<H: Holds<Q> + 'f>(holder: H) -> Held<'f, Q> {
        let mut data = MaybeUninit::uninit();
        // SAFETY: the words are this function's own.
        unsafe { Kept::put(holder, data.as_mut_ptr()) };
        Held {
            data,
            // SAFETY: called with words that hold an `H`.
            see: |words| unsafe { (*Kept::<H, ManyWords>::get(words)).held() as *const Q },
            // SAFETY: as above, once.
            drop: |words| unsafe { Kept::<H, ManyWords>::drop(words) },
            holds: PhantomData,
        }
    }

    #[inline]
    fn get(&self) -> &Q {
        // SAFETY: `see` belongs to what the words hold, which lives as long as `self`.
        unsafe { &*(self.see)(self.data.as_ptr()) }
    }
}

impl<Q: ?Sized> Drop for Held<'_, Q> {
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
    /// Its drop does nothing.
    inert: bool,
}

/// How an `L` is kept in the words `W`.
struct Kept<L, W>(PhantomData<(L, W)>);

impl<L, W> Kept<L, W> {
    const IN_PLACE: bool = size_of::<L>() <= size_of::<W>() && align_of::<L>() <= align_of::<W>();

    /// # Safety
    /// The words may be written.
    #[inline]
    unsafe fn put(it: L, words: *mut W) {
        // SAFETY: as promised by the caller; they have room for an `L`, or else for a pointer to one.
        unsafe {
            if Self::IN_PLACE {
                words.cast::<L>().write(it);
            } else {
                words.cast::<*mut L>().write(Box::into_raw(Box::new(it)));
            }
        }
    }

    /// # Safety
    /// The words hold an `L` in place, or a boxed one, as `IN_PLACE` says.
    #[inline]
    unsafe fn get(words: *const W) -> *const L {
        if Self::IN_PLACE {
            words.cast()
        } else {
            // SAFETY: as promised by the caller.
            unsafe { *words.cast::<*const L>() }
        }
    }

    /// # Safety
    /// As `get`; nobody looks at it afterwards.
    #[inline]
    unsafe fn drop(words: *mut W) {
        // SAFETY: as promised by the caller.
        unsafe {
            let it = Self::get(words).cast_mut();
            if Self::IN_PLACE {
                it.drop_in_place();
            } else {
                drop(Box::from_raw(it));
            }
        }
    }
}

trait Lends<Q: ?Sized + 'static>: Sized {
    const TABLE: LendTable<Q>;
}

impl<Q: ?Sized + 'static, L: Lender<Q> + Reads> Lends<Q> for Kept<L, Words> {
    const TABLE: LendTable<Q> = LendTable {
        // SAFETY: this closure is only in the table of words that hold an `L`.
        lender: |words| unsafe { Kept::<L, Words>::get(words) } as *const dyn Lender<Q>,
        // SAFETY: as above; dropped once, by the `Lend` that owns it.
        drop: |words| unsafe { Kept::<L, Words>::drop(words) },
        inputs: L::INPUTS,
        inert: Self::IN_PLACE && !needs_drop::<L>(),
    };
}

// SAFETY: what the words hold is a `Lender`, which is `Send + Sync`.
unsafe impl<Q: ?Sized> Send for Lend<Q> {}
// SAFETY: as above.
unsafe impl<Q: ?Sized> Sync for Lend<Q> {}

impl<Q: ?Sized + 'static> Lend<Q> {
    #[inline]
    pub(crate) fn new<L: Lender<Q> + Reads>(lender: L) -> Lend<Q> {
        let mut data = MaybeUninit::uninit();
        // SAFETY: the words are this function's own.
        unsafe { Kept::put(lender, data.as_mut_ptr()) };
        Lend {
            data,
            table: const { &<Kept<L, Words> as Lends<Q>>::TABLE },
        }
    }

    #[inline]
    fn lender(&self) -> &dyn Lender<Q> {
        // SAFETY: the table belongs to what the words hold, and that lives as long as `self`.
        unsafe { &*(self.table.lender)(self.data.as_ptr()) }
    }

    /// The reference, for the body.
    #[inline]
    pub fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Lent<'f, Q> {
        self.lender().lend(frame)
    }

    pub(super) fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
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
    fn visit(&self, inputs: &mut Inputs) {
        self.lender().visit(inputs);
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

// ------------------------------------------------------------------ many references

/// Many things that can be lent as `&Q`, together.
pub(crate) trait ManyLender<Q: ?Sized>: Send + Sync + 'static {
    fn visit(&self, inputs: &mut Inputs);
    /// `false` only if `visit` lists nothing.
    fn has_inputs(&self) -> bool;
    fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Vec<&'f Q>;
    fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>);
}

/// A `&[&Q]` argument.
#[doc(hidden)]
pub struct Many<Q: ?Sized + 'static>(Box<dyn ManyLender<Q>>);

impl<Q: ?Sized + 'static> Many<Q> {
    pub(crate) fn new(lender: impl ManyLender<Q>) -> Many<Q> {
        Many(Box::new(lender))
    }

    /// The references, for the body.
    pub fn lend<'f>(&'f self, frame: &'f Frame<'_>) -> Vec<&'f Q> {
        self.0.lend(frame)
    }

    pub(super) fn describe(&self, to: &mut Describe<'_>, info: &ParamInfo<Q>) {
        self.0.describe(to, info);
    }
}

impl<Q: ?Sized + 'static> Operand for Many<Q> {
    #[allow(private_interfaces)]
    fn visit(&self, inputs: &mut Inputs) {
        self.0.visit(inputs);
    }
    fn has_inputs(&self) -> bool {
        self.0.has_inputs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compile if `Held` is `Send` or `Sync`: it would not be plain which `Asked` is meant.
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
        assert!(Held::<str>::asked());
    }
}
