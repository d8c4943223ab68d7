//! What is on the screen: drawn from rows, into a buffer of whatever size.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Cell, Row as Drawn, Table, Widget};

use super::columns::{Fitting, GAP, fitting, rate};
use super::row::{Order, Row, State};
use crate::output::visible;

/// The last line.
const KEYS: &str =
    "q ends   sort by: h host  c clients  r requests  l reads  w writes  p pending  a answer";

/// All there is to draw.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    pub(super) cluster: String,
    /// How often hosts are asked.
    pub(super) interval: String,
    pub(super) order: Order,
    pub(super) rows: Vec<Row>,
    /// How many rows are above what is seen.
    pub(super) above: usize,
    pub(super) has_colour: bool,
}

impl Screen {
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.render(area, frame.buffer_mut());
    }

    fn render(&self, area: Rect, buffer: &mut Buffer) {
        let heights = [Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)];
        let [title, table, keys] = Layout::vertical(heights).areas(area);
        Line::styled(self.title(), Modifier::BOLD).render(title, buffer);
        self.table(table.width.into()).render(table, buffer);
        Line::styled(KEYS, Modifier::DIM).render(keys, buffer);
    }

    /// The cluster as a whole.
    fn title(&self) -> String {
        let Self { cluster, interval, rows, .. } = self;
        let silent = rows.iter().filter(|row| row.state == State::Silent).count();
        // A sum of nothing is -0.
        let requests: f64 =
            rows.iter().filter_map(|row| row.requests_per_second).sum::<f64>() + 0.0;
        format!(
            "{}: {} hosts, {silent} silent, {} req/s, every {interval}, by {}",
            visible(cluster),
            rows.len(),
            rate(requests),
            self.order.name()
        )
    }

    fn table(&self, width: usize) -> Table<'_> {
        let columns = fitting(&self.rows, width);
        let widths = columns.iter().map(|fitting| Constraint::Length(narrow(fitting.width)));
        let header = columns.iter().map(|fitting| cell(fitting, fitting.column.title.to_owned()));
        let header = Drawn::new(header).style(Modifier::UNDERLINED);
        let row = |row: &Row| {
            let cells = columns.iter().map(|fitting| cell(fitting, (fitting.column.text)(row)));
            Drawn::new(cells.collect::<Vec<_>>()).style(self.style(row))
        };
        let rows: Vec<_> = self.rows.iter().skip(self.above).map(row).collect();
        Table::new(rows, widths.collect::<Vec<_>>()).header(header).column_spacing(narrow(GAP))
    }

    fn style(&self, row: &Row) -> Style {
        match row.state {
            State::Up => Style::new(),
            State::Asked => Style::new().add_modifier(Modifier::DIM),
            State::Silent if self.has_colour => Style::new().fg(Color::Red),
            State::Silent => Style::new().add_modifier(Modifier::BOLD),
        }
    }
}

fn cell(fitting: &Fitting, text: String) -> Cell<'static> {
    let text = Text::raw(visible(&text));
    Cell::from(if fitting.column.is_number { text.right_aligned() } else { text })
}

/// No terminal is wider.
fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::{row, silent};
    use super::*;

    fn drawn(rows: Vec<Row>, above: usize, has_colour: bool, [width, height]: [u16; 2]) -> Buffer {
        let screen = Screen {
            cluster: "shop".to_owned(),
            interval: "2s".to_owned(),
            order: Order::Host,
            rows,
            above,
            has_colour,
        };
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        screen.render(area, &mut buffer);
        buffer
    }

    fn texts(buffer: &Buffer) -> Vec<String> {
        let width = usize::from(buffer.area.width);
        let line = |cells: &[ratatui::buffer::Cell]| {
            let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
            text.trim_end().to_owned()
        };
        buffer.content.chunks(width).map(line).collect()
    }

    #[test]
    fn hosts_are_below_each_other_and_numbers_at_the_right() {
        let rows = vec![row("10.0.0.1:9042", 1_234.5), silent("10.0.0.2:9042")];
        let texts = texts(&drawn(rows, 0, false, [72, 6]));
        assert_eq!(texts[0], "shop: 2 hosts, 1 silent, 1234 req/s, every 2s, by host");
        let expected = [
            "host           state   req/s  share   answer  note",
            "10.0.0.1:9042  up       1234  50.0%  0.42 ms",
            "10.0.0.2:9042  silent                         no answer for 8 s: connect",
            "",
        ];
        assert_eq!(texts[1..5], expected);
        assert!(KEYS.starts_with(&texts[5]), "{}", texts[5]);
    }

    #[test]
    fn more_hosts_than_lines_are_scrolled() {
        let rows = ["a", "b", "c", "d"].map(|host| row(host, 1.0)).to_vec();
        let hosts = |above| {
            let texts = texts(&drawn(rows.clone(), above, false, [40, 5]));
            texts[2..4].iter().map(|line| line[..1].to_owned()).collect::<String>()
        };
        assert_eq!([0, 1, 2].map(hosts), ["ab", "bc", "cd"]);
    }

    #[test]
    fn who_is_silent_is_seen_with_colour_and_without() {
        let first = |has_colour| {
            let buffer = drawn(vec![silent("a")], 0, has_colour, [80, 5]);
            buffer[(0, 2)].style()
        };
        assert_eq!(first(true).fg, Some(Color::Red));
        assert_eq!(first(false).fg, Some(Color::Reset));
        assert!(first(false).add_modifier.contains(Modifier::BOLD));
    }

    #[test]
    fn what_steers_a_terminal_is_not_drawn_and_no_size_is_too_small() {
        let mut evil = row("a", 1.0);
        evil.why = Some("\u{1b}[2J\u{202e}".to_owned());
        let texts = texts(&drawn(vec![evil], 0, false, [100, 5]));
        assert!(texts[2].contains(r"\u{1b}[2J\u{202e}"), "{}", texts[2]);
        for size in [[0, 0], [1, 1], [3, 2], [20, 3]] {
            drawn(vec![row("a", 1.0)], 0, false, size);
        }
    }
}
