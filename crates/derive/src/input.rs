//! The struct that a macro is given.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Error, Fields, Generics, Ident, LitStr, Member, Path, Result, Type,
    Visibility,
};

use crate::attributes::{OfField, OfStruct};
use crate::errors::Errors;
use crate::rename::RenameAll;

/// Where the codec is, unless the struct says so.
pub(crate) const CODEC: &str = "::cqlwire::codec";

/// A struct with at least one field.
pub(crate) struct Input {
    pub(crate) ident: Ident,
    pub(crate) visibility: Visibility,
    pub(crate) generics: Generics,
    /// The path of the codec.
    pub(crate) codec: Path,
    pub(crate) strict: Option<Span>,
    pub(crate) rename_all: Option<Span>,
    pub(crate) is_named: bool,
    pub(crate) fields: Vec<Field>,
}

/// One field of the struct.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    /// What it is called in CQL; nothing that counts in a tuple struct.
    pub(crate) name: LitStr,
    pub(crate) renamed: bool,
    pub(crate) role: Role,
    /// The attribute that gives it its role; the field itself, if there is none.
    pub(crate) span: Span,
}

/// What comes into a field.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A value, which has to be there.
    Value,
    /// A value, or else its default.
    ValueOrDefault,
    /// Several values: a struct of the same kind.
    Flatten,
    /// Its default, always.
    Skip,
}

impl Input {
    /// Reads a struct for this macro, telling all that is wrong with it at once.
    pub(crate) fn parse(input: DeriveInput, derive: &str) -> Result<(Self, Errors)> {
        let mut errors = Errors::default();
        let fields = fields_of(&input, derive)?;
        let (is_named, span) = (matches!(fields, Fields::Named(_)), input.ident.span());
        let of_struct = OfStruct::parse(&input.attrs, &mut errors);
        if let Some((_, by)) = of_struct.by {
            errors.push(Error::new(by, "`by` is for enums, and `Value`"));
        }
        let (rule, rename_all) = of_struct.rename_all.unzip();
        let fields: Vec<Field> = fields
            .iter()
            .zip(fields.members())
            .map(|(field, member)| Field::new(field, member, rule, &mut errors))
            .collect();
        if fields.iter().all(|field| field.role == Role::Skip) {
            let why = format!("`{derive}` is for structs with a field that is not skipped");
            errors.push(Error::new(span, why));
        }
        check_names(&fields, is_named, &mut errors);
        let codec = of_struct.codec.map_or_else(|| syn::parse_str(CODEC), Ok)?;
        let this = Self {
            ident: input.ident,
            visibility: input.vis,
            generics: input.generics,
            codec,
            strict: of_struct.strict,
            rename_all,
            is_named,
            fields,
        };
        Ok((this, errors))
    }

    /// The fields that take a value each.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Field> {
        let is_value = |role| matches!(role, Role::Value | Role::ValueOrDefault);
        self.fields.iter().filter(move |field| is_value(field.role))
    }

    /// The fields of this role.
    pub(crate) fn of(&self, role: Role) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.role == role)
    }

    /// Refuses what makes no sense without names.
    pub(crate) fn refuse_names(&self, errors: &mut Errors) {
        for span in [self.strict, self.rename_all].into_iter().flatten() {
            errors.push(Error::new(span, "the fields of a tuple struct have no names"));
        }
        for field in self.fields.iter().filter(|field| field.renamed) {
            let span = field.name.span();
            errors.push(Error::new(span, "the fields of a tuple struct have no names"));
        }
    }
}

impl Field {
    fn new(
        field: &syn::Field,
        member: Member,
        rule: Option<RenameAll>,
        errors: &mut Errors,
    ) -> Self {
        let attributes = OfField::parse(&field.attrs, errors);
        let (role, span) = match attributes {
            OfField { skip: Some(span), .. } => (Role::Skip, span),
            OfField { flatten: Some(span), .. } => (Role::Flatten, span),
            OfField { default: Some(span), .. } => (Role::ValueOrDefault, span),
            _ => (Role::Value, field.span()),
        };
        let renamed = attributes.rename.is_some();
        let name = attributes.rename.unwrap_or_else(|| name_of(&member, rule));
        Self { member, ty: field.ty.clone(), name, renamed, role, span }
    }
}

/// The name of the field itself, by the rule of its struct.
fn name_of(member: &Member, rule: Option<RenameAll>) -> LitStr {
    match member {
        Member::Named(ident) => {
            let name = ident.unraw().to_string();
            let name = rule.map(|rule| rule.apply(&name)).unwrap_or(name);
            LitStr::new(&name, ident.span())
        }
        Member::Unnamed(index) => LitStr::new(&index.index.to_string(), index.span),
    }
}

fn fields_of<'a>(input: &'a DeriveInput, derive: &str) -> Result<&'a Fields> {
    let refuse = |keyword: Span, what: &str| {
        let why = format!("`{derive}` is for structs: {what}");
        Err(Error::new(keyword, why))
    };
    match &input.data {
        Data::Struct(data) => Ok(&data.fields),
        Data::Enum(data) => refuse(
            data.enum_token.span,
            "an enum has no fields that always are there; without any fields it derives `Value`",
        ),
        Data::Union(data) => {
            refuse(data.union_token.span, "a union has no fields that always are there")
        }
    }
}

/// No two fields have the same name.
fn check_names(fields: &[Field], is_named: bool, errors: &mut Errors) {
    let named = |field: &&Field| matches!(field.role, Role::Value | Role::ValueOrDefault);
    for (position, field) in fields.iter().enumerate().filter(|(_, field)| is_named && named(field))
    {
        let before = fields.iter().take(position).filter(named);
        let mut same = before.filter(|other| other.name.value() == field.name.value());
        if same.next().is_some() {
            let why = format!("two fields are called `{}` in CQL", field.name.value());
            errors.push(Error::new(field.name.span(), why));
        }
    }
}
