//! serde: values and rows of whatever type as data.

use std::fmt::{self, Display, Formatter};

use serde_core::ser::{Serialize, SerializeMap, Serializer};

use crate::{CqlRow, CqlUserType, CqlValue};

/// A map from the names of the columns to their values.
impl Serialize for CqlRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A map from the names of all fields of the type to their values.
impl Serialize for CqlUserType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = &self.user_type.fields;
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for (position, (name, _)) in fields.iter().enumerate() {
            map.serialize_entry(name, self.values.get(position).unwrap_or(&CqlValue::Null))?;
        }
        map.end()
    }
}

/// Booleans, numbers of up to 64 bits and texts are themselves; null and empty are nothing (null in
/// JSON); lists, sets, vectors and tuples are sequences, maps and user types are maps. A map whose
/// keys are none of those is a sequence of pairs. What no format has a type of its own for is text:
///
/// | CQL | text |
/// |---|---|
/// | blob, custom | `0x00ff`; bytes, if the format is not for people |
/// | decimal | `12.50`, `1E-40`: no digit is lost |
/// | varint over 64 bits | its digits; over 1,024 bytes in hexadecimal, `0x...` |
/// | uuid, inet | as usual |
/// | timestamp, date, time | `2015-11-02T00:00:00.000Z`, `2015-11-02`, `23:59:59.000000000` |
/// | duration | `1mo2d3ns`, as in CQL |
///
/// JSON has neither NaN nor infinity: `serde_json` writes null.
impl Serialize for CqlValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null | Self::Empty => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Blob(bytes) | Self::Custom(bytes) if serializer.is_human_readable() => {
                serializer.collect_str(&Hex(bytes))
            }
            Self::Blob(bytes) | Self::Custom(bytes) => serializer.serialize_bytes(bytes),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::TinyInt(number) => serializer.serialize_i8(*number),
            Self::SmallInt(number) => serializer.serialize_i16(*number),
            Self::Int(number) => serializer.serialize_i32(*number),
            Self::BigInt(number) => serializer.serialize_i64(*number),
            Self::Counter(counter) => serializer.serialize_i64(counter.0),
            Self::Float(number) => serializer.serialize_f32(*number),
            Self::Double(number) => serializer.serialize_f64(*number),
            Self::Varint(number) => match number.to_i64() {
                Some(small) => serializer.serialize_i64(small),
                None => serializer.collect_str(number),
            },
            Self::Decimal(decimal) => serializer.collect_str(decimal),
            Self::Uuid(uuid) => serializer.collect_str(uuid),
            Self::Inet(address) => serializer.collect_str(address),
            Self::Timestamp(time) => serializer.collect_str(time),
            Self::Date(date) => serializer.collect_str(date),
            Self::Time(time) => serializer.collect_str(time),
            Self::Duration(duration) => serializer.collect_str(duration),
            Self::List(values) | Self::Set(values) | Self::Vector(values) | Self::Tuple(values) => {
                serializer.collect_seq(values)
            }
            Self::Map(entries) if entries.iter().all(|(key, _)| is_key(key)) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (Key(key), value)))
            }
            Self::Map(entries) => serializer.collect_seq(entries),
            Self::UserType(value) => value.serialize(serializer),
        }
    }
}

/// Whether it can be the key of a map: whatever is a text or a number.
const fn is_key(value: &CqlValue) -> bool {
    use CqlValue as V;
    !matches!(
        value,
        V::Null
            | V::Empty
            | V::List(_)
            | V::Set(_)
            | V::Vector(_)
            | V::Tuple(_)
            | V::Map(_)
            | V::UserType(_)
    )
}

/// A key. Formats take few types for one: what is neither an integer nor a text becomes a text.
struct Key<'a>(&'a CqlValue);

