//! Texts of CQL: the words of any text, each where it stands; statements are the same however their
//! lines come.

#[path = "../../crates/cli/src/statements/mod.rs"]
#[allow(dead_code, reason = "the command uses all of it")]
mod statements;

use cqlwire::cql::{Token, has_secret, places};

use self::statements::Statements;

/// Any text.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    words_are_where_they_are_said_to_be(&text);
    statements_are_parts_of_the_text(&text);
    let _ = has_secret(&text);
}

fn words_are_where_they_are_said_to_be(text: &str) {
    let mut behind = 0;
    for (token, place) in places(text) {
        assert!(behind <= place.start && place.start < place.end, "{token:?} at {place:?}");
        let shown = text.get(place.clone()).expect("on the bounds of characters");
        match token {
            Token::Word(word) => assert_eq!(word, shown),
            Token::Quoted(inner) => assert!(shown.strip_prefix('"').unwrap().starts_with(inner)),
            Token::Symbol(symbol) => assert_eq!(symbol.to_string(), shown),
            Token::Literal => {}
        }
        behind = place.end;
    }
    assert!(behind <= text.len());
}

fn statements_are_parts_of_the_text(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let one_by_one = taken(&lines, 1);
    let mut rest = lines.join("\n");
    for statement in &one_by_one {
        assert!(places(statement).next().is_some(), "a statement of nothing");
        let at = rest.find(statement.as_str()).expect("in the text, behind the one before");
        rest = rest.split_off(at + statement.len());
    }
    // One that begins a statement is no part of it, and which lines do is known only line by line.
    if !text.contains('\u{FEFF}') {
        assert_eq!(taken(&lines, usize::MAX), one_by_one);
    }
}

/// The statements, looked for after each so many lines.
fn taken(lines: &[&str], at_once: usize) -> Vec<String> {
    let (mut statements, mut taken) = (Statements::default(), Vec::new());
    for some in lines.chunks(at_once.clamp(1, lines.len().max(1))) {
        some.iter().for_each(|line| statements.push(line).expect("a short line"));
        taken.extend(std::iter::from_fn(|| statements.take()));
    }
    taken
}
