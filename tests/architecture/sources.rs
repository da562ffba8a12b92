//! What the sources say about themselves: the items that they define, the paths that they use, where they allow `unsafe`.
//!
//! Items and imports are read as syntax. Paths are read as tokens, those in macros included; comments, strings and what a
//! macro writes as `$crate` do not count.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Item, UseTree};

/// A path as its segments.
pub(crate) type Names = Vec<String>;

/// The sources of one crate.
pub(crate) struct Crate {
    pub(crate) files: Vec<Source>,
}

/// One file.
pub(crate) struct Source {
    /// `src/plan/mod.rs`.
    pub(crate) name: String,
    /// `["plan"]`; the root is `["lib"]`.
    pub(crate) module: Names,
    pub(crate) lines: usize,
    /// Its first line, if that says what it is.
    pub(crate) says: Option<String>,
    pub(crate) scopes: Vec<Scope>,
    /// The modules that it allows `unsafe` in.
    pub(crate) rooms: Names,
    /// The modules that it declares under `cfg(test)`.
    test_modules: Vec<Names>,
}

/// One module of a file: the file's own, or one that is written in it.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) module: Names,
    pub(crate) in_tests: bool,
    /// What it defines.
    pub(crate) items: Vec<Defined>,
    /// What it imports, by the name that it has here: the path as it is written.
    pub(crate) imports: Vec<(String, Names)>,
    /// Modules of which it imports everything.
    pub(crate) globs: Vec<Names>,
    /// Modules that it declares.
    pub(crate) children: Vec<String>,
    /// Types that it has inherent `impl`s of, as they are written.
    pub(crate) impls: Vec<Names>,
    /// Paths of more than one segment, and where.
    pub(crate) paths: Vec<Names>,
}

pub(crate) struct Defined {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Type,
    Value,
    Macro,
}

impl Source {
    /// `plan`.
    pub(crate) fn layer(&self) -> &str {
        &self.module[0]
    }

    pub(crate) fn is_facade(&self) -> bool {
        self.name.ends_with("/mod.rs")
    }

    /// The folder that it stands in.
    pub(crate) fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

impl Crate {
    /// The sources below a folder of the repository.
    pub(crate) fn read(folder: &str) -> Crate {
        let paths = rust_files(&root().join(folder));
        let read = paths.iter().map(|path| {
            let name = path.strip_prefix(root()).unwrap();
            let name = name.to_string_lossy().replace('\\', "/");
            let below = name.strip_prefix(folder).unwrap().trim_start_matches('/');
            Source::read(&name, below, &fs::read_to_string(path).unwrap())
        });
        Crate::of(read.collect())
    }

