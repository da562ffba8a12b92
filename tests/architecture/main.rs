//! The layers of `ARCHITECTURE.md`, checked on the sources: who may use whom, where `unsafe` may be, how long a file
//! may get.

mod known;
mod public_api;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use petgraph::algo::{is_cyclic_directed, tarjan_scc};
use petgraph::graphmap::DiGraphMap;
use sources::{Crate, Finder, Kind, Names, Scope, Source, Target, root};

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
const ROOT: &[&str] = &["lib", "prelude", "private", "guide"];

/// Which layers may use a crate from outside, where that is a promise.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("crossbeam_deque", &["exec"]),
    ("petgraph", &["compute", "lib"]),
    ("rayon", &["base", "exec", "compute", "client"]),
    ("stacker", &["exec"]),
    ("xxhash_rust", &["base"]),
];

/// The three rooms of `unsafe`.
const UNSAFE: &[&str] = &["exec::segment", "exec::threads::pool", "task"];

/// The rooms of a layer from the bottom up, and which other rooms of the layer each may use.
type Rooms = &'static [(&'static str, &'static [&'static str])];

/// The layers that have rooms: folders, and files beside them.
const ROOMS: &[(&str, Rooms)] = &[("exec", EXEC)];

const EXEC: Rooms = &[
    ("tuning", &[]),
    ("park", &[]),
    ("futures", &["tuning", "park"]),
    ("segment", &["tuning", "park"]),
    ("resources", &["park", "futures"]),
    ("queue", &["tuning", "segment"]),
    ("threads", &["tuning", "futures", "resources"]),
    (
        "run",
        &[
            "tuning",
            "park",
            "futures",
            "segment",
            "resources",
            "queue",
            "threads",
        ],
    ),
    (
        "wait",
        &[
            "tuning",
            "park",
            "segment",
            "resources",
            "queue",
            "threads",
            "run",
        ],
    ),
    (
        "step",
        &[
            "tuning",
            "park",
            "futures",
            "segment",
            "resources",
            "queue",
            "run",
            "wait",
        ],
    ),
    (
        "drive",
        &[
            "tuning", "segment", "queue", "threads", "run", "wait", "step",
        ],
    ),
    ("direct", &["segment", "threads", "run", "step", "drive"]),
    (
        "job",
        &[
            "park",
            "futures",
            "segment",
            "resources",
            "threads",
            "run",
            "drive",
        ],
    ),
];

const LONGEST: usize = 500;

/// The most files in one folder.
const MOST_FILES: usize = 12;

/// Methods that a layer adds to a type of a lower one: what users do with it needs more than the type may know.
const VERBS: &[(&str, &str)] = &[("Delayed", "compute"), ("Handle", "client")];

/// Files that may use each other: pairs, each with its reason.
const PAIRS: &[(&str, &str)] = &[];

/// Compares faults with those that are known: a new one fails, and so does one that is there no more and still listed.
#[track_caller]
fn assert_known(what: &str, found: impl IntoIterator<Item = String>, known: &[&str]) {
    let found: BTreeSet<String> = found.into_iter().collect();
    let new = found
        .iter()
        .filter(|fault| !known.contains(&fault.as_str()));
    let new: Vec<&String> = new.collect();
    assert!(new.is_empty(), "{what}: {new:#?}");
    let gone = known.iter().filter(|fault| !found.contains(**fault));
    let gone: Vec<&&str> = gone.collect();
    assert!(
        gone.is_empty(),
        "{what}: take these out of the list, they are mended: {gone:#?}"
    );
}

fn lazygraph() -> Crate {
    Crate::read("src")
}

fn both() -> [Crate; 2] {
    [lazygraph(), Crate::read("macros/src")]
}

/// The crates from outside whose users are a promise.
fn is_outside(name: &str) -> bool {
    OUTSIDE.iter().any(|(outside, _)| *outside == name)
}

/// What a file uses, tests apart: for each path that leads to a file of the crate, that file.
fn used_files(sources: &Crate, finder: &Finder<'_>, file: usize) -> BTreeSet<usize> {
    let scopes = sources.files[file].scopes.iter().filter(|s| !s.in_tests);
    let paths = scopes.flat_map(|scope| {
        let imports = scope
            .imports
            .iter()
            .map(|(_, path)| path)
            .chain(&scope.globs);
        let impls = scope.impls.iter();
        imports
            .chain(&scope.paths)
            .chain(impls)
            .map(move |path| (&scope.module, path))
    });
    let found = paths.filter_map(|(module, path)| match finder.find(module, path)? {
        Target::Item(at, _) => Some(at),
        // What is used of a folder says another path.
        Target::Module(at, _) => Some(at).filter(|at| !sources.files[*at].is_facade()),
    });
    found
        .filter(|at| *at != file && sources.files[*at].module != ["lib"])
        .collect()
}

