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
use crate::{ErrorKind, QueryResult, Result, Session};

/// A statement being executed: what an [`Execution`](crate::Execution) becomes when it is awaited.
///
/// # Cancel safety
///
/// Dropped before its bytes were taken for writing, it is never sent. Dropped later, the servers
/// may execute it; the answer is thrown away when it comes, and nothing else is left behind.
#[must_use = "nothing is sent until this is polled"]
pub struct Executing<'a, V> {
    /// Given to what is left to do, if the first attempt was not the last.
    call: Option<Call<'a, V>>,
    state: State<'a>,
}

enum State<'a> {
    New,
    First(First<'a>),
    Rest(Rest<'a>),
    Done,
}

/// What is to be executed.
struct Call<'a, V> {
    session: &'a Session,
    statement: Statement<'a>,
    values: V,
    options: Options,
}

/// The first attempt, under way.
struct First<'a> {
    _inside: Inside<'a>,
    trail: Trail,
    sent: Sent,
}

/// What is left to do, whatever it is.
type Rest<'a> = Pin<Box<dyn Future<Output = Result<QueryResult>> + Send + 'a>>;

/// What a statement gave, and what it changed of the schema.
type Applied = (Fetched, Option<Box<SchemaChange>>);

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
        Self { call: Some(Call { session, statement, values, options }), state: State::New }
    }

    /// Nothing is sent, and this is why.
    #[cold]
    pub(super) fn refused(why: ErrorKind) -> Self {
        let rest: Rest<'a> = Box::pin(std::future::ready(Err(why.into())));
        Self { call: None, state: State::Rest(rest) }
    }

    /// Sends the request, if that has not been done.
    fn begin(&mut self) -> Result<()> {
        if let (State::New, Some(call)) = (&self.state, &self.call) {
            self.state = State::First(call.begin()?);
        }
        Ok(())
    }

    /// The result, if the first attempt's answer is all that there is to it. Nothing large is moved
    /// for that. Otherwise it goes on to what is left to do.
    fn settle(&mut self, outcome: Result<Answer, Failure>) -> Option<Result<QueryResult>> {
        let unfinished = match (outcome.map(Answer::into_fetched), &self.call, &mut self.state) {
            (Ok(Ok((fetched, None))), Some(call), State::First(first)) => {
                let result = call.result(fetched, &mut first.trail);
                self.state = State::Done;
                return Some(result);
            }
            (Ok(Ok((fetched, change))), ..) => Ok((fetched, change)),
            (Ok(Err(kind)), ..) => Err(Failure::Final(kind)),
            (Err(failure), ..) => Err(failure),
        };
        self.state = State::Rest(self.rest(unfinished));
        None
    }

    #[cold]
    fn rest(&mut self, unfinished: Result<Applied, Failure>) -> Rest<'a> {
        let state = std::mem::replace(&mut self.state, State::Done);
        let (State::First(first), Some(call)) = (state, self.call.take()) else {
            unreachable!("only the first attempt leaves something to do")
        };
        match unfinished {
            Ok(applied) => Box::pin(first.finish(call, applied)),
            Err(failure) => first.failed(call, failure),
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
    fn begin(&self) -> Result<First<'a>> {
        let core = self.session.core();
        let inside = core.enter()?;
        if let Statement::Text(text) = self.statement {
            refuse_use(text)?;
        }
        let mut trail = Trail::new(core, Deadline::after(self.options.profile.timeout));
        let sent = trail.send(&self.ask())?;
        Ok(First { _inside: inside, trail, sent })
    }

    fn result(&self, fetched: Fetched, trail: &mut Trail) -> Result<QueryResult> {
        let page = fetched.into_page(&self.session.core().budget);
        if page.paging_state().is_none() {
            return Ok(QueryResult::new(page));
        }
        let rows = u32::try_from(page.len()).unwrap_or(u32::MAX);
        Err(trail.end(ErrorKind::MorePages { rows }))
    }
}

impl<'a> First<'a> {
    /// It has failed: whatever is right to do then.
    #[cold]
    fn failed<V>(mut self, call: Call<'a, V>, failure: Failure) -> Rest<'a>
    where
        V: EncodeValues + Send + Sync + 'a,
    {
        Box::pin(async move {
            let host = self.sent.host();
            let answer = self.trail.go_on(&call.ask(), host, failure).await?;
            let applied = answer.into_fetched().map_err(|kind| self.trail.end(kind))?;
            self.finish(call, applied).await
        })
    }

    /// The result; of a statement that changed the schema, once all servers know.
    async fn finish<V>(mut self, call: Call<'a, V>, applied: Applied) -> Result<QueryResult>
    where
        V: EncodeValues + Send + Sync + 'a,
    {
        let (fetched, change) = applied;
        let result = call.result(fetched, &mut self.trail)?;
        let Some(change) = change else { return Ok(result) };
        let core = call.session.core();
        let agreed = schema::agreement(core, core.schema_agreement_timeout).await;
        Ok(result.with_schema_change(change, agreed))
    }
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
        let this = &mut *self;
        if let Err(error) = this.begin() {
            this.state = State::Done;
            return Poll::Ready(Err(error));
        }
        if let (State::First(first), Some(call)) = (&mut this.state, &this.call) {
            let outcome = ready!(first.sent.poll(&call.ask(), context));
            if let Some(result) = this.settle(outcome) {
                return Poll::Ready(result);
            }
        }
        if let State::Rest(rest) = &mut this.state {
            let result = ready!(rest.as_mut().poll(context));
            this.state = State::Done;
            return Poll::Ready(result);
        }
        debug_assert!(false, "polled after it had resolved");
        Poll::Pending
    }
}

impl<V> fmt::Debug for Executing<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executing").finish_non_exhaustive()
    }
}
