//! Counts lines, words and identifiers in a tree of Rust sources.
//!
//! Each file is loaded by a *pure* node, so the three analyses that read it share one load although each of them
//! asks for its own. A file that cannot be read is a failure of that file alone: `catch` turns it into a value. The
//! results are merged in a tree, and nothing holds more of them than the merge needs.
//!
//! ```text
//! cargo run --release --example code_census                     # the sources that cargo keeps
//! cargo run --release --example code_census -- src              # any directory
//! cargo run --release --example code_census -- src --top 40     # more of the table
//! cargo run --release --example code_census -- src --check      # compare with a plain loop
//! ```

use std::{
    collections::HashMap,
    error::Error as StdError,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use lazygraph::{Counter, Options, prelude::*, tree_reduce};

const KEYWORDS: &[&str] = &[
    "_", "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum",
    "extern", "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move",
    "mut", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true",
    "type", "unsafe", "use", "where", "while",
];

/// What is known of a set of files.
#[derive(Clone, Debug, Default, PartialEq)]
struct Census {
    files: u64,
    lines: u64,
    words: u64,
    identifiers: HashMap<String, u64>,
    failures: Vec<String>,
}

impl Census {
    fn failed(path: &Path, why: &dyn std::fmt::Display) -> Self {
        Census {
            failures: vec![format!("{}: {why}", path.display())],
            ..Census::default()
        }
    }

    fn add(&mut self, other: Census) {
        self.files += other.files;
        self.lines += other.lines;
        self.words += other.words;
        self.failures.extend(other.failures);
        let (mut large, small) = (std::mem::take(&mut self.identifiers), other.identifiers);
        let small = if small.len() > large.len() {
            std::mem::replace(&mut large, small)
        } else {
            small
        };
        for (name, count) in small {
            *large.entry(name).or_default() += count;
        }
        self.identifiers = large;
    }
}

/// Pure: within one run, all who ask for a file get the same text.
#[delayed(pure)]
fn read(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

#[delayed(pure)]
fn lines(text: &str) -> u64 {
    text.lines().count() as u64
}

#[delayed(pure)]
fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

#[delayed(pure)]
fn identifiers(text: &str) -> HashMap<String, u64> {
    let mut counts = HashMap::new();
    each_identifier(text, |name| match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    });
    counts
}

#[delayed]
fn census(lines: u64, words: u64, identifiers: HashMap<String, u64>) -> Census {
    Census {
        files: 1,
        lines,
        words,
        identifiers,
        failures: Vec::new(),
    }
}

#[delayed]
fn merge(parts: Vec<Census>) -> Census {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    parts.for_each(|part| all.add(part));
    all
}

/// The graph for one file. A failure to read it becomes an entry in `failures`.
fn survey(path: PathBuf) -> Delayed<Census> {
    let text = |path: &Path| read(path.to_owned());
    census(
        lines(text(&path)),
        words(text(&path)),
        identifiers(text(&path)),
    )
    .catch()
    .map_owned(move |outcome| {
        outcome.unwrap_or_else(|e| match e.downcast_ref::<io::Error>() {
            Some(why) => Census::failed(&path, why),
            None => Census::failed(&path, &e),
        })
    })
}

/// Without a graph: one file after the other.
fn serially(files: &[PathBuf]) -> Census {
    let mut all = Census::default();
    for path in files {
        all.add(match read::now(path) {
            Ok(text) => census::now(
                lines::now(&text),
                words::now(&text),
                identifiers::now(&text),
            ),
            Err(why) => Census::failed(path, &why),
        });
    }
    all
}

/// Calls `found` with the identifiers of a Rust source: not the keywords, nor what is in comments and literals.
fn each_identifier<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    // Bytes outside ASCII belong to names; so every slice below begins and ends between characters.
    let name = |at: usize| {
        at + count(&bytes[at..], |b| {
            b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80
        })
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at = match byte {
            b'/' if rest.starts_with(b"//") => at + count(rest, |b| b != b'\n'),
            b'/' if rest.starts_with(b"/*") => at + comment(rest),
            b'"' => at + string(rest),
            b'\'' => match char_literal(&text[at..]) {
                Some(len) => at + len,
                None => name(at + 1), // a lifetime
            },
            b'0'..=b'9' => name(at),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                let end = name(at);
                let word = &text[at..end];
                match raw_string(&bytes[end..]) {
                    Some(len) if matches!(word, "r" | "br" | "cr") => end + len,
                    _ => {
                        if !KEYWORDS.contains(&word) {
                            found(word);
                        }
                        end
                    }
                }
            }
            _ => at + 1,
        };
    }
}

fn count(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| belongs(**b)).count()
}

