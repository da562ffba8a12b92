//! `#[derive(Token)]`: a content key made of the fields' keys.

use super::pattern::pattern;
use crate::identity::Identity;
use crate::paths::{Paths, local};
use crate::report::Report;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Fields, Path, Token, Variant, parse_quote};

/// Expands the derive.
pub(crate) fn token(mut input: DeriveInput) -> TokenStream {
    let mut report = Report::default();
    let root = root(&input.attrs, &mut report);
    let Paths { root, .. } = Paths::new(root.as_ref());
    for param in input.generics.type_params_mut() {
        param.bounds.push(parse_quote!(#root::Token));
    }
    let hasher = Ident::new("__hasher", Span::mixed_site());
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, names) = fields(&data.fields);
            let shape = shape(&input.ident, None, &data.fields);
            quote! {
                let Self #pattern = self;
                #root::Token::token(&#shape, #hasher);
                #(#root::Token::token(#names, #hasher);)*
            }
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let (pattern, names) = fields(&variant.fields);
                let shape = shape(&input.ident, Some(variant), &variant.fields);
                let name = &variant.ident;
                quote! {
                    Self::#name #pattern => {
                        #root::Token::token(&#shape, #hasher);
                        #(#root::Token::token(#names, #hasher);)*
                    }
                }
            });
            quote!(match self { #(#arms)* })
        }
        Data::Union(data) => {
            report.at(
                data.union_token.span,
                "`Token` cannot be derived for a union: which field is valid is not known.\nImplement `lazygraph::Token` by hand",
            );
            quote!(let _ = #hasher;)
        }
    };
    let (name, errors) = (&input.ident, report.into_tokens());
    let (generics, arguments, where_clause) = input.generics.split_for_impl();
    quote! {
        #errors
        #[automatically_derived]
        impl #generics #root::Token for #name #arguments #where_clause {
            #[inline]
            fn token(&self, #hasher: &mut #root::Hasher128) {
                #body
            }
        }
    }
}

/// Reads `#[token(crate = path)]`.
fn root(attrs: &[Attribute], report: &mut Report) -> Option<Path> {
    let mut root = None;
    for attr in attrs.iter().filter(|a| a.path().is_ident("token")) {
        let read = attr.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        });
        match read {
            Ok(path) => root = Some(path),
            Err(e) => report.at(
                e.span(),
                "this attribute is written `#[token(crate = path::to::lazygraph)]`",
            ),
        }
    }
    root
}

/// A pattern for the fields, and the names it binds.
fn fields(fields: &Fields) -> (TokenStream, Vec<Ident>) {
    let names: Vec<Ident> = (0..fields.len()).map(|i| local("f", i)).collect();
    (pattern(fields, &names), names)
}

/// What the type looks like: its name, the variant's, the fields' and their types. A key that was stored before the
/// type changed is not found again.
fn shape(name: &Ident, variant: Option<&Variant>, fields: &Fields) -> u64 {
    let mut identity = Identity::new();
    identity.text(&name.to_string());
    identity.text(&variant.map(|v| v.ident.to_string()).unwrap_or_default());
    for field in fields {
        identity.text(
            &field
                .ident
                .as_ref()
                .map(Ident::to_string)
                .unwrap_or_default(),
        );
        identity.tokens(field.ty.to_token_stream());
        identity.text(",");
    }
    identity.short()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_part_of_the_key() {
        let shape_of = |text: &str| match syn::parse_str::<DeriveInput>(text).unwrap() {
            DeriveInput {
                ident,
                data: Data::Struct(s),
                ..
            } => shape(&ident, None, &s.fields),
            _ => unreachable!(),
        };
        let this = shape_of("struct A { x: f64, y: f64 }");
        assert_eq!(
            this,
            shape_of("struct A {\n  /// docs\n  x: f64, // why\n  y: f64,\n}")
        );
        for other in [
            "struct B { x: f64, y: f64 }",
            "struct A { y: f64, x: f64 }",
            "struct A { x: f64, y: f32 }",
        ] {
            assert_ne!(this, shape_of(other), "{other}");
        }
    }

    #[test]
    fn unions_are_refused() {
        let tokens = token(syn::parse_str("union U { a: u8, b: i8 }").unwrap()).to_string();
        assert!(tokens.contains("compile_error"), "{tokens}");
    }
}
