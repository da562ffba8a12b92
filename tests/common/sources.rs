//! What the sources of `src` say about themselves: the paths that they use, the modules where they allow `unsafe`.
//!
//! They are read as tokens, so comments, strings and what a macro writes as `$crate` do not count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, iter};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::OUTSIDE;

/// One file of `src`.
pub(crate) struct Source {
    /// `src/plan/mod.rs`.
    pub(crate) name: String,
    /// `["plan"]`; the root is `["lib"]`.
    pub(crate) module: Vec<String>,
    pub(crate) uses: Vec<Use>,
    /// The modules that it allows `unsafe` in.
    pub(crate) rooms: Vec<String>,
    /// The modules that it declares under `cfg(test)`.
    test_modules: Vec<Vec<String>>,
}

/// A path to a module of this crate, or to a crate of `OUTSIDE`.
pub(crate) struct Use {
    /// `graph::Traits`.
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) in_tests: bool,
}

impl Source {
    pub(crate) fn layer(&self) -> &str {
        &self.module[0]
    }
}

impl Use {
    pub(crate) fn layer(&self) -> &str {
        self.path.split("::").next().unwrap_or_default()
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn name_of(file: &Path) -> String {
    let name = file.strip_prefix(root()).unwrap_or(file);
    name.to_string_lossy().replace('\\', "/")
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

pub(crate) fn sources() -> Vec<Source> {
    let mut sources: Vec<Source> = rust_files(&root().join("src"))
        .iter()
        .map(|file| read(file))
        .collect();
    // A module declared under `cfg(test)` is a test, with all that is below it.
    let tests: Vec<_> = sources
        .iter()
        .flat_map(|file| file.test_modules.clone())
        .collect();
    for file in &mut sources {
        if tests.iter().any(|module| file.module.starts_with(module)) {
            file.uses.iter_mut().for_each(|used| used.in_tests = true);
        }
    }
    sources
}

fn read(file: &Path) -> Source {
    let name = name_of(file);
    let module = name
        .trim_start_matches("src/")
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    let module: Vec<String> = module.split('/').map(str::to_owned).collect();
    let text = fs::read_to_string(file).unwrap();
    let tokens: TokenStream = text.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut source = Source {
        name,
        module,
        uses: Vec::new(),
        rooms: Vec::new(),
        test_modules: Vec::new(),
    };
    let inside = match source.layer() {
        "lib" => Vec::new(),
        _ => source.module.clone(),
    };
    source.gather(tokens, &inside, false);
    source
}

impl Source {
    /// Gathers from the tokens of one group; `module` is the one they stand in.
    fn gather(&mut self, tokens: TokenStream, module: &[String], in_tests: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        // What the attributes since the end of the last item say.
        let (mut tested, mut unsafety) = (false, false);
        let mut declared: Option<Vec<String>> = None;
        for (at, token) in tokens.iter().enumerate() {
            let before = |back: usize| at.checked_sub(back).map(|i| &tokens[i]);
            match token {
                TokenTree::Group(group) if before(1).is_some_and(|t| is(t, "#")) => {
                    let words = words(group.stream());
                    tested |= words.starts_with(&["cfg".into(), "test".into()]);
                    unsafety |= lifts_unsafe(&words);
                }
                TokenTree::Group(group)
                    if before(2).is_some_and(|t| is(t, "#"))
                        && before(1).is_some_and(|t| is(t, "!"))
                        && lifts_unsafe(&words(group.stream())) =>
                {
                    self.rooms.push(module.join("::"));
                }
                TokenTree::Group(group) => {
                    let inside = declared.take().unwrap_or_else(|| module.to_vec());
                    self.gather(group.stream(), &inside, in_tests || tested);
                    if group.delimiter() == Delimiter::Brace {
                        self.end_of_item(module, token, &mut unsafety);
                        tested = false;
                    }
                }
                TokenTree::Ident(ident) if ident == "mod" => {
                    let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
                        continue;
                    };
                    let path: Vec<String> =
                        module.iter().cloned().chain([name.to_string()]).collect();
                    if std::mem::take(&mut unsafety) {
                        self.rooms.push(path.join("::"));
                    }
                    match tokens.get(at + 2) {
                        Some(TokenTree::Group(_)) => declared = Some(path),
                        _ if tested => self.test_modules.push(path),
                        _ => {}
                    }
                }
                TokenTree::Ident(ident) => {
                    let follows = before(1).is_some_and(|t| is(t, ":") || is(t, "$"));
                    if !follows {
                        self.path(
                            &ident.to_string(),
                            &tokens[at..],
                            module,
                            in_tests || tested,
                        );
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    self.end_of_item(module, token, &mut unsafety);
                    tested = false;
                }
                _ => {}
            }
        }
    }

    /// An item has ended, and no module has answered for an `allow(unsafe_code)` on it.
    fn end_of_item(&mut self, module: &[String], end: &TokenTree, unsafety: &mut bool) {
        if std::mem::take(unsafety) {
            let line = end.span().start().line;
            self.rooms
                .push(format!("{}, line {line}", module.join("::")));
        }
    }

    /// Notes the path that `tokens` begin with, if it leaves the layer's module.
    fn path(&mut self, first: &str, tokens: &[TokenTree], module: &[String], in_tests: bool) {
        let line = tokens[0].span().start().line;
        let mut rest = tokens;
        let from: Vec<String> = match first {
            "crate" => Vec::new(),
            "super" => {
                let mut ups = 0;
                while let [TokenTree::Ident(ident), a, b, tail @ ..] = rest
                    && ident == "super"
                    && is(a, ":")
                    && is(b, ":")
                {
                    (ups, rest) = (ups + 1, tail);
                }
                let Some(left) = module.len().checked_sub(ups) else {
                    panic!("{}:{line}: too many `super`", self.name)
                };
                if left > 0 || ups == 0 {
                    return;
                }
                for path in paths(rest) {
                    self.uses.push(Use {
                        path: path.join("::"),
                        line,
                        in_tests,
                    });
                }
                return;
            }
            name if OUTSIDE.iter().any(|(outside, _)| *outside == name) => vec![name.to_owned()],
            _ => return,
        };
        let [_, a, b, rest @ ..] = tokens else { return };
        if !(is(a, ":") && is(b, ":")) {
            return;
        }
        for path in paths(rest) {
            let path: Vec<String> = from.iter().cloned().chain(path).collect();
            self.uses.push(Use {
                path: path.join("::"),
                line,
                in_tests,
            });
        }
    }
}

/// Whether an attribute allows `unsafe`.
fn lifts_unsafe(words: &[String]) -> bool {
    let lifts = ["allow", "expect", "warn"]
        .iter()
        .any(|level| words.first().is_some_and(|first| first == level));
    lifts && words.iter().any(|word| word == "unsafe_code")
}

/// The identifiers in `tokens`, in order.
fn words(tokens: TokenStream) -> Vec<String> {
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

fn is(token: &TokenTree, punct: &str) -> bool {
    matches!(token, TokenTree::Punct(p) if punct.starts_with(p.as_char()))
}

/// The paths that begin here: one, or the branches of `a::{b, c::d}`.
fn paths(tokens: &[TokenTree]) -> Vec<Vec<String>> {
    match tokens {
        [TokenTree::Ident(ident), a, b, rest @ ..] if is(a, ":") && is(b, ":") => {
            let below = paths(rest).into_iter();
            below
                .map(|path| iter::once(ident.to_string()).chain(path).collect())
                .collect()
        }
        [TokenTree::Ident(ident), ..] => vec![vec![ident.to_string()]],
        [TokenTree::Group(group), ..] if group.delimiter() == Delimiter::Brace => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            tokens
                .split(|token| is(token, ","))
                .flat_map(paths)
                .collect()
        }
        // A glob, or the generic arguments of the path so far.
        [_, ..] => vec![Vec::new()],
        [] => Vec::new(),
    }
}

#[test]
fn paths_are_found_in_all_their_forms() {
    let text = r#"
        //! crate::not::this
        use crate::base::{error::Error, token::{self, Token}};
        #[doc = "crate::nor::this"]
        pub(crate) fn f(x: &crate::task::Frame<'_>) { super::g(); super::super::plan::lower(); "crate::no" }
        #[cfg(test)]
        mod tests {
            use super::super::super::graph;
        }
        #[allow(unsafe_code)]
        mod room { use rayon::prelude::*; }
        #[allow(unsafe_code)]
        fn corner() {}
        macro_rules! m { () => { $crate::get!() } }
    "#;
    let mut source = Source {
        name: "src/exec/x.rs".into(),
        module: vec!["exec".into(), "x".into()],
        uses: Vec::new(),
        rooms: Vec::new(),
        test_modules: Vec::new(),
    };
    let module = source.module.clone();
    source.gather(text.parse().unwrap(), &module, false);
    let found: BTreeMap<&str, bool> = source
        .uses
        .iter()
        .map(|u| (u.path.as_str(), u.in_tests))
        .collect();
    let expected = [
        ("base::error::Error", false),
        ("base::token::self", false),
        ("base::token::Token", false),
        ("graph", true),
        ("plan::lower", false),
        ("rayon::prelude", false),
        ("task::Frame", false),
    ];
    assert_eq!(found, BTreeMap::from(expected));
    assert_eq!(source.rooms, ["exec::x::room", "exec::x, line 13"]);
}
