//! What is published says what it is: read from `cargo metadata`, before crates.io or a user notices.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};

type Outcome = Result<(), Box<dyn std::error::Error>>;

#[test]
fn packages_say_what_they_are() -> Outcome {
    let metadata = metadata()?;
    let lacks: Vec<_> = published(&metadata).flat_map(lacks).collect();
    assert!(lacks.is_empty(), "\n{}", lacks.join("\n"));
    Ok(())
}

#[test]
fn all_that_is_published_is_checked_before() -> Outcome {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let list = makefile.lines().find(|line| line.starts_with("PUBLISHED := "));
    let list = list.and_then(|line| line.split_once("cqlwire-,")?.1.split_once(')'));
    let (list, facade) = list.ok_or("no list in the Makefile")?;
    assert_eq!(facade, " -p cqlwire");
    let mut listed: Vec<_> = list.split(' ').map(|name| format!("cqlwire-{name}")).collect();
    listed.push("cqlwire".to_owned());
    listed.sort();
    let metadata = metadata()?;
    let mut published: Vec<_> =
        published(&metadata).map(|package| package.name.to_string()).collect();
    published.sort();
    assert_eq!(listed, published);
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Result<Metadata, cargo_metadata::Error> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps().exec()
}

fn published(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages.filter(|package| !package.publish.as_ref().is_some_and(Vec::is_empty))
}

/// What it does not say, or not as crates.io and docs.rs want it.
fn lacks(package: &Package) -> Vec<String> {
    let folder = package.manifest_path.parent();
    let is_there = |name: &str| folder.is_some_and(|folder| folder.join(name).is_file());
    let readme = package.readme.as_ref().is_some_and(|readme| is_there(readme.as_str()));
    let page = format!("https://docs.rs/{}", package.name);
    let has_features = package.features.keys().any(|feature| feature != "default");
    let on_docs_rs = &package.metadata["docs"]["rs"];
    let shows_features = on_docs_rs["all-features"] == true
        && on_docs_rs["rustdoc-args"] == serde_json::json!(["--cfg", "docsrs"]);
    let checks = [
        ("a description", package.description.is_some()),
        ("a licence", package.license.is_some()),
        (
            "the texts of its licences",
            ["MIT", "APACHE"].iter().all(|which| is_there(&format!("LICENSE-{which}"))),
        ),
        ("a repository", package.repository.is_some()),
        ("a readme", readme),
        ("one to five keywords", (1..=5).contains(&package.keywords.len())),
        ("one to five categories", (1..=5).contains(&package.categories.len())),
        ("its page on docs.rs", package.documentation.as_deref() == Some(&*page)),
        ("the oldest compiler", package.rust_version.is_some()),
        ("all features on docs.rs", !has_features || shows_features),
    ];
    let missing = checks.into_iter().filter(|(_, is_said)| !is_said);
    missing.map(|(what, _)| format!("{} lacks {what}", package.name)).collect()
}

#[cfg(test)]
mod can_fail {
    use super::*;

    #[test]
    fn a_bare_package_is_found() -> Outcome {
        let bare = serde_json::json!({
            "name": "bare", "id": "bare", "version": "1.0.0", "edition": "2024", "targets": [],
            "manifest_path": "/Cargo.toml", "dependencies": [], "features": {"more": []},
        });
        let found = lacks(&serde_json::from_value(bare)?);
        assert_eq!(found.len(), 10, "{found:?}");
        Ok(())
    }
}
