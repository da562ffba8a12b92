//! Room: the options of `#[delayed(..)]`, and the words that they are written with.

pub(crate) mod duration;
mod options;
mod suggest;

pub(crate) use options::{Cost, Options, Place};
