//! What README.md prints is what compiles, so that a newcomer's first program is the one that was
//! tried.

use std::path::{Path, PathBuf};
use std::{fs, io};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> io::Result<String> {
    fs::read_to_string(root().join(path))
}

/// The code blocks of this language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let (opening, mut blocks) = (format!("```{language}"), Vec::new());
    let mut lines = page.lines();
    while lines.any(|line| line == opening) {
        let block = lines.by_ref().take_while(|line| *line != "```");
        blocks.push(block.map(|line| format!("{line}\n")).collect());
    }
    blocks
}

/// What a reader copies: the text without what is said to whoever reads the file here.
fn program(text: &str) -> &str {
    text.find("\nuse ").and_then(|at| text.get(at + 1..)).unwrap_or_default()
}

#[test]
fn the_first_program_is_the_example_that_compiles() -> io::Result<()> {
    let example = read("crates/cqlwire/examples/first.rs")?;
    assert_eq!(blocks(&read("README.md")?, "rust"), [program(&example)]);
    Ok(())
}

#[test]
fn the_first_manifest_is_right_and_names_the_oldest_rust() -> io::Result<()> {
    let (page, workspace) = (read("README.md")?, read("Cargo.toml")?);
    let [manifest] = blocks(&page, "toml").try_into().unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let workspace: toml::Table = workspace.parse().unwrap();
    let package = &workspace["workspace"]["package"];
    let mut named: Vec<&String> = manifest["dependencies"].as_table().unwrap().keys().collect();
    named.sort_unstable();
    assert_eq!(named, ["cqlwire", "tokio"]);
    assert_eq!(manifest["dependencies"]["cqlwire"]["git"], package["repository"]);
    let oldest = package["rust-version"].as_str().unwrap();
    assert!(page.contains(&format!("Rust {oldest} or newer")), "the oldest Rust is {oldest}");
    Ok(())
}
