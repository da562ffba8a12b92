//! [`Token`] for the types of the standard library. The layout is documented on the trait.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque},
    convert::Infallible,
    ffi::{CStr, CString, OsStr, OsString},
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{NonZero, Saturating, Wrapping},
    ops::{
        Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive,
    },
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{Hasher128, Token};

/// Types of one fixed width, which slices write in bulk.
macro_rules! numbers {
    ($($T:ty: |$x:ident| $le:expr;)*) => {$(
        impl Token for $T {
            #[inline]
            fn is_plain(&self) -> bool {
                true
            }

            #[inline]
            fn token(&self, h: &mut Hasher128) {
                let $x = *self;
                h.put($le);
            }

            #[inline]
            fn token_slice(items: &[Self], h: &mut Hasher128) {
                h.numbers(items, |$x| $le);
            }
        }
    )*};
}

numbers! {
    u16: |x| x.to_le_bytes();
    u32: |x| x.to_le_bytes();
    u64: |x| x.to_le_bytes();
    u128: |x| x.to_le_bytes();
    i8: |x| x.to_le_bytes();
    i16: |x| x.to_le_bytes();
    i32: |x| x.to_le_bytes();
    i64: |x| x.to_le_bytes();
    i128: |x| x.to_le_bytes();
    usize: |x| (x as u64).to_le_bytes();
    isize: |x| (x as i64).to_le_bytes();
    f32: |x| x.to_le_bytes();
    f64: |x| x.to_le_bytes();
    bool: |x| [u8::from(x)];
    char: |x| u32::from(x).to_le_bytes();
}

impl Token for u8 {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.u8(*self);
    }

    #[inline]
    fn token_slice(items: &[Self], h: &mut Hasher128) {
        h.raw(items);
    }
}

macro_rules! non_zero {
    ($($T:ty)*) => {$(
        impl Token for NonZero<$T> {
            #[inline]
            fn is_plain(&self) -> bool {
                true
            }

            #[inline]
            fn token(&self, h: &mut Hasher128) {
                self.get().token(h);
            }
        }
    )*};
}

non_zero!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

// Text

impl Token for str {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.bytes(self.as_bytes());
    }
}

impl Token for OsStr {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.bytes(self.as_encoded_bytes());
    }
}

impl Token for Path {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        self.as_os_str().token(h);
    }
}

impl Token for CStr {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.bytes(self.to_bytes());
    }
}

// Whatever stands for another value writes that value.

macro_rules! as_target {
    ($([$($generics:tt)*] $T:ty;)*) => {$(
        impl<$($generics)*> Token for $T {
            #[inline]
            fn is_plain(&self) -> bool {
                (**self).is_plain()
            }

            #[inline]
            fn token(&self, h: &mut Hasher128) {
                (**self).token(h);
            }
        }
    )*};
}

as_target! {
    [] String;
    [] OsString;
    [] PathBuf;
    [] CString;
    [T: Token] Vec<T>;
    [T: Token + ?Sized] &T;
    [T: Token + ?Sized] Box<T>;
    [T: Token + ?Sized] Rc<T>;
    [T: Token + ?Sized] Arc<T>;
    [T: ToOwned + Token + ?Sized] Cow<'_, T>;
}

macro_rules! wrappers {
    ($($T:ident)*) => {$(
        impl<T: Token> Token for $T<T> {
            #[inline]
            fn is_plain(&self) -> bool {
                self.0.is_plain()
            }

            #[inline]
            fn token(&self, h: &mut Hasher128) {
                self.0.token(h);
            }
        }
    )*};
}

wrappers!(Wrapping Saturating Reverse);

// Sequences

impl<T: Token> Token for [T] {
    #[inline]
    fn is_plain(&self) -> bool {
        self.first().is_none_or(T::is_plain)
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.u64(self.len() as u64);
        T::token_slice(self, h);
    }
}

impl<T: Token, const N: usize> Token for [T; N] {
    #[inline]
    fn is_plain(&self) -> bool {
        self.first().is_none_or(T::is_plain)
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        T::token_slice(self, h);
    }

    #[inline]
    fn token_slice(items: &[Self], h: &mut Hasher128) {
        T::token_slice(items.as_flattened(), h);
    }
}

impl<T: Token> Token for VecDeque<T> {
    fn token(&self, h: &mut Hasher128) {
        let (front, back) = self.as_slices();
        h.u64(self.len() as u64);
        T::token_slice(front, h);
        T::token_slice(back, h);
    }
}

impl<T: Token> Token for LinkedList<T> {
    fn token(&self, h: &mut Hasher128) {
        h.u64(self.len() as u64);
        self.iter().for_each(|item| item.token(h));
    }
}

impl<T: Token> Token for BTreeSet<T> {
    fn token(&self, h: &mut Hasher128) {
        h.u64(self.len() as u64);
        self.iter().for_each(|item| item.token(h));
    }
}

