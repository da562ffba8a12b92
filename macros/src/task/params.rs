//! How each parameter is passed, decided from its type's syntax.

mod operand;

use super::bounds::{Bounds, Need};
use super::scope::Scope;
use crate::paths::Paths;
use crate::report::Report;
use crate::syntax::{borrow, types};
use quote::{format_ident, quote};
use std::collections::HashSet;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Ident, Pat, PatType, Type, TypeParamBound, parse_quote};

/// How the value comes to the body.
pub(crate) enum Kind {
    /// A closure or function pointer: a plain argument only, so that its own arguments infer.
    Closure {
        ty: Type,
        by_ref: bool,
        bounds: Option<Bounds>,
    },
    /// `x: T`
    Value(Type),
    /// `x: &Q`
    Ref(Type),
    /// `x: &[&Q]`
    Refs(Type),
    /// `x: &dyn Trait`
    Dyn(Type),
    /// Was refused; anything may be passed to the stub.
    Refused,
}

/// How much of the type is known where the function is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    Exact,
    /// Mentions a type parameter.
    Generic,
    /// Is a type parameter.
    TypeParam,
}

/// How a plain argument of a pure function is keyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Token,
    Hash,
    Serde,
    Identity,
    Skip,
}

/// One parameter.
pub(crate) struct Param {
    /// Its name in the constructor.
    pub(crate) name: Ident,
    pub(crate) kind: Kind,
    pub(crate) mode: Mode,
    pub(crate) key: Key,
    /// Its type as it was written, for messages.
    pub(crate) written: Type,
}

