//! The future of a whole result.
//!
//! ```text
//!   new --first poll: the request is sent--> first --its answer--> done
//!    |                                         | anything else: another host, preparing again,
//!    |                                         v a changed schema to agree on
//!    +--no host took it, or it is closed--> rest --> done
//! ```
//!
//! The first attempt is the last one nearly always, so it is a state of the future itself and costs
//! no allocation. What is left to do when it was not is an `async fn` in a box.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cqlwire_codec::{EncodeValues, SchemaChange};
use cqlwire_net::Deadline;
use cqlwire_stream::Fetched;

use super::ask::{AskStatement, Statement};
use super::run::{Failure, Sent, Trail};
use super::{Answer, Options, schema};
use crate::gate::Inside;
use crate::{Error, ErrorKind, QueryResult, Result, Session};

/// A statement being executed: what an [`Execution`](crate::Execution) becomes when it is awaited.
///
/// # Cancel safety
///
/// Dropped before its bytes were taken for writing, it is never sent. Dropped later, the servers
/// may execute it; the answer is thrown away when it comes, and nothing else is left behind.
#[must_use = "nothing is sent until this is polled"]
pub struct Executing<'a, V> {
    state: State<'a, V>,
}

enum State<'a, V> {
    New(Call<'a, V>),
    First(First<'a, V>),
    Rest(Rest<'a>),
    Done,
}

/// What is left to do, whatever it is.
type Rest<'a> = Pin<Box<dyn Future<Output = Result<QueryResult>> + Send + 'a>>;

/// What follows a state.
enum Step<'a, V> {
    Done(Result<QueryResult>),
    Go(State<'a, V>),
}

/// What is to be executed.
struct Call<'a, V> {
    session: &'a Session,
    statement: Statement<'a>,
    values: V,
    options: Options,
}

/// The first attempt, under way.
struct First<'a, V> {
    call: Call<'a, V>,
    inside: Inside<'a>,
    trail: Trail,
    sent: Sent,
}

/// Nothing in it is ever pinned.
impl<V> Unpin for Executing<'_, V> {}

impl<'a, V> Executing<'a, V>
where
    V: EncodeValues + Send + Sync + 'a,
{
    pub(super) const fn new(
        session: &'a Session,
        statement: Statement<'a>,
        values: V,
        options: Options,
    ) -> Self {
        Self { state: State::New(Call { session, statement, values, options }) }
    }

    fn begin(&mut self) -> Step<'a, V> {
        let State::New(call) = std::mem::replace(&mut self.state, State::Done) else {
            unreachable!("only a new one begins")
        };
        match call.begin() {
            Ok(first) => Step::Go(State::First(first)),
            Err(error) => Step::Done(Err(error)),
        }
    }

    fn settle(&mut self, outcome: Result<Answer, Failure>) -> Step<'a, V> {
        let State::First(first) = std::mem::replace(&mut self.state, State::Done) else {
            unreachable!("only the first attempt is settled here")
        };
        match outcome {
            Ok(answer) => first.answered(answer),
            Err(failure) => first.failed(failure),
        }
    }
}

impl<'a, V> Call<'a, V>
where
    V: EncodeValues + Send + Sync + 'a,
{
    fn ask(&self) -> AskStatement<'_> {
        AskStatement {
            statement: self.statement,
            values: &self.values,
            options: &self.options,
            most_rows: None,
            from: None,
        }
    }

    /// Sends the request for the first time.
    fn begin(self) -> Result<First<'a, V>> {
        let core = self.session.core();
        let inside = core.enter()?;
        if let Statement::Text(text) = self.statement {
            refuse_use(text)?;
        }
        let mut trail = Trail::new(core, Deadline::after(self.options.profile.timeout));
        let sent = trail.send(&self.ask())?;
        Ok(First { call: self, inside, trail, sent })
    }

    fn result(&self, fetched: Fetched) -> Result<QueryResult> {
        let page = fetched.into_page(&self.session.core().budget);
        if page.paging_state().is_none() {
            return Ok(QueryResult::new(page));
        }
        let rows = u32::try_from(page.len()).unwrap_or(u32::MAX);
        Err(Error::new(ErrorKind::MorePages { rows }))
    }
}

impl<'a, V> First<'a, V>
where
    V: EncodeValues + Send + Sync + 'a,
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Answer, Failure>> {
        self.sent.poll(&self.call.ask(), context)
    }

    /// It has been answered; or there is more to do.
    fn answered(self, answer: Answer) -> Step<'a, V> {
        match answer.into_fetched() {
            Ok((fetched, None)) => Step::Done(self.call.result(fetched)),
            Ok((fetched, Some(change))) => {
                let First { call, inside, .. } = self;
                Step::Go(State::Rest(Box::pin(agree(call, inside, fetched, change))))
            }
            Err(kind) => Step::Done(Err(kind.into())),
        }
    }

    /// It has failed: whatever is right to do then.
    #[cold]
    fn failed(self, failure: Failure) -> Step<'a, V> {
        let First { call, inside, trail, sent } = self;
        let host = sent.into_host();
        Step::Go(State::Rest(Box::pin(async move {
            let answer = trail.go_on(&call.ask(), host, failure).await?;
            match answer.into_fetched()? {
                (fetched, None) => call.result(fetched),
                (fetched, Some(change)) => agree(call, inside, fetched, change).await,
            }
        })))
    }
}

/// The statement changed the schema: waits until all servers know.
async fn agree<'a, V>(
    call: Call<'a, V>,
    _inside: Inside<'a>,
    fetched: Fetched,
    change: SchemaChange,
) -> Result<QueryResult>
where
    V: EncodeValues + Send + Sync + 'a,
{
    let core = call.session.core();
    let agreed = schema::agreement(core, core.schema_agreement_timeout).await;
    Ok(call.result(fetched)?.with_schema_change(change, agreed))
}

/// `USE` would change one connection, and requests go over many.
fn refuse_use(statement: &str) -> Result<(), ErrorKind> {
    let mut words = statement.split_ascii_whitespace();
    let is_use = words.next().is_some_and(|word| word.eq_ignore_ascii_case("use"));
    if is_use { Err(ErrorKind::UseStatement) } else { Ok(()) }
}

impl<'a, V> Future for Executing<'a, V>
where
    V: EncodeValues + Send + Sync + 'a,
{
    type Output = Result<QueryResult>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            // A state is moved only when it is over: they are large, and polled often.
            let step = match &mut self.state {
                State::New(_) => self.begin(),
                State::First(first) => {
                    let outcome = ready!(first.poll(context));
                    self.settle(outcome)
                }
                State::Rest(rest) => Step::Done(ready!(rest.as_mut().poll(context))),
                State::Done => {
                    debug_assert!(false, "polled after it had resolved");
                    return Poll::Pending;
                }
            };
            match step {
                Step::Done(result) => {
                    self.state = State::Done;
                    return Poll::Ready(result);
                }
                Step::Go(state) => self.state = state,
            }
        }
    }
}

impl<V> fmt::Debug for Executing<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executing").finish_non_exhaustive()
    }
}
