//! The refusals: what cannot be a task, and what to write instead.

use super::output::Shape;
use super::params::Kind;
use super::task::Task;
use crate::options::{Options, Place};
use crate::report::Report;
use crate::syntax::{Block, attrs, borrow, types};
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, GenericParam, ReceiverKind, Safety, Signature, Type};

const ON_METHOD: &str = "put `#[delayed]` on the `impl` block, not on the method:\n\n    #[delayed]\n    impl Foo { fn step(&self, ..) -> Foo { .. } }\n\nThen `foo.step(..)` stays eager and `delayed_foo.step(..)` builds a node";
const ASYNC: &str = "an `async fn` cannot be a task: tasks run to completion on a compute pool.\n`.await` a `Delayed` from async code instead, or block inside an ordinary function (`blocking(|| handle.block_on(..))`)";
const UNSAFE: &str = "an `unsafe fn` cannot be a task: the executor, not you, would be the caller.\nWrap the unsafe call in a safe function and put `#[delayed]` on that";
const EXTERN: &str = "an `extern` function cannot be a task: a task is an ordinary Rust function.\nWrap the call in one and put `#[delayed]` on that";
const VARIADIC: &str = "a task cannot be variadic.\nTake a `Vec<T>` or a slice `&[T]`";
const MUT_SELF: &str = "a task cannot take `&mut self`: its input may be shared with other tasks.\nTake `self` (or `&self`) and return the new value; or mark this method `#[delayed(skip)]`";
const TYPED_SELF: &str = "only `self` and `&self` receivers can be delayed.\nTake one of these; or mark this method `#[delayed(skip)]`";

/// What can be said of a signature before its types are read.
pub(crate) fn signature(
    sig: &Signature,
    attributes: &[Attribute],
    place: Place,
    report: &mut Report,
) {
    attrs::validate(attributes, report);
    if let Some(token) = &sig.asyncness {
        report.at(token.span, ASYNC);
    }
    if let Safety::Unsafe(token) = &sig.safety {
        report.at(token.span, UNSAFE);
    }
    if let Some(abi) = &sig.abi {
        report.on(abi, EXTERN);
    }
    if let Some(variadic) = &sig.variadic {
        report.on(variadic, VARIADIC);
    }
    let Some(receiver) = sig.receiver() else {
        return;
    };
    match &receiver.kind {
        _ if place == Place::Function => report.at(receiver.self_token.span, ON_METHOD),
        ReceiverKind::Reference(_, _, Some(_)) => report.on(receiver, MUT_SELF),
        ReceiverKind::Typed(..) => report.on(receiver, TYPED_SELF),
        _ => {}
    }
}

/// A function that must be a method, for it speaks of `self` or `Self`.
pub(crate) fn is_method(sig: &Signature, report: &mut Report) -> bool {
    fn find(tokens: TokenStream) -> Option<proc_macro2::Span> {
        tokens.into_iter().find_map(|t| match t {
            proc_macro2::TokenTree::Ident(i) if i == "Self" => Some(i.span()),
            proc_macro2::TokenTree::Group(g) => find(g.stream()),
            _ => None,
        })
    }
    if sig.receiver().is_some() {
        return true;
    }
    let found = find(sig.to_token_stream());
    if let Some(span) = found {
        report.at(span, ON_METHOD);
    }
    found.is_some()
}

/// The hidden type of the same name would hide a primitive type.
pub(crate) fn function_name(sig: &Signature, options: &mut Options, report: &mut Report) {
    let name = sig.ident.to_string();
    if options.now.is_none() && types::PRIMITIVES.contains(&name.as_str()) {
        let message = format!(
            "a delayed function called `{name}` would hide the type `{name}`.\nRename it, or name its plain version: `#[delayed(now = {name}_now)]`"
        );
        report.at(sig.ident.span(), message);
    }
    if let Some(now) = options.now.take_if(|now| now.unraw() == sig.ident.unraw()) {
        report.at(
            now.span(),
            format!("the plain version needs a name of its own, for `{name}` is the delayed one: `now = {name}_now`"),
        );
    }
}

