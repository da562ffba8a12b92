//! The trait [`Token`].

use super::Hasher128;

/// A value whose *content* determines a stable 128-bit key.
///
/// Derive it with `#[derive(Token)]`; the types of the standard library that own their content implement it. Keys are the
/// same in every run of the program and on every platform.
///
/// # Which values are equal
///
/// Two calls of a pure function are merged when their keys are equal, so two values may share a key only if *no*
/// function of them can tell them apart. Hence:
///
/// * **Floats count by their bits**: `0.0` and `-0.0` have different keys (`1.0 / x` differs), and every NaN is
///   equal only to a NaN of the same sign and payload.
/// * **The type is not written by the value.** `1u64`, `1.0f64` and `true` have different keys because the function
///   has a parameter of *one* type, and a generic function has one identity per instance. So `String` and `&str`,
///   `Vec<T>` and `[T]`, `Box<T>`, `Arc<T>` and `T` write the same bytes: they are the same content.
/// * **Hash maps and hash sets have no order**: equal ones have equal keys, however they were filled. A `BTreeMap` and a
///   `Vec` are written in their order.
/// * **Paths count by their text**: `a/b` and `a//b` differ.
///
/// # Layout
///
/// Integers are written in little-endian order in their own width, `usize` and `isize` as 64 bits, `bool` as one
/// byte, `char` as 32 bits. Text and sequences begin with their length as a `u64`; arrays and tuples do not, because
/// their length belongs to the type. `Option` and `Result` begin with one byte (`None` 0, `Some` 1, `Ok` 0, `Err`
/// 1). A derived `Token` begins with 64 bits for the names of the type, of its variant and of its fields, and for the
/// types of these fields as they are written. No encoding is a prefix of another one of the same type, so
/// `("a", "bc")` and `("ab", "c")` have different keys.
///
/// # Examples
///
/// A manual implementation that leaves out a cached field:
///
/// ```
/// use lazygraph::{Hasher128, Token};
///
/// struct Grid { width: u32, cells: Vec<f64>, cached_sum: Option<f64> }
///
/// impl Token for Grid {
///     fn token(&self, h: &mut Hasher128) {
///         self.width.token(h);
///         self.cells.token(h); // `cached_sum` follows from the cells
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no content key, so it cannot be a plain argument of a `#[delayed(pure)]` function",
    label = "no content key for `{Self}`",
    note = "add `#[derive(lazygraph::Token)]` to `{Self}`",
    note = "or pass it as `value(x)`: then it is keyed by identity, and only handles cloned from that one are shared"
)]
pub trait Token {
    /// Writes everything that a function can observe of this value into `h`.
    fn token(&self, h: &mut Hasher128);

    /// Writes the elements of a slice without its length: the same bytes as calling [`token`](Token::token) on each
    /// element, but numbers are written in bulk.
    #[doc(hidden)]
    #[inline]
    fn token_slice(items: &[Self], h: &mut Hasher128)
    where
        Self: Sized,
    {
        for item in items {
            item.token(h);
        }
    }

    /// Whether only code of this crate writes it.
    #[doc(hidden)]
    #[inline]
    fn is_plain(&self) -> bool {
        false
    }
}

/// Writes an argument of a call. Code of others gets a hasher of its own: what it does with that says nothing of the function
/// and of the other arguments.
#[inline]
pub(crate) fn token_argument<T: Token + ?Sized>(x: &T, h: &mut Hasher128) {
    match x.is_plain() {
        true => x.token(h),
        false => h.write_apart(|own| x.token(own)),
    }
}
