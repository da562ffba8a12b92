//! A delayed function: the constructor of nodes, and the hidden type of the same name that keeps the plain function.

use super::{companion, fallback, plain};
use crate::identity::Identity;
use crate::options::{Options, Place};
use crate::paths::Paths;
use crate::report::Report;
use crate::syntax::Function;
use crate::syntax::attrs::Attrs;
use crate::task::{Task, validate};
use proc_macro2::TokenStream;
use quote::quote;

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
    let identity = Identity::of_function(function, task);
    let (constructor, construct) = (task.constructor(true), task.construct());
    let how = match &task.options.now {
        None => format!("{}::now", task.ident),
        Some(now) => now.to_string(),
    };
    let note = attrs.note(&format!(
        "*Delayed:* builds a graph node; call `{how}(..)` to run it at once."
    ));
    let arguments = task.scope.plain_arguments();
    let called = match &task.options.now {
        None => quote!(Self::now #arguments),
        Some(now) => quote!(#now #arguments),
    };
    let companion = companion::expand(task, &function.vis, &attrs.cfgs, &identity, &called);
    let now = plain::function(task, function, &attrs);
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
