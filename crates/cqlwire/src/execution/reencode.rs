//! The values of a stream, and of texts in a batch, which outlive what they were made from: encoded
//! once, and encoded anew from that when the statement's bind markers turn out to have changed since,
//! or are known only then.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use cqlwire_codec::{
    ColumnSpec, ColumnType, CqlValue, DecodeValue, EncodeValue, EncodeValues, EncodedValues,
    ValueError,
};

use super::own_type::{ANY, goes_with, likely_rust_type};
use crate::operation::needs_marker;

/// Values that were encoded for these bind markers.
#[derive(Debug)]
pub(crate) struct StoredValues {
    encoded: EncodedValues,
    given: GivenMarkers,
}

/// The bind markers that values were encoded for.
#[derive(Clone, Debug)]
pub(crate) struct GivenMarkers {
    /// None, if they go with a text as it is.
    markers: Arc<[ColumnSpec]>,
    /// The Rust types of the values, if the markers are what these are by themselves, and none of a
    /// statement.
    rust: Option<Arc<[&'static str]>>,
    /// Do they go to the markers of their names, whatever the order?
    by_name: bool,
}

impl StoredValues {
    /// # Errors
    ///
    /// The values do not fit the markers.
    pub(super) fn encode(
        values: &dyn EncodeValues,
        markers: Arc<[ColumnSpec]>,
    ) -> Result<Self, ValueError> {
        let encoded = EncodedValues::encode(values, &markers, BytesMut::new())?;
        Ok(Self { encoded, given: GivenMarkers::by_position(markers) })
    }

    /// Values whose bind markers are not known yet: as what they are by themselves.
    ///
    /// # Errors
    ///
    /// One of them is nothing by itself.
    pub(crate) fn by_own_types(values: &dyn EncodeValues) -> Result<Self, ValueError> {
        let (mut markers, mut rust) = (Vec::new(), Vec::new());
        values.each_value(&mut |name, value| {
            let own = value.own_type().or_else(|| is_missing(value).then_some(ANY));
            let own = own.ok_or_else(|| needs_marker(markers.len() + 1, name))?;
            markers.push(own_marker(markers.len() + 1, name, own));
            rust.push(value.rust_type());
            Ok(())
        })?;
        if markers.is_empty() {
            return Err(needs_marker(1, None));
        }
        let by_name = values.named(&[]);
        let encoded = EncodedValues::encode(values, &markers, BytesMut::new())?;
        let given = GivenMarkers { markers: markers.into(), rust: Some(rust.into()), by_name };
        Ok(Self { encoded, given })
    }

    pub(super) const fn encoded(&self) -> &EncodedValues {
        &self.encoded
    }

    pub(crate) fn into_parts(self) -> (EncodedValues, GivenMarkers) {
        (self.encoded, self.given)
    }
}

impl GivenMarkers {
    pub(crate) const fn by_position(markers: Arc<[ColumnSpec]>) -> Self {
        Self { markers, rust: None, by_name: false }
    }

    /// Each value as what its marker took it for, encoded as what the marker is now; gives how many
    /// there are.
    pub(crate) fn encode_anew<'v>(
        &self,
        values: impl Iterator<Item = &'v [u8]>,
        markers: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        let values = values.zip(0..);
        if self.by_name {
            self.encode_by_name(&values.collect::<Vec<_>>(), markers, out)?;
            return Ok(markers.len());
        }
        let given = self.markers.len();
        if markers.len() != given {
            return Err(ValueError::Count { given, expected: markers.len() });
        }
        for (value, now) in values.zip(markers) {
            self.encode_as(value, now, out)?;
        }
        Ok(given)
    }