    fn of(mut files: Vec<Source>) -> Crate {
        // A module declared under `cfg(test)` is a test, with all that is below it.
        let tests: Vec<Names> = files.iter().flat_map(|f| f.test_modules.clone()).collect();
        for file in &mut files {
            if tests.iter().any(|module| file.module.starts_with(module)) {
                file.scopes
                    .iter_mut()
                    .for_each(|scope| scope.in_tests = true);
            }
        }
        Crate { files }
    }
}

impl Source {
    fn read(name: &str, below: &str, text: &str) -> Source {
        let module = below.trim_end_matches(".rs").trim_end_matches("/mod");
        let module: Names = module.split('/').map(str::to_owned).collect();
        let tree = syn::parse_file(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let first = text.lines().next().unwrap_or_default();
        let mut source = Source {
            name: name.to_owned(),
            lines: text.lines().count(),
            says: first.strip_prefix("//! ").map(str::to_owned),
            scopes: Vec::new(),
            rooms: Vec::new(),
            test_modules: Vec::new(),
            module,
        };
        let inside = match source.layer() {
            "lib" => Vec::new(),
            _ => source.module.clone(),
        };
        if tree.attrs.iter().any(lifts_unsafe) {
            source.rooms.push(inside.join("::"));
        }
        source.scope(inside, &tree.items, false);
        source
    }

    fn scope(&mut self, module: Names, items: &[Item], in_tests: bool) {
        let mut scope = Scope {
            module: module.clone(),
            in_tests,
            ..Scope::default()
        };
        for item in items {
            let attributes = attributes(item);
            let tested = in_tests || attributes.iter().any(is_for_tests);
            if attributes.iter().any(lifts_unsafe) && !matches!(item, Item::Mod(_)) {
                self.rooms.push(format!("an item of {}", module.join("::")));
            }
            // Functions that stand in a tested item, and its paths, are a test's.
            if tested != in_tests && !matches!(item, Item::Mod(_)) {
                continue;
            }
            let define = |name: &syn::Ident, kind| Defined {
                name: name.to_string(),
                kind,
            };
            match item {
                Item::Use(item) => flatten(&item.tree, &mut Vec::new(), &mut scope),
                Item::Mod(item) => {
                    let name = item.ident.to_string();
                    let path: Names = module.iter().cloned().chain([name.clone()]).collect();
                    if item.attrs.iter().any(lifts_unsafe) {
                        self.rooms.push(path.join("::"));
                    }
                    match &item.content {
                        Some((_, items)) => self.scope(path, items, tested),
                        None if tested && !in_tests => self.test_modules.push(path),
                        None => {}
                    }
                    scope.children.push(name);
                    continue;
                }
                Item::Struct(i) => scope.items.push(define(&i.ident, Kind::Type)),
                Item::Enum(i) => scope.items.push(define(&i.ident, Kind::Type)),
                Item::Union(i) => scope.items.push(define(&i.ident, Kind::Type)),
                Item::Trait(i) => scope.items.push(define(&i.ident, Kind::Type)),
                Item::Type(i) => scope.items.push(define(&i.ident, Kind::Type)),
                Item::Fn(i) => scope.items.push(define(&i.sig.ident, Kind::Value)),
                Item::Const(i) => scope.items.push(define(&i.ident, Kind::Value)),
                Item::Static(i) => scope.items.push(define(&i.ident, Kind::Value)),
                Item::Macro(i) => {
                    if let Some(name) = &i.ident {
                        scope.items.push(define(name, Kind::Macro));
                    }
                }
                Item::Impl(i) => {
                    if let (None, syn::Type::Path(of)) = (&i.trait_, &*i.self_ty) {
                        scope.impls.push(segments(&of.path));
                    }
                }
                _ => {}
            }
            if !matches!(item, Item::Use(_)) {
                gather(quote::ToTokens::to_token_stream(item), &mut scope.paths);
            }
        }
        self.scopes.push(scope);
    }
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}

fn segments(path: &syn::Path) -> Names {
    path.segments.iter().map(|s| s.ident.to_string()).collect()
}

fn flatten(tree: &UseTree, before: &mut Names, scope: &mut Scope) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, scope);
            before.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|t| flatten(t, before, scope)),
        UseTree::Glob(_) => scope.globs.push(before.clone()),
        UseTree::Name(name) => {
            let (mut path, name) = (before.clone(), name.ident.to_string());
            match name == "self" {
                true => {
                    let name = path.last().cloned().unwrap_or_default();
                    scope.imports.push((name, path));
                }
                false => {
                    path.push(name.clone());
                    scope.imports.push((name, path));
                }
            }
        }
        UseTree::Rename(rename) => {
            let mut path = before.clone();
            if rename.ident != "self" {
                path.push(rename.ident.to_string());
            }
            scope.imports.push((rename.rename.to_string(), path));
        }
        #[allow(unreachable_patterns, reason = "the enum may grow")]
        _ => {}
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let words = words(quote::ToTokens::to_token_stream(attribute));
    words.first().is_some_and(|w| w == "cfg")
        && words.iter().any(|w| w == "test")
        && !words.iter().any(|w| w == "not" || w == "any")
        || words.first().is_some_and(|w| w == "cfg")
            && words[1..].iter().take(2).eq(["all", "test"])
}

/// Whether an attribute allows `unsafe`.
fn lifts_unsafe(attribute: &syn::Attribute) -> bool {
    let words = words(quote::ToTokens::to_token_stream(attribute));
    let lifts = ["allow", "expect", "warn"]
        .iter()
        .any(|level| words.first().is_some_and(|w| w == level));
    lifts && words.iter().any(|word| word == "unsafe_code")
}

