//! The faults of `tests/mutants/table.txt`: their texts stand in the sources, what finds them is there, and the executor's page
//! shows them. Whether they are found is what `tests/mutants/run` tells.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.ancestors().nth(2).unwrap().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[derive(Default)]
struct Mutant {
    part: String,
    name: String,
    /// The kind of test, and the names of those that find it.
    by: Vec<(String, Vec<String>)>,
    /// A file, and the lines of it that are replaced.
    edits: Vec<(String, Vec<String>)>,
}

fn mutants() -> Vec<Mutant> {
    let (mut all, mut part): (Vec<Mutant>, _) = (Vec::new(), String::new());
    for line in read("tests/mutants/table.txt").lines() {
        if let Some(name) = line.strip_prefix("## ") {
            part = name.to_owned();
        } else if let Some(name) = line.strip_prefix("== ") {
            all.push(Mutant {
                part: part.clone(),
                name: name.to_owned(),
                ..Mutant::default()
            });
        } else if line.is_empty() || line.starts_with('#') {
            continue;
        } else {
            let mutant = all.last_mut().unwrap();
            if let Some(by) = line.strip_prefix("by ") {
                let mut words = by.split(' ').filter(|word| !word.contains('='));
                let kind = words.next().unwrap().to_owned();
                mutant.by.push((kind, words.map(str::to_owned).collect()));
            } else if let Some(file) = line.strip_prefix("in ") {
                mutant.edits.push((file.to_owned(), Vec::new()));
            } else if let Some(before) = line.strip_prefix('-') {
                mutant.edits.last_mut().unwrap().1.push(before.to_owned());
            } else {
                assert!(line.starts_with('+'), "what is this: {line}");
            }
        }
    }
    assert!(all.len() > 50, "{} faults: where is the table?", all.len());
    all
}

#[test]
fn every_fault_can_be_planted() {
    for Mutant { name, edits, .. } in mutants() {
        assert!(!edits.is_empty(), "{name}: in which file?");
        for (file, before) in edits {
            let before = format!("\n{}", before.join("\n"));
            let found = read(&file).matches(&before).count();
            assert_eq!(found, 1, "{name}: how often {file} has:{before}");
        }
    }
}

#[test]
fn what_finds_it_is_there() {
    let models = ["main", "client", "waits"].map(|file| read(&format!("tests/models/{file}.rs")));
    let weak =
        ["claims", "ledger", "nodes"].map(|file| read(&format!("tests/models/weak/{file}.rs")));
    for Mutant { name, by, .. } in mutants() {
        assert!(!by.is_empty(), "{name}: found by what?");
        for (kind, names) in by {
            let texts = match &*kind {
                "model" => models.to_vec(),
                "weak" => weak.to_vec(),
                "slots" => vec![read("tests/models/slots.rs")],
                // Words of their names, which may be those of files: `run` sees to it that there is one.
                "behaviour" | "unit" => continue,
                _ => panic!("{name}: there is no {kind}"),
            };
            for test in names {
                let test = test.rsplit("::").next().unwrap();
                let is_there = |text: &String| {
                    text.contains(&format!("fn {test}()"))
                        || text.contains(&format!("    {test}: "))
                };
                assert!(
                    texts.iter().any(is_there),
                    "{name}: there is no {kind} {test}"
                );
            }
        }
    }
}

#[test]
fn the_page_of_the_executor_shows_them() {
    let page = read("src/exec/README.md");
    let (_, table) = page
        .split_once("<!-- written by tests/mutants/run --readme -->\n")
        .unwrap();
    let (table, _) = table.split_once("<!-- end -->\n").unwrap();
    let mut rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| broken"));
    let mut part = String::new();
    for mutant in mutants() {
        if mutant.part != part {
            part = mutant.part;
            assert!(
                table.contains(&format!("\n{part}:\n")) || table.starts_with(&format!("{part}:\n"))
            );
        }
        let by = mutant
            .by
            .iter()
            .map(|(kind, names)| format!("{kind} {}", names.join(", ")));
        let row = format!(
            "| {} | {} |",
            mutant.name,
            by.collect::<Vec<_>>().join("; ")
        );
        assert_eq!(
            rows.next(),
            Some(&*row),
            "`tests/mutants/run --readme` writes it"
        );
    }
    assert_eq!(rows.next(), None, "`tests/mutants/run --readme` writes it");
}
