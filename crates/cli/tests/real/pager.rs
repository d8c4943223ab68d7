//! Rows through a pager, at a terminal: what is seen, and what quitting it does. Pagers are of the shell's own
//! programs here, since not every machine has `less`.

use std::process::Command;

use crate::Cqlwire;
use crate::terminal::Terminal;

/// Marks what went through it.
const MARKS: &str = "sed 's/^/| /'";

/// More than a pipe takes, in many pages.
const MANY: &str = "SELECT * FROM system_schema.columns";

/// A script at a terminal, in which `cqlwire` is the command, and that says what it ended with.
fn script(cqlwire: &Cqlwire, text: &str) -> Terminal {
    let mut command = Command::new("sh");
    for (name, value) in cqlwire.command().get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let cqlwire = env!("CARGO_BIN_EXE_cqlwire");
    command
        .args(["-c", &format!("cqlwire() {{ '{cqlwire}' \"$@\"; }}; {text}; echo \"code $?.\"")]);
    Terminal::running(command)
}

#[tokio::test]
async fn rows_go_through_the_pager_that_is_named_and_only_on_a_terminal() {
    let cqlwire = Cqlwire::with_users("cli_pager").await;
    let query = "query 'SELECT id FROM cli_pager.users WHERE id = 7'";
    let plain = ["", " id", "----", "  7", "", "(1 rows)", "code 0."].map(ToOwned::to_owned);
    let marked = ["|", "|  id", "| ----", "|   7", "|", "| (1 rows)", "code 0."];
    for (text, is_paged) in [
        (format!("cqlwire {query}"), false),
        (format!("PAGER=\"{MARKS}\" cqlwire {query}"), true),
        (format!("PAGER=false CQLWIRE_PAGER=\"{MARKS}\" cqlwire {query}"), true),
        (format!("CQLWIRE_PAGER=false cqlwire {query} --pager \"{MARKS}\""), true),
        (format!("CQLWIRE_PAGER=\"{MARKS}\" cqlwire {query} --no-pager"), false),
        (format!("PAGER=\"{MARKS}\" CQLWIRE_PAGER= cqlwire {query}"), false),
        (format!("PAGER=\"{MARKS}\" cqlwire {query} | cat"), false),
    ] {
        let mut terminal = script(&cqlwire, &text);
        terminal.until("code 0.");
        let expected = if is_paged { marked.map(ToOwned::to_owned) } else { plain.clone() };
        assert_eq!(terminal.lines(), expected, "{text}");
    }
    let mut terminal = script(&cqlwire, &format!("cqlwire {query} --pager /nonexistent/pager"));
    terminal.until("code 2.");
    assert!(terminal.lines().concat().contains("the pager `/nonexistent/pager` cannot be started"));
}

#[tokio::test]
async fn who_quits_a_pager_has_seen_enough() {
    let cqlwire = Cqlwire::shared().await;
    let query = format!("cqlwire query --page-size 10 --pager 'head -n 3' '{MANY}'");
    let mut terminal = script(&cqlwire, &query);
    terminal.until("code 0.");
    let lines = terminal.lines();
    assert_eq!((lines.len(), lines[0].as_str()), (4, ""), "{lines:?}");
    assert!(lines[1].starts_with(" keyspace_name ") && lines[2].starts_with("---"), "{lines:?}");
}

/// The terminal is that of the pager until it is quit: Ctrl-C ends what is asked, and nothing else.
#[tokio::test]
async fn ctrl_c_ends_the_query_and_the_pager_is_waited_for() {
    let cqlwire = Cqlwire::shared().await;
    // It hears no Ctrl-C, and takes no more than it is told to.
    let pager = "trap \"\" INT; head -n 3; echo shown; read -r go < /dev/tty; cat > /dev/null; \
                 echo over; read -r key < /dev/tty; echo \"quit by $key\"";
    for (query, told, code) in [
        (MANY, "cqlwire: interrupted", "code 130."),
        ("SELECT key FROM system.local", "quit by x", "code 0."),
    ] {
        let text = format!("trap : INT; cqlwire query --page-size 1 --pager '{pager}' '{query}'");
        let mut terminal = script(&cqlwire, &text);
        terminal.until("shown");
        terminal.keys("\u{3}");
        terminal.keys("go\r");
        terminal.until("over");
        terminal.keys("x\r");
        terminal.until("quit by x");
        terminal.until(code);
        assert!(terminal.lines().concat().contains(told), "{:?}", terminal.lines());
    }
}

#[tokio::test]
async fn the_shell_goes_on_behind_the_pager() {
    let cqlwire = Cqlwire::with_users("cli_paged").await;
    let mut command = cqlwire.command();
    command.args(["shell", "-k", "cli_paged", "--pager", &format!("head -n 5 | {MARKS}")]);
    let mut terminal = Terminal::running(command);
    terminal.until("cqlwire:cli_paged> ");
    terminal.line("SELECT id FROM users WHERE id IN (7, 8, 9);", "|   8");
    terminal.until("cqlwire:cli_paged> ");
    terminal.line(&format!("{MANY};"), "| ----");
    terminal.until("cqlwire:cli_paged> ");
    terminal.line("DESCRIBE TABLE users;", "| CREATE TABLE cli_paged.users (");
    terminal.until("cqlwire:cli_paged> ");
    terminal.line("PAGING OFF", "Disabled Query paging.");
    terminal.until("cqlwire:cli_paged> ");
    terminal.line("SELECT id FROM users WHERE id IN (7, 8, 9);", "\n(3 rows)");
    terminal.until("cqlwire:cli_paged> ");
    terminal.end();
}
