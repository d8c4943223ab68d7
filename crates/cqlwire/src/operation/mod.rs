//! What can be asked of a host: a statement with its values, one page of its result, the PREPARE of
//! a text. Each encodes itself for a connection, and knows whether it may be sent twice; what comes
//! back is read in one place for all of them (`response`).

mod agreement;
mod batch;
mod failure;
mod form;
mod options;
mod prepare;
mod response;
mod statement;
mod token;
mod untyped;

use std::future::Future;
use std::time::Duration;

use cqlwire_cluster::{KeyspacePools, LoadBalancing, Routing};
use cqlwire_codec::{Consistency, EncodeError, RequestEnvelope, StatementKind, Token};
use cqlwire_net::{Deadline, RequestKind};
use tokio::runtime::Handle;
use uuid::Uuid;

pub(crate) use self::agreement::{Agreeing, agree};
pub(crate) use self::batch::BatchOperation;
pub(crate) use self::failure::Failure;
pub(crate) use self::form::{Form, UsualForm};
pub(crate) use self::options::{Options, RareOptions};
pub(crate) use self::prepare::PrepareOperation;
pub(crate) use self::response::{Glance, HostResponse, read};
pub(crate) use self::statement::{PageRange, Statement, StatementOperation};
pub(crate) use self::untyped::{check_untyped, needs_marker};
use crate::error::ErrorKind;
use crate::prepared::{MetadataHandle, PreparedStatement};
use crate::retry::RetryPolicy;
use crate::speculation::SpeculativePolicy;
use crate::timed::{Timed, timed, timed_at_home};

/// The shortest time of an attempt: with less it could not be sent, and would be made anew for nothing.
const SHORTEST_ATTEMPT: Duration = Duration::from_millis(1);

/// Something that can be asked of any host.
pub(crate) trait Operation {
    /// Encodes it in this form, in the place of `envelope`, by what is known of its prepared statement
    /// on the host that it is for. Gives where its partition is on the ring, if its values say so.
    ///
    /// # Errors
    ///
    /// Nothing is to be sent, and why.
    fn encode(
        &self,
        form: Form,
        metadata: Option<&MetadataHandle>,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<Token>, NotEncoded>;

    /// Encodes it in this form for this host, by what that said of its statements. Gives by what it was
    /// encoded, and the rows of its response have to be read.
    ///
    /// # Errors
    ///
    /// Nothing is to be sent, and why.
    fn encode_for(
        &self,
        host: Uuid,
        form: Form,
        envelope: &mut RequestEnvelope,
    ) -> Result<Option<MetadataHandle>, NotEncoded> {
        let metadata = match self.prepared() {
            None => None,
            Some(prepared) => Some(said_on(host, prepared)?),
        };
        self.encode(form, metadata.as_ref(), envelope)?;
        Ok(metadata)
    }

    /// How its user has it executed; `None` of what no user asks for.
    #[inline]
    fn options(&self) -> Option<&Options<'_>> {
        None
    }

    /// What is known of where it belongs, before it is encoded.
    fn routing(&self) -> Routing<'_>;

    /// The connections over which it goes where requests cannot name their keyspace, if it is not
    /// that of the session's connections.
    #[inline]
    fn connections(&self) -> Option<&KeyspacePools> {
        self.options()?.keyspace.connections()
    }

    /// The only host that it is for.
    fn pinned(&self) -> Option<Uuid> {
        self.options()?.host()
    }

    /// May it be done twice, because it only reads, or because its user says so?
    fn is_idempotent(&self) -> bool;

    /// The same at another consistency.
    fn at(&self, consistency: Consistency) -> Self
    where
        Self: Sized;

    /// Is it done for many at once, who may be on as many runtimes?
    fn is_joint(&self) -> bool {
        false
    }

    /// A wait that needs a timer, while it is on its way: where whoever waits is, or, of what is done
    /// for many, where the session is.
    fn timed<F>(&self, home: &Handle, waiting: F) -> Timed<F::Output>
    where
        Self: Sized,
        F: Future<Output: Send> + Send + 'static,
    {
        if self.is_joint() { timed_at_home(home, waiting) } else { timed(home, waiting) }
    }

    /// How long one attempt may take, within the deadline of the whole.
    fn attempt_timeout(&self) -> Option<Duration> {
        self.options()?.settings.attempt_timeout
    }

    /// The deadline of an attempt which begins now, within that of the whole.
    #[inline]
    fn deadline_of_attempt(&self, whole: Deadline) -> Deadline {
        match self.attempt_timeout() {
            None => whole,
            Some(timeout) => whole.within(timeout.max(SHORTEST_ATTEMPT)),
        }
    }

    /// What decides about it once it has failed, if not what the session has.
    fn retry_policy(&self) -> Option<&dyn RetryPolicy> {
        self.options()?.retry_policy()
    }

    /// What says when it is sent to another host as well, if not what the session has.
    #[inline]
    fn speculative_policy(&self) -> Option<&dyn SpeculativePolicy> {
        self.options()?.speculative_policy()
    }

    /// What chooses its hosts, if not what the session has.
    #[inline]
    fn load_balancing(&self) -> Option<&dyn LoadBalancing> {
        self.options()?.load_balancing()
    }

    /// What it does, as far as its text tells.
    fn kind(&self) -> StatementKind;

    /// Its statement, if there is but one.
    fn text(&self) -> Option<&str> {
        None
    }

    /// The texts of all its statements, which a server may quote from.
    #[cold]
    fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.text().into_iter())
    }

    /// As what it is counted.
    fn request_kind(&self) -> RequestKind;

    /// The statement that a host may not know, if there is but one.
    fn prepared(&self) -> Option<&PreparedStatement> {
        None
    }

    /// All statements that a host has to know for it.
    #[cold]
    fn statements<'s>(&'s self) -> Box<dyn Iterator<Item = &'s PreparedStatement> + 's> {
        Box::new(self.prepared().into_iter())
    }

    /// The statement that this host, by what it said, does not know by this id.
    fn statement_with_id(&self, id: &[u8], host: Uuid) -> Option<&PreparedStatement> {
        let _ = (id, host);
        self.prepared()
    }

    /// The statement whose values could not be encoded.
    fn statement_of(&self, error: &EncodeError) -> Option<&PreparedStatement> {
        let _ = error;
        self.prepared()
    }
}

/// What this host said of a statement.
#[inline]
pub(crate) fn said_on(
    host: Uuid,
    prepared: &PreparedStatement,
) -> Result<MetadataHandle, NotEncoded> {
    prepared.metadata_on(host).ok_or_else(|| NotEncoded::Unprepared(prepared.clone()))
}

/// Why a request is not to be sent.
pub(crate) enum NotEncoded {
    /// The host has not said what it makes of this statement, or has forgotten it.
    Unprepared(PreparedStatement),
    /// The values do not fit what is known of the statement, which may be out of date.
    Values(EncodeError),
    /// The version that the connection speaks has no words for it. Another host may speak another one.
    NotInVersion(ErrorKind),
    /// It would be wrong wherever it is sent.
    Refused(ErrorKind),
}

impl From<EncodeError> for NotEncoded {
    #[cold]
    fn from(error: EncodeError) -> Self {
        match error {
            error @ EncodeError::NotInVersion { .. } => Self::NotInVersion(error.into()),
            error => Self::Refused(error.into()),
        }
    }
}
