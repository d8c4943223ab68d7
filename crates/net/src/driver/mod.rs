//! The driver: the one task of a connection, which moves its bytes and tells it the time.
//!
//! Each turn is the same few verbs, until a whole turn finds nothing to do:
//!
//! ```text
//!        +--------------------------------------------------------------+
//!        v                                                              |
//!   read what is there --> exchange: deliver, expire, take what to write --> write it
//!   (no lock)              (one short lock; then wake whom it concerns)     (no lock)
//! ```
//!
//! Writing needs no timer to gather requests: one that is alone goes out at once, several go once
//! the tasks that are ready to run have had their turn, and whatever is queued while a write is
//! under way goes with the next.
//!
//! However it ends (the server, the network, an abort, the runtime's shutdown), every request that
//! is still open is ended with it, by [`Driver::drop`] at the latest.

mod reading;
mod timer;
mod writing;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use cqlwire_codec::{Opcode, Response, decode_response};
use cqlwire_mux::{self as mux, Sample, Violation};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::DropGuard;

use self::reading::{Incoming, Read};
use self::timer::Timer;
use self::writing::Writer;
use crate::deadline::now;
use crate::handshake::{Established, Wire};
use crate::shared::{Peer, Shared};
use crate::{ConnectionEnd, Settings};

/// How many turns are taken before the runtime's other tasks have theirs.
const MAX_TURNS: usize = 32;

/// How many requests have ended before their times are recorded.
const RECORDED_AT_ONCE: usize = 128;

/// The task of one connection.
pub(crate) struct Driver<S> {
    stream: S,
    shared: Arc<Shared>,
    incoming: Incoming,
    writer: Writer,
    timer: Timer,
    /// It has let the runtime's other tasks go first since it last slept.
    stepped_back: bool,
    /// Scratch: whom to wake once the lock is released.
    wakers: Vec<Waker>,
    /// On their way from the multiplexer to where they are recorded.
    samples: Vec<Sample>,
    ended: bool,
    /// Dropped last, when the socket is closed: only then whoever waits for the end is woken.
    _ended: DropGuard,
}

/// What a turn found.
enum Turn {
    /// Something was done: there may be more.
    Busy,
    /// Others may have more to write soon: they go first.
    StepBack,
    /// Nothing to do; whatever changes that will wake the task.
    Idle,
}

/// What an exchange with the multiplexer found.
struct Exchanged {
    /// When the clock matters next.
    next: Instant,
    /// Once what was taken is written, there is nothing to do until the task is woken.
    rests: bool,
}

impl<S> Driver<S> {
    pub(crate) fn new(
        established: Established<S>,
        name: Arc<str>,
        settings: &Settings,
    ) -> (Arc<Shared>, Self) {
        let Established { wire, version } = established;
        let Wire { stream, mut decoder, incoming, segments } = wire;
        // The server is known by now, so that its envelopes may be large.
        decoder.set_max_envelope_bytes(settings.max_envelope_bytes);
        let (compression, log) = (settings.compression, settings.log.clone());
        let peer = Peer { name, version, compression, log };
        let core = mux::Connection::new(now(), version, settings.multiplexer.clone());
        let shared = Arc::new(Shared::new(core, peer));
        let driver = Self {
            stream,
            shared: Arc::clone(&shared),
            incoming: Incoming::new(decoder, incoming, settings.read_budget_bytes),
            writer: Writer::new(segments),
            timer: Timer::new(),
            stepped_back: false,
            wakers: Vec::new(),
            samples: Vec::new(),
            ended: false,
            _ended: shared.ended.clone().drop_guard(),
        };
        (shared, driver)
    }

    /// It is over, and so is every request. The first reason counts.
    fn end(&mut self, end: ConnectionEnd) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let Peer { name: host, log, .. } = &self.shared.peer;
        tracing::debug!(session = %log.id(), %host, reason = %end, "connection over");
        self.shared.set_end(end);
        self.shared.set_not_open();
        let unwritten = self.writer.unwritten();
        let mut core = self.shared.core();
        core.handle_bytes(self.incoming.take_count(), self.writer.take_count());
        if let Some((at, unwritten)) = self.writer.take_handed_over() {
            core.handle_handed_over(at, unwritten);
        }
        core.handle_end(unwritten, &mut self.wakers);
        drop(core);
        self.wake();
        self.shared.core().take_samples(&mut self.samples);
        self.shared.record(&mut self.samples, true);
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    fn turn(&mut self, context: &mut Context<'_>) -> Result<Turn, ConnectionEnd> {
        let read = self.incoming.read(Pin::new(&mut self.stream), context);
        let timed_out = self.timer.poll_elapsed(context);
        if !timed_out && self.steps_back(&read) {
            return Ok(Turn::StepBack);
        }
        let Exchanged { next, rests } = self.exchange(context, timed_out, &read)?;
        let more_to_read = match read {
            Read::Pending => false,
            Read::More => true,
            Read::End(end) => return Err(end),
        };
        let wrote = match self.writer.write(Pin::new(&mut self.stream), context) {
            Ok(progress) => progress,
            Err(error) => return Err(self.last_words(error, context)),
        };
        let overdue = self.timer.arm(next, context);
        let busy = more_to_read || (wrote && !rests) || overdue || self.writer.has_news();
        Ok(if busy { Turn::Busy } else { Turn::Idle })
    }

