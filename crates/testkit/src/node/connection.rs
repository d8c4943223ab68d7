//! One connection: a task that reads requests, lets the [`behaviour`](super::behaviour) answer
//! them, and sends the answers when and how they are to be sent.
//!
//! ```text
//!            ┌─▶ never
//!            ├─▶ later, by its delay ─┐
//!   request ─┼─▶ held by the test ────┤
//!            └────────────────────────┼─▶ ready, with others ─▶ out ─▶ client
//!                                     └─▶ damaged, by itself ─▶ out ─▶ client
//! ```
//!
//! Reading goes on while writing waits, so that neither side can lock the other up; only when a
//! client that does not read is owed more than 16 MiB, the node stops reading, as servers do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use cqlwire_codec::StreamId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until, timeout};

use super::ViolationKind;
use super::command::{Command, Outgoing};
use super::prime::{Delivery, End};
use super::shared::{Inbox, Shared};
use super::wire::Wire;

/// How many bytes may wait for a client that does not read, before the node stops reading too.
const MOST_WAITING: usize = 16 << 20;

/// How long a closed connection waits for the client's end of it.
const LINGER: Duration = Duration::from_secs(1);

/// The side of the node.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) wire: Wire,
    pub(super) phase: Phase,
    inbox: Arc<Inbox>,
    out: BytesMut,
    /// By when they are due, and in the order in which they were put off.
    later: BTreeMap<(Instant, u64), Outgoing>,
    put_off: u64,
    end: Option<End>,
    paused: bool,
    stopped: bool,
}

