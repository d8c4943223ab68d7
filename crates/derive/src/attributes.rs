//! `#[cql(...)]` on a struct and on its fields, on an enum and on its variants.
//!
//! A struct may derive several things, and they share its attributes: one that says nothing to one
//! of them may say something to another. So all of them know all attributes.

use proc_macro2::{Span, TokenTree};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::ParseBuffer;
use syn::spanned::Spanned;
use syn::{Attribute, Error, LitStr, Path, Result, Token};

use crate::errors::Errors;
use crate::rename::RenameAll;

/// What stands on a struct, or on an enum.
#[derive(Default)]
pub(crate) struct OfStruct {
    pub(crate) codec: Option<Path>,
    pub(crate) rename_all: Option<(RenameAll, Span)>,
    pub(crate) strict: Option<Span>,
    pub(crate) by: Option<(By, Span)>,
}

/// What the variants of an enum are in CQL.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Number,
    Text,
}

impl By {
    fn parse(word: &LitStr) -> Result<Self> {
        match word.value().as_str() {
            "number" => Ok(Self::Number),
            "text" => Ok(Self::Text),
            _ => Err(Error::new(word.span(), "an enum is stored by \"number\" or by \"text\"")),
        }
    }
}

/// What stands on a field, or on a variant.
#[derive(Default)]
pub(crate) struct OfField {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<Span>,
    pub(crate) flatten: Option<Span>,
    pub(crate) skip: Option<Span>,
}

const OF_STRUCT: &[&str] = &["by", "crate", "rename_all", "strict"];
const OF_FIELD: &[&str] = &["rename", "default", "flatten", "skip"];

impl OfStruct {
    pub(crate) fn parse(attributes: &[Attribute], errors: &mut Errors) -> Self {
        let mut found = Self::default();
        each(attributes, errors, |name, meta| {
            let span = meta.path.span();
            match name {
                "by" => {
                    let word = text(meta)?;
                    set(&mut found.by, meta, (By::parse(&word)?, word.span()))
                }
                "crate" => set(&mut found.codec, meta, path(&text(meta)?)?),
                "rename_all" => {
                    let word = text(meta)?;
                    set(&mut found.rename_all, meta, (RenameAll::parse(&word)?, word.span()))
                }
                "strict" => set(&mut found.strict, meta, span),
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

/// Reads each item of each `#[cql(...)]`.
fn each(
    attributes: &[Attribute],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cql")) {
        let read = attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(|ident| ident.unraw().to_string());
            let name = name.unwrap_or_default();
            if errors.take(read(&name, &meta)).is_some() && !is_over(&meta) {
                errors.push(meta.input.error(format!("`{name}` takes no value")));
            }
            skip(&meta)
        });
        errors.take(read);
    }
}

/// Whether nothing follows of an item.
fn is_over(meta: &ParseNestedMeta<'_>) -> bool {
    meta.input.is_empty() || meta.input.peek(Token![,])
}

/// Goes on behind an item, whatever is left of it.
fn skip(meta: &ParseNestedMeta<'_>) -> Result<()> {
    while !is_over(meta) {
        meta.input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The text after `name =`.
fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    let text = meta.value().and_then(ParseBuffer::parse);
    text.map_err(|_| Error::new(meta.path.span(), "it takes a text in quotes, after `=`"))
}

fn path(text: &LitStr) -> Result<Path> {
    text.parse().map_err(|_| Error::new(text.span(), "it takes the path of the codec"))
}

fn set<T>(place: &mut Option<T>, meta: &ParseNestedMeta<'_>, value: T) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(meta.path.span(), "it is there twice")),
    }
}

/// The names of attributes, and what they stand on.
type Known<'a> = (&'a str, &'a [&'a str]);

fn unknown(name: &str, meta: &ParseNestedMeta<'_>, here: Known<'_>, there: Known<'_>) -> Error {
    let wrong = match there.1.contains(&name) {
        true => format!("`{name}` is for {}", there.0),
        false => "it is unknown".to_owned(),
    };
    let known = here.1.join(", ");
    let why = format!("{wrong}; on {} there may be: {known}", here.0);
    Error::new(meta.path.span(), why)
}
