//! What the project depends on: licences that `deny.toml` allows, from crates.io and nowhere else,
//! in versions that are stated.
//!
//! cargo-deny checks the same and more, but takes minutes to build; this runs on every machine,
//! over what that machine builds.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use spdx::{Expression, LicenseReq, ParseMode};
use toml::Table;

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn licences_are_allowed() -> Outcome {
    let allowed = allowed(&fs::read_to_string(root().join("deny.toml"))?)?;
    assert_none(&forbidden_licences(&metadata()?, &allowed));
    Ok(())
}

#[test]
fn sources_are_known() -> Outcome {
    assert_none(&strange_sources(&metadata()?));
    Ok(())
}

#[test]
fn versions_are_stated() -> Outcome {
    assert_none(&wildcards(&metadata()?));
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Result<Metadata, cargo_metadata::Error> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml"));
    let options = ["--locked", "--all-features", "--filter-platform", "host-tuple"];
    command.other_options(options.map(str::to_owned));
    command.exec()
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

/// The licences that `deny.toml` allows.
fn allowed(deny: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let deny: Table = deny.parse()?;
    let list = deny.get("licenses").and_then(|licences| licences.get("allow"));
    let list = list.and_then(|list| list.as_array()).ok_or("no list of allowed licences")?;
    Ok(list.iter().filter_map(|licence| licence.as_str()).map(str::to_owned).collect())
}

/// The packages that are built here, other than the project's own.
fn built(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let packages = nodes.map(|node| &metadata[&node.id]);
    packages.filter(|package| !metadata.workspace_members.contains(&package.id))
}

fn forbidden_licences(metadata: &Metadata, allowed: &[String]) -> Vec<String> {
    let forbidden = built(metadata).filter(|package| !is_allowed(package, allowed));
    let told = forbidden.map(|package| {
        let licence = package.license.as_deref().unwrap_or("no licence stated");
        format!("{} {}: {licence}", package.name, package.version)
    });
    told.collect()
}

fn is_allowed(package: &Package, allowed: &[String]) -> bool {
    let listed = |wanted: &LicenseReq| {
        let licence = wanted.license.id().map_or("", |licence| licence.name);
        allowed.iter().any(|allowed| allowed == licence)
    };
    // Old packages write "MIT/Apache-2.0".
    let parse = |licence: &String| Expression::parse_mode(licence, ParseMode::LAX).ok();
    let expression = package.license.as_ref().and_then(parse);
    expression.is_some_and(|expression| expression.evaluate(listed))
}

fn strange_sources(metadata: &Metadata) -> Vec<String> {
    let strange = built(metadata).filter(|package| {
        !package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io)
    });
    strange.map(|package| format!("{}: {:?}", package.name, package.source)).collect()
}

/// Dependencies of the project's own crates on any version whatever: of one by its path too, since a
/// package has no paths.
fn wildcards(metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for package in metadata.workspace_packages() {
        let any = package.dependencies.iter().filter(|to| to.req.comparators.is_empty());
        found.extend(any.map(|to| format!("{} -> {}: any version", package.name, to.name)));
    }
    found
}

#[cfg(test)]
mod can_fail {
    //! The checks against made-up packages, in the words of `cargo metadata`.

    use serde_json::{Value, json};

    use super::*;

    const NONE: [&str; 0] = [];
    const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

    fn package(name: &str, license: Option<&str>, source: Option<&str>, needs: &[Value]) -> Value {
        json!({
            "name": name, "id": name, "version": "1.0.0", "edition": "2024", "targets": [],
            "manifest_path": "/Cargo.toml", "license": license, "source": source,
            "dependencies": needs, "features": {},
        })
    }

    /// The project, which is `own`, built with `other`.
    fn build(own: &Value, other: &Value) -> Metadata {
        let node = |package: &Value| json!({"id": package["id"], "deps": [], "dependencies": [], "features": []});
        let metadata = json!({
            "packages": [own, other], "workspace_members": [own["id"]], "version": 1,
            "resolve": {"nodes": [node(own), node(other)], "root": null},
            "workspace_root": "/", "target_directory": "/target",
        });
        serde_json::from_value(metadata).unwrap()
    }

    fn with(license: Option<&str>, source: Option<&str>) -> Metadata {
        build(&package("own", None, None, &[]), &package("other", license, source, &[]))
    }

    #[test]
    fn a_forbidden_licence_is_found() {
        let allowed = allowed("[licenses]\nallow = [\"MIT\", \"ISC\"]\n").unwrap();
        let forbidden = |license| forbidden_licences(&with(license, Some(CRATES_IO)), &allowed);
        for license in ["MIT", "GPL-3.0-only OR MIT", "GPL-3.0-only/MIT", "MIT AND ISC"] {
            assert_eq!(forbidden(Some(license)), NONE);
        }
        assert_eq!(forbidden(Some("GPL-3.0-only")), ["other 1.0.0: GPL-3.0-only"]);
        assert_eq!(forbidden(Some("MIT AND Zlib")), ["other 1.0.0: MIT AND Zlib"]);
        assert_eq!(forbidden(None), ["other 1.0.0: no licence stated"]);
    }

    #[test]
    fn a_strange_source_is_found() {
        assert_eq!(strange_sources(&with(None, Some(CRATES_IO))), NONE);
        assert_eq!(strange_sources(&with(None, Some("git+https://example.com/x"))).len(), 1);
        assert_eq!(strange_sources(&with(None, None)).len(), 1, "a path outside the project");
    }

    #[test]
    fn any_version_is_found() {
        let found = |req: &str, kind: Option<&str>, path: Option<&str>| {
            let to = json!({
                "name": "other", "req": req, "kind": kind, "path": path, "optional": false,
                "uses_default_features": true, "features": [],
            });
            let own = package("own", None, None, &[to]);
            wildcards(&build(&own, &package("other", None, None, &[])))
        };
        assert_eq!(found("^1.2", None, None), NONE);
        assert_eq!(found("*", Some("dev"), None), ["own -> other: any version"]);
        assert_eq!(found("*", None, Some("/other")), ["own -> other: any version"]);
    }
}
