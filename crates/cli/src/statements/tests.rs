use super::*;

fn all(text: &str) -> (Vec<String>, String) {
    let mut statements = Statements::default();
    let mut taken = Vec::new();
    for line in text.lines() {
        statements.push(line).unwrap();
        while let Some(statement) = statements.take() {
            taken.push(statement);
        }
    }
    (taken, statements.unfinished().to_owned())
}

#[test]
fn a_semicolon_ends_a_statement_where_it_is_one() {
    let (taken, left) = all("SELECT ';' FROM t; -- a;\nSELECT\n1 /* ;\n; */;SELECT \";\" // ;\n;x");
    let expected = ["SELECT ';' FROM t", "-- a;\nSELECT\n1 /* ;\n; */", "SELECT \";\" // ;"];
    assert_eq!(taken, expected);
    assert_eq!(left, "x");
    let (taken, _) = all("CREATE FUNCTION f AS $$ a; b; $$; SELECT 1;");
    assert_eq!(taken, ["CREATE FUNCTION f AS $$ a; b; $$", "SELECT 1"]);
}

#[test]
fn nothing_between_two_semicolons_is_no_statement() {
    assert_eq!(all(";; -- nothing\n;/**/;").0, [""; 0]);
    assert!(is_blank("-- a comment"));
}

#[test]
fn a_batch_ends_behind_its_last_words() {
    let batch = "BEGIN UNLOGGED BATCH\nINSERT INTO t (k) VALUES (1);\nAPPLY BATCH";
    let (taken, left) = all(&format!("{batch}; SELECT 1;"));
    assert_eq!(taken, [batch, "SELECT 1"]);
    assert_eq!(left, "");
    let transaction = "begin transaction LET a = (SELECT * FROM t WHERE k=1); SELECT a.v; \
                       commit transaction";
    assert_eq!(all(&format!("{transaction};")).0, [transaction]);
    assert_eq!(all("BEGIN BATCH UPDATE t SET v = 1 WHERE k = 1;").0, [""; 0]);
}

#[test]
fn what_is_for_the_shell_ends_with_its_line() {
    let (taken, left) = all("describe tables\nUSE shop\nSOURCE 'a;b'\n?\nEXIT;SELECT 1\n");
    assert_eq!(taken, ["describe tables", "USE shop", "SOURCE 'a;b'", "?", "EXIT"]);
    assert_eq!(left, "SELECT 1");
    assert_eq!(all("CONSISTENCY QUORUM; SELECT 1;").0, ["CONSISTENCY QUORUM", "SELECT 1"]);
}

#[test]
fn a_quote_over_several_lines_is_one() {
    let text =
        "INSERT INTO t (v) VALUES ('a;\n$$ b;\n''c') /* ;\n;\n*/;\nSELECT $$;\n;$$;\n\"x;\ny\"";
    let (taken, left) = all(text);
    let expected = ["INSERT INTO t (v) VALUES ('a;\n$$ b;\n''c') /* ;\n;\n*/", "SELECT $$;\n;$$"];
    assert_eq!(taken, expected);
    assert_eq!(left, "\"x;\ny\"");
}

/// A quote or a comment is looked at as it comes, and once more when it is closed.
#[test]
fn each_byte_is_looked_at_twice_at_most_however_many_lines_there_are() {
    let lines = 10_000;
    for (first, line, last) in [
        ("", "-- nothing; but a comment", "SELECT 1;"),
        ("/* one", "that goes on; and on", "*/ SELECT 1;"),
        ("INSERT INTO t (v) VALUES ('", "a text; of many lines", "');"),
        ("INSERT INTO t (v) VALUES ('", "it''s; '' one", "');"),
        ("SELECT \"", "a \"\"name\"\"; of many lines", "\";"),
        ("SELECT $$", "a text; $ of 'many' lines", "$$;"),
        ("SELECT 1", "-- nothing; but a comment", ";"),
    ] {
        let mut statements = Statements::default();
        statements.push(first).unwrap();
        for _ in 0..lines {
            statements.push(line).unwrap();
            assert_eq!(statements.take(), None);
            assert_eq!(statements.is_blank(), matches!(first, "" | "/* one"));
        }
        statements.push(last).unwrap();
        let statement = statements.take().unwrap();
        assert_eq!(statement.lines().filter(|read| *read == line).count(), lines);
        assert!(statements.is_blank() && statements.take().is_none());
        let (looked_at, bytes) = (statements.words.looked_at, statement.len());
        assert!(looked_at <= bytes * 2 + 100, "{looked_at} of {bytes}: {line}");
    }
}

#[test]
fn what_is_left_of_a_line_is_not_moved_by_each_statement() {
    let (statements_of_it, mut statements) = (1_000, Statements::default());
    statements.push(&"SELECT 1;".repeat(statements_of_it)).unwrap();
    let bytes = statements.text.len();
    for _ in 0..statements_of_it {
        assert_eq!(statements.take().as_deref(), Some("SELECT 1"));
        assert_eq!(statements.text.len(), bytes, "it was cut");
    }
    assert_eq!(statements.take(), None);
    assert!(statements.words.looked_at <= bytes + 100, "{}", statements.words.looked_at);
    statements.push("SELECT 2").unwrap();
    assert_eq!((statements.unfinished(), statements.text.len()), ("SELECT 2", 10));
}

#[test]
fn what_editors_put_before_everything_is_no_part_of_a_statement() {
    assert_eq!(all("\u{FEFF}USE shop\nSELECT '\u{FEFF}';").0, ["USE shop", "SELECT '\u{FEFF}'"]);
}

#[test]
fn a_comment_goes_on_in_the_next_line_only_if_it_is_open() {
    let (taken, left) = all("/* a */ -- /* b\n-- c\r/* d\n; */ SELECT 1; /*/ e\n; */ SELECT 2;");
    let first = "/* a */ -- /* b\n-- c\r/* d\n; */ SELECT 1";
    assert_eq!((&*taken[0], &*taken[1], taken.len()), (first, "/*/ e\n; */ SELECT 2", 2));
    assert_eq!(left, "");
    let mut statements = Statements::default();
    statements.push("/* open").unwrap();
    assert_eq!(statements.take(), None);
    assert!(statements.is_blank());
    statements.push("*/ SELECT 1").unwrap();
    assert!(!statements.is_blank());
}

#[test]
fn a_statement_that_is_too_long_is_refused() {
    let mut statements = Statements::default();
    statements.push(&"x".repeat(LONGEST)).unwrap();
    assert!(statements.push("y").is_err());
    assert!(statements.is_blank());
}

#[test]
fn what_is_no_blank_of_the_server_is_a_word() {
    assert_eq!(all("\u{c};SELECT 1 \u{a0} ;\u{b}").0, ["\u{c}", "SELECT 1 \u{a0}"]);
    let mut statements = Statements::default();
    statements.push("-- a comment\n\u{c}").unwrap();
    assert!(statements.take().is_none() && !statements.is_blank());
}
