//! The house style, as far as a machine can tell: read from the sources, so that nobody has to
//! remember it in a review.
//!
//! Lengths are those of the text as `rustfmt` leaves it. What clippy checks already is not checked
//! again, only that it cannot be switched off unseen.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The most lines of a file, its tests at the end not counted.
const LONGEST_FILE: usize = 500;

/// The most lines of a function, from its `fn` to its last brace.
const LONGEST_FUNCTION: usize = 70;

/// Work that was put off. It belongs into the tracker, not into the code.
const PUT_OFF: [&str; 4] = ["TODO", "FIXME", "todo!", "unimplemented!"];

/// A clock, a socket, the environment: not for the crates that are state machines and parsers.
const OUTSIDE_WORLD: [&str; 8] = [
    "Instant::now",
    "SystemTime::now",
    "TcpStream",
    "UdpSocket",
    "UnixStream",
    "std::env",
    "std::fs",
    "std::thread::spawn",
];

/// How many guarantees each group of `docs/guarantees.md` has, from G1 on. To change it is to
/// change what the project promises.
const GUARANTEES: [u32; 16] = [6, 6, 4, 5, 4, 7, 5, 6, 5, 5, 5, 10, 7, 5, 6, 2];

type Outcome = io::Result<()>;

#[test]
fn files_are_short() -> Outcome {
    hold(&sources()?, too_long)
}

#[test]
fn functions_are_short() -> Outcome {
    hold(&sources()?, long_functions)
}

#[test]
fn every_room_has_a_door() -> Outcome {
    hold(&sources()?, no_door)
}

#[test]
fn nothing_is_put_off() -> Outcome {
    hold(&sources()?, put_off)
}

#[test]
fn no_test_is_ignored() -> Outcome {
    hold(&sources()?, ignored)
}

#[test]
fn codec_and_mux_know_no_outside_world() -> Outcome {
    hold(&sources()?, outside_world)
}

#[test]
fn tests_claim_guarantees_that_exist() -> Outcome {
    hold(&sources()?, false_claims)
}

