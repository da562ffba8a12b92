//! Borrows inside a type: what a graph cannot hold.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Lifetime, Path, PathArguments, Type,
    TypeParamBound,
};

/// The first borrow in a type that is not `'static`. What a function type mentions in its arguments is no borrow.
pub(crate) fn find(ty: &Type) -> Option<Span> {
    in_type(ty, &mut Vec::new())
}

fn in_type(ty: &Type, bound: &mut Vec<String>) -> Option<Span> {
    match ty {
        Type::Reference(t) => match &t.lifetime {
            Some(l) if l.ident == "static" => in_type(&t.elem, bound),
            Some(l) => Some(l.span()),
            None => Some(t.and_token.span),
        },
        Type::Paren(t) => in_type(&t.elem, bound),
        Type::Group(t) => in_type(&t.elem, bound),
        Type::Slice(t) => in_type(&t.elem, bound),
        Type::Array(t) => in_type(&t.elem, bound),
        Type::Ptr(t) => in_type(&t.elem, bound),
        Type::Tuple(t) => t.elems.iter().find_map(|t| in_type(t, bound)),
        Type::Path(t) => {
            let this = t.qself.as_ref().and_then(|q| in_type(&q.ty, bound));
            this.or_else(|| in_path(&t.path, bound))
        }
        Type::TraitObject(t) => t.bounds.iter().find_map(|b| in_bound(b, bound)),
        Type::ImplTrait(t) => t.bounds.iter().find_map(|b| in_bound(b, bound)),
        _ => None,
    }
}

/// The first borrow in one bound of a `dyn Trait`.
pub(crate) fn find_in_bound(bound: &TypeParamBound) -> Option<Span> {
    in_bound(bound, &mut Vec::new())
}

fn in_bound(b: &TypeParamBound, bound: &mut Vec<String>) -> Option<Span> {
    match b {
        TypeParamBound::Lifetime(l) => in_lifetime(l, bound),
        TypeParamBound::Trait(t) => {
            let len = bound.len();
            for l in t.lifetimes.iter().flat_map(|l| &l.lifetimes) {
                bound.push(l.to_token_stream().to_string());
            }
            let found = in_path(&t.path, bound);
            bound.truncate(len);
            found
        }
        _ => None,
    }
}

fn in_lifetime(l: &Lifetime, bound: &[String]) -> Option<Span> {
    let known = l.ident == "static" || bound.iter().any(|b| *b == l.to_string());
    (!known).then(|| l.span())
}

fn in_path(path: &Path, bound: &mut Vec<String>) -> Option<Span> {
    path.segments.iter().find_map(|s| match &s.arguments {
        PathArguments::AngleBracketed(AngleBracketedGenericArguments { args, .. }) => {
            args.iter().find_map(|a| match a {
                GenericArgument::Lifetime(l) => in_lifetime(l, bound),
                GenericArgument::Type(t) => in_type(t, bound),
                GenericArgument::AssocType(t) => in_type(&t.ty, bound),
                GenericArgument::Constraint(c) => c.bounds.iter().find_map(|b| in_bound(b, bound)),
                _ => None,
            })
        }
        // `Fn(&T) -> &U`: the borrows live as long as the call.
        PathArguments::Parenthesized(_) | PathArguments::None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn borrows(text: &str) -> bool {
        find(&syn::parse_str(text).unwrap()).is_some()
    }

    #[test]
    fn borrows_are_found_where_they_are() {
        for ty in [
            "&str",
            "Option<&str>",
            "Foo<'a>",
            "Cow<'_, str>",
            "Box<dyn T + 'a>",
            "(u8, &u8)",
            "[&u8; 2]",
        ] {
            assert!(borrows(ty), "{ty}");
        }
        for ty in [
            "&'static str",
            "Cow<'static, str>",
            "Box<dyn Fn(&str) -> &str>",
            "fn(&str) -> &str",
            "Box<dyn for<'a> Foo<'a>>",
            "Vec<T>",
        ] {
            assert!(!borrows(ty), "{ty}");
        }
    }
}
