//! The shell without a terminal: statements from standard input, files and arguments.

use crate::Cqlwire;

#[tokio::test]
async fn a_script_shows_what_cqlsh_shows() {
    let cqlwire = Cqlwire::with_users("cli_script").await;
    let out = cqlwire.fed(&["shell"], include_str!("screens/script.cql")).done();
    assert_eq!(out, include_str!("screens/script.txt"));
}

#[tokio::test]
async fn the_first_statement_that_fails_is_the_last() {
    let cqlwire = Cqlwire::with_users("cli_fails").await;
    let script = "USE cli_fails\nSELECT id FROM users WHERE id = 7;\n\nSELECT x\n  FROM users;\nDROP TABLE users;\n";
    let ran = cqlwire.fed(&["shell"], script);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.out, "\n id\n----\n  7\n\n(1 rows)\n\n");
    assert!(ran.told.starts_with("cqlwire: standard input line 5: "), "{}", ran.told);
    assert!(ran.told.contains("Undefined column name x") && ran.told.lines().count() == 1);
    // The last statement was not executed, nor is one that is not whole.
    let half =
        cqlwire.fed(&["shell", "-k", "cli_fails"], "SELECT id FROM users;\nDROP TABLE users");
    assert_eq!(half.code, 2, "{half:?}");
    assert!(half.told.contains("line 2: the last statement has no end"), "{}", half.told);
    let left = cqlwire.run(&["query", "-o", "csv", "SELECT id FROM cli_fails.users"]).done();
    assert_eq!(left.lines().count(), 4, "{left}");
}

#[tokio::test]
async fn statements_come_from_arguments_and_files_which_may_name_others() {
    let cqlwire = Cqlwire::with_users("cli_files").await;
    let home = cqlwire.home.path();
    let select = "SELECT id FROM cli_files.users WHERE id = 8";
    let screen = "\n id\n----\n  8\n\n(1 rows)\n\n";
    assert_eq!(cqlwire.run(&["shell", "-e", select]).done(), screen);
    let inner = home.join("it's inner.cql");
    std::fs::write(&inner, format!("{select};\n")).unwrap();
    let outer = home.join("outer.cql");
    let path = inner.display().to_string().replace('\'', "''");
    std::fs::write(&outer, format!("SOURCE '{path}'\n{select};\nEXIT\nSELECT nothing;\n")).unwrap();
    let out = cqlwire.run(&["shell", "-f", outer.to_str().unwrap()]).done();
    assert_eq!(out, screen.repeat(2));
    // One that names itself comes to an end.
    let endless = home.join("endless.cql");
    std::fs::write(&endless, format!("SOURCE '{}'\n", endless.display())).unwrap();
    let told = cqlwire.run(&["shell", "-f", endless.to_str().unwrap()]).failed(1);
    assert!(told.ends_with("over 8 files, one by another"), "{told}");
}

#[tokio::test]
async fn captured_results_are_in_the_file_and_nowhere_else() {
    let cqlwire = Cqlwire::with_users("cli_capture").await;
    let file = cqlwire.home.path().join("captured.txt").display().to_string();
    let script = format!(
        "CAPTURE '{file}'\nSELECT id FROM cli_capture.users WHERE id = 7;\nCAPTURE\nCAPTURE OFF\nCAPTURE\n"
    );
    let out = cqlwire.fed(&["shell"], &script).done();
    let said = format!(
        "Now capturing query output to '{file}'.\nCurrently capturing query output to '{file}'.\n\
         Currently not capturing query output.\n"
    );
    assert_eq!(out, said);
    let captured = std::fs::read_to_string(file).unwrap();
    assert_eq!(captured, "\n id\n----\n  7\n\n(1 rows)\n\n");
}
