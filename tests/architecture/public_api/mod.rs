//! The public surface as text, `public_api.txt`: a change of it is a change of that file.
//!
//! To accept one: `PUBLIC_API=overwrite cargo test --test architecture`, then read the difference as a user would.
//!
//! It is read from the sources, so that no compiler of a certain day is needed. What a macro writes is shown as the macro
//! has it, with what it is called with.

mod items;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proc_macro2::TokenTree;
use quote::{ToTokens, quote};
use syn::{Attribute, ImplItem, Item};

use crate::sources::{Crate, Names, root};
use items::{
    attributes, cfgs, definition, has, heads, is_for_tests, is_hidden, is_public, is_punct, method,
    name_of, names_of, rows_of, visibility,
};
use text::text;

const STORED: &str = "tests/architecture/public_api.txt";

#[test]
fn the_public_surface_is_the_one_that_is_stored() {
    let now = surface("src", "lazygraph");
    let path = root().join(STORED);
    if std::env::var("PUBLIC_API").is_ok_and(|wish| wish == "overwrite") {
        fs::write(&path, &now).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    let stored = stored.replace('\r', "");
    let (old, new) = (lines(&stored), lines(&now));
    let gone = old.difference(&new).map(|line| format!("- {line}"));
    let come = new.difference(&old).map(|line| format!("+ {line}"));
    let changes: Vec<String> = gone.chain(come).collect();
    assert!(
        now == stored,
        "the public surface is another than {STORED}:\n{}\n\
         Is it meant? Then `PUBLIC_API=overwrite cargo test --test architecture`.",
        changes.join("\n")
    );
}

/// Each line, behind the item that it belongs to.
fn lines(surface: &str) -> BTreeSet<String> {
    let mut item = "";
    let lines = surface.lines().filter(|line| !line.is_empty());
    let with_item = lines.map(|line| {
        if !line.starts_with(' ') {
            item = line;
            return line.to_owned();
        }
        format!("{item}: {}", line.trim_start())
    });
    with_item.collect()
}

/// What one public item is: its definition, then methods and traits.
#[derive(Default)]
struct Entry {
    definition: Vec<String>,
    methods: BTreeMap<String, BTreeSet<String>>,
    traits: BTreeSet<String>,
}

/// Where a path leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Item(Names, String),
    Module(Names),
}

#[derive(Default)]
struct Surface {
    /// The items of each module, those of tests apart.
    modules: BTreeMap<Names, Vec<Item>>,
    /// Under which name each is reached.
    public: BTreeMap<Found, String>,
    entries: BTreeMap<String, Entry>,
}

fn surface(folder: &str, name: &str) -> String {
    let mut surface = Surface::default();
    let sources = Crate::read(folder);
    for file in &sources.files {
        let text = fs::read_to_string(root().join(&file.name)).unwrap();
        let inside = match file.module[..] == ["lib"] {
            true => Vec::new(),
            false => file.module.clone(),
        };
        surface.spread(inside, syn::parse_file(&text).unwrap().items);
    }
    let scopes = sources.files.iter().flat_map(|file| &file.scopes);
    let of_tests: Vec<&Names> = scopes.filter(|s| s.in_tests).map(|s| &s.module).collect();
    let modules = &mut surface.modules;
    modules.retain(|module, _| !of_tests.iter().any(|tests| module.starts_with(tests)));
    surface.module(&[], name);
    let modules = surface.modules.clone();
    for (module, items) in &modules {
        for item in items {
            match item {
                Item::Impl(block) => surface.block(module, block),
                Item::Macro(item) if has(&item.attrs, "macro_export") => {
                    surface.exported_macro(item)
                }
                _ => {}
            }
        }
    }
    surface.macros();
    surface.text()
}

fn below(module: &[String], name: &impl ToString) -> Names {
    let path = module.iter().cloned();
    path.chain([name.to_string()]).collect()
}

impl Surface {
    /// Sorts items into their modules.
    fn spread(&mut self, module: Names, items: Vec<Item>) {
        for item in &items {
            if let Item::Mod(inner) = item
                && let Some((_, items)) = &inner.content
            {
                self.spread(below(&module, &inner.ident), items.clone());
            }
        }
        self.modules.insert(module, items);
    }

    // -------------------------------------------------------------- names

