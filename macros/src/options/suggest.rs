//! "Did you mean": the nearest known word.

/// The known word that `word` was most likely meant to be.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let limit = if word.len() <= 4 { 1 } else { 2 };
    let best = known.iter().min_by_key(|k| distance(k, word))?;
    (distance(best, word) <= limit).then_some(best)
}

/// How the words of other tools are said here.
pub(crate) fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "memoize" | "memo" | "memoise" | "cache" | "cached" | "idempotent" | "deterministic" => {
            "a function whose equal calls may run once is `pure`"
        }
        "nout" | "outputs" => "return a tuple, and take it apart with `.unzip()`",
        "priority" | "after" | "fuse" | "backoff" => {
            "this is said of a call: `f(x).priority(3)`, `f(x).after(&other)`"
        }
        "nocache" => "a function that must run every time is `impure`",
        _ => return None,
    })
}

/// The number of single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != *y))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised() {
        let known = ["pure", "impure", "inline", "ok", "now"];
        assert_eq!(nearest("pur", &known), Some("pure"));
        assert_eq!(nearest("inlien", &known), Some("inline"));
        assert_eq!(nearest("memoize", &known), None);
        assert_eq!(nearest("xy", &known), None);
    }
}
