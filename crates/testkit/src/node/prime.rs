//! Primes: what a node does with chosen requests instead of what it would do by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use cqlwire_codec::{ColumnSpec, EnvelopeFlags, Opcode, Prefixes, SchemaChange, StreamId};

use super::Received;
use super::events::write_schema_change;
use super::reply::{Reply, Row};
use super::rows::Table;

/// What a test makes of each request, in code of its own.
#[derive(Clone)]
pub(super) struct Script(pub(super) Arc<React>);

type React = dyn Fn(&Received) -> Option<Prime> + Send + Sync;

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// Which requests, and what happens to them.
///
/// A prime chooses requests ([`statement`](Self::statement), [`prepare`](Self::prepare),
/// [`opcode`](Self::opcode), [`any`](Self::any)), perhaps only some of them
/// ([`nth`](Self::nth), [`first`](Self::first), [`above`](Self::above), [`page`](Self::page)), and then says what the
/// answer is, when it is sent and what becomes of it on the way. What it does not say stays as the
/// node would do it: `Prime::opcode(Opcode::Startup).after(minute)` answers STARTUP as ever, but
/// late.
///
/// Of several primes that choose a request, the one that was set last counts.
#[derive(Clone, Debug)]
#[must_use = "a prime does nothing until it is given to a node"]
pub struct Prime {
    choice: Choice,
    when: When,
    page: Option<u32>,
    /// How many requests it has chosen, whether or not `when` left them to it.
    chosen: usize,
    pub(super) response: Response,
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
    pub(super) bind: Option<(Arc<[ColumnSpec]>, Vec<u16>)>,
    pub(super) along: Prefixes,
}

#[derive(Clone, Debug)]
enum Choice {
    Any,
    Opcode(Opcode),
    /// QUERY, EXECUTE and BATCH with this text.
    Statement(String),
    /// PREPARE of this text.
    Prepare(String),
}

#[derive(Copy, Clone, Debug)]
enum When {
    Always,
    /// Counted from 1.
    Nth(usize),
    First(usize),
    /// While more than so many are unanswered.
    Above(usize),
}

/// What the answer says.
#[derive(Clone, Debug)]
pub(super) enum Response {
    /// What the node says by itself.
    Own,
    Reply(Reply),
    Table(Table),
}

/// What becomes of an answer on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Twice,
    Never,
    OnStream(StreamId),
    /// So many bytes of it as it is on the wire, then the end.
    Cut(usize),
    /// This byte of it as it is on the wire, changed by this mask.
    Flip(usize, u8),
    /// These bytes instead of it.
    Garbage(Bytes),
    End(End),
    /// When the hold of this number is released.
    Held(usize),
}

/// How a node ends a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// What was answered before still goes out, then the end of the stream.
    Close,
    /// At once; on TCP with a reset.
    Reset,
    /// As a close, but requests are still read.
    HalfClose,
}

impl Prime {
    const fn new(choice: Choice) -> Self {
        Self {
            choice,
            when: When::Always,
            page: None,
            chosen: 0,
            response: Response::Own,
            delay: Duration::ZERO,
            delivery: Delivery::Whole,
            bind: None,
            along: Prefixes::NONE,
        }
    }

    /// Every request.
    pub const fn any() -> Self {
        Self::new(Choice::Any)
    }

    /// Every request of this kind.
    pub const fn opcode(opcode: Opcode) -> Self {
        Self::new(Choice::Opcode(opcode))
    }

    /// The statement with exactly this text, whether it comes as QUERY, as EXECUTE or in a BATCH.
    /// A PREPARE of it is answered by the node itself, with the columns that
    /// [`rows`](Self::rows) has.
    pub fn statement(text: impl Into<String>) -> Self {
        Self::new(Choice::Statement(text.into()))
    }

    /// A PREPARE of exactly this text.
    pub fn prepare(text: impl Into<String>) -> Self {
        Self::new(Choice::Prepare(text.into()))
    }

    /// Only the request with this number among those chosen, counted from 1 since the prime was
    /// set.
    pub const fn nth(mut self, number: usize) -> Self {
        self.when = When::Nth(number);
        self
    }

    /// Only the first so many.
    pub const fn first(mut self, count: usize) -> Self {
        self.when = When::First(count);
        self
    }

    /// Only while more than so many requests are unanswered, on all connections, this one included:
    /// what a server does that has enough to do.
    pub const fn above(mut self, unanswered: usize) -> Self {
        self.when = When::Above(unanswered);
        self
    }

