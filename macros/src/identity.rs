//! The identity of a function's text: a hash of its tokens.
//!
//! Comments, doc comments and formatting do not change it, every other token does.

use crate::syntax::Function;
use crate::task::Task;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// FNV-1a with 128 bits.
pub(crate) struct Identity(u128);

const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// Operators whose first two characters mean something else when apart.
const GLUED: &[&str] = &[
    "&&", "||", "<<", ">>", "==", "!=", "<=", ">=", "->", "=>", "::", "..", "+=", "-=", "*=", "/=",
    "%=", "^=", "&=", "|=", ".=",
];

impl Identity {
    pub(crate) fn new() -> Self {
        Identity(OFFSET)
    }

    /// The hash of a function's text, and of what the options make of it.
    pub(crate) fn of_function(function: &Function, task: &Task) -> Identity {
        let mut identity = Identity::new();
        identity.tokens(function.sig.to_token_stream());
        identity.tokens(function.body.to_token_stream());
        identity.text(task.options.result.map_or("", |_| "result"));
        identity.tokens(task.options.ok.to_token_stream());
        identity
    }

    pub(crate) fn value(&self) -> u128 {
        self.0
    }

    /// The low half, for where 64 bits are enough.
    pub(crate) fn short(&self) -> u64 {
        (self.0 ^ (self.0 >> 64)) as u64
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u128::from(*byte)).wrapping_mul(PRIME);
        }
    }

    /// Adds text that is not tokens.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0xfe]);
    }

    /// Adds tokens.
    pub(crate) fn tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(p) => {
                    if p.as_char() == '#' && tokens.peek().is_some_and(is_doc) {
                        tokens.next();
                        continue;
                    }
                    let mut text = String::from(p.as_char());
                    if let (Spacing::Joint, Some(TokenTree::Punct(next))) =
                        (p.spacing(), tokens.peek())
                    {
                        text.push(next.as_char());
                    }
                    let len = if GLUED.contains(&text.as_str()) {
                        text.len()
                    } else {
                        1
                    };
                    // The second character is added on its own turn too, which does no harm.
                    self.bytes(&text.as_bytes()[..len]);
                    self.bytes(b" ");
                }
                // Invisible delimiters come from `macro_rules` and mean nothing.
                TokenTree::Group(g) if g.delimiter() == Delimiter::None => self.tokens(g.stream()),
                TokenTree::Group(g) => {
                    let open: &[u8] = match g.delimiter() {
                        Delimiter::Parenthesis => b"(",
                        Delimiter::Bracket => b"[",
                        Delimiter::Brace | Delimiter::None => b"{",
                    };
                    self.bytes(open);
                    self.tokens(g.stream());
                    self.bytes(&[0xff]);
                }
                token => self.text(&token.to_string()),
            }
        }
    }
}

/// `[doc = ".."]`, the second half of a doc comment.
fn is_doc(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(g) if g.delimiter() == Delimiter::Bracket => {
            matches!(g.stream().into_iter().next(), Some(TokenTree::Ident(i)) if i == "doc")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u128 {
        let mut id = Identity::new();
        id.tokens(text.parse().unwrap());
        id.value()
    }

    #[test]
    fn comments_and_formatting_do_not_count() {
        assert_eq!(of("{ a+b }"), of("{\n    // why\n    a + b\n}"));
        assert_eq!(of("{ f(1,-1) }"), of("{ f(1, -1) }"));
        assert_eq!(of("{ fn g() {} g() }"), of("{ /// docs\n fn g() {} g() }"));
    }

    #[test]
    fn every_token_counts() {
        let all = [
            "{ a + b }",
            "{ a - b }",
            "{ a && b }",
            "{ a & &b }",
            "{ ab }",
            "{ (a + b) }",
            "{ a + b; }",
            "{ 1 }",
            "{ 1.0 }",
        ];
        for (i, x) in all.iter().enumerate() {
            for y in &all[..i] {
                assert_ne!(of(x), of(y), "{x} {y}");
            }
        }
    }
}
