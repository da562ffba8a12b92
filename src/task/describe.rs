//! What a call's arguments are: hashed for its key, or written out for people.

use super::node::NodeRef;
use super::operand::{Lend, Many, Val};
use super::value::Value;
use crate::base::token::Hasher128;
use std::fmt::{self, Write};

/// Hashes a value.
#[doc(hidden)]
pub type TokenFn<T> = fn(&T, &mut Hasher128);
/// Writes a value.
#[doc(hidden)]
pub type ShowFn<T> = fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result;

/// What can be done with a plain argument of type `T`.
#[doc(hidden)]
pub struct ParamInfo<T: ?Sized> {
    /// How its content is hashed; `None`: it has no key.
    pub token: Option<TokenFn<T>>,
    /// How it is shown; `None`: by the name of its type.
    pub show: Option<ShowFn<T>>,
}

impl<T: ?Sized> ParamInfo<T> {
    /// Nothing is known: a closure, a trait object.
    pub const OPAQUE: Self = ParamInfo {
        token: None,
        show: None,
    };
}

/// Takes the description of a call's arguments, in order.
#[doc(hidden)]
pub struct Describe<'a>(Mode<'a>);

enum Mode<'a> {
    Key(KeyOf<'a>),
    Call(CallText<'a>),
}

/// Gathers a content key.
pub(crate) struct KeyOf<'a> {
    pub(crate) hasher: &'a mut Hasher128,
    /// The keys of the inputs, in the order of the edges.
    pub(crate) inputs: &'a [u128],
    /// The node itself: what a keyless argument is keyed by.
    pub(crate) node: NodeRef<'a>,
    /// The type of a plain argument that has no key.
    pub(crate) keyless: Option<&'static str>,
}

/// Gathers the text of a call: `load("a.csv", <clean>)`.
struct CallText<'a> {
    text: &'a mut String,
    /// The labels of the inputs, in the order of the edges.
    inputs: &'a [std::sync::Arc<str>],
    first: bool,
}

/// The tags that keep apart what an argument was.
mod tag {
    pub(super) const INPUT: u64 = 1;
    pub(super) const LITERAL: u64 = 2;
    pub(super) const IDENTITY: u64 = 3;
    pub(super) const PARTS: u64 = 4;
}

impl<'a> Describe<'a> {
    /// Hashes the arguments of `node`; gives the type of one that has no key.
    #[inline]
    pub(crate) fn key(
        hasher: &'a mut Hasher128,
        inputs: &'a [u128],
        node: NodeRef<'a>,
    ) -> Option<&'static str> {
        let mut describe = Describe(Mode::Key(KeyOf {
            hasher,
            inputs,
            node,
            keyless: None,
        }));
        node.describe(&mut describe);
        match describe.0 {
            Mode::Key(key) => key.keyless,
            Mode::Call(_) => None,
        }
    }

    pub(crate) fn call(
        text: &'a mut String,
        inputs: &'a [std::sync::Arc<str>],
        then: impl FnOnce(&mut Describe<'_>),
    ) {
        then(&mut Describe(Mode::Call(CallText {
            text,
            inputs,
            first: true,
        })));
    }

    /// A by-value parameter.
    #[inline]
    pub fn value<T: Value>(&mut self, operand: &Val<T>, info: ParamInfo<T>) {
        operand.describe(self, &info);
    }

    /// A `&Q` parameter.
    #[inline]
    pub fn lend<Q: ?Sized>(&mut self, operand: &Lend<Q>, info: ParamInfo<Q>) {
        operand.describe(self, &info);
    }

    /// A `&[&Q]` parameter.
    pub fn many<Q: ?Sized>(&mut self, operand: &Many<Q>, info: ParamInfo<Q>) {
        operand.describe(self, &info);
    }

    /// What a closure has captured: it has no key.
    #[inline]
    pub(crate) fn captures<F>(&mut self, _: &F) {
        if size_of::<F>() != 0
            && let Mode::Key(key) = &mut self.0
        {
            key.keyless::<F>();
        }
    }

    /// An argument given plainly. What `info` says is known where the function is written: inlined, it is no call.
    #[inline(always)]
    pub(crate) fn literal<T: ?Sized>(&mut self, x: &T, info: &ParamInfo<T>) {
        match (&mut self.0, info.token) {
            (Mode::Key(key), Some(token)) => {
                key.hasher.u64(tag::LITERAL);
                token(x, key.hasher);
            }
            _ => self.other_literal(x, info),
        }
    }

    /// One that has no key, or that is to be shown.
    #[inline(never)]
    fn other_literal<T: ?Sized>(&mut self, x: &T, info: &ParamInfo<T>) {
        match &mut self.0 {
            Mode::Key(key) => key.keyless::<T>(),
            Mode::Call(call) => {
                call.separate();
                match info.show {
                    Some(show) => call.show(x, show),
                    None => call.text.push_str(short_type::<T>()),
                }
            }
        }
    }

    /// An argument that is another node's result.
    #[inline]
    pub(crate) fn input(&mut self) {
        match &mut self.0 {
            Mode::Key(key) => key.input(),
            Mode::Call(call) => call.show_input(),
        }
    }

    /// An argument that is gathered from several nodes. `shape` hashes what is not a node: lengths,
    /// variants, map keys.
    pub(crate) fn parts(
        &mut self,
        inputs: usize,
        shape: impl FnOnce(&mut Hasher128, &mut dyn FnMut() -> u128),
    ) {
        match &mut self.0 {
            Mode::Key(key) => {
                key.hasher.u64(tag::PARTS);
                let mut keys = std::mem::take(&mut key.inputs).iter();
                shape(key.hasher, &mut || keys.next().copied().unwrap_or_default());
                key.inputs = keys.as_slice();
            }
            Mode::Call(call) => {
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

impl KeyOf<'_> {
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
        self.hasher.u64(self.node.id());
        self.keyless = Some(std::any::type_name::<T>());
    }
}

impl CallText<'_> {
    fn separate(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.text.push_str(", ");
        }
    }

    fn input(&mut self) -> std::sync::Arc<str> {
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

/// Takes so many characters and then refuses, which ends the formatting of a large value early.
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
            // One line, whatever `Debug` makes of it.
            self.text.push(if c.is_control() { ' ' } else { c });
        }
        Ok(())
    }
}

/// `Vec<f64>` for `alloc::vec::Vec<f64>`: the path of the outermost type is left out.
fn short_type<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    let end = full.find('<').unwrap_or(full.len());
    full[..end].rfind("::").map_or(full, |at| &full[at + 2..])
}