/// What can be said once the types are read.
pub(crate) fn task(task: &Task, report: &mut Report) {
    let Some(remote) = &task.options.remote else {
        return;
    };
    for param in &task.params {
        match &param.kind {
            Kind::Closure { .. } => report.on(
                &param.written,
                "a closure cannot travel to another process.\nPass the data it needs and choose the function by name, or drop `remote`",
            ),
            Kind::Dyn(_) => report.on(
                &param.written,
                "a `&dyn Trait` cannot travel to another process.\nTake a concrete type, or drop `remote`",
            ),
            _ => {}
        }
    }
    if matches!(task.output.shape, Shape::Graph | Shape::FallibleGraph) {
        report.at(
            task.output.span,
            "a remote function cannot return a `Delayed`: the graph would stay where the function ran.\nReturn the value (`.compute()?` in the body), or drop `remote`",
        );
    }
    let types = task.scope.types();
    if let Some(param) = task.scope.const_parameter() {
        report.at(
            param.span(),
            "a remote function cannot have a const parameter.\nTake a slice or a `Vec`, or drop `remote`",
        );
    }
    if !types.is_empty() && remote.instances.is_empty() {
        report.at(
            remote.span,
            "a generic function is registered per instance: list them, e.g. `remote(f32, f64)`",
        );
    }
    if types.is_empty() && !remote.instances.is_empty() {
        report.at(
            remote.span,
            "this function has no type parameters to list instances of: write `remote` alone",
        );
    }
    for instance in &remote.instances {
        let given = match types::strip(instance) {
            Type::Tuple(t) if types.len() > 1 => t.elems.len(),
            _ => 1,
        };
        if !types.is_empty() && given != types.len() {
            let names: Vec<_> = types.iter().map(ToString::to_string).collect();
            report.on(
                instance,
                format!(
                    "one instance of this function is a tuple of {} types: `remote(({}))`",
                    names.len(),
                    names.join(", ")
                ),
            );
        }
    }
}

/// Methods of `Delayed` itself.
const INHERENT: &[&str] = &[
    "compute",
    "get",
    "compute_arc",
    "compute_with",
    "persist",
    "recompute",
    "checkpoint",
    "named",
    "priority",
    "retries",
    "backoff",
    "timeout",
    "inline",
    "pure",
    "impure",
    "key",
    "fuse",
    "after",
    "content_key",
    "name",
    "map",
    "map_owned",
    "and_then",
    "catch",
    "unwrap_or",
    "flatten",
    "unzip",
    "at",
    "len",
    "is_empty",
];
/// Methods that `Delayed` has from traits that are always in scope.
const PRELUDE: &[&str] = &["clone", "clone_from", "to_owned", "into", "try_into"];

/// A method that could not be called on a `Delayed`.
pub(crate) fn method_name(sig: &Signature, report: &mut Report) -> bool {
    let name = sig.ident.unraw().to_string();
    let hidden = INHERENT.contains(&name.as_str())
        || (sig.receiver().is_some() && PRELUDE.contains(&name.as_str()));
    if hidden {
        report.at(
            sig.ident.span(),
            format!(
                "`Delayed` has a method `{name}` of its own, which would hide this one; rename it or mark it `#[delayed(skip)]`"
            ),
        );
    }
    hidden
}

/// An `impl` block that cannot be delayed at all.
pub(crate) fn block(block: &Block, report: &mut Report) {
    if let Some((path, _)) = &block.of_trait {
        report.on(
            path,
            "`#[delayed]` works on inherent impls; for a trait, write a delayed function that calls the trait's method",
        );
    } else if types::last_segment(&block.self_ty).is_none() {
        report.on(
            &block.self_ty,
            "`#[delayed]` needs a struct or an enum here: its methods are added to `Delayed<Name>`.\nFor other types write delayed functions",
        );
    }
    for param in &block.generics.params {
        if let GenericParam::Lifetime(l) = param {
            report.at(
                l.span(),
                "a value in a graph cannot borrow, so this type cannot be one.\nWrite delayed functions over owned data, or put this block's methods on an owned type",
            );
        }
    }
    if block.generics.lifetimes().next().is_none()
        && let Some(span) = borrow::find(&block.self_ty)
    {
        report.at(span, "a value in a graph cannot borrow.\nWrite `'static` here, or put this block's methods on an owned type");
    }
}