impl<K: Token, V: Token> Token for BTreeMap<K, V> {
    fn token(&self, h: &mut Hasher128) {
        h.u64(self.len() as u64);
        self.iter().for_each(|entry| entry.token(h));
    }
}

impl<T: Token, S> Token for HashSet<T, S> {
    fn token(&self, h: &mut Hasher128) {
        h.unordered(self, T::token);
    }
}

impl<K: Token, V: Token, S> Token for HashMap<K, V, S> {
    fn token(&self, h: &mut Hasher128) {
        h.unordered(self, |entry, h| entry.token(h));
    }
}

// Sums and products

impl<T: Token> Token for Option<T> {
    #[inline]
    fn is_plain(&self) -> bool {
        self.as_ref().is_none_or(T::is_plain)
    }

    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.u8(u8::from(self.is_some()));
        if let Some(x) = self {
            x.token(h);
        }
    }
}

impl<T: Token, E: Token> Token for Result<T, E> {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.u8(u8::from(self.is_err()));
        match self {
            Ok(x) => x.token(h),
            Err(e) => e.token(h),
        }
    }
}

impl Token for () {
    #[inline]
    fn is_plain(&self) -> bool {
        true
    }

    #[inline]
    fn token(&self, _: &mut Hasher128) {}
}

impl<T: ?Sized> Token for PhantomData<T> {
    #[inline]
    fn token(&self, _: &mut Hasher128) {}
}

impl Token for Infallible {
    fn token(&self, _: &mut Hasher128) {
        match *self {}
    }
}

macro_rules! tuples {
    ($($T:ident)*) => {
        #[diagnostic::do_not_recommend]
        #[allow(non_snake_case)]
        impl<$($T: Token),*> Token for ($($T,)*) {
            #[inline]
            fn is_plain(&self) -> bool {
                let ($($T,)*) = self;
                true $(&& $T.is_plain())*
            }

            #[inline]
            fn token(&self, h: &mut Hasher128) {
                let ($($T,)*) = self;
                $($T.token(h);)*
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);

// Ranges

impl Token for RangeFull {
    #[inline]
    fn token(&self, _: &mut Hasher128) {}
}

impl<T: Token> Token for Range<T> {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        self.start.token(h);
        self.end.token(h);
    }
}

impl<T: Token> Token for RangeInclusive<T> {
    /// One that was iterated to its end excludes it.
    fn token(&self, h: &mut Hasher128) {
        self.start().token(h);
        self.end_bound().token(h);
    }
}

impl<T: Token> Token for RangeFrom<T> {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        self.start.token(h);
    }
}

impl<T: Token> Token for RangeTo<T> {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        self.end.token(h);
    }
}

impl<T: Token> Token for RangeToInclusive<T> {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        self.end.token(h);
    }
}

impl<T: Token> Token for Bound<T> {
    fn token(&self, h: &mut Hasher128) {
        match self {
            Bound::Included(x) => {
                h.u8(0);
                x.token(h);
            }
            Bound::Excluded(x) => {
                h.u8(1);
                x.token(h);
            }
            Bound::Unbounded => h.u8(2),
        }
    }
}

impl Token for Ordering {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        (*self as i8).token(h);
    }
}

// Time

impl Token for Duration {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.u64(self.as_secs());
        h.u32(self.subsec_nanos());
    }
}

impl Token for SystemTime {
    /// The distance from 1970: `Ok` after it, `Err` before it.
    fn token(&self, h: &mut Hasher128) {
        self.duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|before| before.duration())
            .token(h);
    }
}

// Addresses

impl Token for Ipv4Addr {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.put(self.octets());
    }
}

impl Token for Ipv6Addr {
    #[inline]
    fn token(&self, h: &mut Hasher128) {
        h.put(self.octets());
    }
}

impl Token for IpAddr {
    fn token(&self, h: &mut Hasher128) {
        match self {
            IpAddr::V4(address) => {
                h.u8(4);
                address.token(h);
            }
            IpAddr::V6(address) => {
                h.u8(6);
                address.token(h);
            }
        }
    }
}

impl Token for SocketAddrV4 {
    fn token(&self, h: &mut Hasher128) {
        self.ip().token(h);
        self.port().token(h);
    }
}

impl Token for SocketAddrV6 {
    fn token(&self, h: &mut Hasher128) {
        self.ip().token(h);
        self.port().token(h);
        self.flowinfo().token(h);
        self.scope_id().token(h);
    }
}

impl Token for SocketAddr {
    fn token(&self, h: &mut Hasher128) {
        match self {
            SocketAddr::V4(address) => {
                h.u8(4);
                address.token(h);
            }
            SocketAddr::V6(address) => {
                h.u8(6);
                address.token(h);
            }
        }
    }
}