#[test]
fn files_form_no_circle() {
    let mut faults = Vec::new();
    for sources in both() {
        let finder = Finder::of(&sources);
        let mut edges = DiGraphMap::<usize, ()>::new();
        for file in 0..sources.files.len() {
            for used in used_files(&sources, &finder, file) {
                edges.add_edge(file, used, ());
            }
        }
        let name = |i: &usize| sources.files[*i].name.as_str();
        let circles = tarjan_scc(&edges)
            .into_iter()
            .filter(|circle| circle.len() > 1);
        let circles = circles.map(|circle| circle.iter().map(name).collect::<BTreeSet<_>>());
        let allowed = |circle: &BTreeSet<&str>| {
            PAIRS
                .iter()
                .any(|(a, b)| *circle == BTreeSet::from([*a, *b]))
        };
        let in_circles = circles.filter(|circle| !allowed(circle)).flatten();
        faults.extend(in_circles.map(str::to_owned));
    }
    assert_known("files in a circle", faults, known::CIRCLES);
}

/// The room of a layer that a file stands in; `None`: it is the layer's `mod.rs`.
fn room<'s>(file: &'s Source, layer: &str) -> Option<&'s str> {
    let below = file.module.strip_prefix(&[layer.to_owned()])?;
    below.first().map(String::as_str)
}

#[test]
fn a_room_uses_only_what_its_row_allows() {
    let sources = lazygraph();
    let finder = Finder::of(&sources);
    let mut faults = Vec::new();
    for (layer, rooms) in ROOMS {
        let mut found = BTreeSet::new();
        for (at, file) in sources.files.iter().enumerate() {
            let Some(room_here) = room(file, layer) else {
                continue;
            };
            found.insert(room_here);
            let row = rooms.iter().find(|(name, _)| *name == room_here);
            let row = row.map_or(&[][..], |(_, row)| row);
            for used in used_files(&sources, &finder, at) {
                let used = &sources.files[used];
                let is_allowed = |other: &str| other == room_here || row.contains(&other);
                if room(used, layer).is_some_and(|other| !is_allowed(other)) {
                    faults.push(format!("{} uses {}", file.name, used.name));
                }
            }
        }
        let rows = rooms.iter().map(|(name, _)| *name).collect();
        assert_eq!(found, rows, "the rooms of `{layer}`");
    }
    assert!(faults.is_empty(), "edges that no row allows: {faults:#?}");
}

#[test]
fn rooms_use_only_what_stands_before_them() {
    for (layer, rooms) in ROOMS {
        for (at, (name, row)) in rooms.iter().enumerate() {
            for used in *row {
                let found = rooms[..at].iter().any(|(before, _)| before == used);
                assert!(
                    found,
                    "`{layer}::{name}` uses `{used}`, which does not stand before it"
                );
            }
        }
    }
}

#[test]
fn methods_stand_with_their_type() {
    let mut faults = Vec::new();
    for sources in both() {
        let finder = Finder::of(&sources);
        for file in &sources.files {
            for scope in &file.scopes {
                for of in &scope.impls {
                    let Some(Target::Item(home, name)) = finder.find(&scope.module, of) else {
                        continue;
                    };
                    let home = &sources.files[home];
                    let is_verb = VERBS.contains(&(name.as_str(), file.layer()));
                    if !is_verb && !file.module.starts_with(&home.module) {
                        faults.push(format!(
                            "{}: `impl {name}`, which is defined in {}",
                            file.name, home.name
                        ));
                    }
                }
            }
        }
    }
    assert_known("methods away from their type", faults, known::METHODS);
}

#[test]
fn a_mod_rs_defines_nothing() {
    let mut faults = Vec::new();
    for sources in both() {
        for file in sources.files.iter().filter(|file| file.is_facade()) {
            let defines = |scope: &Scope| !scope.items.is_empty() || !scope.impls.is_empty();
            if file.scopes.iter().any(defines) {
                faults.push(file.name.clone());
            }
        }
    }
    assert_known("a `mod.rs` that defines something", faults, known::FACADES);
}

#[test]
fn a_folder_has_few_files() {
    let mut folders = BTreeMap::<String, usize>::new();
    for sources in both() {
        for file in &sources.files {
            *folders.entry(file.folder().to_owned()).or_default() += 1;
        }
    }
    folders.retain(|_, files| *files > MOST_FILES);
    assert_known(
        "folders of more than 12 files",
        folders.into_keys(),
        known::FOLDERS,
    );
}

