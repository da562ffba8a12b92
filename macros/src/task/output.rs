//! What a function returns, and what a graph makes of it.

use crate::options::Options;
use crate::report::Report;
use crate::syntax::{borrow, types};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{ReturnType, Signature, Type, parse_quote};

/// What becomes of the returned value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// It is the result.
    Plain,
    /// `Result<T, E>`: an `Err` stops the graph.
    Fallible,
    /// `Delayed<T>`: the graph goes on with that one.
    Graph,
    /// `Result<Delayed<T>, E>`
    FallibleGraph,
}

/// The result of a task.
pub(crate) struct Output {
    /// `T` of the `Delayed<T>` that the constructor returns.
    pub(crate) ty: Type,
    pub(crate) shape: Shape,
    /// What the function returns.
    pub(crate) full: Type,
    pub(crate) span: Span,
}

impl Output {
    pub(crate) fn read(sig: &Signature, options: &Options, report: &mut Report) -> Output {
        let full = types::returned(&sig.output);
        let span = match &sig.output {
            ReturnType::Default => sig.ident.span(),
            ReturnType::Type(_, ty) => ty.span(),
        };
        let (ty, shape) = match refused(&full, report) {
            Some(substitute) => (substitute, Shape::Plain),
            None => shape(&full, options),
        };
        if matches!(sig.output, ReturnType::Default)
            && (options.result.is_some() || options.ok.is_some())
        {
            report.at(
                sig.ident.span(),
                "this function returns nothing, so there is no `Result`.\nDrop `result` or `ok`",
            );
        }
        Output {
            ty,
            shape,
            full,
            span,
        }
    }
}

fn shape(full: &Type, options: &Options) -> (Type, Shape) {
    if let Some(ok) = &options.ok {
        return (ok.clone(), Shape::Fallible);
    }
    let argument = |segment| {
        types::first_argument(segment)
            .cloned()
            .unwrap_or_else(|| parse_quote!(()))
    };
    match types::last_segment(full) {
        Some(s) if s.ident == "Result" && options.result.is_none() => {
            let ok = argument(s);
            match types::last_segment(&ok) {
                Some(s) if s.ident == "Delayed" => (argument(s), Shape::FallibleGraph),
                _ => (ok, Shape::Fallible),
            }
        }
        Some(s) if s.ident == "Delayed" => (argument(s), Shape::Graph),
        _ => (full.clone(), Shape::Plain),
    }
}

/// Refuses results that cannot outlive the call; returns what the stub claims to give instead.
fn refused(full: &Type, report: &mut Report) -> Option<Type> {
    if let Type::Never(_) = full {
        report.on(full, "a task must return: what waits for its result would wait for ever.\nReturn `()`, or a `Result`");
        return Some(parse_quote!(()));
    }
    if let Type::ImplTrait(_) = full {
        report.on(full, "a task's result must be a nameable type: `Box<dyn Trait + Send + Sync>`, or the concrete type");
        return Some(parse_quote!(()));
    }
    if let Some(span) = types::find_impl(full) {
        report.at(span, "a task's result must be a nameable type: `Box<dyn Trait + Send + Sync>`, or the concrete type");
        return Some(parse_quote!(()));
    }
    let span = borrow::find(full)?;
    report.at(span, "a task cannot return a borrow: its result outlives its inputs.\nReturn an owned value (or an `Arc`)");
    let owned = match full {
        Type::Reference(r) if borrow::find(&r.elem).is_none() => match types::strip(&r.elem) {
            Type::Slice(s) => {
                let part = &s.elem;
                parse_quote!(::std::vec::Vec<#part>)
            }
            Type::TraitObject(_) => parse_quote!(()),
            t if types::is_unsized(t) => parse_quote!(<#t as ::std::borrow::ToOwned>::Owned),
            t => t.clone(),
        },
        _ => parse_quote!(()),
    };
    Some(owned)
}
