//! The arrows between the crates are those of the design, and there is no tokio below `net`.
//!
//! Both are read from `cargo metadata`, so that they hold whatever a manifest says. The picture
//! that goes with [`ARROWS`] is in `ARCHITECTURE.md`.

use std::collections::{BTreeSet, HashMap, VecDeque};

use cargo_metadata::{Dependency, DependencyKind, Metadata, MetadataCommand, Package, PackageId};

/// Which crates each one may depend on. To stand below it is not enough: an arrow is drawn here,
/// or it is not there. (`derive` knows the others by the paths that it writes; it is tested on the
/// codec.)
const ARROWS: &[(&str, &[&str])] = &[
    ("codec", &[]),
    ("mux", &["codec"]),
    ("net", &["codec", "mux"]),
    ("pool", &["codec", "net"]),
    ("cluster", &["codec", "net", "pool"]),
    ("stream", &["codec"]),
    ("derive", &["codec"]),
    ("cqlwire", &["codec", "net", "pool", "cluster", "stream", "derive"]),
    ("testkit", &["codec"]),
];

/// Those on top, on which nobody depends: they may depend on everything.
const TOP: &[&str] = &["bench", "cli", "examples", "tests"];

/// What every crate may use in its tests, besides what it depends on.
const IN_TESTS: &str = "testkit";

/// The crates that know neither socket nor runtime.
const BELOW_NET: &[&str] = &["codec", "mux"];

/// The one door: a feature of the codec, off unless its user asks, that brings the codec traits of
/// tokio-util.
const DOOR: &str = "tokio-codec";

type Outcome = Result<(), cargo_metadata::Error>;

#[test]
fn arrows_only_point_down() -> Outcome {
    assert_none(&wrong_arrows(&metadata()?));
    Ok(())
}

#[test]
fn no_tokio_below_net() -> Outcome {
    let metadata = metadata()?;
    assert_none(&declared_tokio(&metadata));
    assert_none(&reachable_tokio(&metadata));
    Ok(())
}

fn metadata() -> Result<Metadata, cargo_metadata::Error> {
    let mut command = MetadataCommand::new();
    command.manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    // Only what this machine builds: the rest may never have been downloaded.
    command.other_options(["--locked", "--filter-platform", "host-tuple"].map(str::to_owned));
    command.exec()
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

/// `codec` of `cqlwire-codec`; the facade has no prefix to lose.
fn short(package: &str) -> &str {
    package.strip_prefix("cqlwire-").unwrap_or(package)
}

/// Arrows within the workspace that are not in [`ARROWS`], and crates that are not.
fn wrong_arrows(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let members: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let from = short(&package.name);
        if !TOP.contains(&from) && ARROWS.iter().all(|(name, _)| *name != from) {
            wrong.push(format!("{from}: a crate that the design does not have"));
        }
        let inside = package.dependencies.iter().filter(|to| members.contains(to.name.as_str()));
        let undrawn = inside.filter(|to| !may_use(from, to));
        wrong.extend(undrawn.map(|to| format!("{from} -> {}: no such arrow", short(&to.name))));
    }
    wrong
}

fn may_use(from: &str, to: &Dependency) -> bool {
    let name = short(&to.name);
    let drawn = ARROWS.iter().any(|(upper, lower)| *upper == from && lower.contains(&name));
    let on_top = TOP.contains(&from) && !TOP.contains(&name);
    drawn || on_top || (to.kind == DependencyKind::Development && name == IN_TESTS)
}

fn below_net(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    let packages = metadata.workspace_packages().into_iter();
    packages.filter(|package| BELOW_NET.contains(&short(&package.name)))
}

/// Dependencies on tokio and its kin that manifests below `net` declare.
fn declared_tokio(metadata: &Metadata) -> Vec<String> {
    let mut found = Vec::new();
    for package in below_net(metadata) {
        let dependencies = package.dependencies.iter();
        let built_in = dependencies.filter(|to| to.kind != DependencyKind::Development);
        found.extend(built_in.filter_map(|to| objection(package, to)));
    }
    found
}

fn is_tokio(package: &str) -> bool {
    package == "tokio" || package.starts_with("tokio-")
}

fn is_door(package: &str, to: &str) -> bool {
    short(package) == "codec" && to == "tokio-util"
}

