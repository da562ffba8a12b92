//! One task: everything that is known of a function or method that becomes one.

use super::output::Output;
use super::params::{self, Key, Kind, Mode, Param};
use super::scope::Scope;
use crate::options::Options;
use crate::paths::Paths;
use crate::report::Report;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Generics, ReceiverKind, Signature, Type, Visibility};

/// A function as the graph sees it.
pub(crate) struct Task {
    pub(crate) paths: Paths,
    pub(crate) options: Options,
    /// The function's name.
    pub(crate) ident: Ident,
    /// The hidden type that stands for the function.
    pub(crate) marker: Ident,
    /// The name that messages use: `norm`, `Sim::step`.
    pub(crate) label: String,
    pub(crate) params: Vec<Param>,
    pub(crate) has_receiver: bool,
    pub(crate) output: Output,
    pub(crate) scope: Scope,
}

/// The block a method is in.
pub(crate) struct Of<'a> {
    pub(crate) self_ty: &'a Type,
    pub(crate) generics: &'a Generics,
    pub(crate) marker: Ident,
    pub(crate) label: String,
}

impl Task {
    /// Reads a signature, reporting what it cannot serve. In a method's, `Self` is already written out.
    pub(crate) fn read(
        sig: &Signature,
        options: Options,
        paths: Paths,
        of: Option<Of<'_>>,
        report: &mut Report,
    ) -> Task {
        let mut scope = Scope::new(of.as_ref().map(|of| of.generics), &sig.generics, report);
        let pure = (!options.broken).then_some(options.pure.is_some());
        let mut params = params::read(sig.inputs.iter(), pure, &mut scope, report);
        let receiver = of.as_ref().and_then(|of| receiver(sig, of.self_ty));
        let has_receiver = receiver.is_some();
        let output = Output::read(sig, &options, report);
        let needs = params
            .iter()
            .flat_map(|p| p.needs(options.pure.is_some(), &paths));
        scope.require(needs, &output.ty, &paths);
        params.splice(..0, receiver);
        let name = sig.ident.unraw();
        let (marker, label) = match of {
            Some(of) => (of.marker, of.label),
            None if options.now.is_some() => (format_ident!("__delayed_{name}"), name.to_string()),
            None => (sig.ident.clone(), name.to_string()),
        };
        Task {
            paths,
            options,
            ident: sig.ident.clone(),
            marker,
            label,
            params,
            has_receiver,
            output,
            scope,
        }
    }

    /// Signature of the constructor: `fn name(..) -> Delayed<T> where ..`.
    pub(crate) fn constructor(&self, keyed: bool) -> TokenStream {
        let (name, root, out) = (&self.ident, &self.paths.root, &self.output.ty);
        let (generics, where_clause) = self.scope.constructor();
        let receiver = self.has_receiver.then(|| quote!(&self,));
        let params = self
            .params
            .iter()
            .enumerate()
            .skip(usize::from(self.has_receiver))
            .map(|(index, p)| {
                let key = self.keyable(index, p).filter(|_| keyed).map(|_| {
                    let (marker, key) = (&self.marker, key_name(index));
                    quote!(#marker::#key)
                });
                let (name, bound) = (&p.name, p.bound(&self.paths, key));
                quote!(#name: #bound)
            });
        quote!(fn #name #generics(#receiver #(#params),*) -> #root::Delayed<#out> #where_clause)
    }

    /// Body of the constructor.
    pub(crate) fn construct(&self) -> TokenStream {
        let (marker, arguments) = (&self.marker, self.scope.build_arguments());
        let operands = self.params.iter().map(|p| p.convert(&self.paths));
        quote!({ #marker::__build #arguments(#(#operands),*) })
    }

    /// Constants that say which plain arguments have a content key.
    pub(crate) fn key_constants(&self, vis: &Visibility) -> TokenStream {
        let private = &self.paths.private;
        let constants = self.params.iter().enumerate().filter_map(|(index, p)| {
            let (name, value) = (key_name(index), self.keyable(index, p)?);
            Some(quote! {
                #[doc(hidden)]
                #vis const #name: bool = {
                    #[allow(unused_imports)]
                    use #private::{NoHash as _, NoSer as _, NoToken as _};
                    #value
                };
            })
        });
        quote!(#(#constants)*)
    }

    fn keyable(&self, index: usize, param: &Param) -> Option<TokenStream> {
        if self.options.pure.is_none() || (self.has_receiver && index == 0) {
            return None;
        }
        param.keyable(&self.paths)
    }
}

fn key_name(index: usize) -> Ident {
    format_ident!("__K{index}")
}

/// `self` as a parameter like any other.
fn receiver(sig: &Signature, self_ty: &Type) -> Option<Param> {
    let receiver = sig.receiver()?;
    let kind = match &receiver.kind {
        ReceiverKind::Reference(..) => Kind::Ref(self_ty.clone()),
        _ => Kind::Value(self_ty.clone()),
    };
    let name = Ident::from(receiver.self_token);
    let written = Type::Verbatim(name.to_token_stream());
    Some(Param {
        name,
        kind,
        mode: Mode::Exact,
        key: Key::Token,
        written,
    })
}
