//! [`Footprint`] for the types of the standard library.

use super::Footprint;
use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    cmp::{Ordering, Reverse},
    collections::{
        BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque, btree_map,
    },
    convert::Infallible,
    ffi::{CStr, CString, OsStr, OsString},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{NonZero, Saturating, Wrapping},
    ops::{Bound, Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive},
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, OnceLock, Weak, atomic},
    time::{Duration, Instant, SystemTime},
};

macro_rules! flat {
    ($([$($generics:tt)*] $T:ty;)*) => {$(
        impl<$($generics)*> Footprint for $T {
            const FLAT: bool = true;

            #[inline]
            fn footprint(&self) -> usize {
                0
            }
        }
    )*};
    ($($T:ty)*) => { flat!($([] $T;)*); };
}

flat!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char str);
flat!(NonZero<u8> NonZero<u16> NonZero<u32> NonZero<u64> NonZero<u128> NonZero<usize>);
flat!(NonZero<i8> NonZero<i16> NonZero<i32> NonZero<i64> NonZero<i128> NonZero<isize>);
flat!(atomic::AtomicBool atomic::AtomicU32 atomic::AtomicU64 atomic::AtomicUsize);
flat!(atomic::AtomicI32 atomic::AtomicI64 atomic::AtomicIsize);
flat!(Duration Instant SystemTime Ordering Infallible RangeFull OsStr Path CStr);
flat!(IpAddr Ipv4Addr Ipv6Addr SocketAddr SocketAddrV4 SocketAddrV6);
flat! {
    [] ();
    [T: ?Sized] &T;
    [T: ?Sized] PhantomData<T>;
    [T: ?Sized] Weak<T>;
    [T: ?Sized] std::rc::Weak<T>;
}

// Text

macro_rules! text {
    ($($T:ty: |$x:ident| $bytes:expr;)*) => {$(
        impl Footprint for $T {
            #[inline]
            fn footprint(&self) -> usize {
                let $x = self;
                $bytes
            }
        }
    )*};
}

text! {
    String: |x| x.capacity();
    OsString: |x| x.capacity();
    PathBuf: |x| x.capacity();
    CString: |x| x.as_bytes_with_nul().len();
}

// Pointers

impl<T: Footprint + ?Sized> Footprint for Box<T> {
    fn footprint(&self) -> usize {
        size_of_val(&**self) + (**self).footprint()
    }
}

/// The two counts before a shared value.
const COUNTS: usize = 2 * size_of::<usize>();

macro_rules! shared {
    ($($T:ident)*) => {$(
        impl<T: Footprint + ?Sized> Footprint for $T<T> {
            fn footprint(&self) -> usize {
                COUNTS + size_of_val(&**self) + (**self).footprint()
            }
        }
    )*};
}

shared!(Arc Rc);

impl<T: Footprint + ToOwned<Owned: Footprint> + ?Sized> Footprint for Cow<'_, T> {
    fn footprint(&self) -> usize {
        match self {
            Cow::Borrowed(_) => 0,
            Cow::Owned(x) => x.footprint(),
        }
    }
}

// Sequences

fn all<'a, T: Footprint + 'a>(items: impl IntoIterator<Item = &'a T>) -> usize {
    match T::FLAT {
        true => 0,
        false => items.into_iter().map(T::footprint).sum(),
    }
}

impl<T: Footprint> Footprint for [T] {
    const FLAT: bool = T::FLAT;

    #[inline]
    fn footprint(&self) -> usize {
        all(self)
    }
}

impl<T: Footprint, const N: usize> Footprint for [T; N] {
    const FLAT: bool = T::FLAT;

    #[inline]
    fn footprint(&self) -> usize {
        all(self)
    }
}

macro_rules! buffers {
    ($($T:ident)*) => {$(
        impl<T: Footprint> Footprint for $T<T> {
            #[inline]
            fn footprint(&self) -> usize {
                self.capacity() * size_of::<T>() + all(self)
            }
        }
    )*};
}

buffers!(Vec VecDeque BinaryHeap);

impl<T: Footprint> Footprint for LinkedList<T> {
    fn footprint(&self) -> usize {
        self.len() * (2 * size_of::<usize>() + size_of::<T>()) + all(self)
    }
}

