//! The table of instructions, kept in the repository so that a change that costs is seen.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use clap::ValueEnum;

use super::{Step, Tools};
use crate::Result;

/// What stands above the figures.
const HEAD: &str = "\
# Instructions an operation

Counted by callgrind on the hot paths, and renewed by `make bench-instructions`. They depend on the
compiler, on the processor's features and on the version of valgrind, but not on how busy the
machine is: a change of a few per cent is a change of the code. The paths through the facade go over
a socket to the canned node; system calls count only as far as the program's own part of them.

`make ci` counts them again: a path that costs 3 % more than it does here fails, unless this page is
renewed in the same commit, whose message says why. Where the tools are others it says what it
counted, and fails nothing.

";

/// What stands before the tools.
const COUNTED_WITH: &str = "Counted with ";

/// What stands above the lines.
const COLUMNS: &str = "
| path | instructions |
| --- | ---: |
";

/// By how much a figure may exceed its entry, in thousandths: less than any change of the code that is
/// worth a word, and more than what a busy machine adds by gathering requests in another way.
const ALLOWED: u64 = 30;

/// The figures, by the name of their step.
#[derive(Debug)]
pub(super) struct Table {
    /// With what they were counted, as it stands there.
    tools: String,
    figures: BTreeMap<String, u64>,
}

impl Table {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read?,
        };
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let figure = |line: &str| {
            let (what, figure) = line.strip_prefix("| `")?.strip_suffix(" |")?.split_once(" | ")?;
            let (name, _) = what.split_once('`')?;
            Some((name.to_owned(), figure.replace(',', "").parse().ok()?))
        };
        let tools =
            text.lines().find_map(|line| line.strip_prefix(COUNTED_WITH)?.strip_suffix('.'));
        Self {
            tools: tools.unwrap_or_default().to_owned(),
            figures: text.lines().filter_map(figure).collect(),
        }
    }

    /// With what its figures were counted.
    pub(super) fn tools(&self) -> &str {
        &self.tools
    }

    /// What this figure is beside its entry.
    pub(super) fn compare(&self, step: Step, counted: u64) -> String {
        let before = self.figures.get(step.name());
        let change = before.map_or_else(|| "new".to_owned(), |before| change(*before, counted));
        format!("{:<24}{:>10}  {change}", step.name(), thousands(counted))
    }

    /// Does it exceed its entry by more than may be, or has it none?
    pub(super) fn is_exceeded(&self, step: Step, counted: u64) -> bool {
        let before = self.figures.get(step.name());
        before.is_none_or(|before| counted * 1_000 > before * (1_000 + ALLOWED))
    }

    /// Takes a figure in.
    pub(super) fn renew(&mut self, step: Step, counted: u64) {
        self.figures.insert(step.name().to_owned(), counted);
    }

    /// Keeps all figures, which were counted with these.
    pub(super) fn write(&mut self, path: &Path, tools: &Tools) -> Result<()> {
        self.tools = tools.to_string();
        Ok(fs::write(path, self.text())?)
    }

    fn text(&self) -> String {
        let line = |step: &Step| {
            let figure = self.figures.get(step.name())?;
            Some(format!("| `{}`: {} | {} |\n", step.name(), step.what(), thousands(*figure)))
        };
        let lines: String = Step::value_variants().iter().filter_map(line).collect();
        format!("{HEAD}{COUNTED_WITH}{}.\n{COLUMNS}{lines}", self.tools)
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts 2^53 instructions an operation")]
fn change(before: u64, counted: u64) -> String {
    format!("{:+.1} % of {}", (counted as f64 / before as f64 - 1.0) * 100.0, thousands(before))
}

fn thousands(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_written_is_read_again() {
        let mut table = Table::parse("");
        table.tools = "rustc 1.2.3, valgrind-4.5.6".to_owned();
        for (step, figure) in Step::value_variants().iter().zip([7, 1_234, 1_000_001]) {
            assert!(table.compare(*step, figure).ends_with("new"));
            table.renew(*step, figure);
        }
        let again = Table::parse(&table.text());
        assert_eq!((again.figures, again.tools), (table.figures, table.tools));
    }

    #[test]
    fn a_figure_may_exceed_its_entry_by_three_per_cent_and_needs_one() {
        let mut table = Table::parse("");
        assert!(table.is_exceeded(Step::MuxCycle, 1));
        table.renew(Step::MuxCycle, 1_000);
        assert!(!table.is_exceeded(Step::MuxCycle, 1_030));
        assert!(table.is_exceeded(Step::MuxCycle, 1_031));
    }

    #[test]
    fn a_change_is_told_in_per_cent() {
        assert_eq!(change(1_000, 1_025), "+2.5 % of 1,000");
    }
}
