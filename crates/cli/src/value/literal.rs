//! Values from text: as CQL writes them, by their type.
//!
//! ```text
//! value  = "[" value { "," value } "]"               list, vector
//!        | "{" value { "," value } "}"               set
//!        | "{" value ":" value { "," ... } "}"       map
//!        | "(" value { "," value } ")"               tuple
//!        | "{" name ":" value { "," ... } "}"        user type
//!        | "'" text "'" | word
//! ```

use std::borrow::Cow;
use std::sync::Arc;

use cqlwire::codec::{ColumnType, UserType};
use cqlwire::value::{CqlUserType, CqlValue};

use super::ParseError;
use super::scalar::{EMPTY, has_empty_value, scalar};

/// Reads a value. A text is the whole of it, as it is; everything else may have blanks around it, and
/// what is one word may stand in quotes, as in CQL.
///
/// There is no null: what stands for it is a matter of the file.
pub(crate) fn parse(text: &str, ty: &ColumnType) -> Result<CqlValue, ParseError> {
    if matches!(ty, ColumnType::Text | ColumnType::Ascii) {
        return scalar(text, ty);
    }
    let trimmed = text.trim();
    if !is_made_of_others(ty) {
        let literal = Literal { rest: trimmed };
        return match literal.quoted('\'') {
            Some((word, "")) => scalar(&word, ty),
            _ => scalar(trimmed, ty),
        };
    }
    let mut literal = Literal { rest: trimmed };
    let value = literal.value(ty)?;
    match literal.rest {
        "" => Ok(value),
        rest => Err(ParseError::new(rest, ty)),
    }
}

pub(super) const fn is_made_of_others(ty: &ColumnType) -> bool {
    matches!(
        ty,
        ColumnType::List(_)
            | ColumnType::Set(_)
            | ColumnType::Vector(..)
            | ColumnType::Map(..)
            | ColumnType::Tuple(_)
            | ColumnType::UserType(_)
    )
}

/// What is left of a text. It goes as deep as its type, which has 64 levels at most.
struct Literal<'a> {
    rest: &'a str,
}

impl<'a> Literal<'a> {
    fn value(&mut self, ty: &ColumnType) -> Result<CqlValue, ParseError> {
        self.skip_blanks();
        if has_empty_value(ty) && self.peek_word() == EMPTY {
            self.word();
            return Ok(CqlValue::Empty);
        }
        match ty {
            ColumnType::List(element) => self.elements(ty, element, ['[', ']']).map(CqlValue::List),
            ColumnType::Set(element) => self.elements(ty, element, ['{', '}']).map(CqlValue::Set),
            ColumnType::Vector(element, dimension) => {
                let elements = self.elements(ty, element, ['[', ']'])?;
                if u32::try_from(elements.len()) != Ok(*dimension) {
                    return Err(ParseError::new(&format!("{} elements", elements.len()), ty));
                }
                Ok(CqlValue::Vector(elements))
            }
            ColumnType::Map(key, value) => self.map(ty, key, value),
            ColumnType::Tuple(types) => self.tuple(ty, types),
            ColumnType::UserType(user_type) => self.user_type(ty, user_type),
            ty => self.one_word(ty),
        }
    }

    fn elements(
        &mut self,
        ty: &ColumnType,
        element: &ColumnType,
        [open, close]: [char; 2],
    ) -> Result<Vec<CqlValue>, ParseError> {
        let mut values = Vec::new();
        self.each(ty, [open, close], |literal| {
            let at = values.len();
            values.push(literal.value(element).map_err(|error| error.in_element(at))?);
            Ok(())
        })?;
        Ok(values)
    }

    fn map(
        &mut self,
        ty: &ColumnType,
        key: &ColumnType,
        value: &ColumnType,
    ) -> Result<CqlValue, ParseError> {
        let mut entries = Vec::new();
        self.each(ty, ['{', '}'], |literal| {
            let at = entries.len();
            let key = literal.value(key).map_err(|error| error.in_element(at))?;
            literal.expect(':', ty)?;
            let value = literal.value(value).map_err(|error| error.in_element(at))?;
            entries.push((key, value));
            Ok(())
        })?;
        Ok(CqlValue::Map(entries))
    }

    fn tuple(&mut self, ty: &ColumnType, types: &[ColumnType]) -> Result<CqlValue, ParseError> {
        let mut values = Vec::new();
        self.each(ty, ['(', ')'], |literal| {
            let at = values.len();
            let element = types.get(at).ok_or_else(|| ParseError::new(literal.rest, ty))?;
            let value = literal.nullable(element).map_err(|error| error.in_element(at))?;
            values.push(value);
            Ok(())
        })?;
        Ok(CqlValue::Tuple(values))
    }

