//! Which of a function's other attributes go where.

use crate::report::Report;
use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// The attributes of a function, sorted.
#[derive(Default)]
pub(crate) struct Attrs {
    /// For the constructor of nodes.
    pub(crate) constructor: Vec<Attribute>,
    /// For the plain function.
    pub(crate) plain: Vec<Attribute>,
    /// For every item that is generated.
    pub(crate) cfgs: Vec<Attribute>,
    has_docs: bool,
}

impl Attrs {
    pub(crate) fn new(attrs: &[Attribute]) -> Attrs {
        let mut sorted = Attrs::default();
        for attr in attrs {
            let name = attr
                .path()
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            match name.as_str() {
                "deprecated" => sorted.constructor.push(attr.clone()),
                "doc" | "must_use" | "allow" | "warn" | "deny" | "forbid" => {
                    sorted.has_docs |= name == "doc";
                    sorted.constructor.push(attr.clone());
                    sorted.plain.push(attr.clone());
                }
                _ if is_own(attr) => {}
                "cfg" => sorted.cfgs.push(attr.clone()),
                _ => sorted.plain.push(attr.clone()),
            }
        }
        sorted
    }

    /// The line that generated documentation ends with, set off from what the user wrote.
    pub(crate) fn note(&self, text: &str) -> TokenStream {
        let gap = self.has_docs.then(|| quote!(#[doc = ""]));
        quote!(#gap #[doc = #text])
    }
}

/// Takes `#[delayed(..)]` out of a method's attributes.
pub(crate) fn take_own(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs.extract_if(.., |a| is_own(a)).collect()
}

pub(crate) fn is_own(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|s| s.ident == "delayed")
}

/// Refuses attributes that cannot be served.
pub(crate) fn validate(attrs: &[Attribute], report: &mut Report) {
    for attr in attrs {
        if attr.path().is_ident("target_feature") {
            report.on(
                attr,
                "a `#[target_feature]` function is unsafe to call from a task.\nWrap it in a function that checks the feature, and put `#[delayed]` on that",
            );
        } else if is_own(attr) {
            report.on(
                attr,
                "`#[delayed]` is given twice; put all the options into one",
            );
        }
    }
}
