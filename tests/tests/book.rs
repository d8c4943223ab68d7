//! The book, `docs/SUMMARY.md` and what it lists: no page is missing, no link leads nowhere, and each
//! snippet of Rust is one that doctests compile. So it is known to hold without rendering it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use cqlwire::ErrorCode;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

const SUMMARY: &str = "docs/SUMMARY.md";

/// What is shown by other means than the book, and links into it.
const OUTSIDE: [&str; 6] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "crates/cqlwire/docs/types.md",
    "crates/derive/docs/attributes.md",
];

/// Where files of the repository are read by those who have only the book.
const ON_THE_WEB: [&str; 2] = [
    "https://github.com/cqlwire/cqlwire/blob/main/",
    "https://github.com/cqlwire/cqlwire/tree/main/",
];

/// Whose doctests the pages are.
const DOCTESTS: [&str; 2] = ["crates/cqlwire/src/lib.rs", "tests/src/book.rs"];

type Outcome = io::Result<()>;

#[test]
fn every_page_is_a_chapter_once() -> Outcome {
    let book = Book::read()?;
    let listed = Page::new(SUMMARY, &read(SUMMARY)?).links;
    assert!(listed.len() > 20, "{listed:?}");
    assert_eq!(listed[0], "README.md", "mdBook shows it as the index of docs: it has to lie there");
    assert_none(&out_of_place(&listed, &book));
    Ok(())
}

#[test]
fn no_link_leads_nowhere() -> Outcome {
    let book = Book::read()?;
    let all: Vec<String> = book.pages.values().flat_map(|page| broken(page, &book)).collect();
    assert_none(&all);
    Ok(())
}

