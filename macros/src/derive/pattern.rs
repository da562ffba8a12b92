//! The fields of a struct or variant, as a pattern.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Fields;

/// The pattern in which each field is matched by one of `parts`.
pub(super) fn pattern(fields: &Fields, parts: &[impl ToTokens]) -> TokenStream {
    match fields {
        Fields::Named(f) => {
            let keys = f.named.iter().map(|f| &f.ident);
            quote!({ #(#keys: #parts),* })
        }
        Fields::Unnamed(_) => quote!((#(#parts),*)),
        Fields::Unit => quote!(),
    }
}
