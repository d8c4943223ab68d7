//! A strict reader of the text format of Open Metrics, written from its specification: what it does not
//! allow fails the test.

use std::collections::{BTreeMap, BTreeSet};

/// One line with a figure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", |value| value)
    }

    /// Its labels but for that of the bucket.
    fn series(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.remove("le");
        labels
    }
}

/// The figures of a page, by families.
#[derive(Debug, Default)]
pub(super) struct Page(pub(super) BTreeMap<String, Family>);

#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) kind: String,
    pub(super) help: String,
    unit: String,
    pub(super) samples: Vec<Sample>,
}

impl Page {
    /// All figures of this family.
    pub(super) fn of(&self, family: &str) -> &[Sample] {
        self.0.get(family).map_or(&[], |family| &family.samples)
    }

    /// The only figure of this name.
    pub(super) fn one(&self, family: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            sample.name == name && labels.iter().all(|(of, value)| sample.label(of) == *value)
        };
        let found: Vec<_> = self.of(family).iter().filter(fits).collect();
        let [one] = &found[..] else { panic!("{name} {labels:?}: {found:?}") };
        one.value
    }

    /// Reads a page, and panics about whatever is wrong with it.
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let (mut current, mut is_over) = (String::new(), false);
        assert!(text.ends_with('\n'), "the last line has no end");
        for line in text.split_terminator('\n') {
            assert!(!is_over, "behind the end: {line}");
            if line == "# EOF" {
                is_over = true;
            } else if let Some(described) = line.strip_prefix("# ") {
                page.describe(&mut current, described);
            } else {
                page.sample(&current, line);
            }
        }
        assert!(is_over, "it does not end");
        page.0.iter().for_each(|(name, family)| family.check(name));
        page
    }

    fn describe(&mut self, current: &mut String, described: &str) {
        let mut parts = described.splitn(3, ' ');
        let (what, name) = (parts.next().unwrap(), parts.next().unwrap());
        let text = parts.next().unwrap_or_default();
        assert!(is_name(name), "{described}");
        if name != current {
            assert!(!self.0.contains_key(name), "{name} comes twice");
            *current = name.to_owned();
        }
        let family = self.0.entry(name.to_owned()).or_default();
        assert!(family.samples.is_empty(), "{name} is described behind its figures");
        let place = match what {
            "HELP" => &mut family.help,
            "TYPE" => &mut family.kind,
            "UNIT" => &mut family.unit,
            other => panic!("{other}"),
        };
        assert!(place.is_empty() && !text.is_empty(), "{described}");
        *place = text.to_owned();
    }

    fn sample(&mut self, current: &str, line: &str) {
        let family = self.0.get_mut(current).unwrap_or_else(|| panic!("of no family: {line}"));
        let name_ends = line.find(['{', ' ']).unwrap();
        let (name, mut rest) = line.split_at(name_ends);
        assert!(is_name(name), "{line}");
        let mut labels = BTreeMap::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            loop {
                let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                assert!(is_name(label) && !label.contains(':'), "{label:?} in {line}");
                let (value, after) = text_until_quote(value);
                assert!(labels.insert(label.to_owned(), value).is_none(), "{label} twice: {line}");
                match after.strip_prefix(',') {
                    Some(after) => rest = after,
                    None => {
                        rest = after.strip_prefix('}').unwrap_or_else(|| panic!("{line}"));
                        break;
                    }
                }
            }
        }
        let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(!value.contains(' '), "{line}");
        let value = value.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
        family.samples.push(Sample { name: name.to_owned(), labels, value });
    }
}

impl Family {
    fn check(&self, name: &str) {
        assert!(!self.kind.is_empty() && !self.samples.is_empty(), "{name}");
        assert!(self.unit.is_empty() || name.ends_with(&format!("_{}", self.unit)), "{name}");
        let suffixes: &[&str] = match &*self.kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{name} is {other}"),
        };
        let mut series = BTreeSet::new();
        for sample in &self.samples {
            let suffix = sample.name.strip_prefix(name);
            assert!(suffix.is_some_and(|suffix| suffixes.contains(&suffix)), "{name}: {sample:?}");
            assert!(sample.value.is_finite() && sample.value >= 0.0, "{sample:?}");
            let is_new = series.insert((sample.name.clone(), format!("{:?}", sample.labels)));
            assert!(is_new, "the same series twice: {sample:?}");
        }
        if self.kind == "histogram" {
            let each: BTreeSet<_> = self.samples.iter().map(Sample::series).collect();
            each.iter().for_each(|series| self.check_histogram(name, series));
        }
    }

    fn check_histogram(&self, name: &str, series: &BTreeMap<String, String>) {
        let of = |suffix: &str| {
            let wanted = format!("{name}{suffix}");
            let fits = |sample: &&Sample| sample.name == wanted && sample.series() == *series;
            self.samples.iter().filter(fits).cloned().collect::<Vec<_>>()
        };
        let (buckets, count, sum) = (of("_bucket"), of("_count"), of("_sum"));
        assert!(count.len() == 1 && sum.len() == 1 && buckets.len() > 1, "{name} {series:?}");
        let bounds: Vec<f64> = buckets.iter().map(|one| one.label("le").parse().unwrap()).collect();
        assert!(bounds.is_sorted_by(|one, next| one < next), "{name} {bounds:?}");
        assert!(buckets.is_sorted_by_key(|bucket| bucket.value), "{name}: not cumulative");
        let last = buckets.last().unwrap();
        assert_eq!((last.label("le"), last.value), ("+Inf", count[0].value), "{name}");
        // No time is above its bucket, and none below the bucket before.
        let (mut least, mut most, mut before, mut lower) = (0.0, 0.0, 0.0, 0.0);
        for (bucket, bound) in buckets.iter().zip(bounds) {
            let here = bucket.value - before;
            (least, most) = (least + here * lower * 0.85, most + here * bound.min(1e9));
            (before, lower) = (bucket.value, bound);
        }
        assert!((least..=most).contains(&sum[0].value), "{name}: {} {least} {most}", sum[0].value);
    }
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next().unwrap_or('0');
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !first.is_ascii_digit() && name.chars().all(is_part)
}

/// What stands before the next quote, and what is behind that.
fn text_until_quote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match characters.next() {
                Some((_, 'n')) => '\n',
                Some((_, same @ ('\\' | '"'))) => same,
                other => panic!("{other:?} behind a backslash in {text}"),
            }),
            same => value.push(same),
        }
    }
    panic!("no quote in {text}")
}
