//! A delayed `impl` block: the methods stay as they are, and a trait adds their delayed versions to `Delayed<Foo>`.

use super::{companion, fallback, plain};
use crate::identity::Identity;
use crate::options::{Options, Place};
use crate::paths::Paths;
use crate::report::Report;
use crate::syntax::attrs::{self, Attrs};
use crate::syntax::{Block, Function, Member};
use crate::task::{Of, Task, validate};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Signature, Type, Visibility};

/// Expands `#[delayed] impl Foo { .. }`.
pub(crate) fn block(args: TokenStream, mut block: Block) -> TokenStream {
    let mut report = Report::default();
    let options = Options::parse(args, Place::Block, &mut report);
    let own = methods_mut(&mut block).map(|f| attrs::take_own(&mut f.attrs));
    let own: Vec<_> = own.collect();
    let mut refused = Report::default();
    validate::block(&block, &mut refused);
    let traits = if refused.is_empty() {
        let name = trait_name(&block, &options);
        let mut groups: Vec<ByVisibility> = Vec::new();
        for (method, attrs) in methods(&block).zip(own) {
            let mut task_report = Report::default();
            if let Some(delayed) =
                method_of(&block, &name, method, &attrs, &options, &mut task_report)
            {
                ByVisibility::of(&mut groups, &method.vis)
                    .methods
                    .push(delayed);
            }
            report.absorb(task_report);
        }
        groups.sort_by_key(|g| rank(&g.vis));
        let traits = groups
            .iter()
            .enumerate()
            .map(|(i, group)| group.expand(&block, &options, &name, i));
        quote!(#(#traits)*)
    } else {
        report.absorb(refused);
        quote!()
    };
    methods_mut(&mut block).for_each(|f| plain::strip_keys(&mut f.sig));
    let errors = report.into_tokens();
    quote!(#errors #block #traits)
}

fn methods(block: &Block) -> impl Iterator<Item = &Function> {
    block.members.iter().filter_map(|m| match m {
        Member::Method(f) => Some(f),
        Member::Other(_) => None,
    })
}

fn methods_mut(block: &mut Block) -> impl Iterator<Item = &mut Function> {
    block.members.iter_mut().filter_map(|m| match m {
        Member::Method(f) => Some(f),
        Member::Other(_) => None,
    })
}

fn trait_name(block: &Block, options: &Options) -> Ident {
    options
        .ext
        .clone()
        .unwrap_or_else(|| format_ident!("{}Delayed", block.type_name()))
}

/// The delayed version of one method.
struct Delayed {
    declaration: TokenStream,
    definition: TokenStream,
    companion: TokenStream,
}

fn method_of(
    block: &Block,
    ext: &Ident,
    method: &Function,
    own: &[syn::Attribute],
    of: &Options,
    report: &mut Report,
) -> Option<Delayed> {
    let mut options = Options::default();
    for (i, attr) in own.iter().enumerate() {
        if i > 0 {
            report.on(
                attr,
                "`#[delayed(..)]` is given twice; put all the options into one",
            );
            continue;
        }
        let args = match &attr.meta {
            syn::Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        options = Options::parse(args, Place::Method, report);
    }
    if let Some(span) = options.skip {
        if !options.only_skips() {
            report.at(span, "`skip` leaves the method as it is, so the other options have no meaning; keep one or the other");
        }
        return None;
    }
    options.root.clone_from(&of.root);

    let mut refused = Report::default();
    refused.absorb_one(method.no_body.as_ref());
    validate::signature(&method.sig, &method.attrs, Place::Method, &mut refused);
    let hidden = validate::method_name(&method.sig, &mut refused);
    let sig = without_self(&method.sig, &block.self_ty)?;
    let name = sig.ident.unraw();
    let paths = Paths::new(options.root.as_ref());
    let label = format!("{}::{name}", block.type_name());
    let of = Of {
        self_ty: &block.self_ty,
        generics: &block.generics,
        marker: format_ident!("__{ext}_{name}"),
        label,
    };
    let task = Task::read(&sig, options, paths, Some(of), &mut refused);
    validate::task(&task, &mut refused);

    let attrs = Attrs::new(&method.attrs);
    let (cfgs, for_constructor) = (&attrs.cfgs, &attrs.constructor);
    let note = attrs.note(&format!(
        "*Delayed:* builds a graph node that calls `{}`.",
        task.label
    ));
    let declare =
        |constructor: &TokenStream| quote!(#(#cfgs)* #(#for_constructor)* #note #constructor;);
    let delayed = if refused.is_empty() {
        let (constructor, construct) = (task.constructor(true), task.construct());
        let mut identity = Identity::of_function(method, &task);
        identity.tokens(block.self_ty.to_token_stream());
        identity.tokens(block.generics.to_token_stream());
        let (self_ty, arguments, ident) =
            (&block.self_ty, task.scope.plain_arguments(), &sig.ident);
        let called = quote!(<#self_ty>::#ident #arguments);
        Some(Delayed {
            declaration: declare(&constructor),
            definition: quote!(#(#cfgs)* #[track_caller] #constructor #construct),
            companion: companion::expand(&task, &method.vis, cfgs, &identity, &called),
        })
    } else if hidden {
        None
    } else {
        let (constructor, body) = (task.constructor(false), fallback::body(&task));
        Some(Delayed {
            declaration: declare(&constructor),
            definition: quote!(#(#cfgs)* #constructor #body),
            companion: quote!(),
        })
    };
    report.absorb(refused);
    delayed
}

/// Methods of one visibility. A trait has only one, so each gets a trait; the widest has the plain name.
struct ByVisibility {
    vis: Visibility,
    methods: Vec<Delayed>,
}

impl ByVisibility {
    fn of<'a>(groups: &'a mut Vec<ByVisibility>, vis: &Visibility) -> &'a mut ByVisibility {
        let text = vis.to_token_stream().to_string();
        let found = groups
            .iter()
            .position(|g| g.vis.to_token_stream().to_string() == text);
        let index = found.unwrap_or_else(|| {
            groups.push(ByVisibility {
                vis: vis.clone(),
                methods: Vec::new(),
            });
            groups.len() - 1
        });
        &mut groups[index]
    }

    fn expand(&self, block: &Block, options: &Options, ext: &Ident, index: usize) -> TokenStream {
        let Paths { root, .. } = Paths::new(options.root.as_ref());
        let (vis, self_ty) = (&self.vis, &block.self_ty);
        let name = match (index, vis) {
            (0, _) => ext.clone(),
            (_, Visibility::Inherited) => format_ident!("{ext}Private"),
            (1, _) => format_ident!("{ext}Crate"),
            _ => format_ident!("{ext}Crate{index}"),
        };
        let (generics, arguments, where_clause) = block.generics.split_for_impl();
        let predicates = block
            .generics
            .where_clause
            .iter()
            .flat_map(|w| &w.predicates);
        let doc = format!(
            "The delayed methods of [`{}`]: `delayed_value.method(..)` builds a node.",
            block.type_name()
        );
        let cfgs: Vec<_> = block
            .attrs
            .iter()
            .filter(|a| a.path().is_ident("cfg"))
            .collect();
        let declarations = self.methods.iter().map(|m| &m.declaration);
        let definitions = self.methods.iter().map(|m| &m.definition);
        let companions = self.methods.iter().map(|m| &m.companion);
        quote! {
            #(#cfgs)*
            #[doc = #doc]
            #[allow(dead_code, deprecated, private_interfaces, private_bounds, unreachable_pub)]
            #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
            #vis trait #name #generics #where_clause {
                #(#declarations)*
            }

            #(#cfgs)*
            #[allow(deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
            impl #generics #name #arguments for #root::Delayed<#self_ty>
            where
                #(#predicates,)*
                #self_ty: #root::Value
            {
                #(#definitions)*
            }

            #(#companions)*
        }
    }
}

/// The widest visibility first.
fn rank(vis: &Visibility) -> u8 {
    match vis {
        Visibility::Public(_) => 0,
        Visibility::Restricted(r) if r.path.is_ident("crate") => 1,
        Visibility::Restricted(_) => 2,
        Visibility::Inherited => 3,
    }
}

/// The signature with `Self` written out.
fn without_self(sig: &Signature, self_ty: &Type) -> Option<Signature> {
    syn::parse2(replace_self(sig.to_token_stream(), self_ty)).ok()
}

fn replace_self(tokens: TokenStream, self_ty: &Type) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(i) if i == "Self" => {
                // `Self::Item` becomes `<Foo>::Item`.
                if matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ':') {
                    out.extend(quote!(<#self_ty>));
                } else {
                    out.extend(self_ty.to_token_stream());
                }
            }
            TokenTree::Group(g) => {
                let mut group = Group::new(g.delimiter(), replace_self(g.stream(), self_ty));
                group.set_span(g.span());
                out.extend([TokenTree::Group(group)]);
            }
            token => out.extend([token]),
        }
    }
    out
}
