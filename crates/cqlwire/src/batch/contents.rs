//! The statements of a batch, as they were encoded when they were added, and by what.
//!
//! A host may have said otherwise of a statement than what its values were encoded by: a table was
//! altered since, or the server is behind. So each host is looked at before it is sent the batch,
//! and what does not go with what it said is encoded anew for it, or refused:
//!
//! ```text
//!   added ---> said so by the host, too: as it is
//!         ---> said otherwise: the values by the markers of now, under the id of now; or an error
//!         ---> said nothing, or forgot it: it is asked to prepare that statement first
//! ```
//!
//! The values of a text that the session has not prepared are encoded as what they are by
//! themselves, and anew once it is prepared, before the batch is sent. So are those that do not fit
//! what is known of a prepared statement: that may be what is out of date, and the host says what
//! the statement is now before they are sent or refused.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bytes::BytesMut;
use cqlwire_codec::{
    BatchMark, BatchStatementKind, BatchStatements, BatchType, BatchValues, ColumnSpec,
    EncodeError, EncodeValues, StatementKind, Token, ValueError,
};
use uuid::Uuid;

use crate::error::ErrorKind;
use crate::execution::{GivenMarkers, StoredValues};
use crate::operation::{NotEncoded, said_on};
use crate::prepared::{Origin, PreparedStatement, StatementMetadata};

/// How many of the statements that were added last are looked through for the one to add: a batch
/// of more than so many, each in its turn, notes them more often than once.
const LOOK_BACK: usize = 16;

/// Stands for no prepared statement.
const IN_CQL: u16 = u16::MAX;

/// See the [module](self).
#[derive(Default)]
pub(crate) struct Contents {
    statements: BatchStatements,
    /// Of each statement, by which of `known` it was encoded, or [`IN_CQL`].
    encoded_by: Vec<u16>,
    known: Vec<EncodedBy>,
    route: Option<Route>,
    is_conditional: bool,
}

/// By what values were encoded.
enum EncodedBy {
    /// What was said of a statement.
    Said { prepared: PreparedStatement, metadata: Arc<StatementMetadata> },
    /// Their own types, until it is known what this text is on the host.
    Own { text: Arc<str>, given: GivenMarkers },
}

/// Where the batch belongs: the partition of its first statement that has a whole key.
#[derive(Copy, Clone)]
struct Route {
    token: Token,
    /// Which of `known` has the key.
    of: u16,
}

/// Something that is being added, by whoever may fail, or panic: dropped before it is kept, all is
/// as it was.
#[must_use = "dropped, it takes out again what was added"]
pub(super) struct Adding<'a> {
    contents: &'a mut Contents,
    /// `None` once it is kept.
    before: Option<Mark>,
}

/// What there was at one time.
struct Mark {
    statements: BatchMark,
    known: usize,
    route: Option<Route>,
    is_conditional: bool,
}

impl Contents {
    /// Adds a statement in CQL, which has no values.
    pub(super) fn add_text(&mut self, text: &str, kind: StatementKind) -> Result<(), EncodeError> {
        self.statements.add(BatchStatementKind::Query(text), &(), &[])?;
        self.note(IN_CQL, kind);
        Ok(())
    }

    /// Adds a statement in CQL with values, which is to be prepared before it is sent.
    pub(super) fn add_unprepared(
        &mut self,
        text: &str,
        values: &dyn EncodeValues,
        kind: StatementKind,
    ) -> Result<(), EncodeError> {
        let number = self.len() + 1;
        let stored = StoredValues::by_own_types(values);
        let stored = stored.map_err(|error| EncodeError::from(error).in_batch(number))?;
        self.add_stored(text.into(), stored, kind)
    }

    /// Adds a prepared statement with values that do not fit what was said of it last, as was found
    /// out with this error, but may fit what it is now: the host is asked before it is sent.
    ///
    /// # Errors
    ///
    /// The same: they never fit, or are nothing by themselves.
    #[cold]
    pub(super) fn add_doubted(
        &mut self,
        prepared: &PreparedStatement,
        values: &dyn EncodeValues,
        misfit: EncodeError,
    ) -> Result<(), EncodeError> {
        if !is_about_types(&misfit) {
            return Err(misfit);
        }
        let Ok(stored) = StoredValues::by_own_types(values) else { return Err(misfit) };
        self.add_stored(Arc::clone(prepared.shared_text()), stored, prepared.kind())
    }