#[test]
fn a_type_name_stands_once() {
    let mut faults = Vec::new();
    for sources in both() {
        let mut homes = BTreeMap::<&str, BTreeSet<&str>>::new();
        for file in &sources.files {
            for scope in file.scopes.iter().filter(|scope| !scope.in_tests) {
                for item in scope.items.iter().filter(|item| item.kind == Kind::Type) {
                    homes.entry(&item.name).or_default().insert(&file.name);
                }
            }
        }
        let several = homes.into_iter().filter(|(_, homes)| homes.len() > 1);
        faults.extend(
            several.map(|(name, homes)| format!("{name}: {}", Vec::from_iter(homes).join(", "))),
        );
    }
    assert_known("types of one name", faults, known::NAMES);
}

#[test]
fn a_layer_uses_only_what_its_row_allows() {
    let sources = lazygraph();
    let mut faults = Vec::new();
    for file in &sources.files {
        for (path, in_tests) in layer_paths(file) {
            if !allows(file, &path, in_tests) {
                faults.push(format!(
                    "{}: `{}` uses `{}`",
                    file.name,
                    file.layer(),
                    path.join("::")
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

/// The paths that lead out of a file's layer, from the root of the crate, and to crates of `OUTSIDE`.
fn layer_paths(file: &Source) -> Vec<(Names, bool)> {
    let mut found = Vec::new();
    for scope in &file.scopes {
        let imports = scope
            .imports
            .iter()
            .map(|(_, path)| path)
            .chain(&scope.globs);
        for path in imports.chain(&scope.paths) {
            let absolute = match path[0].as_str() {
                "crate" => path[1..].to_vec(),
                "super" => {
                    let ups = path.iter().take_while(|name| *name == "super").count();
                    let module = &scope.module[..scope.module.len() - ups];
                    module.iter().chain(&path[ups..]).cloned().collect()
                }
                name if is_outside(name) => path.clone(),
                _ => continue,
            };
            if !absolute.is_empty() {
                found.push((absolute, scope.in_tests));
            }
        }
    }
    found
}

fn allows(file: &Source, path: &[String], in_tests: bool) -> bool {
    let (from, to) = (file.layer(), path[0].as_str());
    if let Some((_, layers)) = OUTSIDE.iter().find(|(name, _)| *name == to) {
        return in_tests || layers.contains(&from);
    }
    if ROOT.contains(&from) || from == to {
        return true;
    }
    if in_tests && IN_TESTS.contains(&(from, to)) {
        return true;
    }
    let below = |part: &&str| {
        let part: Vec<&str> = part.split("::").collect();
        path.len() >= part.len() && path.iter().zip(&part).all(|(a, b)| a == b)
    };
    row(from).iter().any(below)
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
    let sources = lazygraph();
    let folders: BTreeSet<&str> = sources.files.iter().map(Source::layer).collect();
    let rows = LAYERS.iter().map(|(layer, _)| *layer);
    let rows: BTreeSet<&str> = rows.chain(ROOT.iter().copied()).collect();
    assert_eq!(folders, rows);
}

#[test]
fn there_are_no_cycles_of_layers() {
    let sources = lazygraph();
    let mut edges = DiGraphMap::<&str, ()>::new();
    let paths: Vec<_> = sources
        .files
        .iter()
        .map(|file| (file.layer(), layer_paths(file)))
        .collect();
    for (layer, paths) in paths.iter().filter(|(layer, _)| !ROOT.contains(layer)) {
        for (path, _) in paths
            .iter()
            .filter(|(path, in_tests)| !in_tests && path[0] != *layer)
        {
            edges.add_edge(layer, &path[0], ());
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
    let sources = lazygraph();
    let rooms: BTreeSet<&str> = sources
        .files
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
    for sources in both() {
        for file in &sources.files {
            if file.says.is_none() {
                faults.push(format!(
                    "{}: does not begin with a `//!` line that says what it is",
                    file.name
                ));
            }
            if file.lines > LONGEST {
                faults.push(format!(
                    "{}: {} lines, more than {LONGEST}",
                    file.name, file.lines
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_tables_are_those_that_people_read() {
    assert_table("ARCHITECTURE.md", LAYERS);
    for (layer, rooms) in ROOMS {
        assert_table(&format!("src/{layer}/README.md"), rooms);
    }
}

/// A document has the line of each row.
fn assert_table(document: &str, rows: &[(&str, &[&str])]) {
    let text = fs::read_to_string(root().join(document)).unwrap();
    for (layer, row) in rows {
        let row = if row.is_empty() {
            "–".to_owned()
        } else {
            row.join(", ")
        };
        let line = format!("{layer:<9} → {row}");
        assert!(
            text.contains(&line),
            "{document} does not have the line\n{line}"
        );
    }
}
