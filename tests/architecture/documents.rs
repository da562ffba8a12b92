//! What the documents say of the repository: examples, links and commands are those that are there.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// The files below a folder that end so; what is built or is another crate's apart.
fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "fuzz", "peers", "ui"].contains(&&*name) {
                found.extend(files(&path, end));
            }
        } else if path.extension().is_some_and(|found| found == end) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The documents that people read.
fn documents() -> Vec<(PathBuf, String)> {
    let text = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    files(root(), "md").into_iter().map(text).collect()
}

fn readme() -> &'static str {
    include_str!("../../README.md")
}

#[test]
fn the_readme_shows_the_example_that_runs() {
    let shown = format!("```rust\n{}```\n", include_str!("../../examples/ways.rs"));
    assert!(
        readme().contains(&shown),
        "README.md does not show examples/ways.rs as it is:\n{shown}"
    );
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
                let document = document.strip_prefix(root()).unwrap();
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_example_has_its_row() {
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let row = format!("| [{name}]({name}.rs) |");
        let command = format!("| `cargo run --release --example {name}` |");
        let found = include_str!("../../examples/README.md")
            .lines()
            .any(|line| line.starts_with(&row) && line.ends_with(&command));
        assert!(found, "examples/README.md has no row for {name}");
    }
}

#[test]
fn the_lines_beside_those_of_dask_are_compiled() {
    let program: String =
        include_str!("../behaviour/futures/every_line_of_dask_has_its_line_here.rs")
            .split_whitespace()
            .collect();
    let page = include_str!("../../src/guide/dask.rs");
    let rows = page.lines().filter_map(|line| line.strip_prefix("//! "));
    let mut lines = 0;
    for row in rows.filter(|line| line.starts_with("| `")) {
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
    let mut forgotten = Vec::new();
    for file in files(&root().join("tests"), "rs") {
        let package = file.ancestors().find(|at| at.join("Cargo.toml").exists());
        let package = package.unwrap();
        let name = file.strip_prefix(package).unwrap().to_string_lossy();
        let name = name.replace('\\', "/");
        let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
        if manifest.contains(&format!("path = \"{name}\"\n")) {
            continue;
        }
        // Else it is a module of the file that stands for its folder.
        let mut folder = file.parent().unwrap();
        let mut module = file.file_stem().unwrap();
        if module == "mod" {
            (module, folder) = (folder.file_name().unwrap(), folder.parent().unwrap());
        }
        let declared = format!("mod {};\n", module.to_string_lossy());
        let above = ["main.rs", "lib.rs", "mod.rs"].map(|above| folder.join(above));
        let is_module =
            |above: &PathBuf| fs::read_to_string(above).is_ok_and(|text| text.contains(&declared));
        if !above.iter().any(is_module) {
            forgotten.push(name);
        }
    }
    assert!(
        forgotten.is_empty(),
        "neither a module of a test nor a test of its package: {forgotten:?}"
    );
}

#[test]
fn a_topic_has_few_behaviours() {
    for entry in fs::read_dir(root().join("tests/behaviour")).unwrap() {
        let topic = entry.unwrap().path();
        if topic.is_dir() {
            let files = files(&topic, "rs").len();
            assert!(files <= 12, "{}: {files} files", topic.display());
        }
    }
}