    /// Each value to the marker of its name.
    fn encode_by_name(
        &self,
        values: &[(&[u8], usize)],
        markers: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        for now in markers {
            let is_it = |(_, at): &&(&[u8], usize)| {
                self.markers.get(*at).is_some_and(|before| before.name == now.name)
            };
            let value = values.iter().find(is_it);
            let value = value.ok_or_else(|| ValueError::NoValue(now.name.as_str().into()))?;
            self.encode_as(*value, now, out)?;
        }
        let has_marker = |own: &&ColumnSpec| markers.iter().any(|marker| marker.name == own.name);
        match self.markers.iter().find(|own| !has_marker(own)) {
            Some(surplus) => Err(ValueError::NoMarker(surplus.name.as_str().into())),
            None => Ok(()),
        }
    }

    /// Appends a value, which is there with its length, as what its marker is now.
    fn encode_as(
        &self,
        (value, at): (&[u8], usize),
        now: &ColumnSpec,
        out: &mut BytesMut,
    ) -> Result<(), ValueError> {
        let Some(before) = self.markers.get(at) else { return Ok(()) };
        let (was, is) = (&before.column_type, &now.column_type);
        if self.rust.is_some() && !goes_with(was, is) {
            return Err(self.named(ValueError::mismatch::<CqlValue>(is), at, now));
        }
        // Null, and not set, are so in any type.
        if was == is || has_no_bytes(value) {
            out.put_slice(value);
            return Ok(());
        }
        let (_, bytes) = value.split_at(size_of::<i32>().min(value.len()));
        let decoded = CqlValue::decode(was, Some(bytes));
        let encoded = decoded.and_then(|value| value.encode(Some(is), out));
        encoded.map_err(|error| self.named(error, at, now))
    }

    /// The error of a value, with its column, and with its Rust type instead of that which stands
    /// for it here.
    #[cold]
    fn named(&self, mut error: ValueError, at: usize, now: &ColumnSpec) -> ValueError {
        let rust = self.rust.as_ref().and_then(|rust| rust.get(at)).copied();
        let likely = || self.markers.get(at).map(|before| likely_rust_type(&before.column_type));
        match (&mut error, rust.or_else(likely)) {
            (ValueError::Mismatch(error), Some(rust)) if error.field.is_none() => error.rust = rust,
            (ValueError::Value(error), Some(rust)) if error.field.is_none() => error.rust = rust,
            _ => {}
        }
        error.in_column(&now.name)
    }
}

/// The bind marker that a value would have if it were asked.
fn own_marker(number: usize, name: Option<&str>, column_type: ColumnType) -> ColumnSpec {
    let (keyspace, table) = (Arc::default(), Arc::default());
    let name = name.map_or_else(|| format!("value {number}"), str::to_owned);
    ColumnSpec { keyspace, table, name, column_type }
}

/// Is it null, or not set?
fn is_missing(value: &dyn EncodeValue) -> bool {
    let mut out = BytesMut::new();
    value.encode(None, &mut out).is_ok() && has_no_bytes(&out)
}

/// Is this, a value with its length, null or not set?
fn has_no_bytes(value: &[u8]) -> bool {
    value.first().is_some_and(|first| *first >= 0x80)
}

impl EncodeValues for StoredValues {
    fn named(&self, columns: &[ColumnSpec]) -> bool {
        self.encoded.named(columns)
    }

    fn is_empty(&self) -> bool {
        self.encoded.is_empty()
    }

    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        let given = &self.given;
        if std::ptr::eq(columns, &*given.markers) || *columns == *given.markers {
            return self.encoded.encode_values(columns, out);
        }
        given.encode_anew(self.encoded.each(), columns, out)
    }
}

#[cfg(test)]
mod tests {
    use cqlwire_codec::{NamedValues, Unset, UserType};

    use super::*;

    fn markers(types: impl IntoIterator<Item = ColumnType>) -> Arc<[ColumnSpec]> {
        let marker = |(number, column_type): (usize, ColumnType)| ColumnSpec {
            keyspace: Arc::from("ks"),
            table: Arc::from("t"),
            name: format!("m{number}"),
            column_type,
        };
        types.into_iter().enumerate().map(marker).collect()
    }

