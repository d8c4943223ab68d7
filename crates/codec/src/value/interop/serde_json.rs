//! `serde_json`: text that holds JSON.

use bytes::{BufMut, BytesMut};
use serde_json::Value;

use crate::value::decode::text;
use crate::value::encode::element::measured;
use crate::{ColumnType, DecodeValue, EncodeValue, ValueError, ValueProblem};

/// A text column that holds JSON. A null column is no `Value::Null`, which is the text `null`: that
/// takes an `Option`.
impl DecodeValue<'_> for Value {
    fn accepts(ty: &ColumnType) -> Result<(), ValueError> {
        match ty {
            ColumnType::Text => Ok(()),
            _ => Err(ValueError::mismatch::<Self>(ty)),
        }
    }

    fn decode(ty: &ColumnType, cell: Option<&[u8]>) -> Result<Self, ValueError> {
        serde_json::from_str(text::<Self>(ty, cell)?)
            .map_err(|_| ValueError::value::<Self>(ty, ValueProblem::NotJson))
    }
}

impl EncodeValue for Value {
    fn encode(&self, ty: Option<&ColumnType>, out: &mut BytesMut) -> Result<(), ValueError> {
        let ty = ty.unwrap_or(&ColumnType::Text);
        <Self as EncodeValue>::fits(ty)?;
        measured(out, |out| {
            serde_json::to_writer(out.writer(), self)
                .map_err(|_| ValueError::value::<Self>(ty, ValueProblem::NotJson))
        })
    }

    fn own_type(&self) -> Option<ColumnType> {
        <Self as EncodeValue>::static_type()
    }

    fn static_type() -> Option<ColumnType> {
        Some(ColumnType::Text)
    }

    fn fits(ty: &ColumnType) -> Result<(), ValueError> {
        Self::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::tests::{decode, encode, mismatch, problem};

    const TY: &ColumnType = &ColumnType::Text;

    #[test]
    fn json_is_text() {
        let value = json!({ "a": [1, null, "ñ"], "b": { "c": -1.5 } });
        let bytes = encode(Some(TY), &value).unwrap();
        assert_eq!(bytes, r#"{"a":[1,null,"ñ"],"b":{"c":-1.5}}"#);
        assert_eq!(encode(None, &value).unwrap(), bytes);
        assert_eq!(decode(TY, Some(&bytes)), Ok(value));
    }

    #[test]
    fn null_in_cql_is_not_null_in_json() {
        assert_eq!(decode(TY, Some(b"null")), Ok(Value::Null));
        assert_eq!(encode(Some(TY), &Value::Null).unwrap(), "null");
        assert_eq!(problem(decode::<Value>(TY, None)), ValueProblem::Null);
        assert_eq!(decode::<Option<Value>>(TY, None), Ok(None));
        assert!(mismatch(Value::accepts(&ColumnType::Blob)));
        assert!(mismatch(encode(Some(&ColumnType::Blob), &Value::Null)));
    }

    #[test]
    fn h2_text_that_is_no_json_is_an_error_however_deep_it_is_nested() {
        for text in ["", "{", "1 2", "\u{1}", &"[".repeat(1_000_000)] {
            let outcome = decode::<Value>(TY, Some(text.as_bytes()));
            assert_eq!(problem(outcome), ValueProblem::NotJson);
        }
        assert_eq!(problem(decode::<Value>(TY, Some(&[0xFF]))), ValueProblem::NotUtf8);
    }
}