/// The identifiers in `tokens`, in order.
fn words(tokens: TokenStream) -> Names {
    let mut found = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => found.push(ident.to_string()),
            TokenTree::Group(group) => found.extend(words(group.stream())),
            _ => {}
        }
    }
    found
}

fn is(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == punct)
}

/// The paths of more than one segment in `tokens`.
fn gather(tokens: TokenStream, paths: &mut Vec<Names>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => gather(group.stream(), paths),
            TokenTree::Ident(first) => {
                let before = at.checked_sub(1).map(|i| &tokens[i]);
                let follows =
                    is(before, ':') && at >= 2 && is(tokens.get(at - 2), ':') || is(before, '$');
                let mut path = vec![first.to_string()];
                let mut next = at + 1;
                while is(tokens.get(next), ':')
                    && is(tokens.get(next + 1), ':')
                    && let Some(TokenTree::Ident(ident)) = tokens.get(next + 2)
                {
                    path.push(ident.to_string());
                    next += 3;
                }
                // `use a::{b, c}` in the body of a function.
                if path.len() > 1 && !follows {
                    if is(tokens.get(next), ':')
                        && is(tokens.get(next + 1), ':')
                        && let Some(TokenTree::Group(group)) = tokens.get(next + 2)
                        && let Ok(tree) =
                            syn::parse2::<UseTree>(quote::ToTokens::to_token_stream(group))
                    {
                        let mut scope = Scope::default();
                        flatten(&tree, &mut path.clone(), &mut scope);
                        paths.extend(scope.imports.into_iter().map(|(_, path)| path));
                    } else {
                        paths.push(path);
                    }
                    at = next;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
}

// ------------------------------------------------------------------ names

/// What a path leads to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Target {
    /// An item: the file that defines it, and its name.
    Item(usize, String),
    /// A module, and the file that it is written in.
    Module(usize, Names),
}

/// Finds what paths lead to, through imports and re-exports.
pub(crate) struct Finder<'c> {
    scopes: BTreeMap<Names, (usize, &'c Scope)>,
}

impl<'c> Finder<'c> {
    pub(crate) fn of(sources: &'c Crate) -> Finder<'c> {
        let files = sources.files.iter().enumerate();
        let scopes =
            files.flat_map(|(i, file)| file.scopes.iter().map(move |s| (s.module.clone(), (i, s))));
        Finder {
            scopes: scopes.collect(),
        }
    }

    /// What `path`, written in `module`, leads to; `None`: out of the crate, or to what is not an item (a method, a local).
    pub(crate) fn find(&self, module: &[String], path: &[String]) -> Option<Target> {
        self.find_within(module, path, 0)
    }

    fn find_within(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        if depth > 32 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let start: Names = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            name => {
                // In scope: its own, imported, a child.
                let found = self.named(module, name, !rest.is_empty(), depth)?;
                return self.go_on(found, rest, depth);
            }
        };
        let (file, _) = self.scopes.get(&start)?;
        self.go_on(Target::Module(*file, start), rest, depth)
    }

    /// Goes on from a target along the rest of a path.
    fn go_on(&self, from: Target, rest: &[String], depth: usize) -> Option<Target> {
        let Some((next, rest)) = rest.split_first() else {
            return Some(from);
        };
        match from {
            Target::Module(_, module) if next == "super" => {
                let above = module.split_last()?.1.to_vec();
                let (file, _) = self.scopes.get(&above)?;
                self.go_on(Target::Module(*file, above), rest, depth)
            }
            Target::Module(_, module) => {
                let found = self.named(&module, next, !rest.is_empty(), depth)?;
                self.go_on(found, rest, depth)
            }
            // A variant, an associated function.
            item => Some(item),
        }
    }

    /// What a name means in a module. Where a path `leads_on` from it, a module comes before a function or macro of the
    /// same name.
    fn named(&self, module: &[String], name: &str, leads_on: bool, depth: usize) -> Option<Target> {
        let (file, scope) = self.scopes.get(module)?;
        let child = scope.children.iter().any(|child| child == name);
        if leads_on && child {
            return self.child(module, name);
        }
        if scope.items.iter().any(|item| item.name == name) {
            return Some(Target::Item(*file, name.to_owned()));
        }
        if let Some((_, path)) = scope
            .imports
            .iter()
            .find(|(known, path)| known == name && path[..] != [name])
        {
            return self.find_within(module, path, depth + 1);
        }
        if child {
            return self.child(module, name);
        }
        scope.globs.iter().find_map(|glob| {
            let Target::Module(_, inside) = self.find_within(module, glob, depth + 1)? else {
                return None;
            };
            match inside == module {
                true => None,
                false => self.named(&inside, name, leads_on, depth + 1),
            }
        })
    }

    fn child(&self, module: &[String], name: &str) -> Option<Target> {
        let below: Names = module.iter().cloned().chain([name.to_owned()]).collect();
        let (file, _) = self.scopes.get(&below)?;
        Some(Target::Module(*file, below))
    }
}

#[test]
fn paths_are_found_in_all_their_forms() {
    let read = |name: &str, text| Source::read(name, name.trim_start_matches("src/"), text);
    let sources = Crate::of(vec![
        read("src/lib.rs", "mod base; mod exec; pub use exec::Run;"),
        read(
            "src/base/mod.rs",
            "mod error; pub(crate) mod sync; pub use error::{Error, Kind as ErrorKind};",
        ),
        read(
            "src/base/error.rs",
            "pub struct Error; pub enum Kind { A } impl Error {}",
        ),
        read(
            "src/base/sync.rs",
            "pub(crate) use real::*; mod real { pub struct Lock; }",
        ),
        read(
            "src/exec/mod.rs",
            "mod run; mod wait; #[cfg(test)] mod tests; pub(crate) use run::Run;",
        ),
        read(
            "src/exec/run.rs",
            r#"
                //! crate::not::this
                use crate::base::{self, Error};
                pub struct Run;
                #[doc = "super::wait::nor_this"]
                fn f() { base::sync::Lock; "super::wait::no"; assert!(crate::base::ErrorKind::A) }
                #[allow(unsafe_code)]
                mod room { use super::super::wait::sleep; }
                #[cfg(test)]
                mod tests { use super::super::tests::x; }
                macro_rules! m { () => { $crate::exec::wait::y!() } }
            "#,
        ),
        read(
            "src/exec/wait.rs",
            "use super::Run; pub fn sleep() {} impl Run {}",
        ),
        read(
            "src/exec/tests.rs",
            "pub fn x() { crate::exec::wait::sleep() }",
        ),
    ]);
    let finder = Finder::of(&sources);
    let used = |file: usize, in_tests: bool| {
        let scopes = sources.files[file].scopes.iter();
        let paths = scopes.filter(|s| s.in_tests == in_tests).flat_map(|scope| {
            let imports = scope.imports.iter().map(|(_, path)| path);
            let found = imports
                .chain(&scope.paths)
                .chain(&scope.impls)
                .chain(&scope.globs);
            found.filter_map(|path| finder.find(&scope.module, path))
        });
        let names = paths.map(|target| match target {
            Target::Item(at, name) => format!("{} {name}", sources.files[at].name),
            Target::Module(at, _) => sources.files[at].name.clone(),
        });
        names
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        used(5, false),
        [
            "src/base/error.rs Error",
            "src/base/error.rs Kind",
            "src/base/mod.rs",
            "src/base/sync.rs Lock",
            "src/exec/wait.rs sleep",
        ]
    );
    assert_eq!(used(5, true), ["src/exec/tests.rs x"]);
    assert_eq!(used(6, false), ["src/exec/run.rs Run"]);
    assert_eq!(used(7, false), [""; 0]);
    assert_eq!(used(7, true), ["src/exec/wait.rs sleep"]);
    assert_eq!(sources.files[5].rooms, ["exec::run::room"]);
}
