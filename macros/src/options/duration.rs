//! Durations as text: `"500ms"`, `"1.5s"`.

use proc_macro2::TokenStream;
use quote::quote;
use std::time::Duration;
use syn::{Error, LitStr, Result};

/// Nanoseconds per unit.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("min", 60e9),
    ("h", 3600e9),
];

/// Reads a duration, or says what one looks like.
pub(crate) fn parse(text: &LitStr) -> Result<Duration> {
    let value = text.value();
    let value = value.trim();
    let digits = value
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit.trim());
    match (number.parse::<f64>(), unit) {
        (Ok(number), Some((_, nanos))) if number * nanos >= 1.0 && number * nanos < 1e19 => {
            // Below 2^53 ns, about 104 days, this is exact.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let nanos = (number * nanos).round() as u64;
            Ok(Duration::from_nanos(nanos))
        }
        (Ok(0.0), Some(_)) => Err(Error::new(
            text.span(),
            "a duration here must be longer than zero",
        )),
        _ => Err(Error::new(
            text.span(),
            format!(
                "`{value}` is not a duration.\nWrite a number and a unit: \"250us\", \"500ms\", \"1.5s\", \"5m\" or \"1h\""
            ),
        )),
    }
}

/// The duration as a constant expression.
pub(crate) fn constant(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(::core::time::Duration::new(#secs, #nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    fn read(text: &str) -> Option<Duration> {
        parse(&LitStr::new(text, Span::call_site())).ok()
    }

    #[test]
    fn units() {
        assert_eq!(read("250us"), Some(Duration::from_micros(250)));
        assert_eq!(read("500 ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(read("5m"), Some(Duration::from_secs(300)));
        assert_eq!(read("2h"), Some(Duration::from_secs(7200)));
    }

    #[test]
    fn not_durations() {
        for text in ["", "5", "s", "5 parsecs", "0s", "-1s", "1..5s"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
