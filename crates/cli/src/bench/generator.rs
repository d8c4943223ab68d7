//! Values of one bind marker: each a function of the request's number and of chance that is drawn from
//! it, so that a run can be repeated whatever answers first.

use cqlwire::codec::{ColumnSpec, ColumnType};
use cqlwire::value::{Counter, CqlTimestamp, CqlValue, TimeUuids};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};

use super::spec::{Range, Spec};
use crate::value::parse;

/// See the [module](self).
#[derive(Debug)]
pub(super) enum Generator {
    Number {
        range: Range<i64>,
        order: Order,
        make: Make,
    },
    Float(Range<f64>),
    Double(Range<f64>),
    Text(Range<usize>),
    Blob(Range<usize>),
    Uuid,
    TimeUuid(TimeUuids),
    /// One after the other.
    Listed(Vec<CqlValue>),
}

/// A number as a value of a type, if it is in the range of that.
type Make = fn(i64) -> Option<CqlValue>;

/// In which order numbers come.
#[derive(Debug)]
pub(super) enum Order {
    Sequence,
    Uniform,
    /// The first ones more often.
    Zipf(Zipf<f64>),
}

const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

impl Generator {
    /// For a marker, if the values have its type.
    pub(super) fn of(spec: &Spec, marker: &ColumnSpec) -> Result<Self, String> {
        let ty = &marker.column_type;
        let unfit = |what: &str| Err(format!("{what} is no value of type {ty}"));
        match spec {
            Spec::Sequence(range) => Self::number(*range, Order::Sequence, ty),
            Spec::Uniform(range) => Self::number(*range, Order::Uniform, ty),
            Spec::Zipf { range, exponent } => {
                let zipf = Zipf::new(numbers(*range), *exponent);
                let zipf = zipf.map_err(|error| format!("zipf: {error}"))?;
                Self::number(*range, Order::Zipf(zipf), ty)
            }
            Spec::Fraction(range) => match ty {
                ColumnType::Float => Ok(Self::Float(*range)),
                ColumnType::Double => Ok(Self::Double(*range)),
                _ => unfit("a number that is not whole"),
            },
            Spec::Text(lengths) => match ty {
                ColumnType::Text | ColumnType::Ascii => Ok(Self::Text(*lengths)),
                _ => unfit("text"),
            },
            Spec::Blob(lengths) => match ty {
                ColumnType::Blob => Ok(Self::Blob(*lengths)),
                _ => unfit("a blob"),
            },
            Spec::Uuid => match ty {
                ColumnType::Uuid => Ok(Self::Uuid),
                ColumnType::TimeUuid => Ok(Self::TimeUuid(TimeUuids::new())),
                _ => unfit("a uuid"),
            },
            Spec::Value(text) => {
                let value = parse(text, ty).map_err(|error| error.to_string())?;
                Ok(Self::Listed(vec![value]))
            }
            Spec::File(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                lines(&text, ty).map_err(|error| format!("{}: {error}", path.display()))
            }
        }
    }

    /// Both ends have to be values of the type, and then all between are.
    fn number(range: Range<i64>, order: Order, ty: &ColumnType) -> Result<Self, String> {
        let make = make(ty).ok_or_else(|| format!("a number is no value of type {ty}"))?;
        for end in [range.first, range.last] {
            if make(end).is_none() {
                return Err(match parse(&end.to_string(), ty) {
                    Err(error) => error.to_string(),
                    Ok(_) => format!("{end} is no value of type {ty}"),
                });
            }
        }
        Ok(Self::Number { range, order, make })
    }

    /// The value of the request of this number among those of its statement; what stood there before
    /// gives its room.
    pub(super) fn fill(&self, nth: u64, chance: &mut SmallRng, value: &mut CqlValue) {
        match self {
            Self::Number { range, order, make } => {
                let drawn = make(order.draw(*range, nth, chance));
                debug_assert!(drawn.is_some(), "both ends of the range were");
                *value = drawn.unwrap_or(CqlValue::Null);
            }
            #[allow(
                clippy::cast_possible_truncation,
                reason = "it is of the type's range or infinite"
            )]
            Self::Float(range) => *value = CqlValue::Float(fraction(*range, chance) as f32),
            Self::Double(range) => *value = CqlValue::Double(fraction(*range, chance)),
            Self::Text(lengths) => text(*lengths, chance, value),
            Self::Blob(lengths) => blob(*lengths, chance, value),
            Self::Uuid => {
                let random = uuid::Builder::from_random_bytes(chance.random());
                *value = CqlValue::Uuid(random.into_uuid());
            }
            Self::TimeUuid(ids) => *value = CqlValue::Uuid(ids.draw()),
            Self::Listed(values) => {
                let len = u64::try_from(values.len()).unwrap_or(u64::MAX).max(1);
                let at = usize::try_from(nth % len).unwrap_or_default();
                if let Some(listed) = values.get(at) {
                    value.clone_from(listed);
                }
            }
        }
    }
}

