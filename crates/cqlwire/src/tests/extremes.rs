//! Settings from outside at the ends of their ranges: what a range allows, a session works with.

use cqlwire_testkit::node::ScriptedNode;

use super::memory::Memory;
use super::*;
use crate::{Config, Observer};

/// The largest that a range allows by its words, and the smallest; of what has no ends, nothing.
fn ends(allowed: &str) -> Vec<String> {
    let ends = |rest: &str, unit: &str, most: &str| -> Vec<String> {
        let rest = rest.split(", or ").next().unwrap_or(rest);
        let (least, most) = match (rest.strip_prefix("at least "), rest.split_once(" to ")) {
            (Some(least), _) => (least, most),
            (None, Some((least, most))) => (least, most),
            (None, None) => return vec![format!("0{unit}"), most.to_owned()],
        };
        [least, most].map(|end| end.replace(',', "")).into()
    };
    if let Some(rest) = allowed.strip_prefix("a whole number, ") {
        ends(rest, "", &u64::MAX.to_string())
    } else if let Some(rest) = allowed.strip_prefix("a size such as 64 KiB, ") {
        ends(rest, " B", &format!("{} B", u64::MAX - 1))
    } else if let Some(rest) = allowed.strip_prefix("a time such as 250ms or 10s") {
        ends(rest.trim_start_matches(", "), "s", &format!("{}s", u64::MAX))
    } else {
        Vec::new()
    }
}

/// There is a queue for it.
#[derive(Debug)]
struct Hears;

impl Observer for Hears {}

/// What becomes of a request of a session whose settings are these.
async fn works_with(config: Config) -> Result<(), String> {
    let node = ScriptedNode::builder().in_memory();
    prime_users(&node, 3);
    let memory = Memory::of([node]);
    let builder = memory.builder().observer(Hears).config(config);
    let session = builder.connect().await.map_err(|error| error.to_string())?;
    let users = session.query(SELECT, ("Oslo",)).await;
    session.close(PATIENCE).await;
    users.map(drop).map_err(|error| error.to_string())
}

/// Some refuse all requests then, or contradict the default of another one: that is said, and nothing else.
#[tokio::test(start_paused = true)]
async fn no_setting_within_its_range_makes_a_session_panic() {
    let mut ended = 0;
    for setting in Config::known() {
        for value in ends(&setting.allowed) {
            let (mut config, name) = (Config::default(), &setting.name);
            config.set(name, &value).unwrap();
            let works = tokio::spawn(works_with(config)).await;
            assert!(works.is_ok(), "{name} = {value}: {works:?}");
            ended += usize::from(works.is_ok_and(|works| works.is_ok()));
        }
    }
    assert!(ended > 80, "{ended}");
}
