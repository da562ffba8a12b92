//! The type parameters of a task: what the user wrote, without lifetimes, and the bounds that a graph needs.

use super::bounds::{Bounds, Need};
use super::implied;
use crate::paths::Paths;
use crate::report::Report;
use crate::syntax::{lifetimes, types};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use std::collections::HashSet;
use syn::{GenericParam, Generics, Type, TypeParam, WherePredicate, parse_quote};

const BOUND: &str = "a task cannot depend on a lifetime: its inputs are lent to it afresh each time it runs.\nWrite the bound for every lifetime, `for<'x> F: Fn(&'x T)`, or take an owned type";

/// What is in scope in a constructor, and in what it calls.
#[derive(Default)]
pub(crate) struct Scope {
    /// Of the `impl` block.
    outer: Vec<GenericParam>,
    outer_where: Vec<WherePredicate>,
    /// Of the function.
    own: Vec<GenericParam>,
    own_where: Vec<WherePredicate>,
    /// What `impl Trait` stands for.
    implied: Vec<TypeParam>,
    /// What `impl Fn(..)` stands for; the constructor keeps the `impl`.
    closures: Vec<TypeParam>,
    closure_where: Vec<WherePredicate>,
    lifetimes: HashSet<String>,
    /// The names of the type and const parameters.
    pub(crate) names: HashSet<String>,
}

impl Scope {
    pub(crate) fn new(outer: Option<&Generics>, own: &Generics, report: &mut Report) -> Scope {
        let mut scope = Scope::default();
        let lifetimes: HashSet<String> = own
            .lifetimes()
            .map(|l| l.lifetime.ident.to_string())
            .collect();
        if let Some(outer) = outer {
            (scope.outer, scope.outer_where) = clean(outer);
        }
        (scope.own, scope.own_where) = clean(own);
        for param in scope.outer.iter().chain(&scope.own) {
            scope.names.insert(name(param).to_string());
        }
        let bounds = scope.own.iter().map(ToTokens::to_token_stream);
        let mut bounds = bounds.chain(scope.own_where.iter().map(ToTokens::to_token_stream));
        if let Some(span) = bounds.find_map(|b| lifetimes::find(b, &lifetimes)) {
            report.at(span, BOUND);
            // The stub must not name a lifetime that it does not have.
            drop(bounds);
            scope.own = scope
                .own
                .iter()
                .map(|p| lifetimes::made_static(p, &lifetimes))
                .collect();
            scope.own_where = scope
                .own_where
                .iter()
                .map(|p| lifetimes::made_static(p, &lifetimes))
                .collect();
        }
        scope.lifetimes = lifetimes;
        scope
    }

    /// Type parameters in the order in which instances are listed.
    pub(crate) fn types(&self) -> Vec<&Ident> {
        let all = self.outer.iter().chain(&self.own);
        let types = all.filter_map(|p| match p {
            GenericParam::Type(t) => Some(&t.ident),
            _ => None,
        });
        types.chain(self.implied.iter().map(|t| &t.ident)).collect()
    }

    pub(crate) fn const_parameter(&self) -> Option<&Ident> {
        self.outer.iter().chain(&self.own).find_map(|p| match p {
            GenericParam::Const(c) => Some(&c.ident),
            _ => None,
        })
    }

    /// Whether a type is a type parameter that can be called.
    pub(crate) fn is_closure(&self, ty: &Type) -> bool {
        let name = types::strip(ty).to_token_stream().to_string();
        let declared = self.outer.iter().chain(&self.own).any(|p| match p {
            GenericParam::Type(t) => t.ident == name && t.bounds.iter().any(types::is_fn_bound),
            _ => false,
        });
        let bounded = |p: &WherePredicate| match p {
            WherePredicate::Type(p) => {
                p.bounded_ty.to_token_stream().to_string() == name
                    && p.bounds.iter().any(types::is_fn_bound)
            }
            _ => false,
        };
        declared || self.outer_where.iter().chain(&self.own_where).any(bounded)
    }

    /// Replaces each `impl Trait` in a parameter's type by a type parameter. Returns the bounds if the parameter is
    /// itself a closure: `impl Fn(A) -> B` or `&impl Fn(A) -> B`.
    pub(crate) fn name_impls(
        &mut self,
        ty: &mut Type,
        index: usize,
        report: &mut Report,
    ) -> Option<Bounds> {
        let whole = match ty {
            Type::Reference(r) => types::strip(&r.elem),
            _ => &*ty,
        };
        let is_closure =
            matches!(whole, Type::ImplTrait(t) if t.bounds.iter().any(types::is_fn_bound));
        let mut found = Vec::new();
        implied::name(ty, index, &mut found);
        for param in &mut found {
            if let Some(span) = lifetimes::find(param.to_token_stream(), &self.lifetimes) {
                report.at(span, BOUND);
                *param = lifetimes::made_static(param, &self.lifetimes);
            }
        }
        self.names.extend(found.iter().map(|t| t.ident.to_string()));
        if is_closure {
            let bounds = found.first().map(|t| t.bounds.clone());
            self.closures.extend(found);
            bounds
        } else {
            self.implied.extend(found);
            None
        }
    }

