//! What the attribute stands on. Bodies are kept as opaque tokens: they are never parsed, so that a half-typed body
//! still expands and an editor can complete inside it.

use super::types;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Generics, Ident, Path, Result, Signature, Token, Type, Visibility,
    WhereClause, braced,
};

/// A function and its body.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
    /// There was none; `body` is a stand-in.
    pub(crate) no_body: Option<Error>,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let (vis, sig) = (input.parse()?, input.parse()?);
        let (body, no_body) = match input.call(body) {
            Ok(body) => (body, None),
            Err(error) => (
                Group::new(Delimiter::Brace, quote!(::core::panic!())),
                Some(error),
            ),
        };
        Ok(Function {
            attrs,
            vis,
            sig,
            body,
            no_body,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Function {
            attrs,
            vis,
            sig,
            body,
            ..
        } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}

fn body(input: ParseStream<'_>) -> Result<Group> {
    let refused = |span| {
        Error::new(
            span,
            "`#[delayed]` needs a function with a body: `fn f(..) -> T { .. }`",
        )
    };
    match input.parse::<TokenTree>().map_err(|e| refused(e.span()))? {
        TokenTree::Group(g) if g.delimiter() == Delimiter::Brace => Ok(g),
        // `$body:block`
        TokenTree::Group(g) if g.delimiter() == Delimiter::None => {
            let mut inside = g.stream().into_iter();
            match (inside.next(), inside.next()) {
                (Some(TokenTree::Group(g)), None) if g.delimiter() == Delimiter::Brace => Ok(g),
                _ => Err(refused(g.span())),
            }
        }
        token => Err(refused(token.span())),
    }
}

/// An `impl` block.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    pub(crate) members: Vec<Member>,
}

impl Block {
    /// The name of the type whose methods these are.
    pub(crate) fn type_name(&self) -> Ident {
        types::last_segment(&self.self_ty)
            .map_or_else(|| format_ident!("Unnamed"), |s| s.ident.clone())
    }
}

/// What is in an `impl` block.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Member {
    Method(Function),
    /// Constants, types, macro calls.
    Other(TokenStream),
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        // `impl <T as Trait>::Out {}` is no start of generics
        let generic = input.peek(Token![<])
            && (input.peek2(Token![>])
                || input.peek2(Token![#])
                || input.peek2(syn::Lifetime)
                || input.peek2(Token![const])
                || (input.peek2(syn::Ident)
                    && (input.peek3(Token![:])
                        || input.peek3(Token![,])
                        || input.peek3(Token![>])
                        || input.peek3(Token![=]))));
        let mut generics: Generics = if generic {
            input.parse()?
        } else {
            Generics::default()
        };
        let first: Type = input.parse()?;
        let (of_trait, self_ty) = if input.peek(Token![for]) {
            let path = match types::strip(&first) {
                Type::Path(t) if t.qself.is_none() => t.path.clone(),
                t => return Err(Error::new_spanned(t, "expected a trait")),
            };
            (Some((path, input.parse()?)), input.parse()?)
        } else {
            (None, first)
        };
        generics.where_clause = input.parse::<Option<WhereClause>>()?;
        let content;
        braced!(content in input);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.call(member)?);
        }
        Ok(Block {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            members,
        })
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Block {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            members,
        } = self;
        let of_trait = of_trait
            .as_ref()
            .map(|(path, for_token)| quote!(#path #for_token));
        let (params, where_clause) = (generics, &generics.where_clause);
        let members = members.iter().map(|m| match m {
            Member::Method(f) => f.to_token_stream(),
            Member::Other(t) => t.clone(),
        });
        tokens.extend(quote! {
            #(#attrs)* #unsafety #impl_token #params #of_trait #self_ty #where_clause { #(#members)* }
        });
    }
}

fn member(input: ParseStream<'_>) -> Result<Member> {
    if input.fork().call(starts_function).is_ok() {
        return input.parse().map(Member::Method);
    }
    let mut tokens = TokenStream::new();
    let mut after_bang = false;
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let last = match &token {
            TokenTree::Punct(p) => p.as_char() == ';',
            TokenTree::Group(g) => after_bang && g.delimiter() == Delimiter::Brace,
            _ => false,
        };
        after_bang = matches!(&token, TokenTree::Punct(p) if p.as_char() == '!');
        tokens.extend([token]);
        if last {
            break;
        }
    }
    Ok(Member::Other(tokens))
}

/// Whether what follows is a function; consumes it up to `fn`.
fn starts_function(input: ParseStream<'_>) -> Result<()> {
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    while !input.peek(Token![fn]) {
        let qualifier = input.peek(Token![const])
            || input.peek(Token![async])
            || input.peek(Token![unsafe])
            || input.peek(Token![extern])
            || input.peek(syn::LitStr);
        if !qualifier {
            return Err(input.error("not a function"));
        }
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// What the attribute stands on.
pub(crate) enum Item {
    Function(Function),
    Block(Block),
    /// Anything else, by name.
    Other(&'static str, Span),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        if ahead.call(starts_function).is_ok() {
            return input.parse().map(Item::Function);
        }
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        if ahead.peek(Token![impl]) || (ahead.peek(Token![unsafe]) && ahead.peek2(Token![impl])) {
            return input.parse().map(Item::Block);
        }
        ahead.parse::<Visibility>()?;
        ahead.parse::<Option<Token![unsafe]>>()?;
        let span = ahead.span();
        let name = if ahead.peek(Token![struct]) {
            "a struct"
        } else if ahead.peek(Token![enum]) {
            "an enum"
        } else if ahead.peek(Token![trait]) {
            "a trait"
        } else if ahead.peek(Token![mod]) {
            "a module"
        } else if ahead.peek(Token![const]) || ahead.peek(Token![static]) {
            "a constant"
        } else {
            "this item"
        };
        // A parser must be emptied.
        input.parse::<TokenStream>()?;
        Ok(Item::Other(name, span))
    }
}
