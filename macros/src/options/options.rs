//! The options of `#[delayed(..)]`.

use super::duration;
use super::suggest;
use crate::report::Report;
use proc_macro2::{Span, TokenStream, TokenTree};
use std::time::Duration;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Ident, LitInt, LitStr, Path, Result, Token, Type, parenthesized, token};

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Function,
    Block,
    Method,
}

/// What a task is expected to cost.
pub(crate) enum Cost {
    Tiny,
    Light,
    Heavy,
    Io,
    Time(Duration),
}

/// `remote`, and the instances of a generic function.
pub(crate) struct Remote {
    pub(crate) span: Span,
    pub(crate) instances: Vec<Type>,
}

/// What the attribute says. Flags carry the span they were given at.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) pure: Option<Span>,
    pub(crate) impure: Option<Span>,
    pub(crate) inline: Option<Span>,
    pub(crate) result: Option<Span>,
    pub(crate) skip: Option<Span>,
    pub(crate) name: Option<LitStr>,
    pub(crate) cost: Option<Cost>,
    pub(crate) retries: Option<u32>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) version: Option<LitStr>,
    pub(crate) ok: Option<Type>,
    pub(crate) remote: Option<Remote>,
    pub(crate) now: Option<Ident>,
    pub(crate) ext: Option<Ident>,
    pub(crate) root: Option<Path>,
    /// Some option was refused: do not complain about what follows from that.
    pub(crate) broken: bool,
}

use Place::{Block, Function, Method};

/// Every option: its name, how it is written, and where.
const ALL: &[(&str, &str, &[Place])] = &[
    ("pure", "pure", &[Function, Method]),
    ("impure", "impure", &[Function, Method]),
    ("inline", "inline", &[Function, Method]),
    ("name", "name = \"..\"", &[Function, Method]),
    (
        "cost",
        "cost = tiny | light | heavy | io | \"250us\"",
        &[Function, Method],
    ),
    ("retries", "retries = 3", &[Function, Method]),
    ("timeout", "timeout = \"30s\"", &[Function, Method]),
    ("version", "version = \"2\"", &[Function, Method]),
    ("result", "result", &[Function, Method]),
    ("ok", "ok = Type", &[Function, Method]),
    (
        "remote",
        "remote` or `remote(Type, ..)",
        &[Function, Method],
    ),
    ("now", "now = plain_name", &[Function]),
    ("ext", "ext = TraitName", &[Block]),
    ("skip", "skip", &[Method]),
    ("crate", "crate = path::to::lazygraph", &[Function, Block]),
];

