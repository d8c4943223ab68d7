//! The handle of a connection.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::{Compression, Envelope, ProtocolVersion, RequestEnvelope};
use cqlwire_mux::{Measure, Timeline, Totals, Usage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;

use crate::deadline::now;
use crate::driver::Driver;
use crate::handshake::Established;
use crate::shared::Shared;
use crate::{
    ConnectionEnd, Deadline, Recorder, Refused, RefusedBecause, Request, SessionLog, Settings,
};

/// One connection to one server, open for requests.
///
/// Handles are cheap to clone and may be used from any task of any runtime. One task, spawned on
/// the runtime where the connection was opened, moves its bytes; when the last handle is dropped,
/// that task finishes what was sent, closes the socket and ends.
#[derive(Clone, Debug)]
pub struct Connection {
    handle: Arc<Handle>,
}

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    driver: AbortHandle,
}

/// How long a driver that is aborted may take.
const ABORT_GRACE: Duration = Duration::from_millis(50);

/// A request that was taken in.
#[derive(Debug)]
pub struct Sent {
    /// The response to come.
    pub request: Request,
    /// Its buffer, cleared, for the next envelope to be encoded into.
    pub buffer: BytesMut,
}

impl Connection {
    /// Hands an established stream to a driver of its own.
    pub(crate) fn start<S>(established: Established<S>, name: &str, settings: &Settings) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (shared, driver) = Driver::new(established, name.into(), settings);
        let driver = settings.tasks.spawn(driver).abort_handle();
        Self { handle: Arc::new(Handle { shared, driver }) }
    }

    /// Sends a request. It is queued, or waits for its turn, when this returns; writing is the
    /// driver's.
    ///
    /// If the deadline passes before it is written, as one that has passed already does, nothing of
    /// it is sent.
    ///
    /// The envelope has to be one of this connection's [version](Self::version), and on v3 and v4
    /// compressed, if at all, with its [compression](Self::compression).
    ///
    /// # Errors
    ///
    /// [`Refused`], with the envelope: nothing of it was or will be written.
    pub fn send(&self, envelope: RequestEnvelope, deadline: Deadline) -> Result<Sent, Refused> {
        match self.submit(&envelope, deadline, None) {
            Ok(request) => Ok(Sent { request, buffer: envelope.into_buffer() }),
            Err(because) => Err(Refused { because, envelope }),
        }
    }

    /// Sends a request as [`send`](Self::send) does, and says how its time is counted: from when on,
    /// and as what. Without that, it is not. The envelope stays with its owner, who may encode
    /// another one in its place.
    ///
    /// # Errors
    ///
    /// [`RefusedBecause`]: nothing of it was or will be written.
    pub fn send_measured(
        &self,
        envelope: &RequestEnvelope,
        deadline: Deadline,
        measure: &Measure,
    ) -> Result<Request, RefusedBecause> {
        self.submit(envelope, deadline, Some(measure))
    }

    fn submit(
        &self,
        envelope: &RequestEnvelope,
        deadline: Deadline,
        measure: Option<&Measure>,
    ) -> Result<Request, RefusedBecause> {
        let submitted = self.shared().core().submit(envelope, deadline.at(), measure)?;
        let request = Request::new(Arc::clone(self.shared()), submitted.ticket, deadline);
        wake(submitted.wake);
        Ok(request)
    }

    /// Sends a request as [`send_measured`](Self::send_measured) does, from within a poll, as if it
    /// were polled at once: whoever polls is woken when the response is there, or has come already. It
    /// saves that poll, and its look at the connection.
    ///
    /// # Errors
    ///
    /// As [`send_measured`](Self::send_measured); nobody is woken then.
    ///
    /// # Panics
    ///
    /// As the [request](Request) does when it is polled.
    #[inline]
    pub fn send_watched(
        &self,
        envelope: &RequestEnvelope,
        deadline: Deadline,
        measure: &Measure,
        context: &mut Context<'_>,
    ) -> Result<Request, RefusedBecause> {
        let silences = self.shared().silences();
        // A waker is cloned and dropped outside of the lock: either may run anything.
        let mut waker = Some(context.waker().clone());
        let (at, measure) = (deadline.at(), Some(measure));
        let submitted = self.shared().core().submit_watched(envelope, at, measure, &mut waker)?;
        let mut request = Request::new(Arc::clone(self.shared()), submitted.ticket, deadline);
        request.watched_from_the_start(silences, context);
        wake(submitted.wake);
        Ok(request)
    }

    /// Sends a request as [`send_watched`](Self::send_watched) does if there is somebody to be woken, else
    /// as [`send_measured`](Self::send_measured), and notes in `timeline` when what happens to it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// As [`send_watched`](Self::send_watched).
    #[cold]
    pub fn send_timed(
        &self,
        envelope: &RequestEnvelope,
        deadline: Deadline,
        measure: &Measure,
        context: Option<&mut Context<'_>>,
        timeline: Arc<Timeline>,
    ) -> Result<Request, RefusedBecause> {
        let silences = self.shared().silences();
        // A waker is cloned and dropped outside of the lock: either may run anything.
        let mut waker = context.as_ref().map(|context| context.waker().clone());
        let (times, measure) = ((now(), deadline.at()), Some(measure));
        let mut core = self.shared().core();
        let submitted = core.submit_timed(envelope, times, measure, &mut waker, timeline);
        drop(core);
        let submitted = submitted?;
        let mut request = Request::new(Arc::clone(self.shared()), submitted.ticket, deadline);
        if let Some(context) = context {
            request.watched_from_the_start(silences, context);
        }
        wake(submitted.wake);
        Ok(request)
    }

    /// The next event that the server pushes, oldest first; `None` once the connection is over.
    /// Servers push to connections that have sent REGISTER. Of those that nobody reads the oldest
    /// are dropped when there are too many.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it loses no event. Of several that wait, one is woken: the one polled last.
    pub fn next_event(&self) -> impl Future<Output = Option<Envelope>> + '_ {
        poll_fn(|context| {
            // Cloned and dropped outside of the lock, as either may run anything.
            let mut waker = Some(context.waker().clone());
            let polled = self.shared().core().poll_event(&mut waker);
            drop(waker);
            polled
        })
    }

    /// From now on, has so many requests in flight at once, at least 1 and at most
    /// [`max_in_flight`](crate::MultiplexerSettings::max_in_flight). Those that are in flight go on,
    /// and what is more waits for its turn.
    pub fn limit_in_flight(&self, requests: u16) {
        let now = now();
        let driver = self.shared().core().limit_in_flight(requests, now);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// Takes no more requests from now on, lets those that were taken in finish, and closes the
    /// socket then. Does not wait for it; dropping the last handle does the same.
    pub fn stop(&self) {
        self.handle.stop_admitting();
    }

    /// Takes no more requests, lets those that were taken in finish, and closes the socket; at the
    /// deadline it closes the socket all the same, and ends those that are left. May be called
    /// often and by many: all return once the socket is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connection goes on closing, without a deadline of its own.
    pub async fn close(&self, deadline: Deadline) {
        self.stop();
        if deadline.bound(self.shared().ended.cancelled()).await.is_err() {
            self.shared().set_end(ConnectionEnd::ClosedHere);
            self.handle.driver.abort();
            // A runtime that nobody drives drops its tasks late; this wait has an end all the same.
            let grace = Deadline::after(ABORT_GRACE);
            if grace.bound(self.shared().ended.cancelled()).await.is_err() {
                let session = self.log().id();
                tracing::warn!(%session, host = self.name(), "the runtime of a connection does not run");
                self.handle.end_requests();
            }
        }
    }

    /// Waits until the connection is over, for whatever reason, and says why.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing happens.
    pub async fn ended(&self) -> Arc<ConnectionEnd> {
        self.shared().ended.cancelled().await;
        self.shared().end()
    }

    /// Waits until so many responses are owed to nobody, or one of them for so long, that the connection
    /// should be replaced ([`max_orphaned`](crate::MultiplexerSettings::max_orphaned),
    /// [`max_orphan_age`](crate::MultiplexerSettings::max_orphan_age)). It serves on meanwhile.
    /// Never resolves on a connection that ends before.
    ///
    /// # Cancel safety
    ///
    /// Dropped, nothing happens.
    pub async fn retiring(&self) {
        self.shared().retiring.cancelled().await;
    }

    /// Is it over, and its socket closed?
    pub fn is_ended(&self) -> bool {
        self.shared().ended.is_cancelled()
    }

    /// Does it take requests? Takes no lock, so that [`send`](Self::send) alone knows for sure.
    pub fn is_open(&self) -> bool {
        self.shared().is_open()
    }

    /// Does the server owe responses, and has it sent nothing for a while
    /// ([`quiet_after`](crate::MultiplexerSettings::quiet_after)), nor answered when it was asked for
    /// a sign of life? Others are better asked meanwhile; it takes requests all the same. Ends with
    /// the next byte. Takes no lock.
    pub fn is_quiet(&self) -> bool {
        self.shared().is_quiet()
    }

    /// How many responses are owed, to choose among connections: to requests that are under way,
    /// and to those given up after they were written, whose response has yet to come. So a
    /// connection that has gone quiet looks as busy as it is. Takes no lock.
    pub fn load(&self) -> usize {
        self.shared().load()
    }

    /// How many events were dropped: nobody read them, or they were over a limit
    /// ([`max_events`](crate::MultiplexerSettings::max_events),
    /// [`max_event_bytes`](crate::MultiplexerSettings::max_event_bytes), or the one of envelopes).
    /// Who follows a cluster by its events has to look anew when it grows.
    pub fn dropped_events(&self) -> u64 {
        self.shared().core().dropped_events()
    }

    /// Has the times of its requests recorded there from now on. Said once; those before go lost.
    pub fn record_to(&self, recorder: Arc<dyn Recorder>) {
        self.shared().set_recorder(recorder);
    }

    /// What has become of its requests so far, and what went over it. What it has not handed to its
    /// [recorder](Self::record_to) yet is recorded with this.
    pub fn totals(&self) -> Totals {
        let mut samples = Vec::new();
        let mut core = self.shared().core();
        let totals = core.totals();
        core.take_samples(&mut samples);
        drop(core);
        self.shared().record(&mut samples, true);
        totals
    }

    /// Why it is over; `None` while it is not.
    pub fn end(&self) -> Option<Arc<ConnectionEnd>> {
        self.is_ended().then(|| self.shared().end())
    }

    /// What it holds at the moment. At rest, all of it is zero.
    pub fn usage(&self) -> Usage {
        self.shared().core().usage()
    }

    /// The version that the handshake agreed on.
    pub fn version(&self) -> ProtocolVersion {
        self.shared().peer.version
    }

    /// The compression that the handshake agreed on. On v3 and v4 requests are compressed with it
    /// when they are encoded; on v5 the connection sees to it.
    pub fn compression(&self) -> Option<Compression> {
        self.shared().peer.compression
    }

    /// The server, as it was named.
    pub fn name(&self) -> &str {
        &self.shared().peer.name
    }

    /// The log of the session that it belongs to.
    pub fn log(&self) -> &SessionLog {
        &self.shared().peer.log
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }
}

#[inline]
fn wake(driver: Option<Waker>) {
    if let Some(driver) = driver {
        driver.wake();
    }
}

impl Handle {
    /// Ends the requests here, since the driver is not run to do it. What it had taken to write may
    /// have been written.
    fn end_requests(&self) {
        let mut wakers = Vec::new();
        self.shared.core().handle_end(0, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn stop_admitting(&self) {
        self.shared.set_not_open();
        let driver = self.shared.core().close();
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop_admitting();
    }
}