#[test]
fn each_snippet_is_a_doctest() -> Outcome {
    let book = Book::read()?;
    let mut compiled = String::new();
    for file in DOCTESTS {
        compiled.push_str(&read(file)?);
    }
    let chapters = book.pages.values().filter(|page| page.path.starts_with("docs/"));
    assert_none(&chapters.flat_map(|page| not_compiled(page, &compiled)).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn each_error_of_a_server_has_its_row() -> Outcome {
    let known: BTreeSet<String> = ErrorCode::KNOWN.iter().map(|code| format!("{code:?}")).collect();
    assert_eq!(codes(&read("docs/book/troubleshooting.md")?), known);
    Ok(())
}

/// All pages by their paths from the root of the repository.
struct Book {
    pages: BTreeMap<String, Page>,
}

/// What is known of a page, with what it includes.
struct Page {
    path: String,
    links: Vec<String>,
    /// What `#` in a link may name.
    headings: BTreeSet<String>,
    /// What its own blocks of code say of their language, not those that it includes.
    blocks: Vec<String>,
}

impl Book {
    fn read() -> io::Result<Self> {
        let mut pages = BTreeMap::new();
        let paths = pages_below("docs")?.into_iter().filter(|path| path != SUMMARY);
        for path in paths.chain(OUTSIDE.map(str::to_owned)) {
            let own = read(&path)?;
            let mut page = Page::new(&path, &included(&path, &own)?);
            page.blocks = Page::new(&path, &own).blocks;
            pages.insert(path, page);
        }
        Ok(Self { pages })
    }

    fn chapters(&self) -> impl Iterator<Item = &str> {
        self.pages.keys().map(String::as_str).filter(|path| path.starts_with("docs/"))
    }
}

impl Page {
    fn new(path: &str, text: &str) -> Self {
        let mut page = Self {
            path: path.to_owned(),
            links: Vec::new(),
            headings: BTreeSet::new(),
            blocks: Vec::new(),
        };
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    page.blocks.push(info.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    page.headings.extend(heading.take().map(|text| anchor(&text)));
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> io::Result<String> {
    fs::read_to_string(root().join(path)).map_err(|why| io::Error::other(format!("{path}: {why}")))
}

fn pages_below(folder: &str) -> io::Result<Vec<String>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(root().join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            pages.extend(pages_below(&path)?);
        } else if path.ends_with(".md") {
            pages.push(path);
        }
    }
    Ok(pages)
}

/// What a heading is called in links, by GitHub and by mdBook.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The text with what it includes in its place: `{{#include path}}`, `{{#include path:anchor}}`.
fn included(path: &str, text: &str) -> io::Result<String> {
    let mut whole = String::new();
    for line in text.lines() {
        let wanted = line.strip_prefix("{{#include ").and_then(|rest| rest.strip_suffix("}}"));
        match wanted {
            Some(wanted) => {
                let (file, part) = wanted.split_once(':').unzip();
                let file = resolved(path, file.unwrap_or(wanted));
                let part = part_of(&read(&file)?, part);
                let part = part.ok_or_else(|| io::Error::other(format!("{path}: {wanted}?")))?;
                whole.push_str(&part);
            }
            None => whole.push_str(line),
        }
        whole.push('\n');
    }
    Ok(whole)
}

/// What stands between the comments with `ANCHOR: name` and `ANCHOR_END: name`; `None` without them.
fn part_of(text: &str, name: Option<&str>) -> Option<String> {
    let is_mark = |line: &&str| line.contains("ANCHOR: ") || line.contains("ANCHOR_END: ");
    let lines: Vec<&str> = match name {
        None => text.lines().collect(),
        Some(name) => {
            let begins = format!("<!-- ANCHOR: {name} -->");
            let ends = format!("<!-- ANCHOR_END: {name} -->");
            let (_, behind) = text.split_once(&begins)?;
            behind.split_once(&ends)?.0.lines().collect()
        }
    };
    Some(lines.into_iter().filter(|line| !is_mark(line)).collect::<Vec<_>>().join("\n"))
}

/// The path that a link of this page means.
fn resolved(page: &str, link: &str) -> String {
    let mut parts = Path::new(page).parent().map(Path::to_path_buf).unwrap_or_default();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                // Out of the repository, where there is nothing.
                if !parts.pop() {
                    parts.push("..");
                }
            }
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts.display().to_string()
}

/// Pages that the summary has not, or has twice; and what it has that is none.
fn out_of_place(listed: &[String], book: &Book) -> Vec<String> {
    let mut times: BTreeMap<String, usize> =
        book.chapters().map(|path| (path.to_owned(), 0)).collect();
    let mut wrong = Vec::new();
    for link in listed {
        match times.get_mut(&resolved(SUMMARY, link)) {
            Some(times) => *times += 1,
            None => wrong.push(format!("{SUMMARY}: there is no page {link}")),
        }
    }
    let misplaced = times.into_iter().filter(|(_, times)| *times != 1);
    wrong.extend(misplaced.map(|(path, times)| format!("{path} is in {SUMMARY} {times} times")));
    wrong
}

/// The links of a page that lead nowhere.
fn broken(page: &Page, book: &Book) -> Vec<String> {
    let wrong = |link: &String| {
        let why = objection(page, link, book)?;
        Some(format!("{}: {link}: {why}", page.path))
    };
    page.links.iter().filter_map(wrong).collect()
}

fn objection(page: &Page, link: &str, book: &Book) -> Option<&'static str> {
    let (path, heading) = link.split_once('#').map_or((link, None), |(p, h)| (p, Some(h)));
    let on_the_web = ON_THE_WEB.iter().find_map(|base| path.strip_prefix(base));
    if on_the_web.is_none() && path.contains("://") {
        return None;
    }
    let target = match on_the_web {
        Some(path) => path.to_owned(),
        None if path.is_empty() => page.path.clone(),
        None => resolved(&page.path, path),
    };
    if !book.pages.contains_key(&target) && !root().join(&target).exists() {
        return Some("there is no such file");
    }
    let leaves = page.path.starts_with("docs/") && !target.starts_with("docs/");
    if leaves && on_the_web.is_none() {
        return Some("it leads out of the book: write https://github.com/…");
    }
    let known = book.pages.get(&target).map(|page| &page.headings);
    let is_missing = heading.zip(known).is_some_and(|(name, known)| !known.contains(name));
    is_missing.then_some("there is no such heading")
}

/// Snippets that nobody compiles.
fn not_compiled(page: &Page, doctests: &str) -> Vec<String> {
    let rust = |block: &&String| block.split(',').next() == Some("rust");
    let is_ignored = |block: &&String| block.contains("ignore");
    let blocks: Vec<&String> = page.blocks.iter().filter(rust).collect();
    let mut wrong = Vec::new();
    if page.path.starts_with("docs/book/") && blocks.iter().any(is_ignored) {
        wrong.push(format!("{}: a snippet that is ignored", page.path));
    }
    let any = blocks.iter().any(|block| !is_ignored(block));
    if any && !doctests.contains(&format!("/{}\")]", page.path)) {
        wrong.push(format!("{}: its snippets are no doctests of {DOCTESTS:?}", page.path));
    }
    wrong
}

/// The names in the first column of the table of codes.
fn codes(page: &str) -> BTreeSet<String> {
    let lines = page.lines().skip_while(|line| !line.starts_with("| code |")).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().replace('`', "")).collect()
}