#[test]
fn every_line_of_the_log_says_whose_it_is() -> Outcome {
    hold(&sources()?, nobodys_lines)
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() -> Outcome {
    let manifests = texts(".toml")?;
    assert!(manifests.iter().any(Text::is_of_a_crate), "no manifest found");
    hold(&manifests, lints_of_its_own)
}

#[test]
fn the_lints_of_the_workspace_are_those_that_count() -> Outcome {
    let workspace = fs::read_to_string(root().join("Cargo.toml"))?;
    let clippy = fs::read_to_string(root().join("clippy.toml"))?;
    assert!(workspace.contains("\nunsafe_code = \"forbid\"\n"));
    assert!(workspace.contains("\ntoo_many_lines = \"warn\"\n"));
    assert!(clippy.contains(&format!("too-many-lines-threshold = {LONGEST_FUNCTION}\n")));
    Ok(())
}

#[test]
fn the_guarantees_are_all_written_down() -> Outcome {
    let page = fs::read_to_string(root().join("docs/guarantees.md"))?;
    let written: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("- **G")).collect();
    let numbers = written.iter().filter_map(|line| line.split_once("** ").map(|(id, _)| id));
    let expected = GUARANTEES.iter().zip(1..).flat_map(|(count, group)| {
        (1..=*count).map(move |number: u32| format!("{group}.{number}"))
    });
    assert_eq!(numbers.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    Ok(())
}

/// A file, by its path from the root of the repository.
struct Text {
    path: String,
    text: String,
}

impl Text {
    /// Is it there for tests alone, whole?
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
    }

    fn is_of_a_crate(&self) -> bool {
        self.path.ends_with("/Cargo.toml") && !self.path.starts_with("fuzz/")
    }

    /// The lines of the file without the tests at its end.
    fn code(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let begins_tests = |pair: &[&str]| match pair {
            ["#[cfg(test)]", module] => module.starts_with("mod ") && module.ends_with('{'),
            _ => false,
        };
        let end = lines.windows(2).position(begins_tests);
        lines.into_iter().take(end.unwrap_or(usize::MAX)).collect()
    }

    /// What is wrong with the lines for which `wrong` has a word.
    fn find<'a>(&'a self, wrong: impl Fn(&'a str) -> Option<String>) -> Vec<String> {
        let told = |(line, number): (&'a str, usize)| {
            wrong(line).map(|why| format!("{}:{number}: {why}", self.path))
        };
        self.text.lines().zip(1..).filter_map(told).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust sources of the project, but for this file, which has to name what it forbids.
fn sources() -> io::Result<Vec<Text>> {
    let mut sources = texts(".rs")?;
    let with_this = sources.len();
    sources.retain(|source| source.path != "tests/tests/style.rs");
    assert_eq!(sources.len() + 1, with_this, "the sources are looked for in the wrong place");
    Ok(sources)
}

/// The files below the project's own folders whose names end so.
fn texts(ending: &str) -> io::Result<Vec<Text>> {
    let mut found = Vec::new();
    let mut folders = ["crates", "tests", "fuzz"].map(|folder| root().join(folder)).to_vec();
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() || folder.ends_with("target") {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if shown.ends_with(ending) {
                found.push(Text { text: fs::read_to_string(&path)?, path: shown });
            }
        }
    }
    Ok(found)
}

/// Fails with all that `wrong` finds.
fn hold(texts: &[Text], wrong: fn(&Text) -> Vec<String>) -> Outcome {
    let found: Vec<String> = texts.iter().flat_map(wrong).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    Ok(())
}

fn too_long(source: &Text) -> Vec<String> {
    let lines = source.code().len();
    let long = lines > LONGEST_FILE && !source.is_test();
    let told = format!("{}: {lines} lines, over {LONGEST_FILE}: make another room", source.path);
    long.then_some(told).into_iter().collect()
}

fn long_functions(source: &Text) -> Vec<String> {
    if source.is_test() {
        return Vec::new();
    }
    let code = source.code();
    let starts = (0..code.len()).filter(|start| code.get(*start).is_some_and(|line| is_fn(line)));
    let lengths = starts.map(|start| (start + 1, length(code.get(start..).unwrap_or_default())));
    let long = lengths.filter(|(_, length)| *length > LONGEST_FUNCTION);
    let path = &source.path;
    long.map(|(line, length)| format!("{path}:{line}: a function of {length} lines")).collect()
}

/// Does a function begin on this line?
fn is_fn(line: &str) -> bool {
    let qualifies = |word: &str| {
        let visibility = word.starts_with("pub(") || word.ends_with(')');
        visibility || matches!(word, "pub" | "const" | "async" | "unsafe")
    };
    line.split_once("fn ").is_some_and(|(before, _)| before.split_whitespace().all(qualifies))
}

/// The lines of the function that begins on the first line: as far as a brace under its `fn`, or
/// the semicolon of a declaration.
fn length(lines: &[&str]) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let first = lines.first().copied().unwrap_or_default();
    if first.ends_with('}') {
        return 1;
    }
    let mut opened = false;
    for (line, number) in lines.iter().zip(1..) {
        opened |= line.ends_with('{');
        let closes = line.trim_start().starts_with('}') && indent(line) == indent(first);
        if (opened && closes) || (!opened && line.ends_with(';')) {
            return number;
        }
    }
    lines.len()
}

fn no_door(source: &Text) -> Vec<String> {
    let room = source.path.contains("/src/") && !source.is_test();
    let open = source.text.starts_with("//!");
    let told = format!("{}: the first line has to say what happens here (`//!`)", source.path);
    (room && !open).then_some(told).into_iter().collect()
}

/// The first of these words that is in the line.
fn first_of(words: &[&str], line: &str) -> Option<String> {
    words.iter().find(|word| line.contains(**word)).map(ToString::to_string)
}

fn put_off(source: &Text) -> Vec<String> {
    source.find(|line| first_of(&PUT_OFF, line))
}

