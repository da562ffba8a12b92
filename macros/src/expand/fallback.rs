//! What is emitted after a refusal: a constructor that can be called, so that the rest of the user's file
//! type-checks, and the plain function, so that its body does.

use super::plain;
use crate::syntax::attrs::Attrs;
use crate::syntax::{Function, types};
use crate::task::Task;
use proc_macro2::TokenStream;
use quote::quote;

/// The stand-in for a delayed function.
pub(crate) fn function(task: &Task, function: &Function) -> TokenStream {
    let attrs = Attrs::new(&function.attrs);
    let (vis, cfgs, marker) = (&function.vis, &attrs.cfgs, &task.marker);
    let (constructor, body) = (task.constructor(false), body(task));
    // A companion named like a primitive type would break the user's types.
    let hides = task.options.now.is_none() && types::PRIMITIVES.contains(&task.label.as_str());
    let sig = &function.sig;
    let callable = sig.variadic.is_none() && sig.abi.is_none() && !hides;
    let now = callable.then(|| plain::function(task, function, &attrs));
    let marker = (!hides)
        .then(|| quote!(#(#cfgs)* #[allow(non_camel_case_types, dead_code)] #vis enum #marker {}));
    quote! {
        #(#cfgs)*
        #[allow(unused, clippy::all, clippy::pedantic)]
        #vis #constructor #body
        #marker
        #now
    }
}

/// A body for a stand-in.
pub(crate) fn body(task: &Task) -> TokenStream {
    let names = task.params.iter().map(|p| &p.name);
    quote!({
        #(let _ = &#names;)*
        ::core::panic!("refused by `#[delayed]`")
    })
}
