//! Bounds on types: those that the user writes, and those that a graph needs.

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{Token, Type, TypeParamBound};

/// `A + B`
pub(crate) type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// What a graph needs of a type that mentions a type parameter.
pub(crate) struct Need {
    pub(crate) ty: Type,
    pub(crate) bounds: TokenStream,
    /// The type parameter stands for an `impl Fn(..)`, which the constructor keeps.
    pub(crate) of_closure: bool,
}
