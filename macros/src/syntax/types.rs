//! Questions about types, answered from their syntax alone.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

/// The type without parentheses and without the invisible groups of `macro_rules`.
pub(crate) fn strip(ty: &Type) -> &Type {
    match ty {
        Type::Paren(t) => strip(&t.elem),
        Type::Group(t) => strip(&t.elem),
        t => t,
    }
}

/// The last segment of a plain path: `Vec<T>` of `std::vec::Vec<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match strip(ty) {
        Type::Path(t) if t.qself.is_none() => t.path.segments.last(),
        _ => None,
    }
}

/// The first type argument: `T` of `Result<T, E>`.
pub(crate) fn first_argument(segment: &PathSegment) -> Option<&Type> {
    match &segment.arguments {
        PathArguments::AngleBracketed(list) => list.args.iter().find_map(|a| match a {
            GenericArgument::Type(t) => Some(t),
            _ => None,
        }),
        _ => None,
    }
}

/// Whether any of the names occurs in the tokens.
pub(crate) fn mentions(tokens: impl ToTokens, names: &HashSet<String>) -> bool {
    fn walk(tokens: TokenStream, names: &HashSet<String>) -> bool {
        tokens.into_iter().any(|t| match t {
            TokenTree::Ident(i) => names.contains(&i.to_string()),
            TokenTree::Group(g) => walk(g.stream(), names),
            _ => false,
        })
    }
    !names.is_empty() && walk(tokens.to_token_stream(), names)
}

/// Whether the type is one of the names, and nothing more.
pub(crate) fn is_bare(ty: &Type, names: &HashSet<String>) -> bool {
    match strip(ty) {
        Type::Path(t) if t.qself.is_none() => t
            .path
            .get_ident()
            .is_some_and(|i| names.contains(&i.to_string())),
        _ => false,
    }
}

/// `Fn(A) -> B` and its kin.
pub(crate) fn is_fn_bound(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(t) => {
            let last = t.path.segments.last();
            last.is_some_and(|s| s.ident == "Fn" || s.ident == "FnMut" || s.ident == "FnOnce")
        }
        _ => false,
    }
}

/// Names that are types everywhere.
pub(crate) const PRIMITIVES: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char", "str",
];

/// Types of the standard library that certainly have a content key and certainly are not a `Result`.
pub(crate) fn is_plain_data(ty: &Type) -> bool {
    const NAMES: &[&str] = &["String", "Path", "PathBuf", "Duration"];
    match strip(ty) {
        Type::Slice(t) => is_plain_data(&t.elem),
        Type::Array(t) => is_plain_data(&t.elem),
        Type::Tuple(t) => t.elems.len() <= 8 && t.elems.iter().all(is_plain_data),
        t => last_segment(t).is_some_and(|s| {
            PRIMITIVES.iter().chain(NAMES).any(|n| s.ident == n)
                || (["Vec", "Option", "Box", "Arc"].iter().any(|n| s.ident == n)
                    && first_argument(s).is_some_and(is_plain_data))
        }),
    }
}

/// Types known to be unsized; their owned form is `<T as ToOwned>::Owned`.
pub(crate) fn is_unsized(ty: &Type) -> bool {
    const NAMES: &[&str] = &["str", "Path", "OsStr", "CStr"];
    match strip(ty) {
        Type::Slice(_) => true,
        t => last_segment(t)
            .is_some_and(|s| s.arguments.is_none() && NAMES.iter().any(|n| s.ident == n)),
    }
}

/// The first `impl Trait` in a type.
pub(crate) fn find_impl(tokens: impl ToTokens) -> Option<Span> {
    tokens.to_token_stream().into_iter().find_map(|t| match t {
        TokenTree::Ident(i) if i == "impl" => Some(i.span()),
        TokenTree::Group(g) => find_impl(g.stream()),
        _ => None,
    })
}

/// The type a function returns, `()` if it says nothing.
pub(crate) fn returned(output: &ReturnType) -> Type {
    match output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, t) => strip(t).clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_data() {
        for (ty, yes) in [
            ("Vec<[f64; 3]>", true),
            ("&[u8]", false),
            ("Cfg", false),
            ("(u8, String)", true),
        ] {
            assert_eq!(is_plain_data(&syn::parse_str(ty).unwrap()), yes, "{ty}");
        }
    }
}
