//! Polling one operation on its way: most have a plain response from the first host, and that is all
//! that is put where it is polled.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use cqlwire_cluster::{Host, Plan};
use cqlwire_codec::Envelope;
use cqlwire_net::RequestError;

use super::run::{Run, Step};
use crate::error::Error;
use crate::history::History;
use crate::operation::{Glance, HostResponse, Operation, agree, read};
use crate::shared::Shared;

/// The host has responded with so many bytes.
fn has_responded<O: Operation>(
    host: &Host,
    bytes: usize,
    history: Option<&Arc<History>>,
    shared: &Shared,
    operation: &O,
) {
    if let Some(history) = history {
        history.response(host, bytes);
    }
    if !is_usual(bytes, shared) {
        shared.log.large(host.address(), bytes, operation.text());
    }
}

/// Is a response of so many bytes not logged?
#[inline]
fn is_usual(bytes: usize, shared: &Shared) -> bool {
    bytes < shared.log.settings().large_response_bytes
}

impl Run {
    /// The response, or why there is none, once that is known. The operation is the same each time.
    ///
    /// Without `may_send`, since the session has been closed, what is under way is waited for, and
    /// no other attempt is made.
    ///
    /// It is put where it is called, so that a response is made where it is wanted; all that is not
    /// the way of most is elsewhere.
    #[inline]
    pub(crate) fn poll<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse, Error>> {
        loop {
            let Step::Asked(sent) = &mut self.step else {
                match ready!(self.poll_step(shared, operation, may_send, context))? {
                    Some(response) => return Poll::Ready(Ok(*response)),
                    None => continue,
                }
            };
            let outcome = ready!(Pin::new(&mut sent.request).poll(context));
            let heard = match outcome {
                Err(error) => self.hear(shared, operation, Err(error)),
                Ok(envelope) => {
                    let (prepared, metadata) = (operation.prepared(), sent.metadata.as_ref());
                    let host = self.plan.as_ref().and_then(Plan::host);
                    let is_usual = self.history.is_none() && is_usual(envelope.body.len(), shared);
                    if let Some(host) = host
                        && is_usual
                        && let Some(glance) = Glance::of(&envelope, prepared, metadata)
                    {
                        return Poll::Ready(Ok(glance.response(shared, host, envelope)));
                    }
                    self.hear(shared, operation, Ok(envelope))
                }
            };
            if let Some(response) = heard? {
                return Poll::Ready(Ok(response));
            }
        }
    }

    /// What came of an attempt, if it is not what comes of most: the response, or `None` if it goes on.
    #[inline(never)]
    fn hear<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        outcome: Result<Envelope, RequestError>,
    ) -> Result<Option<HostResponse>, Error> {
        let (Step::Asked(sent), Some(host)) = (&self.step, self.plan.as_ref().and_then(Plan::host))
        else {
            debug_assert!(false, "whoever was asked has its turn");
            return Err(self.closed(operation.kind()));
        };
        let (prepared, metadata) = (operation.prepared(), sent.metadata.as_ref());
        let come = outcome.as_ref().ok().map(|envelope| envelope.body.len());
        if let Some(bytes) = come {
            has_responded(host, bytes, self.history.as_ref(), shared, operation);
        }
        let read = read(shared, host, outcome, prepared, metadata);
        if let Some(history) = self.history.as_ref().filter(|_| come.is_some()) {
            history.decoded(host);
        }
        match read {
            Ok(response) if response.schema_change().is_none() => Ok(Some(response)),
            Ok(response) => {
                self.agree_on(shared, response);
                Ok(None)
            }
            Err(failure) => {
                let host = Arc::clone(host);
                self.go_on(shared, operation, host, failure)?;
                Ok(None)
            }
        }
    }

    /// The same for whoever polls several: in one place for all of them.
    #[inline(never)]
    pub(crate) fn poll_beside<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<HostResponse, Error>> {
        self.poll(shared, operation, may_send, context)
    }

    /// Goes on where no host has the operation: gives a response that all servers had to hear of first.
    #[inline(never)]
    fn poll_step<O: Operation>(
        &mut self,
        shared: &Arc<Shared>,
        operation: &O,
        may_send: bool,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Box<HostResponse>>, Error>> {
        match &mut self.step {
            Step::Next | Step::Pausing(_) if !may_send => {
                return Poll::Ready(Err(self.closed(operation.kind())));
            }
            Step::Next => {
                let handed_over = self.next_host(shared, operation, context)?;
                self.look_once_more(context);
                ready!(handed_over);
            }
            Step::Asked(_) => {}
            Step::Preparing(preparing) => {
                let taught = ready!(preparing.taught.as_mut().poll(context));
                if let Step::Preparing(asked) = std::mem::replace(&mut self.step, Step::Next) {
                    self.taught(shared, operation, *asked, taught, may_send)?;
                    self.look_once_more(context);
                }
            }
            Step::Pausing(pausing) => {
                ready!(pausing.pause.as_mut().poll(context));
                match pausing.host.take() {
                    Some(host) => self.ask_again(shared, operation, host)?,
                    None => self.step = Step::Next,
                }
                self.look_once_more(context);
            }
            Step::Agreeing(waiting) => {
                let (response, agreeing) = &mut **waiting;
                let agreed = ready!(agreeing.as_mut().poll(context)).unwrap_or(false);
                let Some(mut response) = response.take() else { return Poll::Pending };
                response.set_schema_agreed(agreed);
                return Poll::Ready(Ok(Some(response)));
            }
        }
        Poll::Ready(Ok(None))
    }

    /// It has changed the schema: the servers agree on that first.
    #[cold]
    fn agree_on(&mut self, shared: &Arc<Shared>, response: HostResponse) {
        if let Some(change) = response.schema_change().cloned() {
            let deadline = self.deadline.within(shared.schema_agreement_timeout);
            let agreeing = agree(shared, change, deadline);
            self.step = Step::Agreeing(Box::new((Some(Box::new(response)), agreeing)));
        }
    }
}
