//! One question over a connection: a statement without values, and its rows, at once or in pages.

use bytes::BytesMut;
use cqlwire_codec::{
    Consistency, DecodeError, EncodeError, EncodeRequest, EventKind, Opcode, Options, PagingState,
    Query, QueryParameters, Register, RequestOptions, Response, ResultResponse, Rows, ServerError,
    Supported, ValueError, decode_response, encode_request,
};

use crate::{Connection, Deadline, Refused, RefusedBecause, RequestError};

/// Why a question has no rows as its response.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// It cannot be said in the version that the connection speaks.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The connection took no more requests. Nothing was sent.
    #[error("{0}")]
    Refused(RefusedBecause),
    /// There was no response.
    #[error("{}", .0.failure)]
    NoResponse(#[source] Box<RequestError>),
    /// The server refused, or failed.
    #[error("{0}")]
    Server(#[source] Box<ServerError>),
    /// The response cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A value of the response cannot be read.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The response is none to a question.
    #[error("{0} is no response to a question")]
    Unexpected(Opcode),
}

impl AskError {
    /// Did the deadline pass?
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::NoResponse(error) if error.is_timeout())
    }
}

impl From<Refused> for AskError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.because)
    }
}

impl From<RequestError> for AskError {
    fn from(error: RequestError) -> Self {
        Self::NoResponse(Box::new(error))
    }
}

impl Connection {
    /// Asks the server with a statement of CQL that binds no values, at consistency ONE, and gives
    /// the rows that it responds with, all in one page. Meant for system tables.
    ///
    /// # Errors
    ///
    /// [`AskError`]: whatever is not rows.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the question is withdrawn if it was not written yet; otherwise its response is
    /// thrown away when it comes.
    pub async fn ask(&self, statement: &str, deadline: Deadline) -> Result<Rows, AskError> {
        self.ask_with(statement, QueryParameters::new(Consistency::One, &()), deadline).await
    }

    /// As [`ask`](Self::ask), but no more than so many rows, at least one: those from where the
    /// page before ended, or the first.
    ///
    /// # Errors
    ///
    /// [`AskError`]: whatever is not rows.
    ///
    /// # Cancel safety
    ///
    /// As [`ask`](Self::ask).
    pub async fn ask_page(
        &self,
        statement: &str,
        page_size: i32,
        paging_state: Option<&PagingState>,
        deadline: Deadline,
    ) -> Result<Rows, AskError> {
        let parameters = QueryParameters {
            page_size: Some(page_size),
            paging_state,
            ..QueryParameters::new(Consistency::One, &())
        };
        self.ask_with(statement, parameters, deadline).await
    }

    async fn ask_with(
        &self,
        statement: &str,
        parameters: QueryParameters<'_, ()>,
        deadline: Deadline,
    ) -> Result<Rows, AskError> {
        let query = Query { statement, parameters };
        match self.exchange(&query, deadline).await? {
            Response::Result(ResultResponse::Rows(rows)) => Ok(rows),
            other => Err(AskError::Unexpected(other.opcode())),
        }
    }

    /// Has the server push events of these kinds to this connection from now on
    /// ([`next_event`](Self::next_event)).
    ///
    /// # Errors
    ///
    /// [`AskError`]. A server that does not know one of the kinds registers none.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the request is withdrawn if it was not written yet; otherwise the server may push.
    pub async fn register(&self, kinds: &[EventKind], deadline: Deadline) -> Result<(), AskError> {
        match self.exchange(&Register { events: kinds }, deadline).await? {
            Response::Ready => Ok(()),
            other => Err(AskError::Unexpected(other.opcode())),
        }
    }

    /// What the server supports, as it says to OPTIONS.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    ///
    /// # Cancel safety
    ///
    /// As [`ask`](Self::ask).
    pub async fn supported(&self, deadline: Deadline) -> Result<Supported, AskError> {
        match self.exchange(&Options, deadline).await? {
            Response::Supported(supported) => Ok(supported),
            other => Err(AskError::Unexpected(other.opcode())),
        }
    }

    async fn exchange<R: EncodeRequest>(
        &self,
        request: &R,
        deadline: Deadline,
    ) -> Result<Response, AskError> {
        let options =
            RequestOptions { compression: self.compression(), ..RequestOptions::default() };
        let envelope = encode_request(request, self.version(), &options, BytesMut::new())?;
        let response = self.send(envelope, deadline)?.request.await?;
        match decode_response(&response)?.response {
            Response::Error(error) => Err(AskError::Server(error)),
            response => Ok(response),
        }
    }
}
