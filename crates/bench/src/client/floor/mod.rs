//! The floor: one thread, a blocking socket, the bytes that cqlwire sends, and nothing else.
//!
//! It knows its requests by heart and only writes stream id and key into them; it looks at answers
//! where they are, and checks them as every client does. What a driver costs more than this is what
//! a driver costs.

mod line;
mod prepare;
mod scan;
mod template;

use std::net::SocketAddr;
use std::time::Instant;

use cqlwire_codec::Opcode;

use self::line::Line;
use self::prepare::Statement;
use self::scan::{ROWS, scan};
use self::template::Template;
use crate::load::{RoundSettings, ScanWatch};
use crate::measure::{Latencies, Moment, Round, peak_rss_bytes};
use crate::wire::{Head, int, long};
use crate::work::{KEYS, NAME, PAYLOAD, Work};
use crate::{Result, ensure};

/// With many in flight only one in so many operations is timed, as with the other clients.
const TIMED_ONE_IN: usize = 8;

/// A connection and what is sent over it.
#[derive(Debug)]
pub struct Floor {
    line: Line,
    read: Template,
    insert: Template,
    scan: Template,
}

impl Floor {
    /// Connects in v5, and prepares.
    ///
    /// # Errors
    ///
    /// Whatever fails.
    pub fn connect(server: SocketAddr) -> Result<Self> {
        let mut line = Line::connect(server)?;
        let read = Statement::Read.prepare(&mut line)?;
        let insert = Statement::Insert.prepare(&mut line)?;
        let scan = Statement::Scan.prepare(&mut line)?;
        Ok(Self { line, read, insert, scan })
    }
}

/// One round of the floor.
///
/// # Errors
///
/// Whatever fails, and answers that are not what was asked for.
pub fn floor_round(
    floor: &mut Floor,
    work: Work,
    in_flight: u32,
    settings: RoundSettings,
) -> Result<Round> {
    match work {
        Work::Read | Work::Insert => {
            let template = if work == Work::Read { &floor.read } else { &floor.insert };
            Window::new(template, work, in_flight)?.run(&mut floor.line, settings)
        }
        Work::Scan => scan_round(floor, settings),
        Work::ReadOpenLoop
        | Work::ScanBorrowed
        | Work::Streams
        | Work::Query
        | Work::Batch
        | Work::Load
        | Work::LoadOrdered => Err("the floor does not do that".into()),
    }
}

fn scan_round(floor: &mut Floor, settings: RoundSettings) -> Result<Round> {
    let mut watch = ScanWatch::start()?;
    let mut rows = 0;
    let from = Moment::now(rows, settings.probe)?;
    while rows == 0 || from.at.elapsed() < settings.measured {
        scan(&mut floor.line, &floor.scan, &mut watch)?;
        rows += watch.finish()?;
    }
    let to = Moment::now(rows, settings.probe)?;
    Round::between(&from, &to, watch.latencies(), peak_rss_bytes()?)
}

/// So many requests in flight, each asked anew once it is answered.
struct Window<'a> {
    template: &'a Template,
    work: Work,
    /// By stream id.
    asked: Vec<Asked>,
    timed_one_in: usize,
    operations: u64,
    outstanding: usize,
    latencies: Latencies,
}

/// What is under way on one stream.
#[derive(Copy, Clone, Debug)]
struct Asked {
    key: i64,
    at: Instant,
}

/// How far a round is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Phase {
    Warming,
    Measuring,
    Over,
}

impl<'a> Window<'a> {
    fn new(template: &'a Template, work: Work, in_flight: u32) -> Result<Self> {
        let at = Instant::now();
        let asked = (0..in_flight).map(|stream| Asked { key: i64::from(stream) % KEYS, at });
        let timed_one_in = if in_flight == 1 { 1 } else { TIMED_ONE_IN };
        Ok(Self {
            template,
            work,
            asked: asked.collect(),
            timed_one_in,
            operations: 0,
            outstanding: 0,
            latencies: Latencies::new()?,
        })
    }

    fn run(mut self, line: &mut Line, settings: RoundSettings) -> Result<Round> {
        self.ask_all(line)?;
        self.turn_until(line, Instant::now() + settings.warm_up(), Phase::Warming)?;
        let from = Moment::now(self.operations, settings.probe)?;
        self.turn_until(line, from.at + settings.measured, Phase::Measuring)?;
        let to = Moment::now(self.operations, settings.probe)?;
        while self.outstanding > 0 {
            self.turn(line, Phase::Over)?;
        }
        Round::between(&from, &to, &self.latencies, peak_rss_bytes()?)
    }

    fn ask_all(&mut self, line: &mut Line) -> Result<()> {
        for (stream, asked) in self.asked.iter().enumerate() {
            line.put(self.template, stream, asked.key)?;
        }
        self.outstanding = self.asked.len();
        line.send()
    }

    fn turn_until(&mut self, line: &mut Line, end: Instant, phase: Phase) -> Result<()> {
        while self.turn(line, phase)? < end {}
        Ok(())
    }

    /// Reads what is there, and asks anew for each answer. Gives the time.
    fn turn(&mut self, line: &mut Line, phase: Phase) -> Result<Instant> {
        line.read()?;
        let now = Instant::now();
        line.each_envelope(|line, head, body| self.on_answer(line, head, body, phase, now))?;
        line.send()?;
        Ok(now)
    }

    #[inline]
    fn on_answer(
        &mut self,
        line: &mut Line,
        head: Head,
        body: &[u8],
        phase: Phase,
        now: Instant,
    ) -> Result<()> {
        ensure(head.opcode == Opcode::Result.byte(), "the answer is a RESULT")?;
        let stream = usize::from(u16::from_be_bytes(head.stream));
        let step = i64::try_from(self.asked.len())?;
        let asked = self.asked.get_mut(stream).ok_or("an answer on a stream of its own")?;
        match self.work {
            Work::Insert => ensure(int(body, 0)? == VOID, "the answer to an insert is Void")?,
            _ => check(asked.key, body)?,
        }
        self.operations += 1;
        if phase == Phase::Over {
            self.outstanding -= 1;
            return Ok(());
        }
        if phase == Phase::Measuring && stream.is_multiple_of(self.timed_one_in) {
            self.latencies.record(now - asked.at);
        }
        *asked = Asked { key: (asked.key + step) % KEYS, at: now };
        line.put(self.template, stream, asked.key)
    }
}

/// The kind of a RESULT that has nothing (v5 §4.2.5).
const VOID: i32 = 1;

/// Where the first row begins when its columns are left out: behind kind, flags, number of columns
/// and number of rows.
const FIRST_ROW: usize = 16;

/// Checks the one row of a read.
#[inline]
fn check(asked: i64, body: &[u8]) -> Result<()> {
    ensure(int(body, 0)? == ROWS && int(body, FIRST_ROW - 4)? == 1, "a read gives one row")?;
    let id = long(body, FIRST_ROW + 4)?;
    let name = FIRST_ROW + 4 + 8 + 4;
    let payload = name + NAME.len() + 4;
    ensure(id == asked, "the row has the key that was asked for")?;
    let found = body.get(name..name + NAME.len());
    ensure(found == Some(NAME.as_bytes()), "the row has the name that was inserted")?;
    let found = body.get(payload..);
    ensure(found == Some(PAYLOAD.as_slice()), "the row has the payload that was inserted")
}
