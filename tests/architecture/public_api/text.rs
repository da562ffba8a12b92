//! Tokens as people write them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

pub(super) fn text(tokens: TokenStream) -> String {
    let mut words = Vec::new();
    flat(tokens, &mut words);
    let mut out = String::new();
    let mut before = "";
    for word in &words {
        if needs_space(before, word) {
            out.push(' ');
        }
        out.push_str(word);
        before = word;
    }
    // In a macro a comma before the end is a separator.
    if !out.contains('$') {
        out = [",)", ",>", ",]"]
            .iter()
            .fold(out, |out, end| out.replace(end, &end[1..]));
    }
    out.trim_end_matches(',').to_owned()
}

/// Words and marks in order; marks that belong together are one.
fn flat(tokens: TokenStream, words: &mut Vec<String>) {
    let mut joint = false;
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(open.to_owned());
                flat(group.stream(), words);
                words.push(close.to_owned());
                joint = false;
            }
            TokenTree::Punct(punct) => {
                let joins =
                    joint && !matches!(words.last().map(String::as_str), Some(">" | "<" | "&"));
                match words.last_mut() {
                    Some(last) if joins && !matches!(punct.as_char(), '<' | '\'') => {
                        last.push(punct.as_char());
                    }
                    _ => words.push(punct.as_char().to_string()),
                }
                joint = punct.spacing() == Spacing::Joint;
            }
            TokenTree::Ident(ident) => {
                match words.last_mut() {
                    Some(last) if last == "'" => last.push_str(&ident.to_string()),
                    _ => words.push(ident.to_string()),
                }
                joint = false;
            }
            TokenTree::Literal(literal) => {
                words.push(literal.to_string());
                joint = false;
            }
        }
    }
    words.retain(|word| !word.is_empty());
}

fn needs_space(before: &str, word: &str) -> bool {
    let is_word =
        |text: &str| text.starts_with(|c: char| c.is_alphanumeric() || "_\"'".contains(c));
    let is_keyword = [
        "for", "dyn", "impl", "as", "where", "mut", "const", "in", "pub",
    ]
    .contains(&before);
    match (before, word) {
        ("", _) | ("impl", "<") => false,
        (":" | "+", "?") => true,
        (_, "," | ";" | ":" | "." | "?" | ")" | "]" | ">" | "::" | "..") => false,
        ("(" | "[" | "<" | "&" | "::" | "." | "!" | "#" | "$" | "?" | "*", _) => false,
        (before, _) if before.ends_with('*') && before.starts_with('&') => false,
        ("->" | "=" | "=>" | "+" | "," | ":" | ";" | "{" | "|", _) => true,
        (_, "->" | "=" | "=>" | "+" | "{" | "}" | "|") => true,
        // `pub(crate)`, `dyn (A)`, `f(`.
        ("pub", "(") => false,
        ("]", "[") => true,
        (_, "(" | "[" | "<") => is_keyword,
        (_, "!") => is_keyword,
        (before, "&" | "$" | "*" | "#") => !before.ends_with(['<', '(', '&']),
        (before, word) => {
            (is_word(before) || matches!(before, ">" | ")" | "]" | "}")) && is_word(word)
        }
    }
}
