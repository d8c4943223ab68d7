//! No password and no bind value in anything that is shown.

use std::fmt::{Debug, Display};
use std::time::Duration;

use cqlwire_testkit::log::LogLines;
use tracing::Level;

use super::memory::Memory;
use super::*;
use crate::codec::{Opcode, Prefixes};
use crate::{Error, PreparedStatement};

/// That of the user whom the session logs in as.
const PASSWORD: &str = "geheim-login";

/// In all that is planted.
const SECRET: &str = "geheim";

/// In its text, where it is no bind value.
const ROLE: &str =
    "CREATE ROLE ada WITH PASSWORD = 'geheim-role' AND OPTIONS = {'password': 'geheim-map'}";

const READ: &str = "SELECT id, name FROM users WHERE city = ?";

/// What was shown until now.
#[derive(Default)]
pub(super) struct Shown(Vec<String>);

impl Shown {
    pub(super) fn debug(&mut self, what: &impl Debug) {
        self.0.extend([format!("{what:?}"), format!("{what:#?}")]);
    }

    pub(super) fn error(&mut self, error: &Error) {
        self.debug(error);
        self.display(error);
        self.debug(error.kind());
        self.display(error.kind());
        error.attempts().iter().for_each(|attempt| self.display(attempt));
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            self.0.extend([cause.to_string(), format!("{cause:?}")]);
            source = cause.source();
        }
    }

    pub(super) fn display(&mut self, what: &impl Display) {
        self.0.push(what.to_string());
    }

    pub(super) fn assert_no_secret(&self) {
        assert!(self.0.len() > 50, "{} texts", self.0.len());
        for text in &self.0 {
            assert!(!text.contains(SECRET), "{text}");
            // As bytes, as `Debug` shows vectors of them.
            let bytes = format!("{:?}", SECRET.as_bytes());
            assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
        }
    }

    /// Of a private key as PEM: no line of it.
    pub(super) fn assert_nothing_of(&self, key: &str) {
        for line in key.lines().filter(|line| !line.starts_with('-')) {
            // The first says only of which kind it is, as that of every key does.
            let secret = &line[line.len() / 2..];
            assert!(!self.0.iter().any(|text| text.contains(secret)), "{secret}");
        }
    }
}

fn node_with_password() -> ScriptedNode {
    let node = ScriptedNode::builder().password("ada", PASSWORD).in_memory();
    let quoted = "line 1:70 mismatched input (...= 'geheim-role' AND [OPTIONS]...), geheim-map";
    node.prime(Prime::statement(ROLE).error(0x2000, quoted));
    node.prime(Prime::prepare(ROLE).error(0x2000, quoted));
    prime_users(&node, 25);
    node
}

