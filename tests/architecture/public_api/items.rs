//! Items as lines of text, and what else the surface asks of syntax.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, UseTree, Visibility};

use super::text::text;
use crate::sources::Names;

/// The lines that define an item; `attrs` are those of where it is re-exported.
pub(super) fn definition(item: &Item, attrs: &[Attribute]) -> Vec<String> {
    let mut lines = marks(attributes(item));
    let head = |tokens: TokenStream| format!("{}{}", cfgs(attrs), text(tokens));
    match item {
        Item::Fn(item) => {
            let signature = signature(&item.sig);
            lines.push(head(quote!(pub #signature)));
        }
        Item::Struct(item) => {
            let (name, generics, bounds) =
                (&item.ident, &item.generics, &item.generics.where_clause);
            lines.push(head(quote!(pub struct #name #generics #bounds)));
            lines.extend(fields(&item.fields, false));
        }
        Item::Enum(item) => {
            let (name, generics, bounds) =
                (&item.ident, &item.generics, &item.generics.where_clause);
            lines.push(head(quote!(pub enum #name #generics #bounds)));
            for variant in &item.variants {
                if variant.attrs.iter().any(is_hidden) {
                    continue;
                }
                lines.extend(
                    marks(&variant.attrs)
                        .into_iter()
                        .map(|mark| format!("  {mark}")),
                );
                lines.push(format!("  {}", variant.ident));
                let fields = fields(&variant.fields, true).into_iter();
                lines.extend(fields.map(|field| format!("  {field}")));
            }
        }
        Item::Trait(item) => {
            let (name, generics, bounds) =
                (&item.ident, &item.generics, &item.generics.where_clause);
            let supers = &item.supertraits;
            let supers = (!supers.is_empty()).then(|| quote!(: #supers));
            let unsafety = &item.unsafety;
            lines.push(head(
                quote!(pub #unsafety trait #name #generics #supers #bounds),
            ));
            lines.extend(item.items.iter().filter_map(required));
        }
        Item::Type(item) => {
            let (name, generics, of) = (&item.ident, &item.generics, &item.ty);
            lines.push(head(quote!(pub type #name #generics = #of)));
        }
        Item::Const(item) => {
            let (name, of) = (&item.ident, &item.ty);
            lines.push(head(quote!(pub const #name: #of)));
        }
        Item::Static(item) => {
            let (name, of) = (&item.ident, &item.ty);
            lines.push(head(quote!(pub static #name: #of)));
        }
        item => panic!(
            "a public item of another kind: {}",
            text(item.to_token_stream())
        ),
    }
    lines
}

fn fields(fields: &Fields, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut private = false;
    for (i, field) in fields.iter().enumerate() {
        if all || is_public(&field.vis) {
            let name = field
                .ident
                .as_ref()
                .map_or(i.to_string(), ToString::to_string);
            lines.push(format!("  {name}: {}", text(field.ty.to_token_stream())));
        } else {
            private = true;
        }
    }
    lines.extend(private.then(|| "  ..".to_owned()));
    lines
}

/// An item of a trait.
fn required(item: &TraitItem) -> Option<String> {
    let line = match item {
        TraitItem::Fn(item) if !item.attrs.iter().any(is_hidden) => {
            let signature = signature(&item.sig);
            let given = item.default.as_ref().map(|_| " {..}").unwrap_or_default();
            format!("{}{given}", text(quote!(#signature)))
        }
        TraitItem::Type(item) if !item.attrs.iter().any(is_hidden) => {
            let item = syn::TraitItemType {
                attrs: Vec::new(),
                ..item.clone()
            };
            text(quote!(#item)).trim_end_matches(';').to_owned()
        }
        TraitItem::Const(item) if !item.attrs.iter().any(is_hidden) => {
            let (name, of) = (&item.ident, &item.ty);
            text(quote!(const #name: #of))
        }
        _ => return None,
    };
    Some(format!("  {line}"))
}

/// A public method or constant.
pub(super) fn method(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Fn(item) if is_public(&item.vis) && !item.attrs.iter().any(is_hidden) => {
            let signature = signature(&item.sig);
            Some(format!(
                "{}{}",
                cfgs(&item.attrs),
                text(quote!(pub #signature))
            ))
        }
        ImplItem::Const(item) if is_public(&item.vis) && !item.attrs.iter().any(is_hidden) => {
            let (name, of) = (&item.ident, &item.ty);
            Some(text(quote!(pub const #name: #of)))
        }
        _ => None,
    }
}

/// As callers see it: whether a parameter is `mut` is the body's affair.
fn signature(of: &syn::Signature) -> syn::Signature {
    let mut of = of.clone();
    for input in &mut of.inputs {
        match input {
            syn::FnArg::Receiver(own) => own.mutability = None,
            syn::FnArg::Typed(input) => {
                if let syn::Pat::Ident(name) = &mut *input.pat {
                    name.mutability = None;
                }
            }
        }
    }
    of
}

/// What attributes say to users.
fn marks(attrs: &[Attribute]) -> Vec<String> {
    let told = [
        "non_exhaustive",
        "must_use",
        "deprecated",
        "derive",
        "repr",
        "cfg",
        "cfg_attr",
    ];
    let shown = attrs.iter().filter_map(|attr| {
        let name = attr.path().get_ident()?.to_string();
        // Words of `must_use` are documentation.
        let line = match name.as_str() {
            "must_use" => "#[must_use]".to_owned(),
            _ => text(attr.to_token_stream()),
        };
        told.contains(&name.as_str()).then_some(line)
    });
    shown.collect()
}

/// The conditions, in front of what they are for.
pub(super) fn cfgs(attrs: &[Attribute]) -> String {
    let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    cfgs.map(|attr| text(attr.to_token_stream()) + " ")
        .collect()
}

pub(super) fn has(attrs: &[Attribute], name: &str) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident(name))
}

pub(super) fn is_hidden(attr: &Attribute) -> bool {
    attr.path().is_ident("doc") && text(attr.to_token_stream()).contains("(hidden)")
        || is_for_tests(attr)
}

pub(super) fn is_for_tests(attr: &Attribute) -> bool {
    let tokens = text(attr.to_token_stream());
    tokens == "#[cfg(test)]" || tokens.contains("lazygraph_shuttle") && !tokens.contains("not(")
}

pub(super) fn is_public(vis: &Visibility) -> bool {
    matches!(vis, Visibility::Public(_))
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

pub(super) fn visibility(item: &Item) -> Option<&Visibility> {
    match item {
        Item::Const(i) => Some(&i.vis),
        Item::Enum(i) => Some(&i.vis),
        Item::Fn(i) => Some(&i.vis),
        Item::Static(i) => Some(&i.vis),
        Item::Struct(i) => Some(&i.vis),
        Item::Trait(i) => Some(&i.vis),
        Item::Type(i) => Some(&i.vis),
        _ => None,
    }
}

pub(super) fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(i) => &i.ident,
        Item::Enum(i) => &i.ident,
        Item::Fn(i) => &i.sig.ident,
        Item::Static(i) => &i.ident,
        Item::Struct(i) => &i.ident,
        Item::Trait(i) => &i.ident,
        Item::Type(i) => &i.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The names that a `use` brings, and what they stand for.
pub(super) fn names_of(tree: &UseTree) -> Vec<(String, Names)> {
    let under = |first: &syn::Ident, (name, path): (String, Names)| {
        let path = [first.to_string()].into_iter().chain(path).collect();
        (name, path)
    };
    match tree {
        UseTree::Path(path) => {
            let names = names_of(&path.tree).into_iter();
            names.map(|found| under(&path.ident, found)).collect()
        }
        UseTree::Group(group) => group.items.iter().flat_map(names_of).collect(),
        UseTree::Name(name) => vec![(name.ident.to_string(), vec![name.ident.to_string()])],
        UseTree::Rename(name) => vec![(name.rename.to_string(), vec![name.ident.to_string()])],
        _ => Vec::new(),
    }
}

/// In the body of a macro: the heads of public items, and of `impl`s that name one of `known`.
pub(super) fn heads(tokens: TokenStream, known: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if word == "impl" || word == "pub" => {
                let ends = |tree: &&TokenTree| {
                    matches!(tree, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace)
                        || is_punct(tree, ';')
                };
                let head = tokens[at..].iter().take_while(|tree| !ends(tree)).cloned();
                let head: Vec<TokenTree> = head.collect();
                at += head.len();
                let names_one = words(&head).iter().any(|word| known.contains(word));
                let line = text(head.into_iter().collect());
                if !line.starts_with("pub(") && names_one {
                    found.insert(line);
                }
            }
            TokenTree::Group(group) => {
                heads(group.stream(), known, found);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The rows of a call of a macro, without the code in them.
pub(super) fn rows_of(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let rows = tokens.split(|tree| is_punct(tree, ';')).map(|row| {
        let told = row.iter().take_while(|tree| !is_punct(tree, '|')).cloned();
        let told = text(told.collect());
        let told = told.strip_suffix("=>").unwrap_or(&told).trim_end();
        told.trim_end_matches([',', ':']).to_owned()
    });
    rows.filter(|row| !row.is_empty()).collect()
}

/// The identifiers in `tokens`.
fn words(tokens: &[TokenTree]) -> Vec<String> {
    let words = tokens.iter().flat_map(|tree| match tree {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => words(&group.stream().into_iter().collect::<Vec<_>>()),
        _ => Vec::new(),
    });
    words.collect()
}

pub(super) fn is_punct(tree: &TokenTree, punct: char) -> bool {
    matches!(tree, TokenTree::Punct(p) if p.as_char() == punct)
}