impl Param {
    /// What the graph needs of its type, where that is not known.
    pub(super) fn needs(&self, pure: bool, paths: &Paths) -> Vec<Need> {
        if self.mode == Mode::Exact {
            return Vec::new();
        }
        let Paths { root, private } = paths;
        let need = |ty: &Type, bounds| Need {
            ty: ty.clone(),
            bounds,
            of_closure: false,
        };
        let owned = quote!(::core::clone::Clone + #root::Value);
        let (ty, bounds) = match &self.kind {
            Kind::Closure { ty, bounds, .. } => {
                let of_closure = bounds.is_some();
                return vec![Need {
                    of_closure,
                    ..need(ty, owned)
                }];
            }
            Kind::Value(ty) => (ty, owned),
            Kind::Ref(ty) | Kind::Refs(ty) | Kind::Dyn(ty) => (ty, quote!(#root::Value)),
            Kind::Refused => return Vec::new(),
        };
        let key = match (&self.kind, self.key) {
            (Kind::Dyn(_), _) | (_, Key::Identity | Key::Skip) => None,
            _ if !pure => None,
            (_, Key::Token) => Some(quote!(+ #root::Token)),
            (_, Key::Hash) => Some(quote!(+ ::core::hash::Hash)),
            (_, Key::Serde) => Some(quote!(+ #private::Serialize)),
        };
        let mut needs = vec![need(ty, quote!(#bounds #key))];
        if let (Kind::Ref(_) | Kind::Refs(_), Type::Slice(slice)) = (&self.kind, ty) {
            needs.push(need(&slice.elem, quote!(#root::Value)));
        }
        needs
    }
}

const DEEP: &str = "a parameter can be `&T`, `&[T]`, `&[&T]`, `&str`, `&Path` or `&dyn Trait`; deeper borrows (`Option<&T>`, `Foo<'a>`, `Cow<'_, T>`) are not supported.\nTake the owned type instead";
const MUTABLE: &str = "a task cannot take `&mut`: its input may be shared with other tasks.\nTake it by value (`mut x: T`) and return it: it is moved, not cloned, when no other task needs it";
const POINTER: &str = "a task cannot take a raw pointer: its inputs flow between threads.\nTake the value itself, or an `Arc`";

/// Reads the parameters after the receiver. `scope` gets the type parameters that `impl Trait` stands for.
pub(crate) fn read<'a>(
    inputs: impl Iterator<Item = &'a FnArg>,
    pure: Option<bool>,
    scope: &mut Scope,
    report: &mut Report,
) -> Vec<Param> {
    let typed: Vec<&PatType> = inputs
        .filter_map(|input| match input {
            FnArg::Typed(p) => Some(p),
            FnArg::Receiver(_) => None,
        })
        .collect();
    let mut names = Names::new(&typed);
    let mut params = Vec::new();
    for (index, param) in typed.into_iter().enumerate() {
        let key = key(&param.attrs, pure, report);
        let mut ty = types::strip(&param.ty).clone();
        let closure = scope.name_impls(&mut ty, params.len(), report);
        let (kind, mode) = classify(&ty, closure, scope, report);
        params.push(Param {
            name: names.of(&param.pat, index),
            kind,
            mode,
            key,
            written: (*param.ty).clone(),
        });
    }
    params
}

fn classify(
    ty: &Type,
    closure: Option<Bounds>,
    scope: &Scope,
    report: &mut Report,
) -> (Kind, Mode) {
    let names = &scope.names;
    let (kind, inner) = match ty {
        Type::Reference(r) if r.mutability.is_some() => {
            report.on(ty, MUTABLE);
            // By value the call still infers its type parameters.
            let inner = types::strip(&r.elem);
            let open = types::mentions(inner, names) && !matches!(inner, Type::Slice(_));
            (
                if open {
                    Kind::Value(inner.clone())
                } else {
                    Kind::Refused
                },
                inner,
            )
        }
        Type::Reference(r) if r.lifetime.as_ref().is_some_and(|l| l.ident == "static") => {
            (Kind::Value(ty.clone()), ty)
        }
        Type::Reference(r) => borrowed(types::strip(&r.elem)),
        Type::Ptr(_) => {
            report.on(ty, POINTER);
            (Kind::Refused, ty)
        }
        _ => (Kind::Value(ty.clone()), ty),
    };
    let borrow = match &kind {
        // The lifetime of a `&'a (dyn Trait + 'a)` itself is no deep borrow.
        Kind::Dyn(Type::TraitObject(t)) => t.bounds.iter().find_map(borrow::find_in_bound),
        _ => borrow::find(inner),
    };
    if let Some(span) = borrow {
        report.at(span, DEEP);
        return (Kind::Refused, Mode::Exact);
    }
    if let Some(span) = types::find_impl(inner) {
        report.at(
            span,
            "name this type with a type parameter: `fn f<T: Trait>(x: Vec<T>)`",
        );
        return (Kind::Refused, Mode::Exact);
    }
    let mode = match () {
        () if types::is_bare(inner, names) => Mode::TypeParam,
        () if types::mentions(inner, names) => Mode::Generic,
        () => Mode::Exact,
    };
    let callable = matches!(inner, Type::FnPtr(_))
        || (mode == Mode::TypeParam && (closure.is_some() || scope.is_closure(inner)));
    match kind {
        Kind::Value(ty) if callable => (
            Kind::Closure {
                ty,
                by_ref: false,
                bounds: closure,
            },
            mode,
        ),
        Kind::Ref(ty) if callable => (
            Kind::Closure {
                ty,
                by_ref: true,
                bounds: closure,
            },
            mode,
        ),
        kind => (kind, mode),
    }
}

/// The kind of `&inner`.
fn borrowed(inner: &Type) -> (Kind, &Type) {
    match inner {
        Type::Slice(slice) => match types::strip(&slice.elem) {
            Type::Reference(r)
                if r.mutability.is_none()
                    && r.lifetime.as_ref().is_none_or(|l| l.ident != "static") =>
            {
                let part = types::strip(&r.elem);
                (Kind::Refs(part.clone()), part)
            }
            _ => (Kind::Ref(inner.clone()), inner),
        },
        Type::TraitObject(object) => {
            let mut object = object.clone();
            let bounds = object
                .bounds
                .into_iter()
                .filter(|b| !matches!(b, TypeParamBound::Lifetime(_)));
            object.bounds = bounds.chain([parse_quote!('static)]).collect();
            (Kind::Dyn(Type::TraitObject(object)), inner)
        }
        _ => (Kind::Ref(inner.clone()), inner),
    }
}

/// Reads `#[key(..)]`. `pure` is `None` if the options were refused, so that nothing can be said.
fn key(attrs: &[Attribute], pure: Option<bool>, report: &mut Report) -> Key {
    let mut found = None;
    for attr in attrs {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            report.on(attr, "a parameter of a task cannot depend on `cfg`.\nWrite two functions, each with its own `#[cfg(..)]`");
        }
        if !attr.path().is_ident("key") {
            continue;
        }
        if pure == Some(false) {
            report.on(
                attr,
                "`#[key(..)]` says how a `#[delayed(pure)]` function keys this argument; this function is not `pure`.\nAdd `pure`, or drop `#[key(..)]`",
            );
        }
        if found.is_some() {
            report.on(attr, "`#[key(..)]` is given twice; keep one of them");
        }
        let word = attr.parse_args_with(Ident::parse_any).ok();
        found = Some(match word.as_ref().map(ToString::to_string).as_deref() {
            Some("hash") => Key::Hash,
            Some("serde") => Key::Serde,
            Some("identity") => Key::Identity,
            Some("skip") => Key::Skip,
            _ => {
                report.on(
                    attr,
                    "`#[key(..)]` takes one of `hash`, `serde`, `identity`, `skip`.\n`hash`: by its `Hash`; `serde`: by what it serialises to; `identity`: each value counts as another; `skip`: it does not matter to the result",
                );
                Key::Token
            }
        });
    }
    found.unwrap_or(Key::Token)
}

/// Whether an attribute of a parameter is ours.
pub(crate) fn is_key(attr: &Attribute) -> bool {
    attr.path().is_ident("key")
}

/// Names for the constructor's parameters, where the function's have patterns.
struct Names(HashSet<String>);

impl Names {
    fn new(params: &[&PatType]) -> Names {
        Names(
            params
                .iter()
                .filter_map(|p| Names::written(&p.pat))
                .map(|i| i.unraw().to_string())
                .collect(),
        )
    }

    fn written(pat: &Pat) -> Option<&Ident> {
        match pat {
            Pat::Ident(p) if p.subpat.is_none() => Some(&p.ident),
            Pat::Paren(p) => Names::written(&p.pat),
            _ => None,
        }
    }

    fn of(&mut self, pat: &Pat, index: usize) -> Ident {
        if let Some(name) = Names::written(pat) {
            return name.clone();
        }
        let mut name = format!("arg{index}");
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        format_ident!("{name}", span = pat.span())
    }
}