/// What is wrong with this dependency of a crate below `net`, if anything.
fn objection(package: &Package, to: &Dependency) -> Option<String> {
    let from = short(&package.name);
    if to.features.iter().any(|feature| feature == DOOR) {
        return Some(format!("{from} switches {DOOR} on, which is for users of the codec"));
    }
    if !is_tokio(&to.name) {
        return None;
    }
    if !is_door(&package.name, &to.name) {
        return Some(format!("{from} -> {}: no tokio below net", to.name));
    }
    let small = !to.uses_default_features && to.features == ["codec"];
    let asked_for = to.optional && features_that_bring(&to.name, package) == [DOOR];
    let only = format!("only optional, through the feature {DOOR}, and with its feature codec");
    (!small || !asked_for).then(|| format!("{from} -> {}: {only}", to.name))
}

/// The features of a package, `default` among them, that bring this dependency, directly or through
/// one another.
fn features_that_bring<'a>(dependency: &str, package: &'a Package) -> Vec<&'a str> {
    let with_prefix = format!("dep:{dependency}");
    let mut bringing: BTreeSet<&str> = BTreeSet::new();
    loop {
        let brings = |item: &String| {
            let item = item.split(['/', '?']).next().unwrap_or_default();
            item == dependency || item == with_prefix || bringing.contains(item)
        };
        let features = package.features.iter();
        let more = features.filter(|(_, items)| items.iter().any(brings));
        let more: BTreeSet<&str> = more.map(|(name, _)| name.as_str()).collect();
        if more == bringing {
            return bringing.into_iter().collect();
        }
        bringing = more;
    }
}

/// Ways from below `net` to tokio through what others depend on.
fn reachable_tokio(metadata: &Metadata) -> Vec<String> {
    let graph = Graph::new(metadata);
    below_net(metadata).filter_map(|package| graph.way_to_tokio(&package.id)).collect()
}

/// What is built into what, within the workspace and beyond.
struct Graph<'a> {
    names: HashMap<&'a PackageId, &'a str>,
    built_into: HashMap<&'a PackageId, Vec<&'a PackageId>>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> Self {
        let names = metadata.packages.iter().map(|package| (&package.id, package.name.as_str()));
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let built_into = nodes.map(|node| {
            let for_tests = |dep: &cargo_metadata::NodeDep| {
                dep.dep_kinds.iter().all(|kind| kind.kind == DependencyKind::Development)
            };
            let built_in = node.deps.iter().filter(|dep| !for_tests(dep));
            (&node.id, built_in.map(|dep| &dep.pkg).collect())
        });
        Self { names: names.collect(), built_into: built_into.collect() }
    }

    fn name(&self, package: &PackageId) -> &'a str {
        self.names.get(package).copied().unwrap_or("?")
    }

    /// A shortest way from here to tokio, other than through the [`DOOR`].
    fn way_to_tokio(&self, from: &'a PackageId) -> Option<String> {
        let mut ways = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(way) = ways.pop_front() {
            let here = *way.last()?;
            for next in self.built_into.get(here).into_iter().flatten().copied() {
                if is_door(self.name(here), self.name(next)) || !seen.insert(next) {
                    continue;
                }
                let way: Vec<_> = way.iter().copied().chain([next]).collect();
                if is_tokio(self.name(next)) {
                    let names: Vec<_> = way.iter().map(|package| self.name(package)).collect();
                    return Some(format!("{}: no tokio below net", names.join(" -> ")));
                }
                ways.push_back(way);
            }
        }
        None
    }
}

#[cfg(test)]
mod can_fail {
    //! The checks against made-up workspaces, in the words of `cargo metadata`.

    use serde_json::{Value, json};

    use super::*;

    const NONE: [&str; 0] = [];

    fn package(name: &str, dependencies: &[Value], features: &Value) -> Value {
        json!({
            "name": name, "id": name, "version": "0.1.0", "edition": "2024", "targets": [],
            "manifest_path": "/Cargo.toml", "dependencies": dependencies, "features": features,
        })
    }

    fn bare(name: &str) -> Value {
        package(name, &[], &json!({}))
    }

    fn dependency(name: &str, kind: Option<&str>) -> Value {
        json!({
            "name": name, "req": "*", "kind": kind, "optional": false,
            "uses_default_features": true, "features": [],
        })
    }