impl Serialize for Key<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            CqlValue::Boolean(truth) => serializer.collect_str(truth),
            CqlValue::Float(number) => serializer.collect_str(number),
            CqlValue::Double(number) => serializer.collect_str(number),
            value => value.serialize(serializer),
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{json, to_value};
    use uuid::Uuid;

    use super::*;
    use crate::{
        ColumnType, CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlVarint, UserType,
    };

    use CqlValue as V;

    #[test]
    fn values_are_themselves_where_there_is_a_type_and_text_where_there_is_none() {
        let decimal = |unscaled: i128, scale| {
            V::Decimal(CqlDecimal { unscaled: CqlVarint::from(unscaled), scale })
        };
        let cases = [
            (V::Null, json!(null)),
            (V::Empty, json!(null)),
            (V::from("ñ"), json!("ñ")),
            (V::Blob(vec![0, 255]), json!("0x00ff")),
            (V::Boolean(true), json!(true)),
            (V::BigInt(i64::MIN), json!(i64::MIN)),
            (V::Double(1.5), json!(1.5)),
            (V::Double(f64::NAN), json!(null)),
            (V::Varint(CqlVarint::from(7)), json!(7)),
            (V::Varint(CqlVarint::from(i128::MIN)), json!(i128::MIN.to_string())),
            (
                V::Varint(CqlVarint::from_signed_bytes_be(&[1; 17])),
                json!("341616807575530379006368233343265341697"),
            ),
            (decimal(1250, 2), json!("12.50")),
            (decimal(-5, 2), json!("-0.05")),
            (decimal(7, 0), json!("7")),
            (decimal(7, -3), json!("7E3")),
            (decimal(7, 41), json!("7E-41")),
            (decimal(1, i32::MIN), json!("1E2147483648")),
            (V::Uuid(Uuid::nil()), json!("00000000-0000-0000-0000-000000000000")),
            (V::Inet([127, 0, 0, 1].into()), json!("127.0.0.1")),
            (V::Timestamp(CqlTimestamp(1_446_422_400_000)), json!("2015-11-02T00:00:00.000Z")),
            (V::Timestamp(CqlTimestamp(-1)), json!("1969-12-31T23:59:59.999Z")),
            (V::Date(CqlDate::from_unix_days(19_782)), json!("2024-02-29")),
            (V::Date(CqlDate(0)), json!("-5877641-06-23")),
            (V::Date(CqlDate(u32::MAX)), json!("+5881580-07-11")),
            (V::Time(CqlTime::MAX), json!("23:59:59.999999999")),
            (V::Duration(CqlDuration { months: -1, days: -2, nanos: -3 }), json!("-1mo2d3ns")),
        ];
        for (value, expected) in cases {
            assert_eq!(to_value(&value).unwrap(), expected, "{value:?}");
        }
        assert!(to_value(V::Timestamp(CqlTimestamp(i64::MIN))).is_ok());
        assert!(to_value(V::Timestamp(CqlTimestamp(i64::MAX))).is_ok());
        assert!(to_value(V::Time(CqlTime(i64::MIN))).is_ok());
    }

    #[test]
    fn what_is_made_of_values_is_a_sequence_or_a_map() {
        let ints = || vec![V::Int(1), V::Int(2)];
        for value in [V::List(ints()), V::Set(ints()), V::Vector(ints()), V::Tuple(ints())] {
            assert_eq!(to_value(&value).unwrap(), json!([1, 2]));
        }
        let map = |key| V::Map(vec![(key, V::Null)]);
        assert_eq!(to_value(map("a".into())).unwrap(), json!({ "a": null }));
        assert_eq!(to_value(map(V::Int(1))).unwrap(), json!({ "1": null }));
        assert_eq!(to_value(map(V::Boolean(true))).unwrap(), json!({ "true": null }));
        assert_eq!(to_value(map(V::Double(f64::NAN))).unwrap(), json!({ "NaN": null }));
        assert_eq!(
            to_value(map(V::Uuid(Uuid::nil()))).unwrap(),
            json!({ Uuid::nil().to_string(): null })
        );
        assert_eq!(to_value(map(V::Tuple(ints()))).unwrap(), json!([[[1, 2], null]]));
        assert_eq!(to_value(V::Map(vec![])).unwrap(), json!({}));
        let fields = vec![("a".to_owned(), ColumnType::Int), ("b".to_owned(), ColumnType::Int)];
        let user_type = Arc::new(UserType { keyspace: "ks".into(), name: "u".into(), fields });
        let value = V::UserType(CqlUserType { user_type, values: vec![V::Int(1)] });
        assert_eq!(to_value(&value).unwrap(), json!({ "a": 1, "b": null }));
    }

    #[test]
    fn a_row_is_a_map_by_the_names_of_its_columns() {
        use crate::value::tests::cells;
        use crate::{ColumnSpec, RowIter};
        let column = |name: &str, column_type| ColumnSpec {
            keyspace: "ks".into(),
            table: "t".into(),
            name: name.into(),
            column_type,
        };
        let columns = [column("id", ColumnType::Int), column("Name", ColumnType::Text)];
        let content = cells(&[Some(&[0, 0, 0, 1]), Some(b"Ada"), None, None]);
        let rows: Vec<CqlRow> =
            RowIter::new(&columns, 2, &content).unwrap().collect::<Result<_, _>>().unwrap();
        let expected = json!([{ "id": 1, "Name": "Ada" }, { "id": null, "Name": null }]);
        assert_eq!(to_value(&rows).unwrap(), expected);
        assert_eq!(rows[0].column("Name"), Some(&V::from("Ada")));
        assert_eq!(rows[0].column("name"), None);
    }
}