impl Order {
    fn draw(&self, range: Range<i64>, nth: u64, chance: &mut SmallRng) -> i64 {
        match self {
            Self::Sequence => {
                let numbers = range.first.abs_diff(range.last).saturating_add(1);
                range.first.saturating_add_unsigned(nth % numbers)
            }
            Self::Uniform => chance.random_range(range.first..=range.last),
            #[allow(clippy::cast_possible_truncation, reason = "it is whole, and within the range")]
            Self::Zipf(zipf) => {
                let rank = zipf.sample(chance) as i64;
                range.first.saturating_add(rank - 1).min(range.last)
            }
        }
    }
}

/// How many there are.
#[allow(clippy::cast_precision_loss, reason = "the last ones of so many are hardly ever drawn")]
fn numbers(range: Range<i64>) -> f64 {
    range.first.abs_diff(range.last) as f64 + 1.0
}

fn fraction(range: Range<f64>, chance: &mut SmallRng) -> f64 {
    let part: f64 = chance.random();
    range.first + (range.last - range.first) * part
}

fn text(lengths: Range<usize>, chance: &mut SmallRng, value: &mut CqlValue) {
    let mut text = match std::mem::replace(value, CqlValue::Null) {
        CqlValue::Text(text) => text,
        _ => String::new(),
    };
    text.clear();
    for _ in 0..length(lengths, chance) {
        let at = chance.random_range(0..LETTERS.len());
        text.push(LETTERS.get(at).copied().unwrap_or(b'a').into());
    }
    *value = CqlValue::Text(text);
}

fn blob(lengths: Range<usize>, chance: &mut SmallRng, value: &mut CqlValue) {
    let mut bytes = match std::mem::replace(value, CqlValue::Null) {
        CqlValue::Blob(bytes) => bytes,
        _ => Vec::new(),
    };
    bytes.resize(length(lengths, chance), 0);
    chance.fill_bytes(&mut bytes);
    *value = CqlValue::Blob(bytes);
}

fn length(lengths: Range<usize>, chance: &mut SmallRng) -> usize {
    chance.random_range(lengths.first..=lengths.last)
}

fn lines(text: &str, ty: &ColumnType) -> Result<Generator, String> {
    let read = |(at, line): (usize, &str)| {
        parse(line, ty).map_err(|error| format!("line {}: {error}", at + 1))
    };
    let values = text.lines().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    match values.is_empty() {
        true => Err("there is nothing in it".to_owned()),
        false => Ok(Generator::Listed(values)),
    }
}

