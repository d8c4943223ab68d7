//! The table of instructions, kept in the repository so that a change that costs is seen.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use clap::ValueEnum;

use super::Step;
use crate::Result;

/// What stands above the figures.
const HEAD: &str = "\
# Instructions an operation

Counted by callgrind on the hot paths, and renewed by `make bench-instructions`. They depend on the
compiler, on the processor's features and on the version of valgrind, but not on how busy the
machine is: a change of a few per cent is a change of the code. The paths through the facade go over
a socket to the canned node; system calls count only as far as the program's own part of them.

| path | instructions |
| --- | ---: |
";

/// The figures, by the name of their step.
#[derive(Debug)]
pub(super) struct Table {
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
        Self { figures: text.lines().filter_map(figure).collect() }
    }

    /// Takes a figure in, and says what became of it.
    pub(super) fn renew(&mut self, step: Step, counted: u64) -> String {
        let before = self.figures.insert(step.name().to_owned(), counted);
        let change = before.map_or_else(|| "new".to_owned(), |before| change(before, counted));
        format!("{:<24}{:>10}  {change}", step.name(), thousands(counted))
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        Ok(fs::write(path, self.text())?)
    }

    fn text(&self) -> String {
        let line = |step: &Step| {
            let figure = self.figures.get(step.name())?;
            Some(format!("| `{}`: {} | {} |\n", step.name(), step.what(), thousands(*figure)))
        };
        let lines: String = Step::value_variants().iter().filter_map(line).collect();
        format!("{HEAD}{lines}")
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
        for (step, figure) in Step::value_variants().iter().zip([7, 1_234, 1_000_001]) {
            assert!(table.renew(*step, figure).ends_with("new"));
        }
        assert_eq!(Table::parse(&table.text()).figures, table.figures);
    }

    #[test]
    fn a_change_is_told_in_per_cent() {
        assert_eq!(change(1_000, 1_025), "+2.5 % of 1,000");
    }
}
