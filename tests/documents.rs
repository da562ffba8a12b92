//! What the documents say of the repository: examples, links and commands are those that are there.

use std::fs;
use std::path::{Path, PathBuf};

use lazygraph::{Counter, Options, prelude::*};

/// The documents that people read, from the root of the repository.
fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["", "benches", "examples/data", "src/exec"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn readme() -> &'static str {
    include_str!("../README.md")
}

#[test]
fn the_readme_shows_the_example_that_runs() {
    let shown = format!("```rust\n{}```\n", include_str!("readme_example.rs"));
    assert!(
        readme().contains(&shown),
        "README.md does not show tests/readme_example.rs as it is:\n{shown}"
    );
}

/// The function of that example.
#[delayed(pure)]
fn ways(right: u64, down: u64) -> u64 {
    if right == 0 || down == 0 {
        return 1;
    }
    let (a, b) = get!(ways(right - 1, down), ways(right, down - 1));
    a + b
}

#[test]
fn the_example_runs_as_many_bodies_as_it_says() {
    for threads in [1, 2, 8] {
        let seen = Counter::new();
        let options = Options::new().threads(threads).observe(&seen);
        assert_eq!(ways(16, 16).compute_with(&options).unwrap(), 601_080_390);
        assert_eq!(seen.executed("ways"), 288, "{threads} threads");
    }
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for (document, text) in documents() {
        let folder = document.parent().unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if !target.contains("://") && !target.is_empty() && !folder.join(target).exists() {
                let document = document
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .unwrap_or(&document);
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_example_has_its_row() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let row = format!("| [{name}](examples/{name}.rs) |");
        let command = format!("| `cargo run --release --example {name}` |");
        let found = readme()
            .lines()
            .any(|line| line.starts_with(&row) && line.ends_with(&command));
        assert!(found, "README.md has no row for {name}");
    }
}

#[test]
fn the_lines_beside_those_of_dask_are_compiled() {
    let program: String = include_str!("every_line_of_dask_has_its_line_here.rs")
        .split_whitespace()
        .collect();
    let section = readme().split("\n## Coming from Dask\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut lines = 0;
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        // A bar inside of code is written `\|`.
        let row = row.replace("\\|", "\u{0}");
        let ours = row.split('|').nth(2).unwrap().replace('\u{0}', "|");
        for code in ours.split('`').skip(1).step_by(2) {
            let packed: String = code.split_whitespace().collect();
            assert!(program.contains(&packed), "nowhere compiled: `{code}`");
            lines += 1;
        }
    }
    assert!(lines > 40, "{lines} lines: where is the table?");
}

#[test]
fn every_test_is_run() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let manifest = include_str!("../Cargo.toml");
    let modules = include_str!("behaviour.rs");
    let mut forgotten = Vec::new();
    for entry in fs::read_dir(tests).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_named = manifest.contains(&format!("name = \"{name}\"\n"))
            || modules.contains(&format!("\nmod {name};\n"));
        if path.extension().is_some_and(|end| end == "rs") && !is_named {
            forgotten.push(name);
        }
    }
    assert!(
        forgotten.is_empty(),
        "neither in tests/behaviour.rs nor in Cargo.toml: {forgotten:?}"
    );
}