    fn add_stored(
        &mut self,
        text: Arc<str>,
        stored: StoredValues,
        kind: StatementKind,
    ) -> Result<(), EncodeError> {
        let (values, given) = stored.into_parts();
        self.statements.add(BatchStatementKind::Query(&text), &values, &[])?;
        let of = self.know(EncodedBy::Own { text, given });
        self.note(of, kind);
        Ok(())
    }

    /// Adds a prepared statement with its values, encoded by what was said of it last.
    #[inline]
    pub(super) fn add_prepared<V: EncodeValues + ?Sized>(
        &mut self,
        prepared: &PreparedStatement,
        metadata: &Arc<StatementMetadata>,
        values: &V,
    ) -> Result<(), EncodeError> {
        let known = self.find(metadata);
        let kind = BatchStatementKind::Prepared(&metadata.id);
        let values = self.statements.add(kind, values, &metadata.bind.columns)?;
        let token = match self.route {
            None => Token::of_bind_values(values, &metadata.partition_key),
            Some(_) => None,
        };
        let of = known.unwrap_or_else(|| {
            let (prepared, metadata) = (prepared.clone(), Arc::clone(metadata));
            self.know(EncodedBy::Said { prepared, metadata })
        });
        if let Some(token) = token {
            self.route = Some(Route { token, of });
        }
        self.note(of, prepared.kind());
        Ok(())
    }

    #[inline]
    fn note(&mut self, encoded_by: u16, kind: StatementKind) {
        self.encoded_by.push(encoded_by);
        self.is_conditional |= kind == StatementKind::Conditional;
    }

    /// Which of `known` it is. A statement is known by its metadata: no two have the same.
    #[inline]
    fn find(&self, metadata: &Arc<StatementMetadata>) -> Option<u16> {
        let mut last = self.known.iter().enumerate().rev().take(LOOK_BACK);
        let found = last.find(|(_, by)| match by {
            EncodedBy::Said { metadata: known, .. } => Arc::ptr_eq(known, metadata),
            EncodedBy::Own { .. } => false,
        });
        found.and_then(|(at, _)| u16::try_from(at).ok())
    }

    fn know(&mut self, by: EncodedBy) -> u16 {
        // There are no more than statements, each of which has a number below this.
        let at = u16::try_from(self.known.len()).unwrap_or(IN_CQL);
        self.known.push(by);
        at
    }

