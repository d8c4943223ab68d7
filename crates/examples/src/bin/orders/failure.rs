//! What a client is told when something goes wrong: a status, and whether to send the request again.
//! The driver's error knows both; which host did what is for the log.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use cqlwire::{Error, ErrorCode, ErrorKind};
use serde::Serialize;
use tracing::{error, warn};

/// In seconds. The driver has tried other hosts by then, so sooner would only be more load.
const RETRY_IN: &str = "2";

/// Why a request has no better answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database did not do what it was asked.
    Database(Error),
    /// The request makes no sense.
    Invalid(String),
    /// There is no such thing.
    NotFound,
    /// Others have changed what the request was about.
    Conflict(&'static str),
    /// Too many change the same at once.
    Contended,
}

/// What a client reads.
#[derive(Serialize)]
struct Told {
    error: String,
    /// Of a request that changes something: may it be done, now or later? If not, it is not.
    may_have_been_applied: bool,
    /// Each request of this service may be sent twice, but for the counting of views.
    #[serde(skip_serializing_if = "Option::is_none")]
    what_to_do: Option<&'static str>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Database(error) => of_database(&error),
            Self::Invalid(why) => answer(StatusCode::BAD_REQUEST, why, false),
            Self::NotFound => answer(StatusCode::NOT_FOUND, "there is none".to_owned(), false),
            Self::Conflict(why) => answer(StatusCode::CONFLICT, why.to_owned(), false),
            Self::Contended => {
                let why = "many want the same at once".to_owned();
                answer(StatusCode::SERVICE_UNAVAILABLE, why, false)
            }
        }
    }
}

fn of_database(error: &Error) -> Response {
    let status = status(error);
    let may_have_been_applied = error.may_have_been_applied();
    match status {
        StatusCode::BAD_REQUEST => warn!(%error, "refused"),
        _ => error!(%error, may_have_been_applied, "the database failed"),
    }
    let told = match status {
        StatusCode::BAD_REQUEST => error.kind().to_string(),
        // Names of hosts are not for clients.
        _ => "the database did not answer as it should".to_owned(),
    };
    answer(status, told, may_have_been_applied)
}

/// Whose fault is it, and does it pass?
fn status(error: &Error) -> StatusCode {
    match error.kind() {
        // The values are at fault, since all statements were prepared when the service began.
        ErrorKind::Encode(_) | ErrorKind::BatchTooLarge { .. } | ErrorKind::PositionMismatch(_) => {
            StatusCode::BAD_REQUEST
        }
        ErrorKind::Server { error, .. } if error.code == ErrorCode::Invalid => {
            StatusCode::BAD_REQUEST
        }
        // No *failed* where nobody knows: whoever sends it again finds out.
        _ if error.is_retryable() || error.may_have_been_applied() || error.is_closed() => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn answer(status: StatusCode, error: String, may_have_been_applied: bool) -> Response {
    let again = status == StatusCode::SERVICE_UNAVAILABLE;
    let what_to_do = again.then_some(match may_have_been_applied {
        true => {
            "it may be done, or be done later: send the same request again, and it is done once"
        }
        false => "nothing was changed: send the same request again",
    });
    let told = Json(Told { error, may_have_been_applied, what_to_do });
    match again {
        true => (status, [(RETRY_AFTER, RETRY_IN)], told).into_response(),
        false => (status, told).into_response(),
    }
}
