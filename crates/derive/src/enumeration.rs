//! An enum without fields as a `Value`: by text, or by number.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Path, Result, Variant};

use crate::attributes::{By, OfField, OfStruct};
use crate::errors::Errors;
use crate::input::CODEC;
use crate::rename::RenameAll;

/// What the variants of an enum are in CQL.
struct Forms {
    /// The type of CQL that it is by itself.
    own: TokenStream,
    /// The types of CQL, as a pattern.
    cql: TokenStream,
    /// What each variant is: a pattern, and an expression of the type.
    variants: Vec<TokenStream>,
    /// How a cell becomes one of these.
    read: TokenStream,
    /// The function that encodes one of these.
    encode: TokenStream,
}

pub(crate) fn derive(input: DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let Data::Enum(data) = &input.data else { return Ok(TokenStream::new()) };
    let of_enum = OfStruct::parse(&input.attrs, &mut errors);
    let codec = of_enum.codec.clone().map_or_else(|| syn::parse_str(CODEC), Ok)?;
    if data.variants.is_empty() {
        errors.push(Error::new(input.ident.span(), "an enum without variants has no values"));
    }
    if let Some(param) = input.generics.params.first() {
        errors.push(Error::new(param.span(), "an enum without fields is not generic"));
    }
    if let Some(span) = of_enum.strict {
        errors
            .push(Error::new(span, "`strict` is for rows; no enum takes a value that it has not"));
    }
    let variants: Vec<&Variant> = data.variants.iter().collect();
    let forms = match of_enum.by {
        Some((By::Number, _)) => by_number(&input, &variants, &of_enum, &codec, &mut errors),
        _ => Some(by_text(&variants, &of_enum, &codec, &mut errors)),
    };
    let tokens = forms.map(|forms| implement(&input.ident, &variants, &forms, &codec));
    errors.finish(tokens.unwrap_or_default())
}

