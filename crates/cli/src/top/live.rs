//! The screen while somebody looks at it: keys, and the terminal given back however it ends.

use std::io;
use std::time::Instant;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use ratatui::DefaultTerminal;
use ratatui::layout::Rect;

use super::args::Args;
use super::rounds::Rounds;
use super::row::Order;
use super::screen::Screen;
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::output::Look;

/// A terminal whose screen is taken. It is given back when this is dropped, and before a panic is told.
struct Taken(DefaultTerminal);

impl Taken {
    fn take(look: Look) -> io::Result<Self> {
        // The flag goes over NO_COLOR, which crossterm would read by itself.
        crossterm::style::force_color_output(look.colour);
        ratatui::try_init().map(Self)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Draws what comes, until somebody has seen enough.
pub(super) async fn run(
    mut rounds: Rounds<'_>,
    interrupts: &mut Interrupts,
    args: &Args,
) -> Result<(), Failure> {
    let look = Look::of_stdout();
    let mut view = View { order: args.sort, above: 0 };
    let (cluster, interval) = (rounds.cluster(), humantime::format_duration(args.interval));
    let interval = interval.to_string();
    let mut terminal = Taken::take(look)?;
    let mut events = EventStream::new();
    loop {
        let mut rows = rounds.board().rows(Instant::now());
        view.order.sort(&mut rows);
        view.above = view.above.min(rows.len().saturating_sub(1));
        let View { order, above } = view;
        let (cluster, interval) = (cluster.clone(), interval.clone());
        let screen = Screen { cluster, interval, order, rows, above, has_colour: look.colour };
        terminal.0.draw(|frame| screen.draw(frame))?;
        let pressed = tokio::select! {
            biased;
            exit = interrupts.next() => return Err(Failure::new(exit?, "interrupted")),
            event = events.next() => match event {
                Some(event) => view.event(&event?),
                None => return Ok(()),
            },
            _ = rounds.next() => Pressed::Nothing,
        };
        match pressed {
            Pressed::Nothing => {}
            // This also clears it, so that all is drawn anew.
            Pressed::Resized(size) => terminal.0.resize(size)?,
            Pressed::Quit => return Ok(()),
            Pressed::Interrupt => return Err(Failure::new(Exit::Interrupted, "interrupted")),
        }
    }
}

/// How somebody looks at the rows.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct View {
    order: Order,
    above: usize,
}

/// What a key asks for, beside another look.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Pressed {
    Nothing,
    Resized(Rect),
    Quit,
    Interrupt,
}

/// How many rows a page is.
const PAGE: usize = 10;

impl View {
    /// A window that was pulled smaller and back is of the same size, but has lost what it showed.
    fn event(&mut self, event: &Event) -> Pressed {
        match event {
            Event::Resize(columns, rows) => Pressed::Resized(Rect::new(0, 0, *columns, *rows)),
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(*key),
            _ => Pressed::Nothing,
        }
    }

    const fn key(&mut self, key: KeyEvent) -> Pressed {
        let order = match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return Pressed::Interrupt;
            }
            KeyCode::Char('q') | KeyCode::Esc => return Pressed::Quit,
            KeyCode::Char('h') => Order::Host,
            KeyCode::Char('c') => Order::Clients,
            KeyCode::Char('r') => Order::Requests,
            KeyCode::Char('l') => Order::Reads,
            KeyCode::Char('w') => Order::Writes,
            KeyCode::Char('p') => Order::Pending,
            KeyCode::Char('a') => Order::Answer,
            KeyCode::Up => return self.scroll(self.above.saturating_sub(1)),
            KeyCode::Down => return self.scroll(self.above.saturating_add(1)),
            KeyCode::PageUp => return self.scroll(self.above.saturating_sub(PAGE)),
            KeyCode::PageDown => return self.scroll(self.above.saturating_add(PAGE)),
            _ => return Pressed::Nothing,
        };
        *self = Self { order, above: 0 };
        Pressed::Nothing
    }

    const fn scroll(&mut self, above: usize) -> Pressed {
        self.above = above;
        Pressed::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(view: &mut View, code: KeyCode, modifiers: KeyModifiers) -> Pressed {
        view.event(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_sort_scroll_and_end() {
        let mut view = View { order: Order::Host, above: 0 };
        let none = KeyModifiers::NONE;
        for code in [KeyCode::Up, KeyCode::Down, KeyCode::PageDown, KeyCode::Up] {
            assert_eq!(press(&mut view, code, none), Pressed::Nothing);
        }
        assert_eq!(view, View { order: Order::Host, above: 10 });
        press(&mut view, KeyCode::Char('c'), none);
        assert_eq!(view, View { order: Order::Clients, above: 0 });
        press(&mut view, KeyCode::Char('r'), none);
        assert_eq!(view.order, Order::Requests);
        let control = KeyModifiers::CONTROL;
        assert_eq!(press(&mut view, KeyCode::Char('c'), control), Pressed::Interrupt);
        assert_eq!(press(&mut view, KeyCode::Char('q'), none), Pressed::Quit);
        let size = Rect::new(0, 0, 7, 5);
        assert_eq!(view.event(&Event::Resize(7, 5)), Pressed::Resized(size));
    }
}
