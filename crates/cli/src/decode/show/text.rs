//! A line for each message, and below it what it says.
//!
//! ```text
//!  09:00:00.123456 c1 > v5 stream 4 EXECUTE, 71 bytes
//!      statement   SELECT name FROM shop.users WHERE id = ?
//!      values
//!          id  7
//!      consistency LOCAL_ONE
//! ```

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use cqlwire::codec::{Direction, EnvelopeHeader, Opcode, in_one_line};
use unicode_width::UnicodeWidthStr;

use super::Place;
use crate::decode::conversation::{Message, Said};
use crate::decode::field::{Cell, Field, Fields, Rows};
use crate::decode::message;
use crate::output::{self, Look, Table};
use crate::value::write_text;

/// How it is written.
#[derive(Copy, Clone, Debug)]
pub(super) struct Settings {
    /// Of each value, so many characters.
    pub(super) width: usize,
    pub(super) look: Look,
}

/// How far what a message says is moved to the right, at each level.
const INDENT: usize = 4;

const REQUEST: Style = AnsiColor::Cyan.on_default();
const RESPONSE: Style = AnsiColor::Green.on_default();
const TROUBLE: Style = AnsiColor::Red.on_default();

pub(super) fn write(
    place: &Place,
    said: &Said,
    settings: Settings,
    out: &mut dyn Write,
) -> io::Result<()> {
    put_place(place, out)?;
    let paint = |style, text: &str| settings.look.paint(style, text).to_string();
    match said {
        Said::Message(message) => {
            put_header(&message.header, settings, out)?;
            put_answer(message, out)?;
            Writer { settings, out }.fields(&message.fields, INDENT)
        }
        Said::Oversized(oversized) => {
            put_header(&oversized.header, settings, out)?;
            let (declared, limit) = (oversized.declared, oversized.limit);
            let what = format!("{declared} bytes are over the limit of {limit}");
            writeln!(out, ": {}", paint(TROUBLE, &what))
        }
        Said::Trouble(direction, what) => {
            let what = in_one_line(what).to_string();
            writeln!(out, "{} {}", arrow(*direction), paint(TROUBLE, &what))
        }
    }
}

fn put_place(place: &Place, out: &mut dyn Write) -> io::Result<()> {
    if let Some(at) = place.at {
        // The time of day is enough: of `2026-11-30T09:00:00.123456Z`.
        let whole = humantime::format_rfc3339_micros(at).to_string();
        write!(out, "{} ", whole.get(11..26).unwrap_or(&whole))?;
    }
    if place.connection > 0 {
        write!(out, "c{} ", place.connection)?;
    }
    Ok(())
}

const fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Request => '>',
        Direction::Response => '<',
    }
}

fn put_header(header: &EnvelopeHeader, settings: Settings, out: &mut dyn Write) -> io::Result<()> {
    let style = match (header.direction, header.opcode) {
        (_, Opcode::Error) => TROUBLE,
        (Direction::Request, _) => REQUEST,
        (Direction::Response, _) => RESPONSE,
    };
    let opcode = settings.look.paint(style, header.opcode.name());
    let (version, stream, length) = (header.version, header.stream, header.length);
    let arrow = arrow(header.direction);
    write!(out, "{arrow} {version} stream {stream} {opcode}, {length} bytes")?;
    message::flags(header.flags, header.direction)
        .into_iter()
        .try_for_each(|flag| write!(out, ", {flag}"))
}

/// Which request a response answers, and after how long.
fn put_answer(message: &Message, out: &mut dyn Write) -> io::Result<()> {
    if let Some(answers) = message.answers {
        write!(out, ", to {answers}")?;
    }
    if let Some(latency) = message.latency {
        let micros = latency.as_micros();
        write!(out, " after {}.{:03} ms", micros / 1000, micros % 1000)?;
    }
    writeln!(out)
}

