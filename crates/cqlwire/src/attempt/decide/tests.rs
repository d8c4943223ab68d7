//! The decision as a table, over everything that can come in.

use std::sync::Arc;
use std::time::Duration;

use cqlwire_codec::{
    EncodeError, FramingError, Prefixes, Replicas, ServerError, ServerErrorDetail, ValueError,
    WriteType,
};
use cqlwire_net::{Backlog, ConnectionEnd, Reached, RequestError, WaitingLimit, WaitsFor};

use super::*;
use crate::error::ErrorKind;
use crate::retry::{DefaultRetryPolicy, DowngradingRetryPolicy, NeverRetry};

const KINDS: [StatementKind; 7] = [
    StatementKind::Read,
    StatementKind::Write,
    StatementKind::LoggedBatch,
    StatementKind::UnloggedBatch,
    StatementKind::Conditional,
    StatementKind::Schema,
    StatementKind::Unknown,
];

const PAUSE: Duration = Duration::from_millis(50);

/// The same verdict whatever happened.
#[derive(Debug)]
struct Always(RetryVerdict);

impl RetryPolicy for Always {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        self.0
    }
}

#[derive(Debug)]
struct Panics;

impl RetryPolicy for Panics {
    fn decide(&self, _: &FailedAttempt<'_>) -> RetryVerdict {
        panic!("what a policy does")
    }
}

const NEXT: Decision = Decision::NextHost { again: true };
const UNTRIED: Decision = Decision::NextHost { again: false };

/// Of each verdict what becomes of it, where it is asked for.
const VERDICTS: [(RetryVerdict, Decision); 4] = [
    (RetryVerdict::Fail, Decision::Fail),
    (RetryVerdict::NextHost, NEXT),
    (RetryVerdict::SameHost, Decision::SameHost { after: PAUSE, at: None }),
    (
        RetryVerdict::SameHostAt(Consistency::One),
        Decision::SameHost { after: PAUSE, at: Some(Consistency::One) },
    ),
];

fn said(error: ServerError) -> AttemptFailure {
    AttemptFailure::Server { error: Box::new(error), prefixes: Prefixes::NONE }
}

fn server(code: ErrorCode) -> Failure {
    Failure::Attempt(said(ServerError::new(code, "what it says")))
}

fn failed(failure: RequestFailure) -> Box<RequestError> {
    Box::new(RequestError { host: "127.0.0.1:9042".into(), elapsed: Duration::ZERO, failure })
}

fn no_response(failure: RequestFailure) -> Failure {
    Failure::Attempt(AttemptFailure::NoResponse(failed(failure)))
}

fn timed_out(reached: Reached) -> Failure {
    Failure::Attempt(AttemptFailure::TimedOut(failed(RequestFailure::DeadlinePassed(reached))))
}

fn refused(because: RefusedBecause) -> Failure {
    Failure::Attempt(AttemptFailure::Refused(because))
}

fn values() -> Failure {
    Failure::Values(EncodeError::from(ValueError::Count { given: 1, expected: 2 }))
}

fn end() -> Arc<ConnectionEnd> {
    Arc::new(ConnectionEnd::ClosedByServer)
}

/// Every code there is, and one that is not known.
fn codes() -> impl Iterator<Item = ErrorCode> {
    ErrorCode::KNOWN.iter().copied().chain([ErrorCode::Other(0x7777)])
}

/// Each kind of statement, idempotent and not, prepared often enough and not, sent once and often.
fn circumstances() -> impl Iterator<Item = Circumstances<'static>> {
    KINDS.into_iter().flat_map(|kind| {
        (0..8).map(move |bits| Circumstances {
            idempotent: bits & 1 != 0,
            kind,
            consistency: Consistency::Quorum,
            may_prepare: bits & 2 != 0,
            host: Uuid::nil(),
            attempts: if bits & 4 != 0 { 9 } else { 1 },
            attempts_at_host: if bits & 4 != 0 { 3 } else { 1 },
            previous: &[],
            pause: PAUSE,
        })
    })
}

