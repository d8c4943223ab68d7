//! The user types of a keyspace, made of each other.
//!
//! Their rows come in the order of their names, and what a type is made of may come later. So they
//! are gone through again and again, and each time those are read whose parts are known by then:
//! at most once for each level that a type may have.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use cqlwire_codec::{ColumnType, CqlTypeError, Measured, TypeExtent, UserType};

/// The user types of one keyspace, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UserTypes(BTreeMap<String, Measured<Arc<UserType>>>);

/// A row of the types: the fields are text.
#[derive(Clone, Debug)]
pub(super) struct TypeText {
    pub(super) name: String,
    pub(super) fields: Vec<(String, String)>,
}

impl UserTypes {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<UserType>> {
        self.0.values().map(|known| &known.value)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Measured<Arc<UserType>>> {
        self.0.get(name)
    }

    /// A type by its text in a row of this keyspace.
    pub(super) fn read(
        &self,
        keyspace: &str,
        text: &str,
    ) -> Result<Measured<ColumnType>, CqlTypeError> {
        ColumnType::from_cql(text, &|of, name| {
            // A type of one keyspace is not made of those of another.
            of.is_none_or(|of| of == keyspace).then(|| self.get(name).cloned()).flatten()
        })
    }

    /// A type by its text; opaque and counted if it is not understood.
    pub(super) fn read_or_opaque(
        &self,
        keyspace: &str,
        text: &str,
        opaque: &mut Opaque,
    ) -> ColumnType {
        self.measured_or_opaque(keyspace, text, opaque).value
    }

    fn measured_or_opaque(
        &self,
        keyspace: &str,
        text: &str,
        opaque: &mut Opaque,
    ) -> Measured<ColumnType> {
        self.read(keyspace, text).unwrap_or_else(|error| {
            opaque.add(error);
            let extent = TypeExtent { levels: 1, types: 1 };
            Measured { value: ColumnType::Custom(text.to_owned()), extent }
        })
    }
}

/// Types that were not understood: how many, and why the first.
#[derive(Debug, Default)]
pub(super) struct Opaque {
    pub(super) count: usize,
    pub(super) first: Option<CqlTypeError>,
}

impl Opaque {
    fn add(&mut self, error: CqlTypeError) {
        self.count += 1;
        self.first.get_or_insert(error);
    }
}

/// Reads the types of one keyspace, one a step.
#[derive(Debug)]
pub(super) struct TypeResolver {
    keyspace: Arc<str>,
    /// As they were before: those that are the same are shared with them.
    before: Option<Arc<UserTypes>>,
    known: UserTypes,
    waiting: VecDeque<TypeText>,
    /// How many had to wait since one did not.
    without: usize,
    /// All have waited for each other: from then on, what is known of a type by then counts.
    stuck: bool,
}

impl TypeResolver {
    pub(super) fn new(
        keyspace: Arc<str>,
        types: Vec<TypeText>,
        before: Option<Arc<UserTypes>>,
    ) -> Self {
        let (known, waiting) = (UserTypes::default(), types.into());
        Self { keyspace, before, known, waiting, without: 0, stuck: false }
    }

    /// Reads one type if its parts are known, and gives the bytes that were looked at; `None` once
    /// all are read.
    pub(super) fn step(&mut self, opaque: &mut Opaque) -> Option<usize> {
        let next = self.waiting.pop_front()?;
        let bytes = next.fields.iter().map(|(name, ty)| name.len() + ty.len()).sum();
        // Those that are left are made of themselves, of what does not exist, or are too large.
        self.stuck |= self.without > self.waiting.len();
        let Some(fields) = self.fields(&next, opaque) else {
            self.without += 1;
            self.waiting.push_back(next);
            return Some(bytes);
        };
        self.without = 0;
        self.insert(next, fields, opaque);
        Some(bytes)
    }

    pub(super) fn finish(self) -> Arc<UserTypes> {
        match self.before {
            Some(before) if *before == self.known => before,
            _ => Arc::new(self.known),
        }
    }

    fn fields(&self, of: &TypeText, opaque: &mut Opaque) -> Option<Vec<Measured<ColumnType>>> {
        let read = |(_, text): &(String, String)| {
            if self.stuck {
                return Some(self.known.measured_or_opaque(&self.keyspace, text, opaque));
            }
            self.known.read(&self.keyspace, text).ok()
        };
        of.fields.iter().map(read).collect()
    }

    fn insert(&mut self, of: TypeText, fields: Vec<Measured<ColumnType>>, opaque: &mut Opaque) {
        let mut extent = TypeExtent { levels: 1, types: 1 };
        let mut add = |(name, text): (String, String), field: Measured<ColumnType>| {
            let levels = extent.levels.max(field.extent.levels + 1);
            let types = extent.types + field.extent.types;
            let TypeExtent { levels: deepest, types: most } = TypeExtent::LARGEST;
            if levels > deepest || types > most {
                opaque.add(CqlTypeError::TooLarge);
                return (name, ColumnType::Custom(text));
            }
            extent = TypeExtent { levels, types };
            (name, field.value)
        };
        let fields = of.fields.into_iter().zip(fields);
        let fields = fields.map(|(text, field)| add(text, field)).collect();
        let (keyspace, name) = (self.keyspace.as_ref().to_owned(), of.name);
        let value = Arc::new(UserType { keyspace, name: name.clone(), fields });
        let mut known = Measured { value, extent };
        let before = self.before.as_ref().and_then(|before| before.get(&name));
        if let Some(before) = before.filter(|before| **before == known) {
            known = before.clone();
        }
        self.known.0.insert(name, known);
    }
}