    /// Only requests for this page of a result, counted from 0: those whose paging state, as this
    /// node gave it out, says so.
    pub const fn page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }

    /// The answer is `RESULT` of the kind Void.
    pub fn void(self) -> Self {
        self.reply(Reply::Void)
    }

    /// The answer is these rows, in pages of the size that the request asks for.
    ///
    /// # Panics
    ///
    /// If a row has not as many cells as there are columns.
    pub fn rows(mut self, columns: Vec<ColumnSpec>, rows: Vec<Row>) -> Self {
        self.response = Response::Table(Table::fixed(columns, rows));
        self
    }

    /// The answer is the rows that `make` makes of the request, for instance of its values.
    pub fn rows_from(
        mut self,
        columns: Vec<ColumnSpec>,
        make: impl Fn(&Received) -> Vec<Row> + Send + Sync + 'static,
    ) -> Self {
        self.response = Response::Table(Table::made(columns, Arc::new(make)));
        self
    }

    /// The rows come in pages of these sizes, 0 included, whatever the request asks for.
    ///
    /// # Panics
    ///
    /// If no rows were given before.
    pub fn in_pages<const N: usize>(mut self, sizes: [usize; N]) -> Self {
        match &mut self.response {
            Response::Table(table) => table.set_pages(sizes.to_vec()),
            _ => panic!("pages of which rows?"),
        }
        self
    }

    /// What a PREPARE of the statement tells about its bind markers, and which of them, in order,
    /// make up the partition key. Unprimed, each `?` is a blob and the key is unknown.
    pub fn binds(mut self, markers: Vec<ColumnSpec>, partition_key: &[u16]) -> Self {
        self.bind = Some((markers.into(), partition_key.to_vec()));
        self
    }

    /// The answer is ERROR with this code and text, and nothing after it.
    pub fn error(self, code: i32, message: impl Into<String>) -> Self {
        self.error_with(code, message, Bytes::new())
    }

    /// The answer is ERROR with this code and text, and the rest of its body as it is (v5 §9).
    pub fn error_with(
        self,
        code: i32,
        message: impl Into<String>,
        detail: impl Into<Bytes>,
    ) -> Self {
        self.reply(Reply::Error { code, message: message.into(), detail: detail.into() })
    }

    /// The answer is an envelope with this body, whatever it means; the flags have to announce the
    /// prefixes that it begins with.
    pub fn raw(self, opcode: Opcode, flags: EnvelopeFlags, body: impl Into<Bytes>) -> Self {
        self.reply(Reply::Raw { opcode, flags, body: body.into() })
    }

    /// The answer is `RESULT` of the kind `Schema_change`, as to a DDL statement. What the schema is
    /// does not change by it.
    ///
    /// # Panics
    ///
    /// If a name in it is over 65,535 bytes.
    pub fn schema_change(self, change: &SchemaChange) -> Self {
        let mut body = BytesMut::new();
        body.put_i32(5);
        write_schema_change(&mut body, change).expect("a schema change can be encoded");
        self.raw(Opcode::Result, EnvelopeFlags::NONE, body.freeze())
    }

    fn reply(mut self, reply: Reply) -> Self {
        self.response = Response::Reply(reply);
        self
    }

    /// Before the answer, whatever it is, come these; on v3, the tracing id alone.
    pub fn along(mut self, prefixes: Prefixes) -> Self {
        self.along = prefixes;
        self
    }

    /// The answer is sent so much later, by the clock of the runtime: virtual if it is paused.
    pub const fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The answer is never sent.
    pub fn silence(self) -> Self {
        self.deliver(Delivery::Never)
    }

    /// The answer is sent twice.
    pub fn twice(self) -> Self {
        self.deliver(Delivery::Twice)
    }

    /// The answer is sent on another stream than that of the request.
    pub fn on_stream(self, stream: StreamId) -> Self {
        self.deliver(Delivery::OnStream(stream))
    }

    /// So many bytes of the answer are sent, counted on the wire (segment and compression
    /// included), then the connection ends.
    pub fn cut_after(self, bytes: usize) -> Self {
        self.deliver(Delivery::Cut(bytes))
    }

    /// One byte of the answer, counted on the wire, is sent with the bits of `mask` turned over;
    /// beyond its end nothing is changed.
    pub fn flip(self, byte: usize, mask: u8) -> Self {
        self.deliver(Delivery::Flip(byte, mask))
    }

    /// These bytes are sent instead of the answer, as they are.
    pub fn garbage(self, bytes: impl Into<Bytes>) -> Self {
        self.deliver(Delivery::Garbage(bytes.into()))
    }

    /// The connection is closed instead of an answer, once earlier answers are out.
    pub fn close(self) -> Self {
        self.deliver(Delivery::End(End::Close))
    }

    /// The connection is reset instead of an answer. In memory that is an end without notice.
    pub fn reset(self) -> Self {
        self.deliver(Delivery::End(End::Reset))
    }

    /// Instead of an answer, the node closes its own direction and goes on reading; nothing is
    /// answered any more.
    pub fn half_close(self) -> Self {
        self.deliver(Delivery::End(End::HalfClose))
    }

    pub(super) fn deliver(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Whether this request is one to react to; counts it if it is chosen.
    pub(super) fn takes(&mut self, received: &Received, unanswered: usize) -> bool {
        if !self.chooses(received) {
            return false;
        }
        self.chosen += 1;
        match self.when {
            When::Always => true,
            When::Nth(number) => self.chosen == number,
            When::First(count) => self.chosen <= count,
            When::Above(most) => unanswered > most,
        }
    }

    fn chooses(&self, received: &Received) -> bool {
        let right_page = self.page.is_none_or(|page| received.page == Some(page));
        let is_prepare = received.opcode == Opcode::Prepare;
        right_page
            && match &self.choice {
                Choice::Any => true,
                Choice::Opcode(opcode) => received.opcode == *opcode,
                Choice::Statement(text) => !is_prepare && received.statements.contains(text),
                Choice::Prepare(text) => is_prepare && received.statements.contains(text),
            }
    }

    /// Whether it says what the result or the bind markers of this statement are.
    pub(super) fn describes(&self, text: &str) -> bool {
        matches!(&self.choice, Choice::Statement(own) if own == text)
    }

    /// The rows that it answers with, if it does.
    pub(super) const fn table(&self) -> Option<&Table> {
        match &self.response {
            Response::Table(table) => Some(table),
            _ => None,
        }
    }
}
