//! `impl Trait` in a parameter's type: a type parameter without a name.

use super::bounds::Bounds;
use crate::syntax::lifetimes;
use quote::format_ident;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, PathArguments, Type, TypeParam, parse_quote,
};

/// Gives each `impl Trait` a name, at any depth. `index` is the parameter's.
pub(crate) fn name(ty: &mut Type, index: usize, found: &mut Vec<TypeParam>) {
    match ty {
        Type::ImplTrait(t) => {
            let suffix = if found.is_empty() {
                String::new()
            } else {
                format!("_{}", found.len())
            };
            let ident = format_ident!("__Impl{index}{suffix}");
            let bounds = t.bounds.iter().filter(|b| lifetimes::is_kept(b));
            let bounds: Bounds = bounds.cloned().collect();
            found.push(parse_quote!(#ident: #bounds));
            *ty = parse_quote!(#ident);
        }
        Type::Reference(t) => name(&mut t.elem, index, found),
        Type::Slice(t) => name(&mut t.elem, index, found),
        Type::Array(t) => name(&mut t.elem, index, found),
        Type::Paren(t) => name(&mut t.elem, index, found),
        Type::Group(t) => name(&mut t.elem, index, found),
        Type::Tuple(t) => t.elems.iter_mut().for_each(|t| name(t, index, found)),
        Type::Path(t) => {
            for segment in &mut t.path.segments {
                if let PathArguments::AngleBracketed(AngleBracketedGenericArguments {
                    args, ..
                }) = &mut segment.arguments
                {
                    for arg in args {
                        match arg {
                            GenericArgument::Type(t) => name(t, index, found),
                            GenericArgument::AssocType(t) => name(&mut t.ty, index, found),
                            _ => {}
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