    /// What a path that is written in `module` leads to; `None`: out of the crate, or to what a macro writes.
    fn find(&self, module: &[String], path: &[String]) -> Option<Found> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.find_in(&[], rest),
            "self" => self.find_in(module, rest),
            "super" => self.find(module.split_last()?.1, &below_self(rest)),
            _ => self.find_in(module, path),
        }
    }

    fn find_in(&self, module: &[String], path: &[String]) -> Option<Found> {
        let Some((name, rest)) = path.split_first() else {
            return Some(Found::Module(module.to_vec()));
        };
        if name == "super" {
            return self.find_in(module.split_last()?.1, rest);
        }
        let child = below(module, name);
        if !rest.is_empty() && self.modules.contains_key(&child) {
            return self.find_in(&child, rest);
        }
        let items = self.modules.get(module)?;
        let is_it = |item: &&Item| name_of(item).is_some_and(|found| found == *name);
        if items.iter().any(|item| is_it(&item)) {
            return Some(Found::Item(module.to_vec(), name.clone()));
        }
        let imports = items.iter().filter_map(|item| match item {
            Item::Use(item) => Some(names_of(&item.tree)),
            _ => None,
        });
        for (known, to) in imports.flatten() {
            if known == *name && to != [name.as_str()] {
                return self.find(module, &to);
            }
        }
        let is_module = self.modules.contains_key(&child);
        is_module.then_some(Found::Module(child))
    }

    /// How a type or trait is reached: `None` if it is not of this crate, or written by a macro.
    fn reached(&self, module: &[String], path: &syn::Path) -> Option<Reached> {
        let names: Names = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let found = self.find(module, &names)?;
        Some(match self.public.get(&found) {
            Some(path) => Reached::As(path.clone()),
            None => Reached::Not,
        })
    }

    // -------------------------------------------------------------- what is public

    /// What is public in a module that is reached as `path`. What is brought into it comes first: the shortest name counts.
    fn module(&mut self, module: &[String], path: &str) {
        let items = self.modules.get(module).cloned().unwrap_or_default();
        let shown = |item: &&Item| !attributes(item).iter().any(is_hidden);
        for item in items.iter().filter(shown) {
            if let Item::Use(item) = item
                && is_public(&item.vis)
            {
                for (name, to) in names_of(&item.tree) {
                    self.reexport(module, path, &name, &to, &item.attrs);
                }
            }
        }
        for item in items.iter().filter(shown) {
            if visibility(item).is_some_and(is_public) {
                let name = name_of(item).expect("it has a name");
                self.define(module, &name, &format!("{path}::{name}"), &[]);
            }
        }
        for item in items.iter().filter(shown) {
            if let Item::Mod(item) = item
                && is_public(&item.vis)
            {
                let path = format!("{path}::{}", item.ident);
                self.module(&below(module, &item.ident), &path);
            }
        }
    }

    fn reexport(
        &mut self,
        module: &[String],
        path: &str,
        name: &str,
        to: &[String],
        attrs: &[Attribute],
    ) {
        let full = format!("{path}::{name}");
        match self.find(module, to) {
            Some(Found::Item(home, item)) if name != "_" => self.define(&home, &item, &full, attrs),
            Some(Found::Module(inner)) => self.module(&inner, &full),
            _ => {
                let last = to.last().expect("a path has a name");
                let renamed = if last == name {
                    String::new()
                } else {
                    format!(" as {name}")
                };
                let of = to
                    .first()
                    .filter(|of| !self.modules.contains_key(&vec![(*of).clone()]));
                let of = of.filter(|of| *of != "crate").map(|of| format!("{of}::"));
                let of = of.unwrap_or_default();
                let line = format!("{}pub use {of}{last}{renamed}", cfgs(attrs));
                self.entry(path).definition.push(line);
            }
        }
    }

    fn define(&mut self, home: &[String], name: &str, path: &str, attrs: &[Attribute]) {
        let found = Found::Item(home.to_vec(), name.to_owned());
        if let Some(known) = self.public.get(&found) {
            let line = format!("pub use {known}");
            self.entry(path).definition.push(line);
            return;
        }
        let items = self.modules[home].iter();
        let lines: Vec<String> = items
            .filter(|item| name_of(item).is_some_and(|found| found == name))
            .flat_map(|item| definition(item, attrs))
            .collect();
        self.public.insert(found, path.to_owned());
        self.entry(path).definition.extend(lines);
    }

    fn entry(&mut self, path: &str) -> &mut Entry {
        self.entries.entry(path.to_owned()).or_default()
    }

    fn exported_macro(&mut self, item: &syn::ItemMacro) {
        let name = item.ident.as_ref().expect("it has a name");
        let tokens: Vec<TokenTree> = item.mac.tokens.clone().into_iter().collect();
        // `(pattern) => {..};`
        let patterns = tokens
            .windows(2)
            .filter(|pair| matches!(pair[0], TokenTree::Group(_)) && is_punct(&pair[1], '='));
        let lines =
            patterns.map(|pair| format!("macro {name}! {}", text(pair[0].to_token_stream())));
        let lines: Vec<String> = lines.collect();
        self.entry(&format!("lazygraph::{name}!"))
            .definition
            .extend(lines);
    }

    /// Methods, and traits that are implemented for what is public, or that are public.
    fn block(&mut self, module: &[String], block: &syn::ItemImpl) {
        if block.attrs.iter().any(is_for_tests) {
            return;
        }
        let mut of = &*block.self_ty;
        while let syn::Type::Reference(to) = of {
            of = &to.elem;
        }
        let of = match of {
            syn::Type::Path(of) => self.reached(module, &of.path),
            _ => None,
        };
        let (generics, bounds) = (&block.generics, &block.generics.where_clause);
        let whose = &block.self_ty;
        let cfg = cfgs(&block.attrs);
        let Some((by, _)) = &block.trait_ else {
            let methods: Vec<String> = block.items.iter().filter_map(method).collect();
            if let Some(Reached::As(path)) = of
                && !methods.is_empty()
            {
                let header = cfg + &text(quote!(impl #generics #whose #bounds));
                let known = self.entry(&path).methods.entry(header).or_default();
                known.extend(methods);
            }
            return;
        };
        let path = match (of, self.reached(module, by)) {
            (Some(Reached::Not), _) | (_, Some(Reached::Not)) | (None, None) => return,
            (Some(Reached::As(path)), _) | (None, Some(Reached::As(path))) => path,
        };
        let types = block.items.iter().filter_map(|item| match item {
            ImplItem::Type(of) => Some((&of.ident, &of.ty)),
            _ => None,
        });
        let types: String = types
            .map(|(name, of)| format!(", {name} = {}", text(of.to_token_stream())))
            .collect();
        let header = cfg + &text(quote!(impl #generics #by for #whose #bounds)) + &types;
        self.entry(&path).traits.insert(header);
    }

    /// Macros that write what is public: the heads of that, and what the macros are called with.
    fn macros(&mut self) {
        let last = |path: &String| path.rsplit("::").next().unwrap_or_default().to_owned();
        let known: BTreeSet<String> = self.public.values().map(last).collect();
        let (mut calls, mut writes) = (BTreeMap::new(), BTreeMap::new());
        for item in self.modules.values().flatten() {
            let Item::Macro(item) = item else { continue };
            let tokens = item.mac.tokens.clone();
            if let Some(name) = &item.ident {
                let found: &mut BTreeSet<String> = writes.entry(name.to_string()).or_default();
                heads(tokens, &known, found);
            } else {
                let name = item.mac.path.segments.last().expect("a path has a name");
                let rows: &mut BTreeSet<String> = calls.entry(name.ident.to_string()).or_default();
                rows.extend(rows_of(tokens));
            }
        }
        writes.retain(|_, heads| !heads.is_empty());
        for (name, heads) in writes {
            let rows = calls.remove(&name).unwrap_or_default();
            let entry = self.entry(&format!("what {name}! writes"));
            entry.traits = heads;
            entry.methods.insert("of each".to_owned(), rows);
        }
    }

    fn text(&self) -> String {
        let mut out = "The public surface of lazygraph, as public_api.rs reads it.\n".to_owned();
        for (path, entry) in &self.entries {
            let mut lines = vec![path.clone()];
            lines.extend(entry.definition.iter().map(|line| format!("  {line}")));
            for (header, methods) in &entry.methods {
                lines.push(format!("  {header}"));
                lines.extend(methods.iter().map(|method| format!("    {method}")));
            }
            lines.extend(entry.traits.iter().map(|line| format!("  {line}")));
            out += &format!("\n{}\n", lines.join("\n"));
        }
        out
    }
}

fn below_self(rest: &[String]) -> Names {
    ["self".to_owned()]
        .into_iter()
        .chain(rest.to_vec())
        .collect()
}

/// How users name something of this crate, if they can.
enum Reached {
    As(String),
    Not,
}