fn ignored(source: &Text) -> Vec<String> {
    let wrong = |line: &str| line.contains("#[ignore") || line.contains("```ignore");
    source.find(|line| wrong(line).then(|| "a test that nobody runs".to_owned()))
}

fn outside_world(source: &Text) -> Vec<String> {
    let pure = ["crates/codec/src/", "crates/mux/src/"];
    if source.is_test() || !pure.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let code = Text { path: source.path.clone(), text: source.code().join("\n") };
    code.find(|line| first_of(&OUTSIDE_WORLD, line))
}

/// Lines of the log without the id of their session, and without a span that has it.
fn nobodys_lines(source: &Text) -> Vec<String> {
    const LEVELS: [&str; 5] = [
        "tracing::error!",
        "tracing::warn!",
        "tracing::info!",
        "tracing::debug!",
        "tracing::trace!",
    ];
    if source.is_test() || !source.path.contains("/src/") {
        return Vec::new();
    }
    let code = source.code();
    let begins = (0..code.len())
        .filter(|start| code.get(*start).is_some_and(|line| first_of(&LEVELS, line).is_some()));
    let wrong = begins.filter(|start| {
        let call = call(code.get(*start..).unwrap_or_default());
        !call.contains("session") && !call.contains("parent: &self.0")
    });
    wrong.map(|start| format!("{}:{}: whose line is it?", source.path, start + 1)).collect()
}

/// The call of a macro that begins on the first line, as far as its last parenthesis.
fn call(lines: &[&str]) -> String {
    let (mut call, mut depth) = (String::new(), 0_i32);
    for line in lines {
        let from = if call.is_empty() { line.find("tracing::").unwrap_or(0) } else { 0 };
        let text = line.get(from..).unwrap_or_default();
        call.push_str(text);
        depth += text.chars().map(|c| i32::from(c == '(') - i32::from(c == ')')).sum::<i32>();
        if depth <= 0 {
            break;
        }
    }
    call
}

fn false_claims(source: &Text) -> Vec<String> {
    source.find(|line| {
        let name = line.trim_start().trim_start_matches("async ").strip_prefix("fn ")?;
        let (group, rest) = number(name.strip_prefix('g')?)?;
        let exists = number(rest).is_some_and(|(number, _)| {
            let groups = GUARANTEES.iter().zip(1..);
            groups.filter(|(_, own)| *own == group).any(|(count, _)| (1..=*count).contains(&number))
        });
        let name = name.split('(').next().unwrap_or(name);
        (!exists).then(|| format!("{name} claims what docs/guarantees.md does not promise"))
    })
}

/// The number before the first underscore, and what follows.
fn number(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_once('_')?;
    Some((digits.parse().ok()?, rest))
}

fn lints_of_its_own(manifest: &Text) -> Vec<String> {
    let inherits = manifest.text.contains("[lints]\nworkspace = true");
    let told = format!("{}: needs `[lints]` with `workspace = true`", manifest.path);
    (manifest.is_of_a_crate() && !inherits).then_some(told).into_iter().collect()
}

#[cfg(test)]
mod can_fail {
    //! Every check against a text that breaks it, and one that is close to breaking it.

    use super::*;

    fn text(path: &str, text: impl Into<String>) -> Text {
        Text { path: path.to_owned(), text: text.into() }
    }

    fn found(check: fn(&Text) -> Vec<String>, path: &str, of: impl Into<String>) -> usize {
        check(&text(path, of)).len()
    }