impl Options {
    /// Reads the options, as many as can be understood.
    pub(crate) fn parse(tokens: TokenStream, place: Place, report: &mut Report) -> Options {
        let mut options = Options::default();
        let mut refusals = Report::default();
        let parser = |input: ParseStream<'_>| {
            let mut seen = Vec::new();
            while !input.is_empty() {
                if let Err(e) = options.one(input, place, &mut seen) {
                    refusals.push(e);
                    skip_option(input)?;
                } else if !input.is_empty() && !input.peek(Token![,]) {
                    refusals.at(input.span(), "expected `,` between two options");
                    skip_option(input)?;
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        };
        if let Err(e) = parser.parse2(tokens) {
            refusals.push(e);
        }
        options.conflicts(&mut refusals);
        options.broken = !refusals.is_empty();
        report.absorb(refusals);
        options
    }

    fn one(&mut self, input: ParseStream<'_>, place: Place, seen: &mut Vec<String>) -> Result<()> {
        if input.peek(syn::Lit) {
            return Err(input.error("an option is written without quotes: `#[delayed(pure)]`"));
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("expected an option: {}", names(place).join(", "))));
        }
        let key = input.call(Ident::parse_any)?;
        let word = key.to_string();
        let Some((_, form, places)) = ALL.iter().find(|(name, ..)| *name == word) else {
            return Err(Error::new(key.span(), unknown(&word, place)));
        };
        if !places.contains(&place) {
            return Err(Error::new(key.span(), misplaced(&word, places)));
        }
        if seen.contains(&word) {
            return Err(Error::new(
                key.span(),
                format!("`{word}` is given twice; keep one of them"),
            ));
        }
        seen.push(word.clone());
        let option = Written {
            key: &key,
            form,
            input,
        };
        match word.as_str() {
            "pure" => self.pure = Some(option.flag()?),
            "impure" => self.impure = Some(option.flag()?),
            "inline" => self.inline = Some(option.flag()?),
            "result" => self.result = Some(option.flag()?),
            "skip" => self.skip = Some(option.flag()?),
            "name" => self.name = Some(option.text()?),
            "version" => self.version = Some(option.value()?),
            "timeout" => self.timeout = Some(duration::parse(&option.value()?)?),
            "retries" => {
                let number: LitInt = option.value()?;
                self.retries = Some(
                    number
                        .base10_parse()
                        .map_err(|_| option.expected(number.span()))?,
                );
            }
            "cost" => self.cost = Some(cost(&option)?),
            "ok" => self.ok = Some(option.value()?),
            "now" => self.now = Some(option.value()?),
            "ext" => self.ext = Some(option.value()?),
            "crate" => {
                option.equals()?;
                let path = input
                    .call(Path::parse_mod_style)
                    .map_err(|e| option.expected(e.span()))?;
                if !input.is_empty() && !input.peek(Token![,]) {
                    return Err(option.expected(input.span()));
                }
                self.root = Some(path);
            }
            _ => {
                self.remote = Some(Remote {
                    span: key.span(),
                    instances: option.types()?,
                })
            }
        }
        Ok(())
    }

    /// Options that say opposite things, or nothing.
    fn conflicts(&self, report: &mut Report) {
        if let (Some(_), Some(span)) = (self.pure, self.impure) {
            report.at(
                span,
                "`pure` and `impure` contradict each other.\n`pure`: equal calls may run once; `impure`: every call runs, whatever the defaults are. Keep one",
            );
        }
        if let (Some(span), None, false) = (self.inline, self.pure, self.skip.is_some()) {
            report.at(
                span,
                "`inline` runs the body again for every task that needs it, so only a pure function can have it.\nWrite `#[delayed(pure, inline)]`, or drop `inline`",
            );
        }
        if let (Some(span), Some(_)) = (self.result, &self.ok) {
            report.at(
                span,
                "`result` and `ok` contradict each other.\n`result` keeps a `Result` as a value; `ok = T` says that an `Err` stops the graph. Keep one",
            );
        }
    }

    /// Options that make sense only for what is delayed.
    pub(crate) fn only_skips(&self) -> bool {
        self.pure.is_none()
            && self.impure.is_none()
            && self.inline.is_none()
            && self.result.is_none()
            && self.name.is_none()
            && self.cost.is_none()
            && self.retries.is_none()
            && self.timeout.is_none()
            && self.version.is_none()
            && self.ok.is_none()
            && self.remote.is_none()
    }
}

/// One option as it is being read.
struct Written<'a> {
    key: &'a Ident,
    form: &'a str,
    input: ParseStream<'a>,
}

impl Written<'_> {
    fn expected(&self, span: Span) -> Error {
        let span = if self.input.is_empty() {
            self.key.span()
        } else {
            span
        };
        Error::new(span, format!("this option is written `{}`", self.form))
    }

    fn flag(&self) -> Result<Span> {
        if self.input.peek(Token![=]) || self.input.peek(token::Paren) {
            let message = format!("`{0}` takes no value: write `{0}` alone", self.key);
            return Err(Error::new(self.key.span(), message));
        }
        Ok(self.key.span())
    }

    fn equals(&self) -> Result<()> {
        self.input
            .parse::<Token![=]>()
            .map_err(|_| self.expected(self.key.span()))?;
        Ok(())
    }

    fn value<T: Parse>(&self) -> Result<T> {
        self.equals()?;
        self.input.parse().map_err(|e| self.expected(e.span()))
    }

    fn text(&self) -> Result<LitStr> {
        let text: LitStr = self.value()?;
        if text.value().trim().is_empty() {
            return Err(Error::new(
                text.span(),
                format!("`{}` must not be empty", self.key),
            ));
        }
        Ok(text)
    }

    /// `remote` or `remote(T, ..)`.
    fn types(&self) -> Result<Vec<Type>> {
        if self.input.peek(Token![=]) {
            return Err(self.expected(self.key.span()));
        }
        if !self.input.peek(token::Paren) {
            return Ok(Vec::new());
        }
        let list;
        parenthesized!(list in self.input);
        Ok(list
            .parse_terminated(Type::parse, Token![,])?
            .into_iter()
            .collect())
    }
}

