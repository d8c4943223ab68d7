//! No files of a crate import each other, directly or through others: whoever reads one has to read
//! only what stands below it.
//!
//! Read from the `use` of the sources. An arrow leads to the file that defines what is imported,
//! not to the one that passes it on; a parent that passes on what its children define (`pub use`)
//! does not need them for that. Tests are left out.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Where no circle may be. `cqlwire` is the facade.
const CRATES: [&str; 6] = ["stream", "pool", "cluster", "cqlwire", "net", "mux"];

/// The files of a crate: their paths below `src`, and their texts.
type Sources = BTreeMap<String, String>;

/// Which file imports from which.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// A path as modules and names, from the root of the crate.
type Segments = Vec<String>;

#[test]
fn no_files_import_each_other() {
    let mut found = Vec::new();
    for name in CRATES {
        let circles = circles(&arrows(&sources(name)));
        let named = |file: &String| format!("{name}/{file}");
        found.extend(circles.iter().map(|circle| circle.iter().map(named).collect::<Vec<_>>()));
    }
    assert!(found.is_empty(), "these import each other: {found:#?}");
}

fn sources(name: &str) -> Sources {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name).join("src");
    let mut found = Sources::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(&source).unwrap().display().to_string();
            if path.is_dir() && !below.ends_with("tests") {
                folders.push(path);
            } else if below.ends_with(".rs") && !below.ends_with("tests.rs") {
                found.insert(below, fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(found.contains_key("lib.rs"), "the sources are looked for in the wrong place");
    found
}

/// What is to be known of a crate to find out where a name comes from.
struct Names {
    files: BTreeMap<Segments, String>,
    /// What a module calls by a name of its own, and where that is.
    imported: BTreeMap<(Segments, String), Segments>,
}

/// One name that a file imports.
struct Import {
    /// From the root of the crate.
    path: Segments,
    passed_on: bool,
}

fn arrows(sources: &Sources) -> Arrows {
    let files = sources.keys().map(|file| (module(file), file.clone())).collect();
    let mut names = Names { files, imported: BTreeMap::new() };
    let imports: BTreeMap<&String, Vec<Import>> =
        sources.iter().map(|(file, text)| (file, imports(&names, &module(file), text))).collect();
    for (file, imports) in &imports {
        for Import { path, .. } in imports {
            if let Some(name) = path.last() {
                names.imported.insert((module(file), name.clone()), path.clone());
            }
        }
    }
    let mut arrows = Arrows::new();
    for (file, imports) in imports {
        let own = module(file);
        let is_child = |path: &Segments| path.starts_with(&own) && names.file(path) != Some(file);
        let needed = imports.iter().filter(|import| !(import.passed_on && is_child(&import.path)));
        let targets = needed.filter_map(|import| names.definition(&import.path));
        let targets = targets.filter(|target| *target != file).cloned().collect();
        arrows.insert(file.clone(), targets);
    }
    arrows
}

impl Names {
    /// The file of the innermost module on this path.
    fn file(&self, path: &[String]) -> Option<&String> {
        (0..=path.len()).rev().find_map(|length| self.files.get(path.get(..length)?))
    }

    /// The file that defines what is imported by this path, through whoever passes it on.
    fn definition(&self, path: &[String]) -> Option<&String> {
        let mut path = path.to_vec();
        // No name is passed on more often than there are modules.
        for _ in 0..self.files.len() {
            let inner = (0..=path.len()).rev().find(|at| self.files.contains_key(&path[..*at]))?;
            let Some(name) = path.get(inner) else { break };
            let Some(from) = self.imported.get(&(path[..inner].to_vec(), name.clone())) else {
                break;
            };
            path = [from.as_slice(), path.get(inner + 1..).unwrap_or_default()].concat();
        }
        self.file(&path)
    }
}

/// The module that a file is: `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module(file: &str) -> Segments {
    let mut path: Segments = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        path.pop();
    }
    path
}

/// What a file imports of its own crate, at the level of the module.
fn imports(names: &Names, own: &[String], text: &str) -> Vec<Import> {
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for (statement, passed_on) in statements(code) {
        let paths = leaves(&statement).into_iter().filter_map(|path| absolute(names, own, &path));
        found.extend(paths.map(|path| Import { path, passed_on }));
    }
    found
}

/// What stands between each `use` and its semicolon, and whether it is passed on.
fn statements(code: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find("use ") {
        let line = rest[..start].rfind('\n').map_or(0, |end| end + 1);
        let before = &rest[line..start];
        rest = &rest[start + 4..];
        let is_public = before.starts_with("pub") && before.ends_with(' ');
        if (before.is_empty() || is_public) && !before.contains("//") {
            let statement = rest.split(';').next().unwrap_or_default();
            found.push((statement.split_whitespace().collect::<Vec<_>>().join(" "), is_public));
        }
    }
    found
}

