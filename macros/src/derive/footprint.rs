//! `#[derive(Footprint)]`: what the fields own, together.

use super::pattern::pattern;
use crate::paths::{Paths, local};
use crate::report::Report;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use std::collections::HashSet;
use syn::meta::ParseNestedMeta;
use syn::parse::Result;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Path, parse_quote};

/// Expands the derive.
pub(crate) fn footprint(mut input: DeriveInput) -> TokenStream {
    let mut report = Report::default();
    let root = root(&input.attrs, &mut report);
    let paths = Paths::new(root.as_ref());
    let Paths { root, private } = &paths;
    let mut sums = Sums {
        paths: &paths,
        flat: Vec::new(),
        measured: TokenStream::new(),
    };
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, sum) = sums.fields(&data.fields, &mut report);
            quote! {
                let Self #pattern = self;
                #sum
            }
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                refuse(&variant.attrs, "a variant", &mut report);
                let (pattern, sum) = sums.fields(&variant.fields, &mut report);
                let name = &variant.ident;
                quote!(Self::#name #pattern => { #sum })
            });
            let arms: Vec<_> = arms.collect();
            quote!(match self { #(#arms)* })
        }
        Data::Union(data) => {
            report.at(
                data.union_token.span,
                "`Footprint` cannot be derived for a union: which field is valid is not known.\nImplement `lazygraph::Footprint` by hand",
            );
            quote!(0)
        }
    };
    let Sums { flat, measured, .. } = sums;
    // A parameter that occurs only in fields that are skipped needs no footprint.
    for param in input.generics.type_params_mut() {
        let name = HashSet::from([param.ident.to_string()]);
        if crate::syntax::types::mentions(&measured, &name) {
            param.bounds.push(parse_quote!(#root::Footprint));
        }
    }
    let (name, errors) = (&input.ident, report.into_tokens());
    let (generics, arguments, where_clause) = input.generics.split_for_impl();
    quote! {
        #errors
        #[automatically_derived]
        impl #generics #root::Footprint for #name #arguments #where_clause {
            const FLAT: bool = {
                // What has no footprint is told by the call below, once.
                #[allow(unused_imports)]
                use #private::NoFootprint as _;
                true #(&& #flat)*
            };

            #[inline]
            fn footprint(&self) -> usize {
                #body
            }
        }
    }
}

/// The fields so far.
struct Sums<'a> {
    paths: &'a Paths,
    /// For each field, whether it owns nothing.
    flat: Vec<TokenStream>,
    /// The types that are asked for their footprint.
    measured: TokenStream,
}

impl Sums<'_> {
    /// A pattern for the fields, and the sum over them.
    fn fields(&mut self, fields: &Fields, report: &mut Report) -> (TokenStream, TokenStream) {
        let Paths { root, private } = self.paths;
        let names: Vec<Ident> = (0..fields.len()).map(|i| local("f", i)).collect();
        let mut sum = quote!(0usize);
        let mut bound = Vec::new();
        for (name, field) in names.iter().zip(fields) {
            let ty = &field.ty;
            let (pattern, part) = match how(&field.attrs, report) {
                How::Ask => {
                    let span = ty.span();
                    self.flat.push(quote!(<#private::Probe<#ty>>::FLAT));
                    ty.to_tokens(&mut self.measured);
                    // Errors about it point at the field.
                    let mut name = name.clone();
                    name.set_span(name.span().located_at(span));
                    let part = quote_spanned!(span=> + #root::Footprint::footprint(#name));
                    (quote!(#name), part)
                }
                How::With(function) => {
                    self.flat.push(quote!(false));
                    (quote!(#name), quote!(+ #function(#name)))
                }
                How::Skip => (quote!(_), quote!()),
            };
            sum.extend(part);
            bound.push(pattern);
        }
        (pattern(fields, &bound), sum)
    }
}

/// How a field is measured.
enum How {
    Ask,
    With(Path),
    Skip,
}

/// Reads the attributes of a field.
fn how(attrs: &[Attribute], report: &mut Report) -> How {
    let mut how = How::Ask;
    each(attrs, report, |meta| {
        let said = match () {
            () if meta.path.is_ident("skip") => How::Skip,
            () if meta.path.is_ident("with") => {
                How::With(meta.value()?.call(Path::parse_mod_style)?)
            }
            () => {
                return Err(meta.error(
                    "on a field this is `#[footprint(skip)]`, or `#[footprint(with = function)]` with a `fn(&Field) -> usize`",
                ));
            }
        };
        match std::mem::replace(&mut how, said) {
            How::Ask => Ok(()),
            _ => Err(meta.error("how this field is measured is said twice")),
        }
    });
    how
}

/// Reads `#[footprint(crate = path)]`.
fn root(attrs: &[Attribute], report: &mut Report) -> Option<Path> {
    let mut root = None;
    each(attrs, report, |meta| {
        if !meta.path.is_ident("crate") {
            return Err(meta.error(
                "on a type this is `#[footprint(crate = path::to::lazygraph)]`; `skip` and `with` go on a field",
            ));
        }
        root = Some(meta.value()?.call(Path::parse_mod_style)?);
        Ok(())
    });
    root
}

/// Refuses attributes where none can be.
fn refuse(attrs: &[Attribute], on: &str, report: &mut Report) {
    each(attrs, report, |meta| {
        Err(meta.error(format!(
            "`#[footprint(..)]` goes on a field or on the type, not on {on}"
        )))
    });
}

fn each(
    attrs: &[Attribute],
    report: &mut Report,
    mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>,
) {
    for attr in attrs.iter().filter(|a| a.path().is_ident("footprint")) {
        if let Err(error) = attr.parse_nested_meta(&mut read) {
            report.push(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(text: &str) -> String {
        footprint(syn::parse_str(text).unwrap()).to_string()
    }

    #[test]
    fn unions_are_refused() {
        assert!(derived("union U { a: u8, b: i8 }").contains("compile_error"));
    }

    #[test]
    fn only_what_is_measured_needs_a_footprint() {
        let tokens = derived("struct S<A, B> { a: Vec<A>, #[footprint(skip)] b: B }");
        assert!(
            tokens.contains("impl < A : :: lazygraph :: Footprint , B >"),
            "{tokens}"
        );
    }
}
