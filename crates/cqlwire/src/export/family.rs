//! Figures of one name, told apart by their labels.

use std::rc::Rc;

use cqlwire_pool::LatencyHistogram;

/// What tells figures of one name apart: names and values.
pub(super) type Labels = Rc<[(&'static str, String)]>;

/// Figures of one name.
#[derive(Debug)]
pub(super) struct Family<'m> {
    /// In snake case, without the prefix and what collectors append: `requests`.
    pub(super) name: String,
    /// What they are, in a sentence.
    pub(super) help: String,
    pub(super) kind: FamilyKind,
    pub(super) samples: Vec<Sample<'m>>,
}

/// What kind of figures they are.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum FamilyKind {
    /// They only ever grow.
    Counter,
    Gauge,
    /// Times.
    Durations,
}

#[derive(Debug)]
pub(super) struct Sample<'m> {
    pub(super) labels: Labels,
    pub(super) value: Value<'m>,
}

#[derive(Copy, Clone, Debug)]
pub(super) enum Value<'m> {
    Figure(u64),
    Times(&'m LatencyHistogram),
}

impl<'m> Family<'m> {
    /// Without any figure yet. What it is may be documentation: links in it are left as their texts.
    pub(super) fn new(name: impl Into<String>, help: &str, kind: FamilyKind) -> Self {
        Self { name: name.into(), help: plain(help), kind, samples: Vec::new() }
    }

    pub(super) fn counter(name: impl Into<String>, help: &str) -> Self {
        Self::new(name, help, FamilyKind::Counter)
    }

    pub(super) fn gauge(name: impl Into<String>, help: &str) -> Self {
        Self::new(name, help, FamilyKind::Gauge)
    }

    pub(super) fn durations(name: impl Into<String>, help: &str) -> Self {
        Self::new(name, help, FamilyKind::Durations)
    }

    /// With this figure as well.
    pub(super) fn with(mut self, labels: &Labels, figure: u64) -> Self {
        self.add(labels, Value::Figure(figure));
        self
    }

    pub(super) fn add(&mut self, labels: &Labels, value: Value<'m>) {
        self.samples.push(Sample { labels: Rc::clone(labels), value });
    }
}

/// Documentation as a plain sentence: `[text](target)` is left as `text`.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let (name, after) = link.split_once(']').unwrap_or((link, ""));
        plain.push_str(name);
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain.replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn documentation_is_left_as_a_sentence() {
        assert_eq!(plain(" The [budget](crate::Budget) was used up. "), "The budget was used up.");
        assert_eq!(plain("`a` of [`B`]s"), "a of Bs");
        assert_eq!(plain("nothing"), "nothing");
    }
}