#[track_caller]
fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

mod can_fail {
    //! Every check against a text that breaks it, and one that is close to breaking it.

    use super::*;

    fn book(pages: &[(&str, &str)]) -> Book {
        let page = |(path, text): &(&str, &str)| ((*path).to_owned(), Page::new(path, text));
        Book { pages: pages.iter().map(page).collect() }
    }

    #[test]
    fn a_page_that_is_not_listed_is_found() {
        let two = book(&[("docs/a.md", ""), ("docs/book/b.md", ""), ("README.md", "")]);
        let found = |links: &[&str]| {
            out_of_place(&links.iter().map(|link| (*link).to_owned()).collect::<Vec<_>>(), &two)
        };
        assert_eq!(found(&["a.md", "book/b.md"]), Vec::<String>::new());
        assert_eq!(found(&["a.md"]), ["docs/book/b.md is in docs/SUMMARY.md 0 times"]);
        let twice = found(&["a.md", "a.md", "book/b.md"]);
        assert_eq!(twice, ["docs/a.md is in docs/SUMMARY.md 2 times"]);
        let unknown = found(&["a.md", "book/b.md", "c.md"]);
        assert_eq!(unknown, ["docs/SUMMARY.md: there is no page c.md"]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let known =
            ("docs/security.md", "# TLS and authentication\n\n## `connect`, and what's *seen*\n");
        let found = |text: &str| {
            let pages = book(&[known, ("docs/book/x.md", text)]);
            broken(&pages.pages["docs/book/x.md"], &pages).len()
        };
        for right in [
            "[a](../security.md)",
            "[a](../security.md#connect-and-whats-seen)",
            "[a](#here)\n\n# Here",
            "[a](https://example.org/nowhere.md)",
            "[a](https://github.com/cqlwire/cqlwire/blob/main/README.md)",
            "![a](../monitoring/fault.svg)",
            "`[a](nowhere.md)`",
        ] {
            assert_eq!(found(right), 0, "{right}");
        }
        for wrong in [
            "[a](security.md)",
            "[a](../security.md#tls)",
            "[a](#there)\n\n# Here",
            "[a](https://github.com/cqlwire/cqlwire/blob/main/NOTHING.md)",
            "[a](../../README.md)",
            "[a](../../../README.md)",
            "| a |\n|---|\n| [a](nowhere.md) |",
        ] {
            assert_eq!(found(wrong), 1, "{wrong}");
        }
    }

    #[test]
    fn what_is_included_has_to_be_there() {
        let text = "a\n<!-- ANCHOR: x -->\nb\n<!-- ANCHOR: y -->\nc\n<!-- ANCHOR_END: x -->\nd\n";
        assert_eq!(part_of(text, None).unwrap(), "a\nb\nc\nd");
        assert_eq!(part_of(text, Some("x")).unwrap().trim(), "b\nc");
        assert_eq!(part_of(text, Some("y")), None, "it has no end");
        assert_eq!(part_of(text, Some("z")), None);
        assert!(included("docs/book/x.md", "{{#include ../../README.md:costs}}").is_ok());
        assert!(included("docs/book/x.md", "{{#include ../../README.md:nothing}}").is_err());
        assert!(included("docs/book/x.md", "{{#include ../NOTHING.md}}").is_err());
    }

    #[test]
    fn a_table_of_codes_is_read() {
        let page = "| code | x |\n|---|---|\n| `A`, `B` | x |\n| `C` | `D` |\n\n| `E` | x |\n";
        assert_eq!(codes(page), ["A", "B", "C"].map(str::to_owned).into());
    }

    #[test]
    fn a_snippet_that_nobody_compiles_is_found() {
        let doctests = "#[doc = include_str!(\"../../docs/book/x.md\")]";
        let found = |path: &str, text: &str| not_compiled(&Page::new(path, text), doctests).len();
        assert_eq!(found("docs/book/x.md", "```rust,no_run\n```\n"), 0);
        assert_eq!(found("docs/book/y.md", "```toml\n```\n"), 0);
        assert_eq!(found("docs/y.md", "```rust,ignore\n```\n"), 0);
        assert_eq!(found("docs/book/y.md", "```rust\n```\n"), 1);
        assert_eq!(found("docs/book/x.md", "```rust,ignore\n```\n"), 1);
    }
}