/// Variants by their names, written as in Rust or as the attributes say.
fn by_text(variants: &[&Variant], of_enum: &OfStruct, codec: &Path, errors: &mut Errors) -> Forms {
    let rule = of_enum.rename_all.map(|(rule, _)| rule);
    let mut names: Vec<LitStr> = Vec::new();
    for variant in variants {
        let renamed = attributes_of(variant, errors).rename;
        let name = renamed.unwrap_or_else(|| name_of(&variant.ident, rule));
        if names.iter().any(|other| other.value() == name.value()) {
            let why = format!("two variants are called `{}` in CQL", name.value());
            errors.push(Error::new(name.span(), why));
        }
        names.push(name);
    }
    Forms {
        own: quote_spanned!(Span::mixed_site()=> Text),
        cql: quote_spanned!(Span::mixed_site()=>
            #codec::ColumnType::Text | #codec::ColumnType::Ascii),
        variants: names.iter().map(ToTokens::to_token_stream).collect(),
        read: quote_spanned!(Span::mixed_site()=> #codec::variant_text::<Self>(ty, cell)?),
        encode: quote_spanned!(Span::mixed_site()=> <str as #codec::EncodeValue>::encode),
    }
}

fn name_of(ident: &Ident, rule: Option<RenameAll>) -> LitStr {
    let name = ident.unraw().to_string();
    let name = rule.map(|rule| rule.apply_to_variant(&name)).unwrap_or(name);
    LitStr::new(&name, ident.span())
}

/// Variants by their numbers, of the integer that `#[repr]` names.
fn by_number(
    input: &DeriveInput,
    variants: &[&Variant],
    of_enum: &OfStruct,
    codec: &Path,
    errors: &mut Errors,
) -> Option<Forms> {
    if let Some((_, span)) = of_enum.rename_all {
        errors.push(Error::new(span, "a number has no name"));
    }
    for variant in variants {
        if let Some(rename) = attributes_of(variant, errors).rename {
            errors.push(Error::new(rename.span(), "a number has no name"));
        }
    }
    let (ty, cql) = errors.take(integer(input))?;
    let enumeration = &input.ident;
    let number = |variant: &&Variant| {
        let ident = &variant.ident;
        quote_spanned!(Span::mixed_site()=> (#enumeration::#ident as #ty))
    };
    Some(Forms {
        own: cql.to_token_stream(),
        cql: quote_spanned!(Span::mixed_site()=> #codec::ColumnType::#cql),
        variants: variants.iter().map(number).collect(),
        read: quote_spanned!(Span::mixed_site()=>
            #ty::from_be_bytes(#codec::variant_bytes::<Self, { #ty::BITS as usize / 8 }>(ty, cell)?)),
        encode: quote_spanned!(Span::mixed_site()=> <#ty as #codec::EncodeValue>::encode),
    })
}

/// The integer that an enum is stored as, and what that is in CQL.
fn integer(input: &DeriveInput) -> Result<(Ident, Ident)> {
    let found = input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr"));
    let found =
        found.filter_map(|attribute: &Attribute| attribute.parse_args::<Ident>().ok()).next_back();
    let cql = match found.as_ref().map(ToString::to_string).as_deref() {
        Some("i8") => "TinyInt",
        Some("i16") => "SmallInt",
        Some("i32") => "Int",
        Some("i64") => "BigInt",
        _ => {
            let why = "say which integer its numbers are: `#[repr(i8)]` is tinyint in CQL, i16 \
                       smallint, i32 int, i64 bigint";
            let span = found.map_or_else(|| input.ident.span(), |ident| ident.span());
            return Err(Error::new(span, why));
        }
    };
    let span = Span::mixed_site();
    let ty = found.map_or_else(String::new, |ident| ident.to_string());
    Ok((Ident::new(&ty, span), Ident::new(cql, span)))
}

/// The attributes of a variant, which has no fields.
fn attributes_of(variant: &Variant, errors: &mut Errors) -> OfField {
    if !matches!(variant.fields, Fields::Unit) {
        let why = "a variant with fields is no value: CQL has no type for it";
        errors.push(Error::new(variant.fields.span(), why));
    }
    let found = OfField::parse(&variant.attrs, errors);
    for span in [found.default, found.flatten, found.skip].into_iter().flatten() {
        errors.push(Error::new(span, "on a variant there may be: rename"));
    }
    found
}

fn implement(ident: &Ident, variants: &[&Variant], forms: &Forms, codec: &Path) -> TokenStream {
    let Forms { own, cql, variants: values, read, encode } = forms;
    let variants: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let check = quote_spanned! {Span::mixed_site()=>
        match ty {
            #cql => ::core::result::Result::Ok(()),
            _ => ::core::result::Result::Err(#codec::ValueError::mismatch::<Self>(ty)),
        }
    };
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl<'page> #codec::DecodeValue<'page> for #ident {
            #[inline]
            fn accepts(
                ty: &#codec::ColumnType,
            ) -> ::core::result::Result<(), #codec::ValueError> {
                #check
            }

            fn decode(
                ty: &'page #codec::ColumnType,
                cell: ::core::option::Option<&'page [u8]>,
            ) -> ::core::result::Result<Self, #codec::ValueError> {
                let found = #read;
                #(
                    if found == #values {
                        return ::core::result::Result::Ok(Self::#variants);
                    }
                )*
                ::core::result::Result::Err(#codec::ValueError::unknown_variant::<Self>(ty, found))
            }
        }

        #[automatically_derived]
        impl #codec::EncodeValue for #ident {
            fn encode(
                &self,
                ty: ::core::option::Option<&#codec::ColumnType>,
                out: &mut #codec::bytes::BytesMut,
            ) -> ::core::result::Result<(), #codec::ValueError> {
                if let ::core::option::Option::Some(ty) = ty {
                    <Self as #codec::EncodeValue>::fits(ty)?;
                }
                match self {
                    #(Self::#variants => #encode(&#values, ty, out),)*
                }
            }

            fn own_type(&self) -> ::core::option::Option<#codec::ColumnType> {
                <Self as #codec::EncodeValue>::static_type()
            }

            fn static_type() -> ::core::option::Option<#codec::ColumnType> {
                ::core::option::Option::Some(#codec::ColumnType::#own)
            }

            #[inline]
            fn fits(
                ty: &#codec::ColumnType,
            ) -> ::core::result::Result<(), #codec::ValueError> {
                #check
            }
        }
    }
}
