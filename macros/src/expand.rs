//! A delayed function: the constructor of nodes, and the hidden type of the same name that keeps the plain function.

use crate::args::{Options, Place};
use crate::ast::Function;
use crate::attrs::Attrs;
use crate::companion;
use crate::fallback;
use crate::identity::Identity;
use crate::params;
use crate::paths::Paths;
use crate::report::Report;
use crate::task::Task;
use crate::validate;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, Signature};

/// Expands `#[delayed] fn ..`.
pub(crate) fn function(args: TokenStream, function: &Function) -> TokenStream {
    let mut report = Report::default();
    let mut options = Options::parse(args, Place::Function, &mut report);
    // What is wrong with the options need not hinder the rest.
    let refused_options = std::mem::take(&mut report).into_tokens();

    let sig = &function.sig;
    report.absorb_one(function.no_body.as_ref());
    validate::signature(sig, &function.attrs, Place::Function, &mut report);
    if validate::is_method(sig, &mut report) {
        // Inside an `impl` block no other items can be emitted.
        let errors = report.into_tokens();
        return quote!(#refused_options #errors #function);
    }
    validate::function_name(sig, &mut options, &mut report);
    let paths = Paths::new(options.root.as_ref());
    let task = Task::read(sig, options, paths, None, &mut report);
    validate::task(&task, &mut report);
    let expansion = if report.is_empty() {
        delayed(&task, function)
    } else {
        fallback::function(&task, function)
    };
    let errors = report.into_tokens();
    quote!(#refused_options #errors #expansion)
}

fn delayed(task: &Task, function: &Function) -> TokenStream {
    let attrs = Attrs::new(&function.attrs);
    let identity = identity(function, task);
    let (constructor, construct) = (task.constructor(true), task.construct());
    let how = match &task.options.now {
        None => format!("{}::now", task.ident),
        Some(now) => now.to_string(),
    };
    let note = attrs.note(&format!(
        "*Delayed:* builds a graph node; call `{how}(..)` to run it at once."
    ));
    let arguments = task.scope.plain_arguments();
    let plain = match &task.options.now {
        None => quote!(Self::now #arguments),
        Some(now) => quote!(#now #arguments),
    };
    let companion = companion::expand(task, &function.vis, &attrs.cfgs, &identity, &plain);
    let now = now(task, function, &attrs);
    let (vis, cfgs, for_constructor) = (&function.vis, &attrs.cfgs, &attrs.constructor);
    quote! {
        #(#cfgs)*
        #(#for_constructor)*
        #note
        #[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
        #[track_caller]
        #vis #constructor #construct

        #companion
        #now
    }
}

/// The user's function, token for token but for its name: `name::now`, or what `now = ..` says.
pub(crate) fn now(task: &Task, function: &Function, attrs: &Attrs) -> TokenStream {
    let Function { vis, body, .. } = function;
    let (cfgs, plain, marker) = (&attrs.cfgs, &attrs.plain, &task.marker);
    let name = task
        .options
        .now
        .clone()
        .unwrap_or_else(|| Ident::new("now", task.ident.span()));
    let sig = Signature {
        ident: name,
        ..without_keys(&function.sig)
    };
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

/// The signature without `#[key(..)]`.
fn without_keys(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    for input in &mut sig.inputs {
        if let FnArg::Typed(p) = input {
            p.attrs.retain(|a| !params::is_key(a));
        }
    }
    sig
}

/// The hash of the function's text, and of what the options make of it.
pub(crate) fn identity(function: &Function, task: &Task) -> Identity {
    let mut identity = Identity::new();
    identity.tokens(function.sig.to_token_stream());
    identity.tokens(function.body.to_token_stream());
    identity.text(if task.options.result.is_some() {
        "result"
    } else {
        ""
    });
    identity.tokens(task.options.ok.to_token_stream());
    identity
}
