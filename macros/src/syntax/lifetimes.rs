//! Lifetimes in bounds. A constructor has none: its arguments are owned.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::HashSet;
use syn::TypeParamBound;
use syn::parse::Parse;

/// Any bound but one by a lifetime that the constructor does not have.
pub(crate) fn is_kept(bound: &TypeParamBound) -> bool {
    !matches!(bound, TypeParamBound::Lifetime(l) if l.ident != "static")
}

/// The first use of one of the lifetimes.
pub(crate) fn find(tokens: TokenStream, lifetimes: &HashSet<String>) -> Option<Span> {
    let mut tick = false;
    tokens.into_iter().find_map(|token| {
        let after_tick = std::mem::replace(&mut tick, is_tick(&token));
        match token {
            TokenTree::Ident(i) if after_tick && lifetimes.contains(&i.to_string()) => {
                Some(i.span())
            }
            TokenTree::Group(g) => find(g.stream(), lifetimes),
            _ => None,
        }
    })
}

/// The same syntax with `'static` for each of the lifetimes.
pub(crate) fn made_static<T: ToTokens + Parse + Clone>(
    syntax: &T,
    lifetimes: &HashSet<String>,
) -> T {
    fn walk(tokens: TokenStream, lifetimes: &HashSet<String>) -> TokenStream {
        let mut tick = false;
        let replaced = tokens.into_iter().map(|token| {
            let after_tick = std::mem::replace(&mut tick, is_tick(&token));
            match token {
                TokenTree::Ident(i) if after_tick && lifetimes.contains(&i.to_string()) => {
                    TokenTree::Ident(Ident::new("static", i.span()))
                }
                TokenTree::Group(g) => {
                    TokenTree::Group(Group::new(g.delimiter(), walk(g.stream(), lifetimes)))
                }
                token => token,
            }
        });
        replaced.collect()
    }
    syn::parse2(walk(syntax.to_token_stream(), lifetimes)).unwrap_or_else(|_| syntax.clone())
}

fn is_tick(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(p) if p.as_char() == '\'')
}