    fn user_type(fields: &[&str]) -> ColumnType {
        let fields = fields.iter().map(|name| ((*name).to_owned(), ColumnType::Int)).collect();
        let (keyspace, name) = ("ks".into(), "udt".into());
        ColumnType::UserType(Arc::new(UserType { keyspace, name, fields }))
    }

    fn encoded(values: &dyn EncodeValues, markers: &[ColumnSpec]) -> Result<BytesMut, ValueError> {
        let mut out = BytesMut::new();
        values.encode_values(markers, &mut out).map(|_| out)
    }

    #[test]
    fn g15_1_values_that_fit_the_markers_of_now_are_those_that_were_given() {
        let before = markers([ColumnType::Int, user_type(&["a"]), ColumnType::Int]);
        let now = markers([ColumnType::Int, user_type(&["a", "b"]), ColumnType::Text]);
        let given = (7_i32, CqlValue::from(None::<i32>), Unset);
        let stored = StoredValues::encode(&given, Arc::clone(&before)).unwrap();
        assert_eq!(encoded(&stored, &before).unwrap(), encoded(&given, &before).unwrap());
        assert_eq!(encoded(&stored, &now).unwrap(), encoded(&given, &now).unwrap());
    }

    #[test]
    fn g15_1_values_of_another_type_are_refused_with_the_name_of_the_column() {
        let before = markers([ColumnType::Int, ColumnType::Int]);
        let now = markers([ColumnType::Int, ColumnType::Float]);
        let stored = StoredValues::encode(&(7_i32, 5_i32), before).unwrap();
        let error = encoded(&stored, &now).unwrap_err().to_string();
        assert!(error.contains("column `m1`") && error.contains("float"), "{error}");
        let error = encoded(&stored, &now[..1]).unwrap_err();
        assert!(matches!(error, ValueError::Count { given: 2, expected: 1 }), "{error}");
    }

    /// Whatever it is by itself, to its bind marker it is what it would have been at once.
    #[track_caller]
    fn becomes(given: &dyn EncodeValues, types: impl IntoIterator<Item = ColumnType>) {
        let markers = markers(types);
        let stored = StoredValues::by_own_types(given).unwrap();
        assert_eq!(encoded(&stored, &markers), encoded(given, &markers));
    }

    #[test]
    fn g15_5_values_whose_markers_are_not_known_yet_become_what_they_are_to_be() {
        let vector = |element| ColumnType::Vector(Box::new(element), 3);
        let [int, text] = [|| Box::new(ColumnType::Int), || Box::new(ColumnType::Text)];
        becomes(&(vec![1.0_f32, 2.0, 3.0],), [vector(ColumnType::Float)]);
        becomes(&(["a", "b", "c"],), [vector(ColumnType::Text)]);
        becomes(&(vec![3_i32, 1, 3],), [ColumnType::Set(int())]);
        becomes(&(Vec::<i32>::new(), 1_i64), [ColumnType::List(int()), ColumnType::Timestamp]);
        becomes(
            &(None::<i32>, Unset, None::<Vec<&str>>),
            [ColumnType::Int, ColumnType::Float, ColumnType::List(text())],
        );
        becomes(&((1_i32, None::<&str>),), [ColumnType::Tuple(vec![*int(), *text()])]);
        becomes(
            &(CqlValue::List(vec![CqlValue::Int(1)]), CqlValue::Null),
            [ColumnType::List(int()), ColumnType::Int],
        );
        let named = NamedValues(&[("m1", 1_i32), ("m0", 2)]);
        becomes(&named, [ColumnType::Int, ColumnType::Int]);
    }

