//! `LAZYGRAPH_DEBUG_MACRO=name cargo check` prints what the macro makes of the function or type called `name`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Prints the expansion if the environment asks for it.
pub(crate) fn print(name: &str, tokens: &TokenStream) {
    let Ok(wanted) = std::env::var("LAZYGRAPH_DEBUG_MACRO") else {
        return;
    };
    if wanted == name || wanted == "*" {
        eprintln!("// `#[delayed]` makes of `{name}`:{}", pretty(tokens));
    }
}

/// Lays the tokens out, a statement per line; readable, if not what rustfmt would make of them.
fn pretty(tokens: &TokenStream) -> String {
    let mut printer = Printer::default();
    printer.line();
    printer.tokens(tokens.clone());
    printer.out
}

#[derive(Default)]
struct Printer {
    out: String,
    depth: usize,
    /// The last token wants no space after it.
    tight: bool,
}

impl Printer {
    fn line(&mut self) {
        self.out.truncate(self.out.trim_end().len());
        self.out.push('\n');
        self.out.push_str(&"    ".repeat(self.depth));
        self.tight = true;
    }

    fn word(&mut self, text: &str, space: bool) {
        if space && !self.tight {
            self.out.push(' ');
        }
        self.out.push_str(text);
        self.tight = false;
    }

    /// Whether what was written last is a name, so that `::` or `(` belongs to it.
    fn after_name(&self) -> bool {
        const KEYWORDS: &[&str] = &[
            "impl", "use", "for", "dyn", "as", "in", "return", "let", "where", "match",
        ];
        let name = |c: char| c.is_alphanumeric() || c == '_';
        let last = self.out.rsplit(|c| !name(c)).next().unwrap_or_default();
        let arrow = self.out.ends_with("->") || self.out.ends_with("=>");
        !KEYWORDS.contains(&last)
            && self.out.ends_with(|c| name(c) || c == '>' || c == ')')
            && !arrow
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut attribute = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(g)
                    if g.delimiter() == Delimiter::Brace && !g.stream().is_empty() =>
                {
                    self.word("{", true);
                    self.depth += 1;
                    self.line();
                    self.tokens(g.stream());
                    self.depth -= 1;
                    self.line();
                    self.word("}", false);
                    let goes_on = |p: &proc_macro2::Punct| p.as_char() != '#';
                    let ends = tokens.peek().is_none();
                    if !ends && !matches!(tokens.peek(), Some(TokenTree::Punct(p)) if goes_on(p)) {
                        self.line();
                    }
                }
                TokenTree::Group(g) => {
                    let (open, close) = match g.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => (" {", "}"),
                        Delimiter::None => ("", ""),
                    };
                    let call = self.after_name() || self.out.ends_with('!');
                    self.word(open, g.delimiter() != Delimiter::Brace && !call);
                    self.tight = true;
                    self.tokens(g.stream());
                    self.word(close, false);
                    if std::mem::take(&mut attribute) {
                        self.line();
                    }
                }
                TokenTree::Punct(p) => {
                    let c = p.as_char();
                    attribute = c == '#';
                    let path = c == ':' && p.spacing() == Spacing::Joint;
                    let glued = if path {
                        self.after_name()
                    } else {
                        ",;:.?!<>".contains(c)
                    };
                    let second = c == ':' && self.out.ends_with(':');
                    self.word(&c.to_string(), !glued);
                    self.tight = p.spacing() == Spacing::Joint || second || "&*#'<!.".contains(c);
                    if c == ';' {
                        self.line();
                    }
                }
                token => self.word(&token.to_string(), true),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_per_line() {
        let text =
            "#[allow(x)] pub fn f(v: &[f64]) -> ::a::B<u8> { let x = 1; g(x, &v) } struct S;";
        let expected = "
#[allow(x)]
pub fn f(v: &[f64]) -> ::a::B<u8> {
    let x = 1;
    g(x, &v)
}
struct S;
";
        assert_eq!(pretty(&text.parse().unwrap()), expected);
    }
}