/// The paths that a tree of imports stands for.
fn leaves(tree: &str) -> Vec<String> {
    let Some((before, group)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut start, mut branches) = (0, 0, Vec::new());
    for (at, sign) in group.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branches.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&group[start..]);
    let branches = branches.into_iter().map(str::trim).filter(|branch| !branch.is_empty());
    branches.flat_map(|branch| leaves(&format!("{}{branch}", before.trim()))).collect()
}

/// The path from the root of the crate; `None` if it leads to another crate.
fn absolute(names: &Names, own: &[String], path: &str) -> Option<Segments> {
    let mut segments = path.split("::").map(str::trim).peekable();
    let mut from = own.to_vec();
    match *segments.peek()? {
        "crate" => from.clear(),
        "self" | "super" => {}
        child => {
            let child = [own, &[child.to_owned()]].concat();
            names.files.contains_key(&child).then_some(())?;
        }
    }
    for segment in segments {
        match segment {
            "crate" | "self" => {}
            "super" => drop(from.pop()),
            name => from.push(name.to_owned()),
        }
    }
    Some(from)
}

/// The sets of files from each of which every other one of its set is reached.
fn circles(arrows: &Arrows) -> BTreeSet<BTreeSet<String>> {
    let reached = |from: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            for next in arrows.get(file).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> =
        arrows.keys().map(|file| (file, reached(file))).collect();
    let circle_of = |file: &String| {
        let both = all
            .get(file)?
            .iter()
            .filter(|other| all.get(other).is_some_and(|back| back.contains(file)));
        let circle: BTreeSet<String> = both.cloned().collect();
        (!circle.is_empty()).then_some(circle)
    };
    arrows.keys().filter_map(circle_of).collect()
}

mod can_fail {
    //! Made-up crates with circles, and some that are close to having one.

    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let own = |(file, text): &(&str, &str)| ((*file).to_owned(), (*text).to_owned());
        let circles = circles(&arrows(&files.iter().map(own).collect()));
        circles.into_iter().map(|circle| circle.into_iter().collect()).collect()
    }

    const ROOT: (&str, &str) =
        ("lib.rs", "mod one;\nmod other;\npub use one::One;\npub use other::Other;\n");

    #[test]
    fn files_that_import_each_other_are_found() {
        for back in ["use crate::one::One;", "use super::one::One;", "use crate::{One, Nobody};"] {
            let circle = [ROOT, ("one.rs", "use crate::Other;\n"), ("other.rs", back)];
            assert_eq!(found(&circle), [["one.rs", "other.rs"]], "{back}");
        }
    }

    #[test]
    fn a_circle_through_others_is_found() {
        let circle = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a/mod.rs", "mod inner;\npub(crate) use self::inner::Inner;\n"),
            ("a/inner.rs", "use crate::b::{\n    x::Y,\n    B as Other,\n};\n"),
            ("b.rs", "use std::fmt;\n\nuse crate::c;\n"),
            ("c.rs", "use crate::a::Inner;\n"),
        ];
        assert_eq!(found(&circle), [["a/inner.rs", "b.rs", "c.rs"]]);
    }

    #[test]
    fn a_parent_that_needs_its_child_and_a_child_that_needs_its_parent_are_found() {
        let parent = "mod child;\nuse child::Child;\nstruct Parent;\n";
        let circle =
            [("lib.rs", "mod a;\n"), ("a/mod.rs", parent), ("a/child.rs", "use super::Parent;\n")];
        assert_eq!(found(&circle), [["a/child.rs", "a/mod.rs"]]);
        let passed_on = parent.replace("use child", "pub use child");
        let tree = [
            ("lib.rs", "mod a;\n"),
            ("a/mod.rs", &passed_on),
            ("a/child.rs", "use super::Parent;\n"),
        ];
        assert!(found(&tree).is_empty(), "to pass a name on is not to need it");
    }

    #[test]
    fn one_way_is_no_circle_and_tests_make_none() {
        let tests = "struct Other;\n#[cfg(test)]\nmod tests {\nuse crate::One;\n}\n";
        let tree = [ROOT, ("one.rs", "use crate::Other;\n"), ("other.rs", tests)];
        assert!(found(&tree).is_empty());
        let comment =
            [ROOT, ("one.rs", "use crate::Other;\n"), ("other.rs", "//! use crate::One;\n")];
        assert!(found(&comment).is_empty());
    }
}