    /// Begins to add something: what is not [kept](Adding::keep) goes out again.
    pub(super) fn adding(&mut self) -> Adding<'_> {
        let Self { statements, known, route, is_conditional, .. } = self;
        let (statements, known) = (statements.mark(), known.len());
        let mark = Mark { statements, known, route: *route, is_conditional: *is_conditional };
        Adding { contents: self, before: Some(mark) }
    }

    /// Forgets what was added since.
    fn back_to(&mut self, mark: &Mark) {
        self.statements.back_to(mark.statements);
        self.encoded_by.truncate(self.statements.len());
        self.known.truncate(mark.known);
        (self.route, self.is_conditional) = (mark.route, mark.is_conditional);
    }

    /// Forgets everything, and keeps the room.
    pub(super) fn clear(&mut self) {
        self.statements.clear();
        self.encoded_by.clear();
        self.known.clear();
        (self.route, self.is_conditional) = (None, false);
    }

    /// How many statements there are.
    pub(crate) fn len(&self) -> usize {
        self.statements.len()
    }

    /// How many bytes they have together, encoded.
    pub(super) const fn bytes(&self) -> usize {
        self.statements.bytes()
    }

    /// What a batch of them does.
    pub(crate) const fn kind(&self, batch_type: BatchType) -> StatementKind {
        match batch_type {
            _ if self.is_conditional => StatementKind::Conditional,
            BatchType::Logged => StatementKind::LoggedBatch,
            BatchType::Unlogged | BatchType::Counter => StatementKind::UnloggedBatch,
        }
    }

    /// The texts that have to be prepared before the batch is sent.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Arc<str>> {
        self.known.iter().filter_map(|by| match by {
            EncodedBy::Said { .. } => None,
            EncodedBy::Own { text, .. } => Some(text),
        })
    }

    /// The texts of all statements, those that are prepared included, which may be there more than once.
    pub(crate) fn all_texts(&self) -> impl Iterator<Item = &str> {
        let in_cql = self.statements.each().filter_map(|statement| match statement.kind {
            BatchStatementKind::Query(text) => Some(text),
            BatchStatementKind::Prepared(_) => None,
        });
        let prepared = self.known.iter().filter_map(|by| match by {
            EncodedBy::Said { prepared, .. } => Some(prepared.text()),
            EncodedBy::Own { .. } => None,
        });
        in_cql.chain(prepared)
    }

    /// By what values were encoded, each with its statement; `texts` are those of the
    /// [texts](Self::texts).
    fn known<'a>(
        &'a self,
        texts: &'a [PreparedStatement],
    ) -> impl Iterator<Item = (&'a EncodedBy, &'a PreparedStatement)> {
        let mut texts = texts.iter();
        self.known.iter().map_while(move |by| match by {
            EncodedBy::Said { prepared, .. } => Some((by, prepared)),
            EncodedBy::Own { .. } => texts.next().map(|prepared| (by, prepared)),
        })
    }

    /// The prepared ones; one that comes often may be among them more than once.
    #[cold]
    pub(crate) fn statements<'a>(
        &'a self,
        texts: &'a [PreparedStatement],
    ) -> impl Iterator<Item = &'a PreparedStatement> {
        self.known(texts).map(|(_, prepared)| prepared)
    }

    /// Are those that were prepared from this cluster and keyspace?
    pub(super) fn check_origin(&self, origin: &Arc<Origin>) -> Result<(), ErrorKind> {
        self.known.iter().try_for_each(|by| match by {
            EncodedBy::Said { prepared, .. } => prepared.check_origin(origin),
            EncodedBy::Own { .. } => Ok(()),
        })
    }

    /// Where they belong, and in which keyspace.
    pub(crate) fn route<'a>(
        &'a self,
        texts: &'a [PreparedStatement],
    ) -> Option<(Token, Option<&'a str>)> {
        let Some(Route { token, of }) = self.route else { return self.route_of(texts) };
        let of = self.known(texts).nth(usize::from(of));
        Some((token, of.and_then(|(_, prepared)| prepared.keyspace())))
    }

    /// Where the first of the texts with a whole key belongs.
    fn route_of<'a>(&'a self, texts: &'a [PreparedStatement]) -> Option<(Token, Option<&'a str>)> {
        if texts.is_empty() {
            return None;
        }
        let known: Vec<_> = self.known(texts).collect();
        let mut encoded = BytesMut::new();
        self.statements.each().zip(&self.encoded_by).find_map(|(statement, of)| {
            let (by, prepared) = known.get(usize::from(*of))?;
            let metadata = prepared.latest_metadata();
            encoded.clear();
            let values = by.given().encode_anew(
                statement.values.each(),
                &metadata.bind.columns,
                &mut encoded,
            );
            let key = values.ok().map(|_| &metadata.partition_key)?;
            Some((Token::of_bind_values(&encoded, key)?, prepared.keyspace()))
        })
    }

    /// The statements as they were added.
    pub(crate) const fn as_added(&self) -> &BatchStatements {
        &self.statements
    }

    /// The statements as this host takes them.
    ///
    /// # Errors
    ///
    /// It has to be asked for one of them first, or values do not go with what it said.
    pub(crate) fn on(
        &self,
        host: Uuid,
        texts: &[PreparedStatement],
    ) -> Result<Cow<'_, BatchStatements>, NotEncoded> {
        let mut is_as_added = true;
        for (by, prepared) in self.known(texts) {
            let said = said_on(host, prepared)?;
            let said = prepared.metadata(&said);
            is_as_added &= match by {
                EncodedBy::Said { metadata, .. } => {
                    Arc::ptr_eq(said, metadata) || said.binds_as(metadata)
                }
                EncodedBy::Own { .. } => false,
            };
        }
        if is_as_added { Ok(Cow::Borrowed(&self.statements)) } else { self.anew_on(host, texts) }
    }

    #[cold]
    fn anew_on(
        &self,
        host: Uuid,
        texts: &[PreparedStatement],
    ) -> Result<Cow<'_, BatchStatements>, NotEncoded> {
        let said = self.known(texts).map(|(by, prepared)| {
            let said = said_on(host, prepared)?;
            Ok((by.given(), Arc::clone(prepared.metadata(&said))))
        });
        let said = said.collect::<Result<Vec<_>, NotEncoded>>()?;
        let mut anew = BatchStatements::default();
        for (statement, of) in self.statements.each().zip(&self.encoded_by) {
            let Some((given, said)) = said.get(usize::from(*of)) else {
                let added = anew.add(statement.kind, &statement.values, &[]);
                added.map_err(|error| NotEncoded::Refused(error.into()))?;
                continue;
            };
            let kind = BatchStatementKind::Prepared(&said.id);
            let values = Anew { values: statement.values, given };
            let added = anew.add(kind, &values, &said.bind.columns);
            added.map_err(NotEncoded::Values)?;
        }
        Ok(Cow::Owned(anew))
    }

    /// The prepared statement with this number, from 1.
    #[cold]
    pub(crate) fn prepared<'a>(
        &'a self,
        number: usize,
        texts: &'a [PreparedStatement],
    ) -> Option<&'a PreparedStatement> {
        let of = self.encoded_by.get(number.checked_sub(1)?)?;
        self.known(texts).nth(usize::from(*of)).map(|(_, prepared)| prepared)
    }

    /// The statement that this host knows by this id, or does not know any more.
    #[cold]
    pub(crate) fn with_id<'a>(
        &'a self,
        id: &[u8],
        host: Uuid,
        texts: &'a [PreparedStatement],
    ) -> Option<&'a PreparedStatement> {
        let has = |(by, prepared): &(&EncodedBy, &PreparedStatement)| {
            let as_added = matches!(by, EncodedBy::Said { metadata, .. } if *metadata.id == *id);
            as_added
                || prepared
                    .metadata_on(host)
                    .is_some_and(|said| *prepared.metadata(&said).id == *id)
        };
        self.known(texts).find(has).map(|(_, prepared)| prepared)
    }
}