/// How a number is made a value of the type, if it can be.
fn make(ty: &ColumnType) -> Option<Make> {
    use CqlValue as V;
    Some(match ty {
        ColumnType::TinyInt => |number| number.try_into().ok().map(V::TinyInt),
        ColumnType::SmallInt => |number| number.try_into().ok().map(V::SmallInt),
        ColumnType::Int => |number| number.try_into().ok().map(V::Int),
        ColumnType::BigInt => |number| Some(V::BigInt(number)),
        ColumnType::Counter => |number| Some(V::Counter(Counter(number))),
        ColumnType::Varint => |number| Some(V::Varint(number.into())),
        ColumnType::Timestamp => |number| Some(V::Timestamp(CqlTimestamp(number))),
        #[allow(clippy::cast_precision_loss, reason = "that is what these types do")]
        ColumnType::Float => |number| Some(V::Float(number as f32)),
        #[allow(clippy::cast_precision_loss, reason = "that is what these types do")]
        ColumnType::Double => |number| Some(V::Double(number as f64)),
        ColumnType::Decimal => |number| number.to_string().parse().ok().map(V::Decimal),
        ColumnType::Text | ColumnType::Ascii => |number| Some(V::Text(number.to_string())),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn generator(spec: &str, column_type: ColumnType) -> Result<Generator, String> {
        let (keyspace, table, name) = ("k".into(), "t".into(), "c".to_owned());
        let marker = ColumnSpec { keyspace, table, name, column_type };
        Generator::of(&Spec::parse(spec).unwrap(), &marker)
    }

    /// The first values, each of the request of its number.
    fn drawn(spec: &str, ty: ColumnType, count: u64) -> Vec<CqlValue> {
        let generator = generator(spec, ty).unwrap();
        let mut chance = SmallRng::seed_from_u64(7);
        let mut value = CqlValue::Null;
        let draw = |nth| {
            generator.fill(nth, &mut chance, &mut value);
            value.clone()
        };
        (0..count).map(draw).collect()
    }

    #[test]
    fn sequences_and_lists_begin_again() {
        let ints = [3, 4, 5, 3, 4].map(CqlValue::Int);
        assert_eq!(drawn("sequence(3..5)", ColumnType::Int, 5), ints);
        let texts = ["-1", "0", "-1"].map(|text| CqlValue::Text(text.to_owned()));
        assert_eq!(drawn("sequence(-1..0)", ColumnType::Text, 3), texts);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "true\nfalse\n").unwrap();
        let spec = format!("file({})", file.path().display());
        let booleans = [true, false, true].map(CqlValue::Boolean);
        assert_eq!(drawn(&spec, ColumnType::Boolean, 3), booleans);
        assert_eq!(drawn("value(7)", ColumnType::Int, 2), [7, 7].map(CqlValue::Int));
    }

    #[test]
    fn what_is_drawn_is_within_the_range_and_reaches_its_ends() {
        let mut ints: Vec<i64> = Vec::new();
        for value in drawn("uniform(1..4)", ColumnType::BigInt, 200) {
            let CqlValue::BigInt(int) = value else { panic!("{value:?}") };
            ints.push(int);
        }
        assert_eq!((ints.iter().min(), ints.iter().max()), (Some(&1), Some(&4)));
        let texts = drawn("text(1..3)", ColumnType::Text, 200);
        let lengths: Vec<usize> = texts
            .iter()
            .map(|text| if let CqlValue::Text(text) = text { text.len() } else { 0 })
            .collect();
        assert_eq!((lengths.iter().min(), lengths.iter().max()), (Some(&1), Some(&3)));
        for value in drawn("uniform(0.5..1.5)", ColumnType::Double, 200) {
            assert!(matches!(value, CqlValue::Double(number) if (0.5..1.5).contains(&number)));
        }
    }

    #[test]
    fn zipf_draws_the_first_ones_more_often() {
        let drawn = drawn("zipf(10..1009)", ColumnType::Int, 10_000);
        let often = |number| drawn.iter().filter(|value| **value == CqlValue::Int(number)).count();
        // Of 1,000 by 0.99, the first one is 13 % of all, and the tenth a tenth of that.
        assert!((1_000..1_700).contains(&often(10)), "{}", often(10));
        assert!((60..220).contains(&often(19)), "{}", often(19));
        let is_within = |value: &CqlValue| matches!(value, CqlValue::Int(10..=1_009));
        assert!(drawn.iter().all(is_within));
    }

    #[test]
    fn values_that_are_not_of_the_type_are_refused_with_the_reason() {
        let refused = |spec, ty| generator(spec, ty).unwrap_err();
        let wide = refused("sequence(1..1000)", ColumnType::TinyInt);
        assert_eq!(wide, "`1000` is no tinyint; allowed: a whole number from -128 to 127");
        assert_eq!(refused("uniform(1..2)", ColumnType::Uuid), "a number is no value of type uuid");
        assert_eq!(refused("text(5)", ColumnType::Int), "text is no value of type int");
        assert_eq!(refused("blob(5)", ColumnType::Text), "a blob is no value of type text");
        assert_eq!(refused("uuid", ColumnType::Text), "a uuid is no value of type text");
        let fraction = refused("uniform(0.5..1)", ColumnType::Int);
        assert_eq!(fraction, "a number that is not whole is no value of type int");
        assert!(refused("value(x)", ColumnType::Int).starts_with("`x` is no int"));
        let file = tempfile::NamedTempFile::new().unwrap();
        let spec = format!("file({})", file.path().display());
        assert!(refused(&spec, ColumnType::Int).ends_with("there is nothing in it"));
        std::fs::write(file.path(), "1\nx\n").unwrap();
        assert!(refused(&spec, ColumnType::Int).contains("line 2: `x` is no int"));
    }
}