/// The length of a block comment with those inside it.
fn comment(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The length of a string literal with its quotes.
fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

/// The length of `#"..."#` with any number of `#`, also none.
fn raw_string(bytes: &[u8]) -> Option<usize> {
    let hashes = count(bytes, |b| b == b'#');
    let body = bytes[hashes..].strip_prefix(b"\"")?;
    let mut quotes = body.iter().enumerate().filter(|(_, b)| **b == b'"');
    let closing = quotes.find(|(i, _)| count(&body[i + 1..], |b| b == b'#') >= hashes);
    Some(closing.map_or(bytes.len(), |(i, _)| hashes + 1 + i + 1 + hashes))
}

/// The length of a character literal; nothing for a lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let body = &text[1..];
    if let Some(escaped) = body.strip_prefix('\\') {
        let close = escaped.char_indices().skip(1).find(|(_, c)| *c == '\'');
        return close.map(|(i, _)| i + 3);
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..]
        .starts_with('\'')
        .then(|| first.len_utf8() + 2)
}

/// The Rust sources under `root`, in order. What cannot be listed goes to `unlisted`.
fn sources(root: &Path, unlisted: &mut Vec<String>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let listed = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        match listed {
            Ok(entries) => {
                for entry in entries {
                    let path = entry.path();
                    match entry.file_type() {
                        Ok(kind) if kind.is_dir() => folders.push(path),
                        _ if path.extension().is_some_and(|e| e == "rs") => files.push(path),
                        _ => {}
                    }
                }
            }
            Err(why) => unlisted.push(format!("{}: {why}", folder.display())),
        }
    }
    files.sort();
    files
}

/// The sources that cargo keeps on this machine, or those of this project.
fn default_root() -> PathBuf {
    let home = std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or(home)
        .map(|cargo| cargo.join("registry").join("src"))
        .filter(|sources| sources.is_dir())
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

struct Arguments {
    root: PathBuf,
    top: usize,
    check: bool,
}

fn arguments() -> Result<Arguments, String> {
    let (mut root, mut top, mut check) = (None, 20, false);
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--check") => check = true,
            Some("--top") => {
                let number = words.next().and_then(|n| n.to_str()?.parse().ok());
                top = number.ok_or("`--top` needs a number")?;
            }
            Some(option) if option.starts_with("--") => {
                return Err(format!("unknown option `{option}`"));
            }
            _ if root.is_some() => return Err("more than one directory".into()),
            _ => root = Some(PathBuf::from(word)),
        }
    }
    Ok(Arguments {
        root: root.unwrap_or_else(default_root),
        top,
        check,
    })
}

fn print(census: &Census, top: usize) {
    let mut table: Vec<_> = census.identifiers.iter().collect();
    let uses: u64 = census.identifiers.values().sum();
    table.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    println!("{:>12}  files", census.files);
    println!("{:>12}  lines", census.lines);
    println!("{:>12}  words", census.words);
    println!("{uses:>12}  identifiers, {} different ones", table.len());
    println!("{:>12}  files failed", census.failures.len());
    for failure in census.failures.iter().take(10) {
        println!("{:>14}{failure}", "");
    }
    if census.failures.len() > 10 {
        println!("{:>14}and {} more", "", census.failures.len() - 10);
    }
    println!("\n{:>12}  identifier", "uses");
    for (name, uses) in table.iter().take(top) {
        println!("{uses:>12}  {name}");
    }
}

fn run() -> Result<(), Box<dyn StdError>> {
    let Arguments { root, top, check } = arguments()?;
    let mut unlisted = Vec::new();
    let files = sources(&root, &mut unlisted);
    if files.is_empty() {
        let why = unlisted.pop().unwrap_or("no `.rs` files there".into());
        return Err(format!("nothing to count in {}: {why}", root.display()).into());
    }
    println!("counting {} files in {}\n", files.len(), root.display());

    let start = Instant::now();
    let surveys: Vec<_> = files.iter().cloned().map(survey).collect();
    let all = tree_reduce(surveys, 16, merge);
    let building = start.elapsed();
    let seen = Counter::new();
    let start = Instant::now();
    let mut census = all.compute_with(&Options::new().observe(&seen))?;
    let running = start.elapsed();

    census.failures.extend(unlisted.iter().cloned());
    print(&census, top);
    println!("\ngraph built in {building:.2?}, computed in {running:.2?}");
    let nodes = ["read", "lines", "words", "identifiers", "census", "merge"];
    let ran: Vec<String> = nodes
        .iter()
        .map(|name| format!("{} {name}", seen.executed(name)))
        .collect();
    println!("nodes run: {}", ran.join(", "));

    if check {
        let start = Instant::now();
        let mut expected = serially(&files);
        let serial: Duration = start.elapsed();
        expected.failures.extend(unlisted);
        if census != expected {
            return Err("a plain loop counts something else".into());
        }
        println!("checked: a plain loop gives the same, in {serial:.2?}");
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("code_census: {e:#}\nusage: code_census [DIRECTORY] [--top N] [--check]");
            ExitCode::FAILURE
        }
    }
}