    /// Woken to write, it was woken by the first of perhaps many requests: a multi-thread runtime
    /// runs it next, before the other tasks that are about to send. Behind them, one write takes
    /// what all of them sent. Once, and only if there are others.
    fn steps_back(&mut self, read: &Read) -> bool {
        let to_write =
            matches!(read, Read::Pending) && !self.incoming.has_come() && self.writer.is_idle();
        to_write && self.shared.awaited() > 1 && !std::mem::replace(&mut self.stepped_back, true)
    }

    /// All that needs the lock, at once.
    fn exchange(
        &mut self,
        context: &Context<'_>,
        timed_out: bool,
        read: &Read,
    ) -> Result<Exchanged, ConnectionEnd> {
        let now = now();
        let mut core = self.shared.core();
        core.handle_bytes(self.incoming.take_count(), self.writer.take_count());
        if core.times_requests() || self.writer.has_news() {
            tell_times(&mut core, now, &mut self.writer, &self.incoming);
        }
        let delivered = self.incoming.deliver(&mut core, now, &mut self.wakers);
        // Seldom while it is busy: the timer is armed for the first of many deadlines.
        if timed_out {
            self.incoming.release_memory();
        }
        core.handle_written(now, self.writer.progress());
        let expired = if timed_out { core.handle_timeout(now, &mut self.wakers) } else { Ok(()) };
        // Once no answer can come, whatever is not written yet is better off unsent.
        if self.writer.is_idle() && !matches!(read, Read::End(_)) {
            self.writer.take_from(&mut core, now, &mut self.wakers);
        }
        let next = core.poll_timeout();
        let drained = core.is_drained() && self.writer.is_idle();
        let (retiring, quiet) = (core.is_retiring(), core.is_quiet());
        if quiet && !self.shared.is_quiet() {
            // Whoever can do without this server would like to know.
            core.take_wakers(&mut self.wakers);
        }
        let rests = core.rests_once_written();
        if core.samples() >= RECORDED_AT_ONCE {
            core.take_samples(&mut self.samples);
        }
        // What comes while a last batch is written wakes the task, which looks no further after it.
        core.park(context, rests || self.writer.is_idle());
        // Under the lock: whoever is not woken for it comes later, and finds it so.
        self.shared.set_quiet(quiet);
        drop(core);
        self.wake();
        self.shared.record(&mut self.samples, false);
        if !self.samples.is_empty() {
            // Somebody else is about it: they are where whoever looks at the connection finds them.
            self.shared.core().return_samples(&mut self.samples);
        }
        if retiring {
            self.shared.retiring.cancel();
        }
        delivered.map_err(said_by_server)?;
        expired?;
        if drained { Err(ConnectionEnd::ClosedHere) } else { Ok(Exchanged { next, rests }) }
    }

    /// The socket takes no more bytes. What the server said before is still there to be read, and
    /// often says why.
    fn last_words(&mut self, error: io::Error, context: &mut Context<'_>) -> ConnectionEnd {
        for _ in 0..MAX_TURNS {
            let read = self.incoming.read(Pin::new(&mut self.stream), context);
            let delivered = self.incoming.deliver(&mut self.shared.core(), now(), &mut self.wakers);
            self.wake();
            if let Err(violation) = delivered {
                return said_by_server(violation);
            }
            match read {
                Read::More => {}
                Read::Pending | Read::End(_) => break,
            }
        }
        error.into()
    }
}

/// Tells when requests were written, and whose response has begun to come, where somebody would like to
/// know.
#[cold]
fn tell_times(core: &mut mux::Connection, now: Instant, writer: &mut Writer, incoming: &Incoming) {
    if let Some((at, unwritten)) = writer.take_handed_over() {
        core.handle_handed_over(at, unwritten);
    }
    incoming.tell_first_byte(core, now);
}

/// An ERROR on stream 0 is the server's own account of what is wrong with the connection.
fn said_by_server(violation: Violation) -> ConnectionEnd {
    if let Violation::OnStreamZero(envelope) = &violation
        && envelope.header.opcode == Opcode::Error
        && let Ok(decoded) = decode_response(envelope)
        && let Response::Error(error) = decoded.response
    {
        return ConnectionEnd::ServerSaid(*error);
    }
    violation.into()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = &mut *self;
        for _ in 0..MAX_TURNS {
            match driver.turn(context) {
                Ok(Turn::Busy) => {}
                Ok(Turn::StepBack) => break,
                Ok(Turn::Idle) => {
                    driver.stepped_back = false;
                    return Poll::Pending;
                }
                Err(end) => {
                    driver.end(end);
                    // Best effort: a TLS server is told that nothing was cut off. Whoever does not
                    // take even that now is not waited for, and the socket is closed right after.
                    drop(Pin::new(&mut driver.stream).poll_shutdown(context));
                    return Poll::Ready(());
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The task is dropped: it ended, it was aborted, or its runtime is shut down. Whoever still waits is woken.
impl<S> Drop for Driver<S> {
    fn drop(&mut self) {
        self.end(ConnectionEnd::RuntimeGone);
    }
}

impl<S> std::fmt::Debug for Driver<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("peer", &self.shared.peer).finish_non_exhaustive()
    }
}
