//! The layers of `ARCHITECTURE.md`, checked on the sources: who may use whom, where `unsafe` may be, how long a file
//! may get.

#[path = "common/sources.rs"]
mod sources;

use std::collections::BTreeSet;
use std::fs;

use petgraph::algo::{is_cyclic_directed, tarjan_scc};
use petgraph::graphmap::DiGraphMap;
use sources::{Source, Use, name_of, root, rust_files, sources};

/// The layers from the bottom up, and what each may use: a whole layer, or one module of it.
///
/// - The passes know no threads: `optimize` does not use `exec`.
/// - The executor sees plans only: `exec` uses neither `graph` nor `optimize`.
/// - Whoever looks on cannot break a run: `diag` uses neither `exec` nor `compute`.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("task", &["base"]),
    ("event", &["base", "task"]),
    ("graph", &["base", "task"]),
    ("store", &["base", "task", "event"]),
    ("delayed", &["base", "task", "graph"]),
    ("optimize", &["base", "task", "event", "graph"]),
    ("plan", &["base", "task", "graph"]),
    ("exec", &["base", "task", "event", "store", "plan"]),
    (
        "diag",
        &["base", "task", "event", "graph", "plan", "optimize::report"],
    ),
    (
        "compute",
        &[
            "base", "task", "event", "graph", "store", "delayed", "optimize", "plan", "exec",
        ],
    ),
    (
        "client",
        &[
            "base", "task", "event", "store", "delayed", "exec", "compute",
        ],
    ),
];

/// What the unit tests of a layer may use beyond that: those of the passes build their graphs from handles.
const IN_TESTS: &[(&str, &str)] = &[("optimize", "delayed")];

/// What stands above the layers and may use them all.
const ROOT: &[&str] = &["lib", "prelude", "private"];

/// Which layers may use a crate from outside, where that is a promise.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("crossbeam_deque", &["exec"]),
    ("petgraph", &["plan", "compute"]),
    ("rayon", &["base", "exec", "compute", "client"]),
    ("stacker", &["exec"]),
    ("xxhash_rust", &["base"]),
];

/// The three rooms of `unsafe`.
const UNSAFE: &[&str] = &["exec::pool", "exec::segment", "task"];

const LONGEST: usize = 500;

#[test]
fn a_layer_uses_only_what_its_row_allows() {
    let mut faults = Vec::new();
    for file in &sources() {
        for used in &file.uses {
            if !allows(file, used) {
                let Use { line, path, .. } = used;
                faults.push(format!(
                    "{}:{line}: `{}` uses `{path}`",
                    file.name,
                    file.layer()
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "edges that the table does not allow:\n{}",
        faults.join("\n")
    );
}

fn allows(file: &Source, used: &Use) -> bool {
    let (from, to) = (file.layer(), used.layer());
    if let Some((_, layers)) = OUTSIDE.iter().find(|(name, _)| *name == to) {
        return used.in_tests || layers.contains(&from);
    }
    if ROOT.contains(&from) || from == to {
        return true;
    }
    if used.in_tests && IN_TESTS.contains(&(from, to)) {
        return true;
    }
    let below = |part: &str| {
        used.path
            .strip_prefix(part)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    row(from).iter().any(|part| below(part))
}

fn row(layer: &str) -> &'static [&'static str] {
    let found = LAYERS.iter().find(|(name, _)| *name == layer);
    found.map_or(&[], |(_, row)| row)
}

#[test]
fn the_table_goes_down_only() {
    for (at, (layer, row)) in LAYERS.iter().enumerate() {
        for part in *row {
            let below = part.split("::").next();
            let found = LAYERS[..at].iter().any(|(name, _)| Some(*name) == below);
            assert!(
                found,
                "`{layer}` uses `{part}`, which does not stand before it in the table"
            );
        }
    }
}

#[test]
fn every_folder_has_its_row() {
    let folders: BTreeSet<String> = sources()
        .iter()
        .map(|file| file.layer().to_owned())
        .collect();
    let rows = LAYERS
        .iter()
        .map(|(layer, _)| *layer)
        .chain(ROOT.iter().copied());
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(folders, rows);
}

#[test]
fn there_are_no_cycles() {
    let sources = sources();
    let mut edges = DiGraphMap::<&str, ()>::new();
    for file in sources.iter().filter(|file| !ROOT.contains(&file.layer())) {
        for used in file
            .uses
            .iter()
            .filter(|used| !used.in_tests && used.layer() != file.layer())
        {
            edges.add_edge(file.layer(), used.layer(), ());
        }
    }
    let circles = tarjan_scc(&edges)
        .into_iter()
        .filter(|circle| circle.len() > 1);
    assert!(
        !is_cyclic_directed(&edges),
        "circles: {:?}",
        circles.collect::<Vec<_>>()
    );
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    let sources = sources();
    let rooms: BTreeSet<&str> = sources
        .iter()
        .flat_map(|file| &file.rooms)
        .map(String::as_str)
        .collect();
    assert_eq!(
        rooms,
        UNSAFE.iter().copied().collect(),
        "`allow(unsafe_code)` is on other modules"
    );
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(
        lib.contains("#![deny(unsafe_code)]"),
        "src/lib.rs does not deny `unsafe_code`"
    );
    let macros = fs::read_to_string(root().join("macros/src/lib.rs")).unwrap();
    assert!(
        macros.contains("#![forbid(unsafe_code)]"),
        "macros/src/lib.rs does not forbid `unsafe_code`"
    );
}

#[test]
fn every_file_says_what_it_is_and_is_not_too_long() {
    let mut faults = Vec::new();
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let (name, lines) = (name_of(&file), text.lines().count());
        if !text.starts_with("//! ") {
            faults.push(format!(
                "{name}: does not begin with a `//!` line that says what it is"
            ));
        }
        if lines > LONGEST {
            faults.push(format!("{name}: {lines} lines, more than {LONGEST}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_table_is_the_one_that_people_read() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (layer, row) in LAYERS {
        let row = if row.is_empty() {
            "–".to_owned()
        } else {
            row.join(", ")
        };
        let line = format!("{layer:<9} → {row}");
        assert!(
            text.contains(&line),
            "ARCHITECTURE.md does not have the line\n{line}"
        );
    }
}
