//! The plain function that a node runs.

use crate::syntax::Function;
use crate::syntax::attrs::Attrs;
use crate::task::{Task, is_key};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{FnArg, Signature};

/// The user's function, token for token but for its name: `name::now`, or what `now = ..` says.
pub(super) fn function(task: &Task, function: &Function, attrs: &Attrs) -> TokenStream {
    let Function { vis, body, .. } = function;
    let (cfgs, plain, marker) = (&attrs.cfgs, &attrs.plain, &task.marker);
    let name = task
        .options
        .now
        .clone()
        .unwrap_or_else(|| Ident::new("now", task.ident.span()));
    let mut sig = function.sig.clone();
    strip_keys(&mut sig);
    sig.ident = name;
    let item = quote! {
        #(#plain)*
        #[allow(clippy::must_use_candidate)]
        #vis #sig #body
    };
    if task.options.now.is_some() {
        return quote!(#(#cfgs)* #item);
    }
    quote! {
        #(#cfgs)*
        #[allow(dead_code, unreachable_pub)]
        impl #marker { #item }
    }
}

/// Takes `#[key(..)]` from the parameters.
pub(super) fn strip_keys(sig: &mut Signature) {
    for input in &mut sig.inputs {
        if let FnArg::Typed(p) = input {
            p.attrs.retain(|a| !is_key(a));
        }
    }
}
