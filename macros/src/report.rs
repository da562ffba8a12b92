//! Refusals, gathered so that the user sees all of them at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;
use syn::Error;

/// The refusals found so far.
#[derive(Default)]
pub(crate) struct Report {
    all: Option<Error>,
}

impl Report {
    /// Refuses what is at one span.
    pub(crate) fn at(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// Refuses a whole piece of syntax.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            None => self.all = Some(error),
        }
    }

    /// Adds all of another report.
    pub(crate) fn absorb(&mut self, other: Report) {
        if let Some(error) = other.all {
            self.push(error);
        }
    }

    pub(crate) fn absorb_one(&mut self, error: Option<&Error>) {
        if let Some(error) = error {
            self.push(error.clone());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none()
    }

    /// The refusals as `compile_error!` items; nothing if there are none.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.all.map(Error::into_compile_error).unwrap_or_default()
    }
}
