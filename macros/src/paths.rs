//! The paths that generated code names, and the names it invents.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Path;

/// Where the crate is, and its hidden door for generated code.
pub(crate) struct Paths {
    pub(crate) root: TokenStream,
    pub(crate) private: TokenStream,
}

impl Paths {
    /// `::lazygraph`, unless `crate = path` says otherwise.
    pub(crate) fn new(root: Option<&Path>) -> Paths {
        let root = root.map_or_else(|| quote!(::lazygraph), ToTokens::to_token_stream);
        Paths {
            private: quote!(#root::__private),
            root,
        }
    }
}

/// A local variable that no name of the user's can meet.
pub(crate) fn local(stem: &str, index: usize) -> Ident {
    format_ident!("__{stem}{index}", span = Span::mixed_site())
}