    /// Adds the bounds that the graph needs: of parameters, of the result, of what occurs in neither.
    pub(crate) fn require(
        &mut self,
        needs: impl IntoIterator<Item = Need>,
        output: &Type,
        paths: &Paths,
    ) {
        let root = &paths.root;
        let mut bounded = HashSet::new();
        for Need {
            ty,
            bounds,
            of_closure,
        } in needs
        {
            bounded.insert(ty.to_token_stream().to_string());
            let predicates = match of_closure {
                true => &mut self.closure_where,
                false => &mut self.own_where,
            };
            predicates.push(parse_quote!(#ty: #bounds));
        }
        if types::mentions(output, &self.names)
            && bounded.insert(output.to_token_stream().to_string())
        {
            self.own_where.push(parse_quote!(#output: #root::Value));
        }
        for ty in self.types().into_iter().cloned().collect::<Vec<_>>() {
            if !bounded.contains(&ty.to_string()) {
                self.own_where.push(parse_quote!(#ty: 'static));
            }
        }
    }

    /// `<T, const N: usize>` and `where ..` of the constructor.
    pub(crate) fn constructor(&self) -> (TokenStream, TokenStream) {
        let (own, implied) = (&self.own, &self.implied);
        (
            angle(quote!(#(#own,)* #(#implied,)*)),
            where_clause(self.own_where.iter()),
        )
    }

    /// The same of the function that the constructor calls.
    pub(crate) fn build(&self) -> (TokenStream, TokenStream) {
        let (outer, own, implied, closures) =
            (&self.outer, &self.own, &self.implied, &self.closures);
        let predicates = self
            .outer_where
            .iter()
            .chain(&self.own_where)
            .chain(&self.closure_where);
        (
            angle(quote!(#(#outer,)* #(#own,)* #(#implied,)* #(#closures,)*)),
            where_clause(predicates),
        )
    }

    /// `::<T, N, _>`: the arguments of that call.
    pub(crate) fn build_arguments(&self) -> TokenStream {
        let written = self.outer.iter().chain(&self.own).map(name);
        let implied = self.implied.iter().map(|t| &t.ident);
        let hidden = self.closures.iter().map(|_| quote!(_));
        turbofish(quote!(#(#written,)* #(#implied,)* #(#hidden,)*))
    }

    /// `::<T, N>`: what the plain function takes.
    pub(crate) fn plain_arguments(&self) -> TokenStream {
        let own = self.own.iter().map(name);
        turbofish(quote!(#(#own,)*))
    }
}

fn angle(list: TokenStream) -> TokenStream {
    if list.is_empty() {
        list
    } else {
        quote!(<#list>)
    }
}

fn turbofish(list: TokenStream) -> TokenStream {
    if list.is_empty() {
        list
    } else {
        quote!(::<#list>)
    }
}

fn where_clause<'a>(predicates: impl Iterator<Item = &'a WherePredicate>) -> TokenStream {
    let predicates: Vec<_> = predicates.collect();
    if predicates.is_empty() {
        TokenStream::new()
    } else {
        quote!(where #(#predicates,)*)
    }
}

fn name(param: &GenericParam) -> &Ident {
    match param {
        GenericParam::Type(t) => &t.ident,
        GenericParam::Const(c) => &c.ident,
        GenericParam::Lifetime(l) => &l.lifetime.ident,
    }
}

/// The parameters and predicates without lifetimes, attributes and defaults.
fn clean(generics: &Generics) -> (Vec<GenericParam>, Vec<WherePredicate>) {
    let params = generics.params.iter().filter_map(|p| match p {
        GenericParam::Lifetime(_) => None,
        GenericParam::Type(t) => {
            let bounds = t
                .bounds
                .iter()
                .filter(|b| lifetimes::is_kept(b))
                .cloned()
                .collect();
            let (attrs, default) = (Vec::new(), None);
            Some(GenericParam::Type(TypeParam {
                attrs,
                bounds,
                default,
                ..t.clone()
            }))
        }
        GenericParam::Const(c) => {
            let mut c = c.clone();
            c.attrs.clear();
            c.default = None;
            Some(GenericParam::Const(c))
        }
    });
    let predicates = generics
        .where_clause
        .iter()
        .flat_map(|w| &w.predicates)
        .filter_map(|p| match p {
            WherePredicate::Type(t) => {
                let mut t = t.clone();
                t.bounds = t.bounds.into_iter().filter(lifetimes::is_kept).collect();
                (!t.bounds.is_empty()).then_some(WherePredicate::Type(t))
            }
            _ => None,
        });
    (params.collect(), predicates.collect())
}