impl Adding<'_> {
    /// It is to stay.
    pub(super) fn keep(mut self) {
        self.before = None;
    }
}

impl Deref for Adding<'_> {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        self.contents
    }
}

impl DerefMut for Adding<'_> {
    fn deref_mut(&mut self) -> &mut Contents {
        self.contents
    }
}

impl Drop for Adding<'_> {
    fn drop(&mut self) {
        if let Some(mark) = self.before.take() {
            self.contents.back_to(&mark);
        }
    }
}

impl EncodedBy {
    fn given(&self) -> Cow<'_, GivenMarkers> {
        match self {
            Self::Said { metadata, .. } => {
                Cow::Owned(GivenMarkers::by_position(Arc::clone(&metadata.bind.columns)))
            }
            Self::Own { given, .. } => Cow::Borrowed(given),
        }
    }
}

/// Would the values have fitted other types? How many markers a statement has, and their names, are
/// a matter of its text.
fn is_about_types(error: &EncodeError) -> bool {
    let EncodeError::BatchStatement { error, .. } = error else { return false };
    matches!(
        **error,
        EncodeError::Value(
            ValueError::Mismatch(_) | ValueError::Value(_) | ValueError::MissingField(_)
        )
    )
}

/// Values that were encoded for other markers, encoded as what the markers are now.
struct Anew<'a> {
    values: BatchValues<'a>,
    given: &'a GivenMarkers,
}

impl EncodeValues for Anew<'_> {
    fn encode_values(
        &self,
        columns: &[ColumnSpec],
        out: &mut BytesMut,
    ) -> Result<usize, ValueError> {
        self.given.encode_anew(self.values.each(), columns, out)
    }
}