/// How far the handshake is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing but OPTIONS so far.
    Opening,
    /// STARTUP has come and has not been answered.
    Starting,
    /// AUTHENTICATE has been sent.
    Authenticating,
    /// `AUTH_RESPONSE` has come and has not been answered.
    Checking,
    Ready,
    /// The client has been told to go.
    Refused,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.closed(self.id);
    }
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (id, inbox) = shared.open();
        let wire = Wire::new(shared.settings.newest());
        Self {
            id,
            shared,
            wire,
            phase: Phase::Opening,
            inbox,
            out: BytesMut::new(),
            later: BTreeMap::new(),
            put_off: 0,
            end: None,
            paused: false,
            stopped: false,
        }
    }

    /// Serves the client until one side ends the connection; `reset` ends it the hard way.
    pub(super) async fn run<S>(mut self, stream: S, reset: fn(S))
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        match self.converse(&mut reader, &mut writer).await {
            Some(End::Reset) => reset(reader.unsplit(writer)),
            Some(_) => linger(reader, writer).await,
            None => {}
        }
    }

    /// Gives how the node wants to end, or `None` if the client is gone.
    async fn converse<S>(
        &mut self,
        reader: &mut ReadHalf<S>,
        writer: &mut WriteHalf<S>,
    ) -> Option<End>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut half_closed = false;
        loop {
            // Before requests are looked at: some of them came after it was told to stop.
            self.obey();
            self.wait_while_stopped().await;
            self.answer_requests();
            self.pack();
            match self.end {
                Some(End::Reset) => return self.end,
                Some(End::Close) if self.out.is_empty() => return self.end,
                Some(End::HalfClose) if self.out.is_empty() && !half_closed => {
                    half_closed = true;
                    writer.shutdown().await.ok()?;
                }
                _ => {}
            }
            let due = self.later.first_key_value().map(|((due, _), _)| *due);
            let room = self.out.len() < MOST_WAITING;
            let reads = self.end != Some(End::Close) && !self.paused && room;
            // In this order, not by lot: a conversation of one seed is always the same. What is read
            // comes last, so that nobody who sends without end keeps the rest from its turn.
            tokio::select! {
                biased;
                () = self.inbox.arrived.notified() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.send_due();
                }
                written = writer.write_buf(&mut self.out), if !self.out.is_empty() => {
                    written.ok()?;
                    writer.flush().await.ok()?;
                }
                read = reader.read_buf(&mut self.wire.input), if reads => match read.ok()? {
                    0 => self.on_end_of_requests(),
                    bytes => self.on_bytes(bytes),
                },
            }
        }
    }

    fn on_bytes(&mut self, bytes: usize) {
        if self.phase == Phase::Refused {
            self.violate(ViolationKind::AfterRefusal { bytes });
            self.wire.input.clear();
        }
    }

    /// Servers close when their client does, whatever they still owe; what is ready goes out.
    fn on_end_of_requests(&mut self) {
        if let Err(error) = self.wire.finish()
            && self.phase != Phase::Refused
        {
            self.violate(ViolationKind::Framing(error));
        }
        self.finish(End::Close);
    }

    fn answer_requests(&mut self) {
        while self.end != Some(End::Close) && self.phase != Phase::Refused {
            match self.wire.request() {
                Ok(Some(envelope)) => self.on_request(&envelope),
                Ok(None) => break,
                Err(error) => self.on_broken_framing(error),
            }
        }
    }

    /// What is asked of it meanwhile waits too, but for the end: of a process that is killed.
    async fn wait_while_stopped(&mut self) {
        let mut put_aside = Vec::new();
        while self.stopped && self.end != Some(End::Reset) {
            match self.inbox.pop() {
                Some(Command::Stop(stopped)) => self.stopped = stopped,
                Some(Command::End(End::Reset)) => self.end = Some(End::Reset),
                Some(other) => put_aside.push(other),
                None => self.inbox.arrived.notified().await,
            }
        }
        put_aside.into_iter().for_each(|command| self.carry_out(command));
    }

    fn obey(&mut self) {
        while !self.stopped
            && let Some(command) = self.inbox.pop()
        {
            self.carry_out(command);
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Send(outgoing) => self.send(outgoing),
            Command::Push(event) => {
                self.wire.ready(&event, self.wire.version(), StreamId::EVENT);
            }
            Command::Write(bytes) => self.write(&bytes),
            Command::End(end) => self.finish(end),
            Command::Pause(paused) => self.paused = paused,
            Command::Stop(stopped) => self.stopped = stopped,
        }
    }

    fn send_due(&mut self) {
        while let Some(first) = self.later.first_entry() {
            if first.key().0 > Instant::now() {
                return;
            }
            let outgoing = first.remove();
            self.send(outgoing);
        }
    }

    /// Sends an answer after `delay`.
    pub(super) fn send_after(&mut self, delay: Duration, outgoing: Outgoing) {
        if delay.is_zero() {
            return self.send(outgoing);
        }
        self.put_off += 1;
        self.later.insert((Instant::now() + delay, self.put_off), outgoing);
    }

    /// Sends an answer, or does to it what is to be done.
    pub(super) fn send(&mut self, mut outgoing: Outgoing) {
        if let Delivery::Held(hold) = outgoing.delivery {
            outgoing.delivery = Delivery::Whole;
            let mut state = self.shared.state();
            if let Some(hold) = state.holds.get_mut(hold).filter(|hold| !hold.released) {
                hold.answers.push((self.id, outgoing));
                return;
            }
        }
        match &outgoing.delivery {
            Delivery::Never => {}
            Delivery::Garbage(bytes) => self.write(&bytes.clone()),
            Delivery::End(end) => self.finish(*end),
            Delivery::OnStream(stream) => {
                self.wire.ready(&outgoing.reply, outgoing.version, *stream);
            }
            Delivery::Cut(bytes) => {
                let image = self.image(&outgoing);
                self.write(image.get(..*bytes).unwrap_or(&image));
                self.finish(End::Close);
            }
            _ => self.send_answer(&outgoing),
        }
    }

    /// Sends an answer that its client may take for one.
    fn send_answer(&mut self, outgoing: &Outgoing) {
        let Outgoing { stream, version, reply, .. } = outgoing;
        match outgoing.delivery {
            Delivery::Flip(byte, mask) => {
                let mut image = self.image(outgoing);
                if let Some(byte) = image.get_mut(byte) {
                    *byte ^= mask;
                }
                self.write(&image);
            }
            Delivery::Twice => {
                self.wire.ready(reply, *version, *stream);
                self.wire.ready(reply, *version, *stream);
            }
            _ => self.wire.ready(reply, *version, *stream),
        }
        self.shared.state().link(self.id, |link| {
            link.owed.remove(stream);
        });
        if outgoing.handshake {
            self.pack();
            self.on_handshake_answered(&outgoing.reply);
        }
    }

    fn image(&mut self, outgoing: &Outgoing) -> BytesMut {
        self.wire.image(&outgoing.reply, outgoing.version, outgoing.stream)
    }

    /// The answers that are ready on their way, unless the node's direction is closed.
    fn pack(&mut self) {
        let packed = self.wire.pack();
        if self.end.is_none() {
            self.out.unsplit(packed);
        }
    }

    /// Bytes as they are, after what is ready.
    fn write(&mut self, bytes: &[u8]) {
        self.pack();
        if self.end.is_none() {
            self.out.extend_from_slice(bytes);
        }
    }

    /// Ends the connection; a harder end may follow a softer one.
    pub(super) fn finish(&mut self, end: End) {
        self.pack();
        if self.end.is_none_or(|now| now == End::HalfClose) {
            self.end = Some(end);
        }
    }

    pub(super) fn violate(&self, kind: ViolationKind) {
        self.shared.state().violate(self.id, kind);
    }
}

/// Says that it is the end, and waits a moment for the client to say so too: closing a socket in
/// which requests are waiting would be a reset, and could take the last answers with it.
async fn linger<S: AsyncRead + AsyncWrite>(mut reader: ReadHalf<S>, mut writer: WriteHalf<S>) {
    let drain = async {
        if writer.shutdown().await.is_ok() {
            let mut rest = [0; 4096];
            while reader.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        }
    };
    // Either way the connection is dropped next.
    timeout(LINGER, drain).await.unwrap_or_default();
}