/// What is right, whatever the policy is: it is not asked.
fn expect(failure: &Failure, right: impl Fn(&Circumstances<'_>) -> Decision) {
    for known in circumstances() {
        let policies: [&dyn RetryPolicy; 5] = [
            &Panics,
            &NeverRetry,
            &DefaultRetryPolicy,
            &DowngradingRetryPolicy,
            &Always(RetryVerdict::SameHost),
        ];
        for policy in policies {
            assert_eq!(decide(failure, &known, policy), right(&known), "{policy:?} {known:?}");
        }
    }
}

/// The policy is asked where it may be sent twice, and has its way there; anywhere else it is not
/// asked, and it fails.
fn expect_asked(failure: &Failure, may_repeat: impl Fn(&Circumstances<'_>) -> bool) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked: Vec<_> =
        circumstances().map(|known| (known, decide(failure, &known, &Panics))).collect();
    std::panic::set_hook(hook);
    for (known, decision) in panicked {
        let right = match may_repeat(&known) {
            true => Decision::Panicked("what a policy does".to_owned()),
            false => Decision::Fail,
        };
        assert_eq!(decision, right, "{known:?}");
        for (verdict, becomes) in VERDICTS {
            let right = if may_repeat(&known) { becomes } else { Decision::Fail };
            assert_eq!(decide(failure, &known, &Always(verdict)), right, "{verdict:?} {known:?}");
        }
        let never = decide(failure, &known, &NeverRetry);
        assert_eq!(never, Decision::Fail, "{known:?}");
    }
}

#[test]
fn g14_1_what_was_not_sent_goes_to_the_next_host() {
    let limit = Backlog::new(WaitsFor::OutgoingBuffer, WaitingLimit::Requests(1));
    let failures = [
        refused(RefusedBecause::Closing),
        refused(RefusedBecause::Ended),
        refused(RefusedBecause::Full(limit)),
        no_response(RequestFailure::Unsent(end())),
        timed_out(Reached::Waiting),
        timed_out(Reached::Queued),
        Failure::Attempt(AttemptFailure::Forgotten { times: 3 }),
        Failure::Attempt(AttemptFailure::NotInVersion(Box::new(ErrorKind::SessionClosed))),
    ];
    for failure in failures {
        expect(&failure, |_| UNTRIED);
    }
}

#[test]
fn g14_1_what_was_sent_and_lost_goes_on_only_if_it_may_be_done_twice() {
    expect_asked(&no_response(RequestFailure::ConnectionLost(end())), |known| known.idempotent);
}

#[test]
fn g6_6_an_attempt_whose_own_deadline_passed_is_sent_again_only_if_it_may_be_done_twice() {
    expect_asked(&timed_out(Reached::Written), |known| known.idempotent);
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
    expect(&refused(RefusedBecause::TooLarge { bytes: 2, limit: 1 }), |_| Decision::Fail);
}

/// It is what another execution of the request came to: it was decided there.
#[test]
fn g14_1_how_another_execution_ended_is_no_reason_to_send_a_request_again() {
    let host = || "127.0.0.1:9042".into();
    let lost = ErrorKind::ConnectionLost { host: host(), end: end() };
    let error = Box::new(ServerError::new(ErrorCode::Overloaded, "too much to do"));
    let overloaded = ErrorKind::Server { host: host(), error, prefixes: Prefixes::NONE };
    for kind in [lost, overloaded, ErrorKind::SessionClosed] {
        let failure = Failure::Attempt(AttemptFailure::Execution(Box::new(kind)));
        expect(&failure, |_| Decision::Fail);
    }
}

/// The request itself was not sent, whatever became of the way to it.
#[test]
fn g14_1_what_could_not_be_prepared_goes_to_the_next_host() {
    let prepare = |failure| Failure::Attempt(AttemptFailure::Prepare(Box::new(failure)));
    let error = ServerError::new(ErrorCode::SyntaxError, "what it says");
    expect(&prepare(said(error)), |_| NEXT);
    expect(&prepare(AttemptFailure::Refused(RefusedBecause::Ended)), |_| UNTRIED);
}

#[test]
fn g15_1_values_that_do_not_fit_are_a_reason_to_ask_what_would() {
    expect(&values(), |known| if known.may_prepare { Decision::Reprepare } else { Decision::Fail });
}

#[test]
fn g15_4_a_statement_that_is_not_known_is_taught_once() {
    expect(&server(ErrorCode::Unprepared), |known| {
        if known.may_prepare { Decision::Reprepare } else { UNTRIED }
    });
}

/// Of every code, over what the codec's table says of it.
#[test]
fn g14_1_a_request_is_sent_again_only_if_it_was_not_done_or_may_be_done_twice() {
    const SAME_EVERYWHERE: [ErrorCode; 8] = [
        ErrorCode::ProtocolError,
        ErrorCode::BadCredentials,
        ErrorCode::FunctionFailure,
        ErrorCode::SyntaxError,
        ErrorCode::Unauthorized,
        ErrorCode::Invalid,
        ErrorCode::ConfigError,
        ErrorCode::AlreadyExists,
    ];
    for code in codes().filter(|code| *code != ErrorCode::Unprepared) {
        expect_asked(&server(code), |known| {
            let reads = known.kind == StatementKind::Read;
            // A read that is not to be sent twice is no better than anything.
            let kind = if reads { StatementKind::Unknown } else { known.kind };
            let harmless = known.idempotent || code.applied(kind) == Applied::No;
            harmless && !SAME_EVERYWHERE.contains(&code)
        });
    }
}

/// The rows that cost most where they are wrong, spelled out.
#[test]
fn g14_1_overloaded_is_not_a_word_that_nothing_was_done() {
    use StatementKind::{Conditional, LoggedBatch, Read, Write};
    for (code, kind, idempotent, right) in [
        (ErrorCode::Overloaded, Write, false, Decision::Fail),
        (ErrorCode::Overloaded, LoggedBatch, false, Decision::Fail),
        (ErrorCode::Overloaded, Read, true, NEXT),
        (ErrorCode::Overloaded, Read, false, Decision::Fail),
        (ErrorCode::Unavailable, Write, false, NEXT),
        (ErrorCode::Unavailable, Conditional, false, Decision::Fail),
        (ErrorCode::WriteTimeout, Write, false, Decision::Fail),
        (ErrorCode::ReadTimeout, Read, true, NEXT),
        (ErrorCode::ReadTimeout, Read, false, Decision::Fail),
        (ErrorCode::IsBootstrapping, Write, false, NEXT),
        (ErrorCode::WriteFailure, Write, true, Decision::Fail),
        (ErrorCode::SyntaxError, Read, true, Decision::Fail),
    ] {
        let known = circumstances().next().unwrap();
        let known = Circumstances { idempotent, kind, ..known };
        let decision = decide(&server(code), &known, &DefaultRetryPolicy);
        assert_eq!(decision, right, "{code} of {kind:?}");
    }
}

/// What the default policy makes of each error of an idempotent request: at first, and when it was
/// said before.
#[test]
fn the_default_policy_asks_another_host_where_that_may_help() {
    for code in codes() {
        let error = ServerError::new(code, "");
        let before = [Attempt { host: "127.0.0.1:9042".into(), failure: said(error.clone()) }];
        let about_replicas = matches!(
            code,
            ErrorCode::Unavailable | ErrorCode::ReadTimeout | ErrorCode::WriteTimeout
        );
        let first = if error.another_host_may_succeed() { NEXT } else { Decision::Fail };
        let again = if about_replicas { Decision::Fail } else { first.clone() };
        for (previous, right) in [(&[][..], first), (&before[..], again)] {
            let known = circumstances().next().unwrap();
            let known = Circumstances { idempotent: true, previous, ..known };
            // It may not be prepared any more.
            let right = if code == ErrorCode::Unprepared { UNTRIED } else { right };
            let decision = decide(&server(code), &known, &DefaultRetryPolicy);
            assert_eq!(decision, right, "{code} after {}", previous.len());
        }
    }
}

#[test]
fn the_default_policy_asks_the_same_host_once_where_only_the_data_is_missing() {
    let timeout = |received, data_present| {
        let replicas = Replicas { consistency: Consistency::Quorum, received, required: 2 };
        let detail = ServerErrorDetail::ReadTimeout { replicas, data_present };
        said(ServerError { detail, ..ServerError::new(ErrorCode::ReadTimeout, "") })
    };
    for (received, data_present, attempts_at_host, right) in [
        (2, false, 1, RetryVerdict::SameHost),
        (2, false, 2, RetryVerdict::NextHost),
        (2, true, 1, RetryVerdict::NextHost),
        (1, false, 1, RetryVerdict::NextHost),
    ] {
        let failure = timeout(received, data_present);
        let failed = FailedAttempt { attempts_at_host, ..FailedAttempt::new(&failure) };
        assert_eq!(DefaultRetryPolicy.decide(&failed), right);
    }
}

/// What a server says of a write that it has begun, down to the type of it.
#[test]
fn g14_1_no_type_of_write_that_timed_out_is_sent_twice_by_any_policy() {
    let replicas = Replicas { consistency: Consistency::Quorum, received: 0, required: 2 };
    for write_type in [
        WriteType::Simple,
        WriteType::Batch,
        WriteType::UnloggedBatch,
        WriteType::Counter,
        WriteType::BatchLog,
        WriteType::Cas,
        WriteType::View,
        WriteType::Cdc,
    ] {
        let detail = ServerErrorDetail::WriteTimeout { replicas, write_type, contentions: None };
        let error = ServerError { detail, ..ServerError::new(ErrorCode::WriteTimeout, "") };
        let failure = Failure::Attempt(said(error));
        expect_asked(&failure, |known| known.idempotent);
    }
}
