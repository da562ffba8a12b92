//! The hidden type that stands for a function: its `TaskSpec`, and the builder of its nodes.

use crate::identity::Identity;
use crate::options::{Cost, duration};
use crate::paths::local;
use crate::syntax::types;
use crate::task::{Shape, Task};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Visibility};

/// Emits the type, its description and its builder. `plain` is the function that a node runs.
pub(crate) fn expand(
    task: &Task,
    vis: &Visibility,
    cfgs: &[Attribute],
    identity: &Identity,
    plain: &TokenStream,
) -> TokenStream {
    let (marker, private) = (&task.marker, &task.paths.private);
    let (spec, footprint, keys, build) = (
        spec(task, identity),
        footprint(task),
        task.key_constants(vis),
        build(task, vis, plain),
    );
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, unreachable_pub)]
        #vis enum #marker {}

        #(#cfgs)*
        #[automatically_derived]
        impl #private::Function for #marker {
            const SPEC: #private::TaskSpec = #spec;
            #footprint
        }

        #(#cfgs)*
        #[allow(dead_code, deprecated, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery)]
        impl #marker {
            #keys
            #build
        }
    }
}

/// What is known of the function: where it is, and what its options say.
fn spec(task: &Task, identity: &Identity) -> TokenStream {
    let (options, private, label) = (&task.options, &task.paths.private, &task.label);
    let text = |text: &Option<syn::LitStr>| text.as_ref().map(syn::LitStr::value);
    let name = text(&options.name).unwrap_or_else(|| label.clone());
    let path = quote!(::core::concat!(::core::module_path!(), "::", #label));
    let (version, body) = (text(&options.version).unwrap_or_default(), identity.value());
    let purity = match (options.pure, options.impure) {
        (Some(_), _) => Some(quote!(.purity(#private::Purity::Pure))),
        (None, Some(_)) => Some(quote!(.purity(#private::Purity::Impure))),
        (None, None) => None,
    };
    let inline = options.inline.map(|_| quote!(.inline()));
    let cost = options.cost.as_ref().map(|cost| {
        let cost = match cost {
            Cost::Tiny => quote!(Tiny),
            Cost::Light => quote!(Light),
            Cost::Heavy => quote!(Heavy),
            Cost::Io => quote!(Io),
            Cost::Time(time) => {
                let time = duration::constant(*time);
                quote!(Time(#time))
            }
        };
        quote!(.cost(#private::Cost::#cost))
    });
    let retries = options.retries.map(|n| quote!(.retries(#n)));
    let timeout = options.timeout.map(|time| {
        let time = duration::constant(time);
        quote!(.timeout(#time))
    });
    quote! {
        #private::TaskSpec::new(
            #name,
            #path,
            ::core::file!(),
            ::core::line!(),
            #private::function_id(#path, #version, #body),
        ) #purity #inline #cost #retries #timeout
    }
}

/// How a result is measured, where its type is known.
fn footprint(task: &Task) -> TokenStream {
    let (private, out) = (&task.paths.private, &task.output.ty);
    if types::mentions(out, &task.scope.names) {
        return quote!();
    }
    let result = Ident::new("__result", Span::mixed_site());
    quote! {
        #[inline]
        fn footprint(#result: &dyn ::core::any::Any) -> ::core::option::Option<usize> {
            #[allow(unused_imports)]
            use #private::NoFootprint as _;
            #private::footprint_of::<#out>(#result, <#private::Probe<#out>>::FOOTPRINT)
        }
    }
}

/// The builder of nodes. It does not depend on what kinds of arguments were passed, so it is compiled once.
fn build(task: &Task, vis: &Visibility, plain: &TokenStream) -> TokenStream {
    let (root, private) = (&task.paths.root, &task.paths.private);
    let out = &task.output.ty;
    let (generics, where_clause) = task.scope.build();
    let operands: Vec<Ident> = (0..task.params.len()).map(|i| local("s", i)).collect();
    let types = task.params.iter().map(|p| p.operand(&task.paths));
    let checks = task
        .params
        .iter()
        .map(|p| p.check(&task.paths))
        .chain([check_output(task), check_remote(task)]);
    let list = operands
        .iter()
        .rev()
        .fold(quote!(()), |rest, operand| quote!((#operand, #rest)));
    let [ops, frame, to] =
        ["__ops", "__frame", "__to"].map(|name| Ident::new(name, Span::mixed_site()));
    let prepare = task
        .params
        .iter()
        .enumerate()
        .map(|(i, p)| p.prepare(i, &frame, &task.paths));
    let arguments = task.params.iter().enumerate().map(|(i, p)| p.argument(i));
    let describe = task
        .params
        .iter()
        .enumerate()
        .map(|(i, p)| p.describe(i, &to, &task.paths));
    // Without parameters there is nothing to read, and nothing to tell of.
    let (unread, untold) = match task.params.is_empty() {
        true => (Some(quote!(let _ = #frame;)), Some(quote!(let _ = #to;))),
        false => (None, None),
    };
    let span = task.output.span;
    let plain = respan(plain.clone(), span);
    let call = quote_spanned!(span=> #plain(#(#arguments),*));
    let (node, result) = match task.output.shape {
        Shape::Plain => (quote!(node), quote!(::core::result::Result::Ok(#call))),
        Shape::Fallible => (
            quote!(node),
            quote_spanned!(span=> #private::Fallible::<#out>::ok(#call)),
        ),
        Shape::Graph => (
            quote!(graph_node),
            quote!(::core::result::Result::Ok(#call)),
        ),
        Shape::FallibleGraph => (
            quote!(graph_node),
            quote_spanned!(span=> #private::Fallible::<#root::Delayed<#out>>::ok(#call)),
        ),
    };
    quote! {
        #[doc(hidden)]
        #[track_caller]
        #vis fn __build #generics(#(#operands: #types),*) -> #root::Delayed<#out> #where_clause {
            #(#checks)*
            #private::#node::<Self, #out, _, _, _>(
                #list,
                |#ops, #frame| {
                    let #list = #ops;
                    #unread
                    #(#prepare)*
                    #result
                },
                |#ops, #to| {
                    #[allow(unused_imports)]
                    use #private::{NoHash as _, NoSer as _, NoShow as _, NoToken as _};
                    let #list = #ops;
                    #untold
                    #(#describe)*
                },
            )
        }
    }
}

/// The same tokens, for an error about the call to point at the return type.
fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let respanned = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    respanned.collect()
}

/// Checks that the result can flow, and is not an alias of `Result` in disguise.
fn check_output(task: &Task) -> TokenStream {
    let (private, output) = (&task.paths.private, &task.output);
    let (out, full, span) = (&output.ty, &output.full, output.span);
    let flows = quote_spanned!(span=> #private::output::<#out>(););
    let may_be_alias = output.shape == Shape::Plain
        && task.options.result.is_none()
        && matches!(full, syn::Type::Path(_) | syn::Type::Macro(_))
        && !types::is_plain_data(full)
        && !types::mentions(full, &task.scope.names);
    if !may_be_alias {
        return flows;
    }
    let name = full.to_token_stream();
    let message = format!(
        "`{name}` is an alias of `Result`: say `#[delayed(ok = T)]` so that an `Err` stops the graph, or `#[delayed(result)]` to keep the `Result` as a value"
    );
    quote_spanned! {span=>
        const _: () = {
            #[allow(unused_imports)]
            use #private::NotResult as _;
            ::core::assert!(!<#private::Probe<#full>>::IS_RESULT, #message)
        };
        #flows
    }
}

/// Checks that the operands and the result of a remote function can travel.
fn check_remote(task: &Task) -> TokenStream {
    let Some(remote) = &task.options.remote else {
        return quote!();
    };
    let private = &task.paths.private;
    let owned = task
        .params
        .iter()
        .filter_map(|p| p.owned().map(|ty| (ty, p.written.span())));
    let all = owned.chain([(task.output.ty.to_token_stream(), task.output.span)]);
    let checks: TokenStream = all
        .map(|(ty, span)| quote_spanned!(span=> #private::wire::<#ty>();))
        .collect();
    if remote.instances.is_empty() {
        return checks;
    }
    let names = task.scope.types();
    let instances = remote.instances.iter().map(|instance| {
        let types: Vec<_> = match types::strip(instance) {
            syn::Type::Tuple(t) if names.len() > 1 => t.elems.iter().collect(),
            t => vec![t],
        };
        quote! {
            const _: () = {
                #(#[allow(dead_code, non_camel_case_types)] type #names = #types;)*
                #checks
            };
        }
    });
    quote!(#(#instances)*)
}