    #[test]
    fn g15_5_values_that_do_not_fit_the_markers_are_refused_once_these_are_known() {
        let refused = |given: &dyn EncodeValues, now| {
            let stored = StoredValues::by_own_types(given).unwrap();
            encoded(&stored, &markers(now)).unwrap_err().to_string()
        };
        let float = refused(&(5_i32,), vec![ColumnType::Float]);
        assert!(float.contains("column `m0`") && float.contains("float"), "{float}");
        let count = refused(&(5_i32,), vec![ColumnType::Int, ColumnType::Int]);
        assert!(count.contains("1 values for 2"), "{count}");
        let named = NamedValues(&[("m0", 1_i32), ("other", 2)]);
        assert!(refused(&named, vec![ColumnType::Int]).contains("no bind marker `other`"));
        let named = NamedValues(&[("m0", 1_i32)]);
        let missing = refused(&named, vec![ColumnType::Int, ColumnType::Int]);
        assert!(missing.contains("no value for the bind marker `m1`"), "{missing}");
        let mixed = [CqlValue::Int(1), CqlValue::Text("abcd".to_owned())];
        let error = StoredValues::by_own_types(&(CqlValue::List(mixed.into()),)).unwrap_err();
        assert!(error.to_string().contains("int"), "{error}");
    }

    #[test]
    fn g15_5_what_is_nothing_by_itself_cannot_be_kept() {
        struct Opaque;
        impl EncodeValue for Opaque {
            fn encode(&self, _: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
                out.put_i32(0);
                Ok(())
            }
        }
        let error = StoredValues::by_own_types(&(1_i32, Opaque)).unwrap_err().to_string();
        assert!(error.contains("value 2 needs the type of its bind marker"), "{error}");
    }

    fn types_of_all_kinds() -> Vec<ColumnType> {
        let boxed = |ty: ColumnType| Box::new(ty);
        let scalars = [
            ColumnType::Ascii,
            ColumnType::Text,
            ColumnType::Blob,
            ColumnType::Boolean,
            ColumnType::TinyInt,
            ColumnType::SmallInt,
            ColumnType::Int,
            ColumnType::BigInt,
            ColumnType::Counter,
            ColumnType::Float,
            ColumnType::Double,
            ColumnType::Varint,
            ColumnType::Decimal,
            ColumnType::Uuid,
            ColumnType::TimeUuid,
            ColumnType::Inet,
            ColumnType::Timestamp,
            ColumnType::Date,
            ColumnType::Time,
            ColumnType::Duration,
            ColumnType::Custom("a.b.C".into()),
        ];
        let mut types: Vec<_> = scalars.to_vec();
        for scalar in &scalars {
            let one = scalar.clone();
            types.push(ColumnType::List(boxed(one.clone())));
            types.push(ColumnType::Set(boxed(one.clone())));
            types.push(ColumnType::Vector(boxed(one.clone()), 2));
            types.push(ColumnType::Map(boxed(one.clone()), boxed(ColumnType::Text)));
            types.push(ColumnType::Map(boxed(ColumnType::Int), boxed(one.clone())));
            types.push(ColumnType::Tuple(vec![one.clone(), one.clone()]));
            types.push(ColumnType::Tuple(vec![one.clone()]));
            types.push(ColumnType::List(boxed(ColumnType::List(boxed(one.clone())))));
        }
        types.push(user_type(&["a", "b"]));
        types.push(user_type(&["b", "a"]));
        types.push(user_type(&["a"]));
        types.push(user_type(&["a", "c", "b"]));
        types.push(ColumnType::List(boxed(user_type(&["b", "a"]))));
        types
    }

