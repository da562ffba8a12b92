//! What each kind of parameter becomes: a bound, an operand of the node, and back to an argument of the body.

use super::{Key, Kind, Mode, Param};
use crate::paths::{Paths, local};
use crate::syntax::types;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

impl Param {
    fn mode(&self, paths: &Paths) -> TokenStream {
        let private = &paths.private;
        match self.mode {
            Mode::Exact => quote!(),
            Mode::Generic => quote!(, #private::GenericParam),
            Mode::TypeParam => quote!(, #private::TypeParam),
        }
    }

    /// The trait that an argument implements: `Arg<T>`.
    fn argument_trait(&self, paths: &Paths, colons: TokenStream) -> TokenStream {
        let (Paths { root, private }, mode) = (paths, self.mode(paths));
        match &self.kind {
            Kind::Value(ty) if self.mode == Mode::TypeParam => quote!(#root::ArgAny #colons <#ty>),
            Kind::Value(ty) => quote!(#root::Arg #colons <#ty #mode>),
            Kind::Ref(ty) => quote!(#root::ArgRef #colons <#ty #mode>),
            Kind::Refs(ty) => quote!(#root::ArgRefs #colons <#ty #mode>),
            Kind::Dyn(ty) => quote!(#root::ArgRef #colons <#ty, #private::TraitObject>),
            Kind::Closure { .. } | Kind::Refused => quote!(::core::marker::Sized),
        }
    }

    /// The type of the constructor's parameter.
    pub(crate) fn bound(&self, paths: &Paths, keyed: Option<TokenStream>) -> TokenStream {
        let Paths { root, private } = paths;
        match &self.kind {
            Kind::Closure {
                bounds: Some(bounds),
                ..
            } => quote!(impl #bounds + ::core::clone::Clone + #root::Value),
            Kind::Closure { ty, .. } => ty.to_token_stream(),
            _ => {
                let argument = self.argument_trait(paths, quote!());
                let keyed = keyed.map(|k| quote!(+ #private::Keyed<{ #k }>));
                quote!(impl #argument #keyed)
            }
        }
    }

    /// The operand made of an argument.
    pub(crate) fn convert(&self, paths: &Paths) -> TokenStream {
        let (private, name) = (&paths.private, &self.name);
        match &self.kind {
            Kind::Closure {
                bounds: Some(_), ..
            } => quote!(#private::plain(#name)),
            Kind::Closure { ty, .. } => quote!(#private::plain::<#ty>(#name)),
            _ => {
                let argument = self.argument_trait(paths, quote!(::));
                quote!(#argument::into_operand(#name))
            }
        }
    }

    /// The type of the operand.
    pub(crate) fn operand(&self, paths: &Paths) -> TokenStream {
        let private = &paths.private;
        match &self.kind {
            Kind::Closure { ty, .. } | Kind::Value(ty) => quote!(#private::Val<#ty>),
            Kind::Ref(ty) | Kind::Dyn(ty) => quote!(#private::Lend<#ty>),
            Kind::Refs(ty) => quote!(#private::Many<#ty>),
            Kind::Refused => quote!(()),
        }
    }

    /// Gets the operand's value out of the frame.
    pub(crate) fn prepare(&self, index: usize, frame: &Ident, paths: &Paths) -> TokenStream {
        let (operand, value, private) = (local("s", index), local("v", index), &paths.private);
        match &self.kind {
            Kind::Closure { ty, .. } | Kind::Value(ty) => {
                // The bound is that of `by_value`, at the same place, so that it is reported once.
                let take = quote_spanned!(self.written.span()=> #private::take::<#ty>);
                quote!(let #value = #take(#operand, #frame);)
            }
            _ => quote!(let #value = #operand.lend(#frame);),
        }
    }

    /// The argument of the body.
    pub(crate) fn argument(&self, index: usize) -> TokenStream {
        let value = local("v", index);
        match &self.kind {
            Kind::Closure { by_ref: true, .. } => quote!(&#value),
            Kind::Ref(_) | Kind::Dyn(_) => quote!(&*#value),
            Kind::Refs(_) => quote!(&#value[..]),
            _ => quote!(#value),
        }
    }

    /// Tells what is known of a plain argument.
    pub(crate) fn describe(&self, index: usize, to: &Ident, paths: &Paths) -> TokenStream {
        let private = &paths.private;
        let operand = local("s", index);
        let (Kind::Closure { ty, .. }
        | Kind::Value(ty)
        | Kind::Ref(ty)
        | Kind::Dyn(ty)
        | Kind::Refs(ty)) = &self.kind
        else {
            return quote!();
        };
        let none = quote!(::core::option::Option::None);
        let (token, show) = match &self.kind {
            Kind::Closure { .. } | Kind::Dyn(_) => (none.clone(), none),
            _ => (self.probe(ty, paths), quote!(<#private::Probe<#ty>>::SHOW)),
        };
        quote! {
            #operand.describe(#to, &#private::ParamInfo::<#ty> { token: #token, show: #show });
        }
    }

    /// How the content of the argument is hashed, if it can be.
    fn probe(&self, ty: &Type, paths: &Paths) -> TokenStream {
        let private = &paths.private;
        match self.key {
            Key::Token => quote!(<#private::Probe<#ty>>::TOKEN),
            Key::Hash => quote!(<#private::Probe<#ty>>::HASH),
            Key::Serde => quote!(<#private::Probe<#ty>>::SER),
            Key::Identity => quote!(::core::option::Option::None),
            Key::Skip => quote!(#private::skip::<#ty>()),
        }
    }

    /// For a pure function: whether a plain argument has a content key, if that is not plain from its type.
    pub(crate) fn keyable(&self, paths: &Paths) -> Option<TokenStream> {
        let (Kind::Value(ty) | Kind::Ref(ty) | Kind::Refs(ty)) = &self.kind else {
            return None;
        };
        let asks = self.key == Key::Token && !types::is_plain_data(ty);
        (asks && self.mode == Mode::Exact).then(|| {
            let probe = self.probe(ty, paths);
            quote!(::core::option::Option::is_some(&#probe))
        })
    }

    /// Checks, at the function, that the type can be passed at all, and keyed as it says.
    pub(crate) fn check(&self, paths: &Paths) -> TokenStream {
        let (private, span) = (&paths.private, self.written.span());
        let (passes, ty) = match &self.kind {
            Kind::Value(ty) => (quote!(by_value), ty),
            Kind::Ref(ty) | Kind::Refs(ty) | Kind::Dyn(ty) => (quote!(by_ref), ty),
            Kind::Closure { .. } | Kind::Refused => return quote!(),
        };
        let keyed = match self.key {
            Key::Hash => quote_spanned!(span=> #private::hashed::<#ty>();),
            Key::Serde => quote_spanned!(span=> #private::serialized::<#ty>();),
            _ => quote!(),
        };
        quote_spanned!(span=> #private::#passes::<#ty>(); #keyed)
    }

    /// The type that would travel to another process.
    pub(crate) fn owned(&self) -> Option<TokenStream> {
        let owned = |ty: &Type| {
            if types::is_unsized(ty) {
                quote!(<#ty as ::std::borrow::ToOwned>::Owned)
            } else {
                ty.to_token_stream()
            }
        };
        match &self.kind {
            Kind::Value(ty) => Some(ty.to_token_stream()),
            Kind::Ref(ty) => Some(owned(ty)),
            Kind::Refs(ty) => {
                let part = owned(ty);
                Some(quote!(::std::vec::Vec<#part>))
            }
            Kind::Closure { .. } | Kind::Dyn(_) | Kind::Refused => None,
        }
    }
}
