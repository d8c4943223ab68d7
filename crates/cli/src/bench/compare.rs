//! Two reports side by side, and how much the second has of the first.

use std::io::{self, Write};

use super::report::{Report, float};
use crate::output::{Look, Table};

/// All figures of both. What differs in the load is for who reads to judge: it is told by [`differences`].
pub(super) fn write(old: &Report, new: &Report, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let figures = figures(old).into_iter().zip(figures(new));
    let rows: Vec<_> = figures
        .map(|((name, old), (_, new))| {
            let [old_text, new_text] = [old, new].map(|figure| format!("{figure:.2}"));
            Table::texts([name, old_text, new_text, ratio(old, new)])
        })
        .collect();
    Table::of(&["", "old", "new", "new/old"], look).whole(&rows, out)
}

fn figures(report: &Report) -> Vec<(String, f64)> {
    let mut figures = vec![
        ("answered/s".to_owned(), report.answered_per_second),
        ("answered".to_owned(), float(report.answered)),
        ("failed".to_owned(), float(report.failed)),
        ("not sent".to_owned(), float(report.not_sent)),
    ];
    let latency = report.latency_ms.figures();
    figures.extend(latency.map(|(name, millis)| (format!("{name}, ms"), millis)));
    figures
}

/// `1.25`; nothing, where there is nothing to compare with.
fn ratio(old: f64, new: f64) -> String {
    if old > 0.0 { format!("{:.2}", new / old) } else { String::new() }
}

/// What was sent, or how, that is not the same.
pub(super) fn differences(old: &Report, new: &Report) -> Vec<String> {
    let (old, new) = (&old.load, &new.load);
    let told = |differs: bool, what: &str| {
        differs.then(|| format!("the reports are of different loads: {what} differ"))
    };
    let differ = [
        told(old.statements != new.statements, "their statements"),
        told(old.weights != new.weights, "the weights of their statements"),
        told(old.values != new.values, "their values"),
        told(old.seed != new.seed, "their seeds"),
        told((old.rate, old.concurrency) != (new.rate, new.concurrency), "rate and concurrency"),
        told(old.consistency != new.consistency, "their consistencies"),
    ];
    differ.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn each_figure_has_its_ratio_where_there_is_one() {
        let (old, new) = (report(2), report(5));
        let mut out = Vec::new();
        write(&old, &new, Look::default(), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let row = |name: &str| {
            let line = out.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
            line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(row("answered/s"), ["answered/s", "1.00", "1.00", "1.00"]);
        assert_eq!(row("p99, ms"), ["p99, ms", "2.00", "5.00", "2.50"]);
        assert_eq!(ratio(0.0, 1.0), "");
    }

    #[test]
    fn what_differs_in_the_load_is_told() {
        let (old, mut new) = (report(2), report(2));
        assert!(differences(&old, &new).is_empty());
        new.load.rate = Some(5.0);
        new.load.values.clear();
        let told = differences(&old, &new);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].ends_with("their values differ"), "{told:?}");
    }
}