    fn values_of_all_kinds() -> Vec<(&'static str, Box<dyn EncodeValue>)> {
        use std::collections::{BTreeMap, BTreeSet};
        let ColumnType::UserType(ab) = user_type(&["a", "b"]) else { panic!() };
        let of_ab = |values| {
            CqlValue::UserType(cqlwire_codec::CqlUserType { user_type: Arc::clone(&ab), values })
        };
        let uuids = [uuid::Uuid::from_u128(7 << 100), uuid::Uuid::from_u128(1)];
        vec![
            ("text", Box::new("abc")),
            ("umlaut", Box::new("\u{e4}")),
            ("empty text", Box::new("")),
            ("blob", Box::new(vec![1_u8, 2])),
            ("array", Box::new([1_u8; 4])),
            ("bool", Box::new(true)),
            ("i8", Box::new(-1_i8)),
            ("i16", Box::new(-1_i16)),
            ("i32", Box::new(-1_i32)),
            ("i64", Box::new(1_i64)),
            ("f32", Box::new(f32::NAN)),
            ("f64", Box::new(-0.0_f64)),
            ("uuid", Box::new(uuids[0])),
            ("ip", Box::new(std::net::IpAddr::from([1, 2, 3, 4]))),
            ("null i32", Box::new(None::<i32>)),
            ("null text", Box::new(None::<String>)),
            ("null list", Box::new(None::<Vec<i64>>)),
            ("null dyn", Box::new(CqlValue::Null)),
            ("unset", Box::new(Unset)),
            ("unset i32", Box::new(cqlwire_codec::MaybeUnset::<i32>::Unset)),
            ("list i64", Box::new(vec![3_i64, 1])),
            ("list i64 twice", Box::new(vec![3_i64, 3])),
            ("list text", Box::new(vec!["b", "a"])),
            ("no texts", Box::new(Vec::<String>::new())),
            ("no i64", Box::new(Vec::<i64>::new())),
            ("list of lists", Box::new(vec![vec![1_i64], vec![]])),
            ("set i64", Box::new(BTreeSet::from([3_i64, -1]))),
            ("set uuid", Box::new(BTreeSet::from(uuids))),
            ("no set", Box::new(BTreeSet::<i32>::new())),
            ("map", Box::new(BTreeMap::from([(1_i64, "x"), (-1, "y")]))),
            ("map i32", Box::new(BTreeMap::from([(1_i32, 1_i64), (-1, 2)]))),
            ("no map", Box::new(BTreeMap::<i32, i64>::new())),
            ("tuple 1", Box::new((1_i64,))),
            ("tuple 2", Box::new((1_i64, None::<i64>))),
            ("tuple texts", Box::new(("a", "b"))),
            ("udt", Box::new(of_ab(vec![CqlValue::Int(1), CqlValue::Int(2)]))),
            ("udt null", Box::new(of_ab(vec![CqlValue::Int(1), CqlValue::Null]))),
            ("udt short", Box::new(of_ab(vec![CqlValue::Int(1)]))),
            ("udts", Box::new(vec![of_ab(vec![CqlValue::Int(1), CqlValue::Null])])),
            ("dyn vector", Box::new(CqlValue::Vector(vec![CqlValue::Float(1.0); 2]))),
            ("dyn set", Box::new(CqlValue::Set(vec![CqlValue::BigInt(2), CqlValue::BigInt(1)]))),
            ("dyn tuple", Box::new(CqlValue::Tuple(vec![CqlValue::Int(2)]))),
            ("dyn date", Box::new(CqlValue::Date(cqlwire_codec::CqlDate(7)))),
        ]
    }

    /// Whether a text was prepared before or not, its values are the same, or are refused.
    #[test]
    fn g15_5_what_is_kept_by_its_own_type_is_what_it_would_be_at_once_for_every_type() {
        let (types, values) = (types_of_all_kinds(), values_of_all_kinds());
        let (mut wrong, mut checked) = (Vec::new(), 0);
        for (name, value) in &values {
            let given = [&**value];
            let Ok(stored) = StoredValues::by_own_types(&given) else { continue };
            for ty in &types {
                let markers = markers([ty.clone()]);
                let (kept, at_once) = (encoded(&stored, &markers), encoded(&given, &markers));
                checked += 1;
                match (kept, at_once) {
                    (Ok(kept), Ok(at_once)) if kept == at_once => {}
                    (Err(_), Err(_)) => {}
                    // Fewer than its type has: a tuple of Rust with as many is refused.
                    (Err(_), Ok(_)) if ["udt short", "dyn tuple"].contains(name) => {}
                    (kept, at_once) => {
                        wrong.push(format!("{name} as {ty}: kept {kept:?}, at once {at_once:?}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