    /// A workspace of these packages, and what is built into what.
    fn workspace(packages: &[Value], nodes: &[Value]) -> Metadata {
        let members: Vec<&Value> = packages.iter().map(|package| &package["id"]).collect();
        let metadata = json!({
            "packages": packages, "workspace_members": members, "version": 1,
            "resolve": {"nodes": nodes, "root": null},
            "workspace_root": "/", "target_directory": "/target",
        });
        serde_json::from_value(metadata).unwrap()
    }

    fn one_arrow(from: &str, to: &Value) -> Metadata {
        let upper = package(from, std::slice::from_ref(to), &json!({}));
        workspace(&[upper, bare(to["name"].as_str().unwrap())], &[])
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_found() {
        let wrong = |from, to, kind| wrong_arrows(&one_arrow(from, &dependency(to, kind)));
        assert_eq!(wrong("cqlwire-mux", "cqlwire-codec", None), NONE);
        assert_eq!(wrong("cqlwire-tests", "cqlwire", Some("dev")), NONE);
        let up = wrong("cqlwire-codec", "cqlwire-mux", None);
        assert_eq!(up, ["codec -> mux: no such arrow"]);
        let aside = wrong("cqlwire-stream", "cqlwire-net", Some("dev"));
        assert_eq!(aside, ["stream -> net: no such arrow"]);
        assert_eq!(wrong("cqlwire", "cqlwire-cli", None), ["cqlwire -> cli: no such arrow"]);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        let to_testkit =
            |kind| wrong_arrows(&one_arrow("cqlwire-net", &dependency("cqlwire-testkit", kind)));
        assert_eq!(to_testkit(Some("dev")), NONE);
        assert_eq!(to_testkit(None), ["net -> testkit: no such arrow"]);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = wrong_arrows(&workspace(&[bare("cqlwire-util")], &[]));
        assert_eq!(found, ["util: a crate that the design does not have"]);
    }

    #[test]
    fn tokio_in_a_manifest_is_found() {
        let declared = |to: &Value| declared_tokio(&one_arrow("cqlwire-mux", to));
        assert_eq!(declared(&dependency("tokio", Some("dev"))), NONE);
        let found = ["mux -> tokio: no tokio below net"];
        assert_eq!(declared(&dependency("tokio", None)), found);
        assert_eq!(declared(&dependency("tokio", Some("build"))), found);
        let mut codec = dependency("cqlwire-codec", None);
        codec["features"] = json!([DOOR]);
        let found = ["mux switches tokio-codec on, which is for users of the codec"];
        assert_eq!(declared(&codec), found);
    }

    #[test]
    fn the_codec_traits_come_through_their_door_only() {
        let declared = |optional: bool, of_tokio_util: &[&str], features: Value| {
            let mut to = dependency("tokio-util", None);
            to["optional"] = optional.into();
            to["uses_default_features"] = false.into();
            to["features"] = json!(of_tokio_util);
            let codec = package("cqlwire-codec", &[to], &features);
            declared_tokio(&workspace(&[codec], &[])).len()
        };
        let door = json!({"tokio-codec": ["dep:tokio-util"]});
        assert_eq!(declared(true, &["codec"], door.clone()), 0);
        assert_eq!(declared(false, &["codec"], door.clone()), 1, "always there");
        assert_eq!(declared(true, &["codec", "net"], door), 1, "more than the traits");
        let default = json!({"default": ["tokio-codec"], "tokio-codec": ["dep:tokio-util"]});
        assert_eq!(declared(true, &["codec"], default), 1, "by default");
    }

    #[test]
    fn tokio_behind_others_is_found() {
        let node = |from: &str, to: &str, kind: Option<&str>| {
            let kinds = json!([{"kind": kind, "target": null}]);
            let deps = json!([{"name": to, "pkg": to, "dep_kinds": kinds}]);
            json!({"id": from, "deps": deps, "dependencies": [to], "features": []})
        };
        let reachable = |from: &str, through: &str, kind: Option<&str>| {
            let packages = [bare(from), bare(through), bare("tokio")];
            let nodes = [node(from, through, None), node(through, "tokio", kind)];
            reachable_tokio(&workspace(&packages, &nodes))
        };
        assert_eq!(reachable("cqlwire-mux", "other", Some("dev")), NONE);
        let found = ["cqlwire-mux -> other -> tokio: no tokio below net"];
        assert_eq!(reachable("cqlwire-mux", "other", None), found);
        assert_eq!(reachable("cqlwire-codec", "tokio-util", None), NONE, "the door");
        assert_eq!(reachable("cqlwire-mux", "tokio-util", None).len(), 1);
    }
}