    const ROOM: &str = "crates/codec/src/room.rs";
    const TEST: &str = "crates/codec/src/room/tests.rs";

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found(too_long, ROOM, "x\n".repeat(500)), 0);
        assert_eq!(found(too_long, ROOM, "x\n".repeat(501)), 1);
        assert_eq!(found(too_long, TEST, "x\n".repeat(501)), 0);
        let tests = format!("x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    x\n".repeat(501));
        assert_eq!(found(too_long, ROOM, tests), 0);
        let beside = format!("#[cfg(test)]\nmod tests;\n{}", "x\n".repeat(501));
        assert_eq!(found(too_long, ROOM, beside), 1);
    }

    #[test]
    fn a_long_function_is_found() {
        for start in ["fn f() {", "pub async fn f() {", "pub(in crate::a) const fn f(", "fn f()"] {
            let of = |lines: usize| {
                let body = "        x;\n".repeat(lines - 3);
                format!("impl X {{\n    {start}\n    ) -> u8 where T: X {{\n{body}    }}\n}}\n")
            };
            assert_eq!(found(long_functions, ROOM, of(70)), 0, "{start}");
            assert_eq!(found(long_functions, ROOM, of(71)), 1, "{start}");
            assert_eq!(found(long_functions, TEST, of(71)), 0, "{start}");
        }
        let short = format!("fn f();\nfn g() {{}}\n{}", "x\n".repeat(100));
        assert_eq!(found(long_functions, ROOM, short), 0);
    }

    #[test]
    fn a_room_without_a_door_is_found() {
        assert_eq!(found(no_door, ROOM, "//! What happens here.\n"), 0);
        assert_eq!(found(no_door, ROOM, "use std::io;\n//! Too late.\n"), 1);
        assert_eq!(found(no_door, TEST, "use super::*;\n"), 0);
    }

    #[test]
    fn what_was_put_off_is_found() {
        assert_eq!(found(put_off, ROOM, "// all done\n"), 0);
        for word in PUT_OFF {
            assert_eq!(found(put_off, ROOM, format!("let x = 1; // {word} x\n")), 1);
        }
    }

    #[test]
    fn an_ignored_test_is_found() {
        assert_eq!(found(ignored, TEST, "#[test]\n"), 0);
        assert_eq!(found(ignored, TEST, "#[ignore = \"slow\"]\n    #[ignore]\n"), 2);
        assert_eq!(found(ignored, ROOM, "/// ```ignore\n"), 1);
    }

    #[test]
    fn a_clock_in_the_codec_is_found() {
        let clock = "let now = Instant::now();\n";
        assert_eq!(found(outside_world, ROOM, clock), 1);
        assert_eq!(found(outside_world, "crates/net/src/room.rs", clock), 0);
        assert_eq!(found(outside_world, TEST, clock), 0);
        let tests = format!("#[cfg(test)]\nmod tests {{\n    {clock}}}\n");
        assert_eq!(found(outside_world, ROOM, tests), 0);
    }

    #[test]
    fn a_line_of_nobodys_is_found() {
        for line in [
            "tracing::warn!(%session, host, \"gone\");",
            "Err(error) => tracing::debug!(\n    session = %log.id(),\n    \"gone (away)\"\n),",
            "tracing::debug!(target: \"x\", parent: &self.0, \"gone\");",
        ] {
            assert_eq!(found(nobodys_lines, ROOM, line), 0, "{line}");
        }
        for line in [
            "tracing::warn!(%host, \"gone\");\nlet session = 1;",
            "tracing::info!(\n    %host,\n    \"gone\"\n);\n",
        ] {
            assert_eq!(found(nobodys_lines, ROOM, line), 1, "{line}");
            assert_eq!(found(nobodys_lines, TEST, line), 0, "{line}");
        }
    }

    #[test]
    fn a_false_claim_is_found() {
        for claim in ["fn g6_7_x() {", "    async fn g11_4_x(", "fn get_x() {", "fn g() {"] {
            assert_eq!(found(false_claims, TEST, claim), 0, "{claim}");
        }
        for claim in ["fn g6_8_x() {", "    async fn g99_1_x(", "fn g6_x() {", "fn g0_1_x() {"] {
            assert_eq!(found(false_claims, TEST, claim), 1, "{claim}");
        }
    }

    #[test]
    fn a_crate_with_lints_of_its_own_is_found() {
        let manifest = "crates/codec/Cargo.toml";
        assert_eq!(found(lints_of_its_own, manifest, "[lints]\nworkspace = true\n"), 0);
        assert_eq!(found(lints_of_its_own, manifest, "[lints.rust]\n"), 1);
        assert_eq!(found(lints_of_its_own, "fuzz/Cargo.toml", "[lints.rust]\n"), 0);
    }
}
