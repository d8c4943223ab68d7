//! Settings as files and environments have them.

use super::*;

fn toml(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|error| error.message().to_owned())
}

#[test]
fn the_example_of_the_documentation_is_read() {
    let page = include_str!("../mod.rs");
    let example = page.split("```toml\n").nth(1).unwrap().split("/// ```").next().unwrap();
    let example: String = example
        .lines()
        .map(|line| format!("{}\n", line.trim_start_matches("///").trim()))
        .collect();
    // There is no such file here.
    let example = example.replace("authorities = \"/etc/cqlwire/ca.pem\"", "");
    let builder = builder().config(toml(&example).unwrap());
    assert_eq!(builder.invalid, None);
    builder.check().unwrap();
    assert_eq!(builder.cluster.contact_points.len(), 2);
    assert_eq!(builder.named_profiles[0].1.settings().page_size, 20_000);
}

/// As TOML with values of its own, as text alone, as JSON: the same.
#[test]
fn every_setting_is_read_from_any_format() {
    let mut table = serde_json::Map::new();
    for (name, value) in SAMPLES {
        let mut within = &mut table;
        let mut names: Vec<&str> = name.split('.').collect();
        if let Some(rest) = name.strip_prefix("profiles.") {
            let (profile, name) = rest.rsplit_once('.').unwrap();
            names = vec!["profiles", profile, name];
        } else if let Some(address) = name.strip_prefix("fixed_addresses.") {
            names = vec!["fixed_addresses", address];
        }
        let (last, sections) = names.split_last().unwrap();
        for section in sections {
            let entry = within.entry(*section).or_insert_with(|| serde_json::json!({}));
            within = entry.as_object_mut().unwrap();
        }
        let value = match value.parse::<serde_json::Value>() {
            Ok(number) if !value.contains('_') => number,
            _ if value.contains(',') => value.split(',').collect::<Vec<_>>().into(),
            _ => (*value).into(),
        };
        within.insert((*last).to_owned(), value);
    }
    let json: Config = serde_json::from_value(table.clone().into()).unwrap();
    assert_eq!(json, everything());
    let toml: Config = toml::from_str(&toml::to_string(&table).unwrap()).unwrap();
    assert_eq!(toml, everything());
}

#[test]
fn a_file_says_which_setting_is_wrong() {
    for (text, expected) in [
        (
            "conections_per_host = 2",
            "conections_per_host: unknown setting; did you mean `connections_per_host`?",
        ),
        (
            "connections_per_host = 0",
            "connections_per_host: 0 was given; allowed: a whole number, 1 to 1,024",
        ),
        (
            "connections_per_host = [1]",
            "connections_per_host: a list of 1 was given; allowed: a whole number, 1 to 1,024",
        ),
        ("prove_hosts = 1", "prove_hosts: 1 was given; allowed: `true` or `false`"),
        (
            "[retries]\nbudget = 3",
            "retries.budget: it is a section; allowed: a table of `per_cent`, `reserve`",
        ),
        (
            "[retries.budgt]\nreserve = 3",
            "retries.budgt: unknown setting; did you mean `retries.budget`?",
        ),
        (
            "[profile]\ntimeout = 10",
            "profile.timeout: 10 was given; allowed: a time such as 250ms or 10s",
        ),
        (
            "[profiles.a]\npagesize = 10",
            "profiles.a.pagesize: unknown setting; did you mean `profiles.a.page_size`?",
        ),
        (
            "[startup_options]\na = []",
            "startup_options: a table of 1 was given; allowed: a table of texts, without COMPRESSION",
        ),
    ] {
        assert_eq!(toml(text).unwrap_err(), expected);
    }
    let error = toml("[credentials]\npassword = [\"geheim\"]").unwrap_err();
    assert!(error.starts_with("credentials.password: what was given is not shown"), "{error}");
}

#[test]
fn a_profile_without_a_setting_is_there_and_settings_go_into_those_of_a_program() {
    #[derive(serde::Deserialize)]
    struct Program {
        name: String,
        database: Config,
    }
    let program: Program =
        toml::from_str("name = 'shop'\n[database]\nkeyspace = 'shop'\n[database.profiles.other]")
            .unwrap();
    let builder = builder().config(program.database);
    assert_eq!(builder.cluster.pool.connection.keyspace, Some(program.name));
    assert_eq!(&*builder.named_profiles[0].0, "other");
    assert!(serde_json::from_str::<Config>("null").unwrap().is_empty());
    let error = serde_json::from_str::<Config>("5").unwrap_err().to_string();
    assert!(error.starts_with("settings: 5 was given; allowed: a table"), "{error}");
}

/// What a format shows of the file beside the line of a mistake is a matter of the format: of TOML it
/// is not where the password is, unless both are on one line.
#[test]
fn a_mistake_in_a_file_does_not_show_the_password_that_stands_beside() {
    #[derive(Debug, serde::Deserialize)]
    struct Program {
        #[expect(dead_code, reason = "it is not read")]
        database: Config,
    }
    let wrong = "keyspce = 'shop'\n[credentials]\nuser = 'ada'\npassword = 'geheim'\n";
    let error = toml::from_str::<Config>(wrong).unwrap_err().to_string();
    assert!(error.contains("keyspce: unknown setting") && !error.contains("geheim"), "{error}");
    let wrong = wrong.replace("keyspce", "[database]\nkeyspce").replace("[cred", "[database.cred");
    let error = toml::from_str::<Program>(&wrong).unwrap_err().to_string();
    assert!(error.contains("keyspce: unknown setting") && !error.contains("geheim"), "{error}");
}