struct Writer<'a> {
    settings: Settings,
    out: &'a mut dyn Write,
}

impl Writer<'_> {
    fn fields(&mut self, fields: &Fields, indent: usize) -> io::Result<()> {
        let names = fields.iter().map(|(name, _)| in_one_line(name).to_string());
        let names: Vec<String> = names.collect();
        let width = names.iter().map(|name| name.width()).max().unwrap_or(0);
        for ((_, field), name) in fields.iter().zip(names) {
            match self.line(field) {
                Some(line) => {
                    let blanks = width - name.width();
                    writeln!(self.out, "{:indent$}{name}{:blanks$}  {line}", "", "")?;
                }
                None => {
                    writeln!(self.out, "{:indent$}{name}", "")?;
                    self.below(field, indent + INDENT)?;
                }
            }
        }
        Ok(())
    }

    /// What fits behind a name.
    fn line(&self, field: &Field) -> Option<String> {
        Some(match field {
            Field::Text(text) => in_one_line(text).to_string(),
            Field::Number(number) => number.to_string(),
            Field::Flag => "yes".to_owned(),
            Field::Value(cell) => self.cell(cell),
            Field::List(items) => {
                let lines: Option<Vec<String>> = items.iter().map(|item| self.line(item)).collect();
                lines?.join(", ")
            }
            Field::Fields(_) | Field::Rows(_) => return None,
        })
    }

    fn below(&mut self, field: &Field, indent: usize) -> io::Result<()> {
        match field {
            Field::Fields(fields) => self.fields(fields, indent),
            Field::Rows(rows) => self.rows(rows, indent),
            Field::List(items) => {
                for (item, number) in items.iter().zip(1..) {
                    match self.line(item) {
                        Some(line) => writeln!(self.out, "{:indent$}{number}  {line}", "")?,
                        None => {
                            writeln!(self.out, "{:indent$}{number}", "")?;
                            self.below(item, indent + INDENT)?;
                        }
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn rows(&mut self, rows: &Rows, indent: usize) -> io::Result<()> {
        let header = rows
            .columns
            .iter()
            .map(|(name, ty)| output::Cell::new(&format!("{name} {ty}"), output::HEADER));
        let cells = |row: &Vec<Cell>| Table::texts(row.iter().map(|cell| self.cell(cell)));
        let all: Vec<_> = rows.rows.iter().map(cells).collect();
        let mut table = Vec::new();
        Table::new(header.collect(), self.settings.look).whole(&all, &mut table)?;
        // What stands in it was made of texts.
        let table = String::from_utf8_lossy(&table);
        table.lines().try_for_each(|line| writeln!(self.out, "{:indent$}{}", "", line.trim_end()))
    }

    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Value(value) => {
                let mut text = String::new();
                write_text(value, &mut text);
                self.cut(&in_one_line(&text).to_string())
            }
            Cell::Unset => "(unset)".to_owned(),
            Cell::Raw(bytes) => self.bytes(bytes),
            Cell::Wrong(bytes, why) => {
                format!("{} ({})", self.bytes(bytes), in_one_line(why))
            }
            Cell::Hidden(bytes) => format!("({bytes} bytes, hidden: --show-secrets shows them)"),
        }
    }

    /// Bytes in hexadecimal, of many only the first.
    fn bytes(&self, bytes: &bytes::Bytes) -> String {
        let shown = bytes.get(..self.settings.width / 2).unwrap_or(bytes);
        let digits: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
        match bytes.len() > shown.len() {
            true => format!("0x{digits}… ({} bytes)", bytes.len()),
            false => format!("0x{digits}"),
        }
    }

    fn cut(&self, text: &str) -> String {
        match text.char_indices().nth(self.settings.width) {
            Some((end, _)) => {
                let all = text.chars().count();
                format!("{}… ({all} characters)", text.get(..end).unwrap_or_default())
            }
            None => text.to_owned(),
        }
    }
}
