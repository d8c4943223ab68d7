//! The thread that reads the input, makes rows of it, and hands them to those who send them.
//!
//! Rows are handed on many at once, and always before more has to be read: whoever writes the input may
//! take as long as they like.

use std::sync::Arc;

use bytes::BytesMut;
use cqlwire::codec::{ColumnSpec, EncodedValues};
use cqlwire::{EncodeValues, ValueError};
use tokio::sync::mpsc::Sender;

use super::input::{Next, Record, Records};
use super::ledger::{Ledger, Line, Stop, Ticket};
use super::row::{Lane, Rows};
use crate::exit::Failure;

/// How many rows are handed on at once, at most.
const MOST_ROWS: usize = 128;

/// A row about to be sent.
#[derive(Debug)]
pub(super) struct LoadRow {
    values: EncodedValues,
    pub(super) ticket: Ticket,
}

impl EncodeValues for LoadRow {
    fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        self.values.encode_values(columns, out)
    }
}

/// Where the rows of one statement go.
#[derive(Debug)]
pub(super) struct Outlet {
    pub(super) lane: Lane,
    pub(super) rows: Vec<LoadRow>,
    pub(super) sender: Sender<Vec<LoadRow>>,
}

/// See the [module](self).
pub(super) struct Feed {
    pub(super) records: Records,
    pub(super) rows: Rows,
    pub(super) ledger: Arc<Ledger>,
    pub(super) outlets: Vec<Outlet>,
}

/// Nobody takes more rows.
struct Unwanted;

impl Feed {
    /// Reads the input to its end, or until no more is wanted.
    pub(super) fn run(mut self) -> Result<(), Failure> {
        while self.ledger.stopped().is_none() {
            let handed = match self.records.next() {
                Next::Record(record) => self.take(record),
                Next::Unread => {
                    let handed = self.hand_on();
                    self.records.read()?;
                    handed
                }
                Next::End(mark) => {
                    let handed = self.hand_on();
                    self.ledger.input_ends(mark);
                    if handed.is_ok() {
                        return Ok(());
                    }
                    handed
                }
            };
            if handed.is_err() {
                self.ledger.stop(Stop::Failed);
            }
        }
        Ok(())
    }

    fn take(&mut self, Record { mut line, content }: Record) -> Result<(), Unwanted> {
        let number = loop {
            match self.enter(line)? {
                Ok(number) => break number,
                Err(again) => line = again,
            }
        };
        match self.rows.values(&content) {
            Err(reason) => self.ledger.reject(number, reason),
            Ok((lane, values)) => {
                let ticket = Ticket::new(Arc::clone(&self.ledger), number);
                let outlet = self.outlets.iter_mut().find(|outlet| outlet.lane == lane);
                let outlet = outlet.ok_or(Unwanted)?;
                outlet.rows.push(LoadRow { values, ticket });
                if outlet.rows.len() >= MOST_ROWS {
                    outlet.hand_on()?;
                }
            }
        }
        Ok(())
    }

    /// Where there is no room for a line, those before it have to go on.
    fn enter(&mut self, line: Line) -> Result<Result<u64, Line>, Unwanted> {
        let entered = self.ledger.try_enter(line);
        if let Err(line) = &entered {
            self.hand_on()?;
            self.ledger.wait_for_room(line.raw.len());
            if self.ledger.stopped().is_some() {
                return Err(Unwanted);
            }
        }
        Ok(entered)
    }

    fn hand_on(&mut self) -> Result<(), Unwanted> {
        self.outlets.iter_mut().try_for_each(Outlet::hand_on)
    }
}

impl Outlet {
    fn hand_on(&mut self) -> Result<(), Unwanted> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.sender.blocking_send(rows).map_err(|_| Unwanted)
    }
}
