//! The decision as a table, over everything that can come in.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{EncodeError, FramingError, Prefixes, ValueError};
use cqlwire_net::{ConnectionEnd, Reached, RefusedBecause, RequestError};

use super::*;
use crate::error::ErrorKind;

const KINDS: [StatementKind; 7] = [
    StatementKind::Read,
    StatementKind::Write,
    StatementKind::LoggedBatch,
    StatementKind::UnloggedBatch,
    StatementKind::Conditional,
    StatementKind::Schema,
    StatementKind::Unknown,
];

fn server(code: ErrorCode) -> Failure {
    let error = Box::new(ServerError::new(code, "what it says"));
    Failure::Attempt(AttemptFailure::Server { error, prefixes: Prefixes::NONE })
}

fn no_response(failure: RequestFailure) -> Failure {
    let (host, elapsed) = ("127.0.0.1:9042".into(), Duration::ZERO);
    let error = RequestError { host, elapsed, failure };
    Failure::Attempt(AttemptFailure::NoResponse(Box::new(error)))
}

fn values() -> Failure {
    Failure::Values(EncodeError::from(ValueError::Count { given: 1, expected: 2 }))
}

fn end() -> Arc<ConnectionEnd> {
    Arc::new(ConnectionEnd::ClosedByServer)
}

/// Each kind of statement, idempotent and not, prepared often enough and not, the first to find
/// too few replicas and not.
fn circumstances() -> impl Iterator<Item = Circumstances> {
    KINDS.into_iter().flat_map(|kind| {
        (0..8).map(move |bits| Circumstances {
            idempotent: bits & 1 != 0,
            kind,
            may_prepare: bits & 2 != 0,
            was_unavailable: bits & 4 != 0,
        })
    })
}

/// What is right, given whether the request may be done twice.
fn expect(failure: &Failure, right: impl Fn(Circumstances) -> Decision) {
    for known in circumstances() {
        assert_eq!(decide(failure, known), right(known), "{known:?}");
    }
}

#[test]
fn g14_1_what_was_not_sent_goes_to_the_next_host() {
    let failures = [
        Failure::Attempt(AttemptFailure::Refused(RefusedBecause::Closing)),
        no_response(RequestFailure::Unsent(end())),
    ];
    for failure in failures {
        expect(&failure, |_| Decision::NextHost);
    }
}

#[test]
fn g14_1_what_was_sent_and_lost_goes_on_only_if_it_may_be_done_twice() {
    expect(&no_response(RequestFailure::ConnectionLost(end())), |known| {
        let twice = known.idempotent || known.kind == StatementKind::Read;
        if twice { Decision::NextHost } else { Decision::Fail }
    });
}

#[test]
fn a_deadline_and_what_is_wrong_anywhere_are_final() {
    for reached in [Reached::Waiting, Reached::Queued, Reached::Written] {
        expect(&no_response(RequestFailure::DeadlinePassed(reached)), |_| Decision::Fail);
    }
    expect(&Failure::Final(ErrorKind::UseStatement), |_| Decision::Fail);
    let too_large = RequestFailure::ResponseTooLarge { declared: 200_000, limit: 100_000 };
    expect(&no_response(too_large), |_| Decision::Fail);
    let garbage = FramingError::UnknownVersion { number: 99 };
    let lost = RequestFailure::ConnectionLost(Arc::new(ConnectionEnd::from(garbage)));
    expect(&no_response(lost), |_| Decision::Fail);
    let too_large = RefusedBecause::TooLarge { bytes: 200_000, limit: 100_000 };
    expect(&Failure::Attempt(AttemptFailure::Refused(too_large)), |_| Decision::Fail);
}

#[test]
fn g15_1_values_that_do_not_fit_are_a_reason_to_ask_what_would() {
    expect(&values(), |known| if known.may_prepare { Decision::Reprepare } else { Decision::Fail });
}

#[test]
fn g15_4_a_statement_that_is_not_known_is_taught_once() {
    expect(&server(ErrorCode::Unprepared), |known| {
        if known.may_prepare { Decision::Reprepare } else { Decision::NextHost }
    });
}

/// Of every code, over what the codec's table says of it.
#[test]
fn g14_1_a_request_is_sent_again_only_if_it_was_not_done_or_may_be_done_twice() {
    let codes = (0..=0x2500).map(ErrorCode::from_code).chain([ErrorCode::Other(0x7777)]);
    let known = codes.filter(|code| !matches!(code, ErrorCode::Other(other) if *other != 0x7777));
    for code in known.filter(|code| *code != ErrorCode::Unprepared) {
        let error = ServerError::new(code, "");
        expect(&server(code), |known| {
            let harmless = known.idempotent || error.applied(known.kind) == Applied::No;
            let again = code == ErrorCode::Unavailable && known.was_unavailable;
            let goes_on = harmless && error.another_host_may_succeed() && !again;
            if goes_on { Decision::NextHost } else { Decision::Fail }
        });
    }
}

/// The rows that cost most where they are wrong, spelled out.
#[test]
fn g14_1_overloaded_is_not_a_word_that_nothing_was_done() {
    let first =
        |kind| Circumstances { idempotent: false, kind, may_prepare: true, was_unavailable: false };
    use StatementKind::{Conditional, LoggedBatch, Read, Write};
    for (code, kind, right) in [
        (ErrorCode::Overloaded, Write, Decision::Fail),
        (ErrorCode::Overloaded, LoggedBatch, Decision::Fail),
        (ErrorCode::Overloaded, Read, Decision::NextHost),
        (ErrorCode::Unavailable, Write, Decision::NextHost),
        (ErrorCode::Unavailable, Conditional, Decision::Fail),
        (ErrorCode::WriteTimeout, Write, Decision::Fail),
        (ErrorCode::ReadTimeout, Read, Decision::NextHost),
        (ErrorCode::IsBootstrapping, Write, Decision::NextHost),
        (ErrorCode::SyntaxError, Read, Decision::Fail),
    ] {
        assert_eq!(decide(&server(code), first(kind)), right, "{code} of {kind:?}");
    }
}
