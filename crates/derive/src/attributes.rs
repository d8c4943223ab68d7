//! `#[cql(...)]` on a struct and on its fields.
//!
//! A struct may derive several things, and they share its attributes: one that says nothing to one
//! of them may say something to another. So all of them know all attributes.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, LitStr, Path, Result};

use crate::errors::Errors;
use crate::rename::RenameAll;

/// What stands on a struct.
#[derive(Default)]
pub(crate) struct OfStruct {
    pub(crate) codec: Option<Path>,
    pub(crate) rename_all: Option<(RenameAll, Span)>,
    pub(crate) strict: Option<Span>,
    pub(crate) transparent: Option<Span>,
}

/// What stands on a field.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<Span>,
    pub(crate) flatten: Option<Span>,
    pub(crate) skip: Option<Span>,
}

const OF_STRUCT: &[&str] = &["crate", "rename_all", "strict", "transparent"];
const OF_FIELD: &[&str] = &["rename", "default", "flatten", "skip"];

impl OfStruct {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        each(attributes, errors, |name, meta| {
            let span = meta.path.span();
            match name {
                "crate" => set(&mut found.codec, meta, text(meta)?.parse()?),
                "rename_all" => {
                    let word = text(meta)?;
                    set(&mut found.rename_all, meta, (RenameAll::parse(&word)?, word.span()))
                }
                "strict" => set(&mut found.strict, meta, span),
                "transparent" => set(&mut found.transparent, meta, span),
                _ => Err(unknown(name, meta, ("a struct", OF_STRUCT), ("a field", OF_FIELD))),
            }
        });
        found
    }
}

impl OfField {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        each(attributes, errors, |name, meta| {
            let span = meta.path.span();
            match name {
                "rename" => set(&mut found.rename, meta, text(meta)?),
                "default" => set(&mut found.default, meta, span),
                "flatten" => set(&mut found.flatten, meta, span),
                "skip" => set(&mut found.skip, meta, span),
                _ => Err(unknown(name, meta, ("a field", OF_FIELD), ("a struct", OF_STRUCT))),
            }
        });
        found.check_together(errors);
        found
    }

    /// Refuses what cannot stand together.
    fn check_together(&self, errors: &mut Errors) {
        let rename = self.rename.as_ref().map(LitStr::span);
        let (default, flatten, skip) = (self.default, self.flatten, self.skip);
        let wrong = [
            (skip, rename, "a field that is skipped has no name"),
            (skip, default, "a field that is skipped has its default already"),
            (skip, flatten, "a field is either skipped or flattened"),
            (flatten, rename, "a flattened field has no name: those of its own fields count"),
            (flatten, default, "a flattened field has no default: give its own fields one"),
        ];
        for (one, other, why) in wrong {
            if let (Some(_), Some(span)) = (one, other) {
                errors.push(Error::new(span, why));
            }
        }
    }
}

/// Reads each item of each `#[cql(...)]`. After an error the rest of its parentheses is left.
fn each(
    attributes: &[Attribute],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cql")) {
        let read = attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(|ident| ident.unraw().to_string());
            read(&name.unwrap_or_default(), &meta)
        });
        errors.take(read);
    }
}

/// The text after `name =`.
fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    meta.value()?.parse()
}

fn set<T>(place: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(meta.error("said twice")),
    }
}

/// The names of attributes, and what they stand on.
type Known<'a> = (&'a str, &'a [&'a str]);

fn unknown(name: &str, meta: &ParseNestedMeta<'_>, here: Known<'_>, there: Known<'_>) -> Error {
    let known = here.1.join(", ");
    if there.1.contains(&name) {
        let (here, there) = (here.0, there.0);
        return meta.error(format!("it stands on {there}, not on {here}; known here: {known}"));
    }
    meta.error(format!("unknown attribute; known on {}: {known}", here.0))
}