    fn user_type(
        &mut self,
        ty: &ColumnType,
        user_type: &Arc<UserType>,
    ) -> Result<CqlValue, ParseError> {
        let mut fields = Fields::new(user_type);
        self.each(ty, ['{', '}'], |literal| {
            let name = literal.name().ok_or_else(|| ParseError::new(literal.rest, ty))?;
            literal.expect(':', ty)?;
            let (at, field) = fields.find(&name, ty)?;
            let value = literal.nullable(field).map_err(|error| error.in_field(&name))?;
            fields.set(at, value, ty)
        })?;
        Ok(fields.into_value())
    }

    /// What stands between brackets, with commas between.
    fn each(
        &mut self,
        ty: &ColumnType,
        [open, close]: [char; 2],
        mut element: impl FnMut(&mut Self) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        self.expect(open, ty)?;
        if self.take(close) {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.take(close) {
                return Ok(());
            }
            self.expect(',', ty)?;
        }
    }

    /// A value that may be null where it stands: a field.
    fn nullable(&mut self, ty: &ColumnType) -> Result<CqlValue, ParseError> {
        self.skip_blanks();
        if self.peek_word().eq_ignore_ascii_case("null") {
            self.word();
            return Ok(CqlValue::Null);
        }
        self.value(ty)
    }

    fn one_word(&mut self, ty: &ColumnType) -> Result<CqlValue, ParseError> {
        if let Some((text, rest)) = self.quoted('\'') {
            self.rest = rest;
            return scalar(&text, ty);
        }
        if matches!(ty, ColumnType::Text | ColumnType::Ascii) {
            let allowed = "a text inside of another value in quotes, 'it''s'";
            return Err(ParseError::but(self.rest, ty, allowed));
        }
        match self.word() {
            "" => Err(ParseError::new(self.rest, ty)),
            word => scalar(word, ty),
        }
    }

    /// What stands in quotes at the beginning, with doubled ones in it, and what follows.
    fn quoted(&self, quote: char) -> Option<(Cow<'a, str>, &'a str)> {
        let inside = self.rest.strip_prefix(quote)?;
        let mut quotes = inside.match_indices(quote).map(|(at, _)| at).peekable();
        let mut doubled = false;
        while let Some(at) = quotes.next() {
            if quotes.next_if_eq(&(at + 1)).is_some() {
                doubled = true;
                continue;
            }
            let (text, rest) = inside.split_at(at);
            let text = match doubled {
                true => text.replace(&format!("{quote}{quote}"), &quote.to_string()).into(),
                false => text.into(),
            };
            return Some((text, rest.strip_prefix(quote).unwrap_or(rest)));
        }
        None
    }

    /// The name of a field: in lower case, unless it stands in quotes.
    fn name(&mut self) -> Option<String> {
        self.skip_blanks();
        if let Some((name, rest)) = self.quoted('"') {
            self.rest = rest;
            return Some(name.into_owned());
        }
        let word = self.word();
        (!word.is_empty()).then(|| word.to_lowercase())
    }

    fn peek_word(&self) -> &'a str {
        let ends = |c: char| c.is_whitespace() || ",:[](){}'\"".contains(c);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        self.rest.get(..end).unwrap_or_default()
    }

    fn word(&mut self) -> &'a str {
        let word = self.peek_word();
        self.rest = self.rest.get(word.len()..).unwrap_or_default();
        word
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes this character, if it comes next.
    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char, ty: &ColumnType) -> Result<(), ParseError> {
        if self.take(wanted) { Ok(()) } else { Err(ParseError::new(self.rest, ty)) }
    }
}

/// The fields of a user type as they come, in any order. Those that do not come are null.
pub(super) struct Fields<'a> {
    user_type: &'a Arc<UserType>,
    values: Vec<Option<CqlValue>>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(user_type: &'a Arc<UserType>) -> Self {
        Self { user_type, values: vec![None; user_type.fields.len()] }
    }

    /// The field of this name, and its type.
    pub(super) fn find(
        &self,
        name: &str,
        ty: &ColumnType,
    ) -> Result<(usize, &'a ColumnType), ParseError> {
        let fields = self.user_type.fields.iter().enumerate();
        let mut named = fields.filter(|(_, (field, _))| field == name);
        let found = named.next().map(|(at, (_, field))| (at, field));
        found.ok_or_else(|| ParseError::new(name, ty))
    }

    /// Each has one value: of two, nobody could say which is meant.
    pub(super) fn set(
        &mut self,
        at: usize,
        value: CqlValue,
        ty: &ColumnType,
    ) -> Result<(), ParseError> {
        let named = self.user_type.fields.get(at).zip(self.values.get_mut(at));
        match named {
            Some(((name, _), Some(_))) => Err(ParseError::but(name, ty, "each field once")),
            Some((_, field)) => {
                *field = Some(value);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(super) fn into_value(self) -> CqlValue {
        let user_type = Arc::clone(self.user_type);
        let values = self.values.into_iter().map(|value| value.unwrap_or(CqlValue::Null)).collect();
        CqlValue::UserType(CqlUserType { user_type, values })
    }
}