/// What users hold, before it is sent.
fn show_what_is_held(shown: &mut Shown, session: &Session, read: &PreparedStatement) {
    shown.debug(session);
    shown.debug(read);
    shown.debug(&session.query(ROLE, ()));
    shown.debug(&session.query(READ, ("geheim-value",)));
    shown.debug(&session.execute(read, ("geheim-value",)));
    shown.debug(&session.execute(read, ("geheim-value",)).stream());
    shown.debug(&session.execute(read, ("geheim-value",)).pages());
    shown.debug(&session.execute(read, ("geheim-value",)).rows::<(i64, String)>());
    shown.debug(&session.insert_all(read, [("geheim-value",)]));
    shown.debug(&session.insert_all(ROLE, [("geheim-value",)]));
    let mut batch = session.batch();
    batch.add("INSERT INTO users (id, name) VALUES (?, ?)", (1_i64, "geheim-value")).unwrap();
    shown.debug(&batch);
    shown.debug(&batch.execute());
    shown.debug(&crate::BatchStatement::from(ROLE));
    shown.debug(&session.metrics());
    shown.display(&session.metrics());
    shown.debug(&session.profile());
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_anything_that_is_shown() {
    let log = LogLines::collect(Level::TRACE);
    let memory = Memory::of([node_with_password()]);
    let mut shown = Shown::default();
    let builder = memory.builder().credentials("ada", PASSWORD).logs(|logs| {
        (logs.slow_request, logs.statements_in_traces) = (Some(Duration::ZERO), true);
        logs.large_response_bytes = 0;
        logs.every = Duration::ZERO;
    });
    shown.debug(&builder);
    let wrong = memory.builder().credentials("ada", "geheim-wrong").connect().await.unwrap_err();
    shown.error(&wrong);
    let session = builder.connect().await.unwrap();
    let read = session.prepare(READ).await.unwrap();
    show_what_is_held(&mut shown, &session, &read);

    shown.error(&session.query(ROLE, ()).await.unwrap_err());
    shown.error(&session.prepare(ROLE).await.unwrap_err());
    shown.error(&session.query(ROLE, ("geheim-value",)).await.unwrap_err());
    shown.error(&session.execute(&read, ("geheim-value", "geheim-value")).await.unwrap_err());
    shown.error(&session.execute(&read, (vec!["geheim-value"],)).await.unwrap_err());
    let unprepared = "SELECT * FROM users WHERE city = 'geheim-literal'";
    session.query(unprepared, ()).await.unwrap();
    session.execute(&read, ("geheim-value",)).await.unwrap();
    let mut pages = session.execute(&read, ("geheim-value",)).page_size(10).pages();
    while let Some(page) = pages.try_next().await.unwrap() {
        shown.debug(&page.position_after(1));
    }
    let mut batch = session.batch();
    batch.add("INSERT INTO users (id, name) VALUES (?, ?)", (1_i64, "geheim-value")).unwrap();
    drop(batch.execute().await.map_err(|error| shown.error(&error)));
    memory.node().prime(Prime::statement(READ).silence());
    let late = session.execute(&read, ("geheim-value",)).timeout(Duration::from_secs(1)).await;
    shown.error(&late.unwrap_err());
    memory.node().prime(Prime::statement(READ).close());
    shown.error(&session.execute(&read, ("geheim-value",)).idempotent(false).await.unwrap_err());
    session.close(Duration::from_secs(5)).await;

    let lines = log.all();
    assert!(lines.iter().any(|line| line.message.starts_with("a slow request")));
    assert!(lines.iter().any(|line| line.fields.contains_key("db.query.text")));
    lines.iter().for_each(|line| shown.display(line));
    shown.assert_no_secret();
}

#[tokio::test(start_paused = true)]
async fn no_password_of_a_batch_is_in_what_a_server_says_of_it() {
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let text = "UPDATE users SET password = 'geheim-text' WHERE id = 1";
    let prepared = "UPDATE users SET password = 'geheim-prepared' WHERE id = 2";
    let quoted = "(...password = 'geheim-text' [WHERE]...), (...'geheim-prepare...)";
    memory.node().prime(Prime::opcode(Opcode::Batch).error(0x2000, quoted));
    let prepared = session.prepare(prepared).await.unwrap();
    let mut batch = session.batch();
    batch.add(text, ()).unwrap().add(&prepared, ()).unwrap();
    let error = batch.execute().await.unwrap_err();
    let shown = format!("{error} {error:?} {error:#?}");
    assert!(!shown.contains(SECRET) && shown.contains("[WHERE]"), "{shown}");
}

/// What comes along with an error may quote the statement as the error does.
#[tokio::test(start_paused = true)]
async fn no_password_of_a_statement_is_in_the_warnings_that_come_with_its_error() {
    let log = LogLines::collect(Level::TRACE);
    let memory = Memory::of([ScriptedNode::builder().in_memory()]);
    let session = memory.session().await;
    let quoted = "(...PASSWORD = 'geheim-role' AND [OPTIONS]...), (...PASSWORD = ['geheim-ro]...)";
    let along = Prefixes::new(None, vec![quoted.to_owned(), "look here".to_owned()], None);
    for prime in [Prime::statement(ROLE), Prime::prepare(ROLE)] {
        memory.node().prime(prime.error(0x2200, "no").along(along.clone()));
    }
    let mut batch = session.batch();
    batch.add(ROLE, ()).unwrap();
    memory.node().prime(Prime::opcode(Opcode::Batch).error(0x2200, "no").along(along));
    for error in [
        session.query(ROLE, ()).await.map(drop).unwrap_err(),
        session.prepare(ROLE).await.map(drop).unwrap_err(),
        batch.execute().await.map(drop).unwrap_err(),
    ] {
        let [quotes, other] = error.warnings() else { panic!("{error:?}") };
        assert!(!quotes.contains(SECRET) && quotes.contains("AND [OPTIONS]"), "{quotes}");
        assert_eq!(other, "look here");
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let lines = log.beginning("the server warns");
    assert_eq!(lines.len(), 2, "each of them once: {lines:?}");
    for line in log.all() {
        assert!(!line.to_string().contains(SECRET), "{line}");
    }
}
