//! What HELP says.

/// All of it, or of one command.
pub(super) fn text(topic: Option<&str>) -> String {
    let Some(topic) = topic else { return OVERVIEW.to_owned() };
    let about: Vec<_> =
        OVERVIEW.lines().filter(|line| line.trim_start().starts_with(topic)).collect();
    match about.is_empty() {
        true => format!("{topic} is none of the shell: https://cassandra.apache.org/doc/ has CQL"),
        false => about.join("\n"),
    }
}

const OVERVIEW: &str = "\
Statements of CQL end with `;` and may have several lines. Of the shell itself:
  CAPTURE 'file' | OFF          write results to a file
  CLEAR                         clear the screen
  CONSISTENCY [level]           how many replicas must agree
  DESCRIBE [what]               the schema: KEYSPACES, TABLES, TYPES, CLUSTER, SCHEMA, or a name
  EXIT, QUIT, Ctrl-D            end
  EXPAND [ON | OFF]             a line for each column
  HELP [command]                this
  LOGIN user                    go on as somebody else; the password is asked for
  PAGING [ON | OFF | rows]      a page at a time, or through the pager of --pager
  SERIAL CONSISTENCY [level]    the consistency of conditions
  SHOW VERSION | HOST | SESSION id
  SOURCE 'file'                 execute the statements of a file
  TRACING [ON | OFF]            show what servers did for each statement
  USE keyspace                  the keyspace of names without one
Ctrl-C abandons a statement, typed or under way. Tab completes keywords and names.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_explained_by_its_lines() {
        assert!(text(Some("TRACING")).contains("show what servers did"));
        assert!(text(Some("SELECT")).contains("is none of the shell"));
        assert!(text(None).lines().all(|line| line.len() <= 100));
    }
}
