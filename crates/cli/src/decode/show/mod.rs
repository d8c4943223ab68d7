//! What was said, on standard output: as text for people, or as JSON.

mod json;
mod text;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::SystemTime;

use super::args::{Args, Form};
use super::conversation::Said;
use crate::output::Look;

/// Writes it.
pub(super) struct Show {
    form: Form,
    text: text::Settings,
    out: Box<dyn Write>,
}

/// Where and when something was said.
#[derive(Copy, Clone, Debug)]
pub(super) struct Place {
    /// The number of the connection; 0 where there is only one.
    pub(super) connection: u64,
    pub(super) at: Option<SystemTime>,
}

impl Show {
    pub(super) fn new(args: &Args, look: Look, out: Box<dyn Write>) -> Self {
        Self { form: args.output, text: text::Settings { width: args.width, look }, out }
    }

    /// A connection that is followed from now on.
    pub(super) fn connection(
        &mut self,
        place: &Place,
        (client, server): (SocketAddr, SocketAddr),
        from_its_beginning: bool,
    ) -> io::Result<()> {
        let out = &mut *self.out;
        match self.form {
            Form::Text => {
                let note = match from_its_beginning {
                    true => "",
                    false => ", which has begun before the capture",
                };
                writeln!(out, "= c{} {client} > {server}{note}", place.connection)
            }
            Form::Json => json::connection(place, client, server, from_its_beginning, out),
        }
    }

    pub(super) fn said(&mut self, place: &Place, said: &Said) -> io::Result<()> {
        match self.form {
            Form::Text => text::write(place, said, self.text, &mut *self.out),
            Form::Json => json::write(place, said, &mut *self.out),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
