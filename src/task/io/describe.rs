//! Descriptions of a call's arguments: hashed for its key, or written as text.

use crate::base::token::Hasher128;
use std::fmt::{self, Write};
use std::sync::Arc;

/// Hashes a value.
#[doc(hidden)]
pub type TokenFn<T> = fn(&T, &mut Hasher128);
/// Writes a value.
#[doc(hidden)]
pub type ShowFn<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

/// How to describe a plain argument of type `T`.
#[doc(hidden)]
pub struct ParamInfo<T: ?Sized> {
    /// Hashes its content; `None` if it has no key.
    pub token: Option<TokenFn<T>>,
    /// Writes it; `None` to write the name of its type.
    pub show: Option<ShowFn<T>>,
}

impl<T: ?Sized> ParamInfo<T> {
    /// For a closure or a trait object: neither can be done.
    pub const OPAQUE: Self = ParamInfo {
        token: None,
        show: None,
    };
}

/// Receives the description of a call's arguments, in order.
#[doc(hidden)]
pub struct Describe<'a>(Purpose<'a>);

enum Purpose<'a> {
    Key(CallKey<'a>),
    Text(CallText<'a>),
}

/// Builds a content key.
struct CallKey<'a> {
    hasher: &'a mut Hasher128,
    /// The keys of the inputs, in the order of the edges.
    inputs: &'a [u128],
    /// The type of a plain argument that has no key.
    keyless: Option<&'static str>,
}

/// Builds the text of a call: `load("a.csv", <clean>)`.
struct CallText<'a> {
    text: &'a mut String,
    /// The labels of the inputs, in the order of the edges.
    inputs: &'a [Arc<str>],
    first: bool,
}

/// What an argument is, as a part of the key.
mod tag {
    pub(super) const INPUT: u64 = 1;
    pub(super) const LITERAL: u64 = 2;
    pub(super) const IDENTITY: u64 = 3;
    pub(super) const PARTS: u64 = 4;
}

impl<'a> Describe<'a> {
    /// Hashes the arguments that `describe` describes. Returns the type of one that has no key, if there is one: then the
    /// identity of the node belongs to the key.
    #[inline]
    pub(crate) fn key(
        hasher: &'a mut Hasher128,
        inputs: &'a [u128],
        describe: impl FnOnce(&mut Describe<'_>),
    ) -> Option<&'static str> {
        let mut to = Describe(Purpose::Key(CallKey {
            hasher,
            inputs,
            keyless: None,
        }));
        describe(&mut to);
        match to.0 {
            Purpose::Key(key) => key.keyless,
            Purpose::Text(_) => None,
        }
    }

    /// Writes the arguments that `describe` describes.
    pub(crate) fn text(
        text: &'a mut String,
        inputs: &'a [Arc<str>],
        describe: impl FnOnce(&mut Describe<'_>),
    ) {
        describe(&mut Describe(Purpose::Text(CallText {
            text,
            inputs,
            first: true,
        })));
    }

    /// The captures of a closure, which have no key.
    #[inline]
    pub(crate) fn captures<F>(&mut self, _: &F) {
        if size_of::<F>() != 0
            && let Purpose::Key(key) = &mut self.0
        {
            key.keyless::<F>();
        }
    }

    /// A plain argument. `info` is constant where the function is defined: inlined, its functions are called directly.
    #[inline(always)]
    pub(crate) fn literal<T: ?Sized>(&mut self, x: &T, info: &ParamInfo<T>) {
        match (&mut self.0, info.token) {
            (Purpose::Key(key), Some(token)) => {
                key.hasher.u64(tag::LITERAL);
                token(x, key.hasher);
            }
            _ => self.other_literal(x, info),
        }
    }

    /// A plain argument that has no key, or is written as text.
    #[inline(never)]
    fn other_literal<T: ?Sized>(&mut self, x: &T, info: &ParamInfo<T>) {
        match &mut self.0 {
            Purpose::Key(key) => key.keyless::<T>(),
            Purpose::Text(call) => {
                call.separate();
                match info.show {
                    Some(show) => call.show(x, show),
                    None => call.text.push_str(short_type::<T>()),
                }
            }
        }
    }

    /// An argument that is the result of another node.
    #[inline]
    pub(crate) fn input(&mut self) {
        match &mut self.0 {
            Purpose::Key(key) => key.input(),
            Purpose::Text(call) => call.show_input(),
        }
    }

    /// An argument that is put together from several nodes. `shape` hashes the rest of it: lengths, variants, map keys.
    pub(crate) fn parts(
        &mut self,
        inputs: usize,
        shape: impl FnOnce(&mut Hasher128, &mut dyn FnMut() -> u128),
    ) {
        match &mut self.0 {
            Purpose::Key(key) => {
                key.hasher.u64(tag::PARTS);
                let mut keys = std::mem::take(&mut key.inputs).iter();
                shape(key.hasher, &mut || keys.next().copied().unwrap_or_default());
                key.inputs = keys.as_slice();
            }
            Purpose::Text(call) => {
                const SHOWN: usize = 3;
                call.separate();
                call.text.push('[');
                for i in 0..inputs {
                    let label = call.input();
                    match i {
                        0 => _ = write!(call.text, "<{label}>"),
                        1..SHOWN => _ = write!(call.text, ", <{label}>"),
                        _ => {}
                    }
                }
                if inputs > SHOWN {
                    let _ = write!(call.text, ", .. {} more", inputs - SHOWN);
                }
                call.text.push(']');
            }
        }
    }
}

impl CallKey<'_> {
    #[inline]
    fn input(&mut self) {
        self.hasher.u64(tag::INPUT);
        if let Some((first, rest)) = self.inputs.split_first() {
            self.hasher.u128(*first);
            self.inputs = rest;
        }
    }

    /// An argument of type `T` that has no key.
    #[cold]
    fn keyless<T: ?Sized>(&mut self) {
        self.hasher.u64(tag::IDENTITY);
        self.keyless = Some(std::any::type_name::<T>());
    }
}

impl CallText<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.text.push_str(", ");
        }
    }

    fn input(&mut self) -> Arc<str> {
        match self.inputs.split_first() {
            Some((first, rest)) => {
                self.inputs = rest;
                first.clone()
            }
            None => "?".into(),
        }
    }

    #[inline(never)]
    fn show_input(&mut self) {
        self.separate();
        let label = self.input();
        let _ = write!(self.text, "<{label}>");
    }

    fn show<T: ?Sized>(&mut self, x: &T, show: ShowFn<T>) {
        struct Shown<'s, T: ?Sized>(&'s T, ShowFn<T>);
        impl<T: ?Sized> fmt::Display for Shown<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (self.1)(self.0, f)
            }
        }
        let mut short = Short {
            text: self.text,
            left: Short::CHARS,
        };
        if write!(short, "{}", Shown(x, show)).is_err() {
            self.text.push_str("..");
        }
    }
}

/// Takes a limited number of characters and then fails, which ends the formatting of a large value early.
struct Short<'t> {
    text: &'t mut String,
    left: usize,
}

impl Short<'_> {
    const CHARS: usize = 60;
}

impl Write for Short<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        for c in s.chars() {
            if self.left == 0 {
                return Err(fmt::Error);
            }
            self.left -= 1;
            // One line, whatever `Debug` writes.
            self.text.push(if c.is_control() { ' ' } else { c });
        }
        Ok(())
    }
}

/// The name of a type without the path of the outermost: `Vec<f64>` for `alloc::vec::Vec<f64>`.
fn short_type<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    let end = full.find('<').unwrap_or(full.len());
    full[..end].rfind("::").map_or(full, |at| &full[at + 2..])
}