fn cost(option: &Written<'_>) -> Result<Cost> {
    const NAMES: &[&str] = &["tiny", "light", "heavy", "io"];
    option.equals()?;
    if option.input.peek(LitStr) {
        return Ok(Cost::Time(duration::parse(&option.input.parse()?)?));
    }
    let name: Ident = option
        .input
        .parse()
        .map_err(|e| option.expected(e.span()))?;
    match name.to_string().as_str() {
        "tiny" => Ok(Cost::Tiny),
        "light" => Ok(Cost::Light),
        "heavy" => Ok(Cost::Heavy),
        "io" => Ok(Cost::Io),
        other => {
            let hint = match suggest::nearest(other, NAMES) {
                Some(near) => format!("unknown cost `{other}`; did you mean `{near}`?"),
                None => format!("unknown cost `{other}`."),
            };
            let all = "A cost is `tiny`, `light`, `heavy` or `io`, or the time one call takes: `cost = \"250us\"`";
            Err(Error::new(name.span(), format!("{hint}\n{all}")))
        }
    }
}

/// Skips to the next comma, to go on after a refusal.
fn skip_option(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn names(place: Place) -> Vec<&'static str> {
    ALL.iter()
        .filter(|(_, _, places)| places.contains(&place))
        .map(|(name, ..)| *name)
        .collect()
}

fn unknown(word: &str, place: Place) -> String {
    let known = names(place);
    let all = known.join(", ");
    match (suggest::elsewhere(word), suggest::nearest(word, &known)) {
        (Some(hint), _) => format!("unknown option `{word}`: {hint}.\nThe options are: {all}"),
        (None, Some(near)) => format!("unknown option `{word}`; did you mean `{near}`?"),
        (None, None) => format!("unknown option `{word}`.\nThe options are: {all}"),
    }
}

fn misplaced(word: &str, places: &[Place]) -> String {
    match (word, places) {
        ("now", _) => "`now` names the plain version of a free function; a method is its own plain version: drop `now`".into(),
        ("ext", _) => "`ext` names the trait of a `#[delayed] impl` block; it has no meaning here".into(),
        ("skip", _) => "`skip` leaves a method of a `#[delayed] impl` block as it is; here, drop `#[delayed]` instead".into(),
        ("crate", _) => "say `crate = ..` on the `impl` block".into(),
        _ => format!("`{word}` is said of single methods: put it on each one it is meant for, not on the block"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(text: &str, place: Place) -> String {
        let mut report = Report::default();
        Options::parse(text.parse().unwrap(), place, &mut report);
        report.into_tokens().to_string()
    }

    #[test]
    fn everything_at_once() {
        let mut report = Report::default();
        let text = "pure, inline, name = \"n\", cost = \"250us\", retries = 3, timeout = \"1m\", version = \"2\", \
                    ok = HashMap<String, i64>, remote(f64, (i64, u8)), now = n, crate = crate::a::b,";
        let o = Options::parse(text.parse().unwrap(), Function, &mut report);
        assert_eq!(report.into_tokens().to_string(), "");
        assert!(o.pure.is_some() && o.inline.is_some() && o.ok.is_some() && o.root.is_some());
        assert_eq!(
            (o.retries, o.timeout),
            (Some(3), Some(Duration::from_secs(60)))
        );
        assert_eq!(o.remote.unwrap().instances.len(), 2);
    }

    #[test]
    fn several_refusals_in_one_go() {
        let text = refusals(
            "pur, cost = huge, pure, pure = true, retries = -1, impure",
            Function,
        );
        for part in [
            "did you mean `pure`",
            "unknown cost `huge`",
            "given twice",
            "`retries = 3`",
            "contradict",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(text.matches("compile_error").count(), 5, "{text}");
    }

    #[test]
    fn each_at_its_place() {
        assert!(refusals("skip", Function).contains("drop `#[delayed]`"));
        assert!(refusals("pure", Block).contains("each one it is meant for"));
        assert!(refusals("now = x", Method).contains("drop `now`"));
        assert!(refusals("crate = \"x\"", Function).contains("crate = path::to::lazygraph"));
        assert!(refusals("name", Function).contains("name ="));
        assert!(refusals("inline", Function).contains("pure, inline"));
        assert!(refusals("pure impure", Function).contains("expected `,`"));
    }
}
