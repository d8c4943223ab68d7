//! One statement in many texts, each of which servers take for another one: they differ by a comment.

/// Prepared statements that do the same.
#[derive(Debug)]
pub(super) struct Statements<P> {
    first: P,
    others: Vec<P>,
}

/// The texts of so many, 1 at least: the first is as it is.
pub(super) fn texts(text: &str, count: usize) -> impl Iterator<Item = String> {
    let commented = move |number: usize| format!("{text} /* {number} */");
    std::iter::once(text.to_owned()).chain((1..count).map(commented))
}

impl<P> Statements<P> {
    /// Of all of them; `None` if there is none.
    pub(super) fn new(prepared: Vec<P>) -> Option<Self> {
        let mut prepared = prepared.into_iter();
        Some(Self { first: prepared.next()?, others: prepared.collect() })
    }

    /// The one for this id. Ids are spread evenly, those too that have something in common.
    pub(super) fn of(&self, id: i64) -> &P {
        // By the golden ratio, as a hash is spread.
        let spread = id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
        let count = self.others.len() + 1;
        let number = usize::try_from(spread).map_or(0, |spread| spread % count);
        number.checked_sub(1).and_then(|other| self.others.get(other)).unwrap_or(&self.first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn texts_differ_and_ids_are_spread_over_all_of_them() {
        let texts: Vec<String> = texts("SELECT 1", 100).collect();
        assert_eq!(texts[..2], ["SELECT 1", "SELECT 1 /* 1 */"]);
        let statements = Statements::new(texts).unwrap();
        let mut counts = BTreeMap::<&String, u32>::new();
        for id in (0..20_000).map(|number| 7_000_000_000 + 2 * number) {
            *counts.entry(statements.of(id)).or_default() += 1;
        }
        assert_eq!(counts.len(), 100);
        assert!(counts.values().all(|count| (100..=300).contains(count)), "{counts:?}");
    }

    #[test]
    fn one_is_always_the_one() {
        assert_eq!(texts("SELECT 1", 1).collect::<Vec<_>>(), ["SELECT 1"]);
        let one = Statements::new(vec!["SELECT 1"]).unwrap();
        assert!([0, 1, -1, i64::MAX].into_iter().all(|id| *one.of(id) == "SELECT 1"));
        assert!(Statements::<u8>::new(Vec::new()).is_none());
    }
}
