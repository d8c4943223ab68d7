//! The CQL that makes something of the schema again, in the server's own words.

use std::fmt::{self, Display, Formatter};

use cqlwire_codec::{ErrorCode, Row, RowIter, ValueError};
use cqlwire_net::{AskError, Connection, Deadline};

/// How many statements a server is asked for at a time.
const PAGE_ROWS: i32 = 100;

/// How much CQL there may be, in bytes.
const MAX_BYTES: usize = 64 << 20;

/// What is to be described. Names are as the server spells them, without quotes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Describe<'a> {
    /// A keyspace, and all that is in it.
    Keyspace(&'a str),
    /// A table of a keyspace with its indexes and views, or a view.
    Table(&'a str, &'a str),
    /// A user type of a keyspace, without those that it is made of.
    Type(&'a str, &'a str),
}

/// Why something was not described.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// The server does not know the statement: Cassandra does from 4.0 on.
    #[error("the server does not know DESCRIBE, which Cassandra does since 4.0: {0}")]
    NotKnown(#[source] AskError),
    /// No host is connected to that could be asked.
    #[error("no host is connected to that could be asked")]
    NotConnected,
    /// There is nothing of that name, or no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// What the server says is no CQL.
    #[error("DESCRIBE: {0}")]
    Value(#[from] ValueError),
    /// It is longer than anybody could want.
    #[error("DESCRIBE: more than {MAX_BYTES} bytes of CQL")]
    TooLong,
}

/// Asks for the statements of CQL that create it, in an order in which they can be executed: each
/// ends with a semicolon, and an empty line stands between two.
///
/// # Errors
///
/// [`DescribeError`]; a server older than Cassandra 4.0 does not know how to do this.
///
/// # Cancel safety
///
/// Dropped, the question that is in flight is withdrawn, or its response thrown away.
pub(crate) async fn describe(
    connection: &Connection,
    what: Describe<'_>,
    deadline: Deadline,
) -> Result<String, DescribeError> {
    let statement = what.to_string();
    let (mut cql, mut state) = (String::new(), None);
    loop {
        let page = connection.ask_page(&statement, PAGE_ROWS, state.as_ref(), deadline).await;
        let page = page.map_err(DescribeError::of)?;
        for row in RowIter::<Row<'_>>::of(&page)? {
            if !cql.is_empty() {
                cql.push_str("\n\n");
            }
            cql.push_str(row?.get("create_statement")?);
            if cql.len() > MAX_BYTES {
                return Err(DescribeError::TooLong);
            }
        }
        state = page.metadata.paging_state;
        if state.is_none() {
            return Ok(cql);
        }
    }
}

impl DescribeError {
    /// Names are in quotes, so that nothing else of the statement can be wrong.
    fn of(reason: AskError) -> Self {
        match &reason {
            AskError::Server(error) if error.code == ErrorCode::SyntaxError => {
                Self::NotKnown(reason)
            }
            _ => Self::Ask(reason),
        }
    }

    /// Did the deadline pass?
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Ask(reason) if reason.is_timeout())
    }
}

/// The statement.
impl Display for Describe<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Keyspace(name) => write!(f, "DESCRIBE KEYSPACE {}", Quoted(name)),
            // Without a word for what it is, a name may be that of a table or of a view.
            Self::Table(keyspace, name) => {
                write!(f, "DESCRIBE {}.{}", Quoted(keyspace), Quoted(name))
            }
            Self::Type(keyspace, name) => {
                write!(f, "DESCRIBE TYPE {}.{}", Quoted(keyspace), Quoted(name))
            }
        }
    }
}

/// A name in quotes, whatever it is; those in it are doubled.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}