// Maps and sets

/// A table that is at most seven eighths full: a power of two of places, and a byte for each.
fn table<T>(capacity: usize) -> usize {
    match capacity {
        0 => 0,
        n => (n * 8 / 7).next_power_of_two() * (size_of::<T>() + 1) + 16,
    }
}

/// Nodes of eleven places, of which about three quarters are taken.
fn tree<T>(len: usize) -> usize {
    const PLACES: usize = 11;
    let node = PLACES * size_of::<T>() + 2 * size_of::<usize>();
    (len * 4).div_ceil(3 * PLACES) * node
}

impl<T: Footprint, S> Footprint for HashSet<T, S> {
    fn footprint(&self) -> usize {
        table::<T>(self.capacity()) + all(self)
    }
}

impl<K: Footprint, V: Footprint, S> Footprint for HashMap<K, V, S> {
    fn footprint(&self) -> usize {
        table::<(K, V)>(self.capacity()) + all(self.keys()) + all(self.values())
    }
}

impl<T: Footprint> Footprint for BTreeSet<T> {
    fn footprint(&self) -> usize {
        tree::<T>(self.len()) + all(self)
    }
}

impl<K: Footprint, V: Footprint> Footprint for BTreeMap<K, V> {
    fn footprint(&self) -> usize {
        let values: btree_map::Values<'_, K, V> = self.values();
        tree::<(K, V)>(self.len()) + all(self.keys()) + all(values)
    }
}

// What holds others in place

macro_rules! inside {
    ($($T:ident |$x:ident| $of:expr;)*) => {$(
        impl<T: Footprint> Footprint for $T<T> {
            const FLAT: bool = T::FLAT;

            #[inline]
            fn footprint(&self) -> usize {
                let $x = self;
                $of
            }
        }
    )*};
}

inside! {
    Option |x| all(x);
    Wrapping |x| x.0.footprint();
    Saturating |x| x.0.footprint();
    Reverse |x| x.0.footprint();
    OnceCell |x| all(x.get());
    OnceLock |x| all(x.get());
    Range |x| x.start.footprint() + x.end.footprint();
    RangeInclusive |x| x.start().footprint() + x.end().footprint();
    RangeFrom |x| x.start.footprint();
    RangeTo |x| x.end.footprint();
    RangeToInclusive |x| x.end.footprint();
}

impl<T: Footprint> Footprint for Bound<T> {
    const FLAT: bool = T::FLAT;

    fn footprint(&self) -> usize {
        match self {
            Bound::Included(x) | Bound::Excluded(x) => x.footprint(),
            Bound::Unbounded => 0,
        }
    }
}

impl<T: Footprint + Copy> Footprint for Cell<T> {
    const FLAT: bool = T::FLAT;

    fn footprint(&self) -> usize {
        self.get().footprint()
    }
}

impl<T: Footprint> Footprint for RefCell<T> {
    const FLAT: bool = T::FLAT;

    /// Nothing while it is mutably borrowed.
    fn footprint(&self) -> usize {
        self.try_borrow().map_or(0, |x| x.footprint())
    }
}

impl<T: Footprint, E: Footprint> Footprint for Result<T, E> {
    const FLAT: bool = T::FLAT && E::FLAT;

    fn footprint(&self) -> usize {
        match self {
            Ok(x) => x.footprint(),
            Err(e) => e.footprint(),
        }
    }
}

macro_rules! tuples {
    ($($T:ident $x:ident),*) => {
        impl<$($T: Footprint),*> Footprint for ($($T,)*) {
            const FLAT: bool = $($T::FLAT)&&*;

            #[inline]
            fn footprint(&self) -> usize {
                let ($($x,)*) = self;
                0 $(+ $x.footprint())*
            }
        }
    };
}

tuples!(A a);
tuples!(A a, B b);
tuples!(A a, B b, C c);
tuples!(A a, B b, C c, D d);
tuples!(A a, B b, C c, D d, E e);
tuples!(A a, B b, C c, D d, E e, F f);
tuples!(A a, B b, C c, D d, E e, F f, G g);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k);
tuples!(A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k, L l);
