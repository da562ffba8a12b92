//! Results that fit a word and are `Copy`: numbers, `char`, `bool`. They are passed on as that word.

use super::value::Value;
use std::any::Any;
use std::num::NonZeroU8;

/// A number, a `char` or a `bool`, of some type of at most eight bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Number {
    /// Not zero, so that an `Option<Number>` fits two registers.
    kind: NonZeroU8,
    bits: u64,
}

macro_rules! kinds {
    ($($kind:literal $type:ty: $to:expr, $of:expr;)*) => {
        impl Number {
            /// `None` if `x` is of another type.
            #[inline]
            pub(crate) fn new<T: Value>(x: &T) -> Option<Number> {
                let x: &dyn Any = x;
                $(if let Some(x) = x.downcast_ref::<$type>() {
                    let to: fn($type) -> u64 = $to;
                    return Some(Number { kind: const { NonZeroU8::new($kind).unwrap() }, bits: to(*x) });
                })*
                None
            }

            /// `None` if it is not a `T`.
            #[inline]
            pub(crate) fn get<T: Value>(self) -> Option<T> {
                let mut there: Option<T> = None;
                let any: &mut dyn Any = &mut there;
                $(if let Some(there) = any.downcast_mut::<Option<$type>>() {
                    let of: fn(u64) -> Option<$type> = $of;
                    *there = (self.kind.get() == $kind).then(|| of(self.bits)).flatten();
                })*
                there
            }

            /// Whether `T` is one of these types.
            #[inline]
            pub(crate) fn is<T: Value>() -> bool {
                let none: Option<T> = None;
                let any: &dyn Any = &none;
                false $(|| any.is::<Option<$type>>())*
            }
        }

        #[cfg(test)]
        #[test]
        fn what_goes_in_comes_out() {
            $({
                let of: fn(u64) -> Option<$type> = $of;
                for x in [0, 1, 0x41, u64::MAX].into_iter().filter_map(of) {
                    let number = Number::new(&x).unwrap();
                    assert_eq!(number.kind(), $kind);
                    assert_eq!(number.get::<$type>().map(|y| $to(y)), Some($to(x)));
                    assert_eq!(Number::from_parts(number.kind(), number.bits), number);
                    assert!(Number::is::<$type>() && number.get::<u128>().is_none());
                }
            })*
        }
    };
}

kinds! {
    1 i8: |x: i8| x as u64, |b| Some(b as i8);
    2 i16: |x: i16| x as u64, |b| Some(b as i16);
    3 i32: |x: i32| x as u64, |b| Some(b as i32);
    4 i64: |x: i64| x as u64, |b| Some(b as i64);
    5 isize: |x: isize| x as u64, |b| Some(b as isize);
    6 u8: |x: u8| x as u64, |b| Some(b as u8);
    7 u16: |x: u16| x as u64, |b| Some(b as u16);
    8 u32: |x: u32| x as u64, |b| Some(b as u32);
    9 u64: |x: u64| x, Some;
    10 usize: |x: usize| x as u64, |b| Some(b as usize);
    11 f32: |x: f32| u64::from(x.to_bits()), |b| Some(f32::from_bits(b as u32));
    12 f64: f64::to_bits, |b| Some(f64::from_bits(b));
    13 bool: |x: bool| u64::from(x), |b| Some(b & 1 == 1);
    14 char: |x: char| u64::from(u32::from(x)), |b| char::from_u32(b as u32);
}

impl Number {
    /// The number of its type: at most four bits.
    #[inline]
    pub(in crate::task) fn kind(self) -> u8 {
        self.kind.get()
    }

    #[inline]
    pub(in crate::task) fn bits(self) -> u64 {
        self.bits
    }

    /// The reverse of [`kind`](Self::kind) and [`bits`](Self::bits).
    #[inline]
    pub(in crate::task) fn from_parts(kind: u8, bits: u64) -> Number {
        // No type has the highest number.
        let kind = NonZeroU8::new(kind).unwrap_or(NonZeroU8::MAX);
        Number { kind, bits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_none() {
        assert!(Number::new(&String::new()).is_none() && Number::new(&1u128).is_none());
        assert!(!Number::is::<u128>() && !Number::is::<()>() && !Number::is::<Option<i64>>());
        let one = Number::new(&1i64).unwrap();
        assert_eq!(one.get::<u64>(), None);
        assert_eq!(one.get::<String>(), None);
    }
}
