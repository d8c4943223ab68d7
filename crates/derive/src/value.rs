//! `Value`: a newtype as the value that it holds, or an enum as text or a number.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput, Error, Lifetime, Result};

use crate::enumeration;
use crate::errors::Errors;
use crate::generics::OfPage;
use crate::input::{Field, Input, Role};
use crate::row::skipped;
use crate::user_type::{impl_decode, impl_encode};

pub(crate) fn derive(input: DeriveInput) -> Result<TokenStream> {
    if matches!(input.data, Data::Enum(_)) {
        return enumeration::derive(input);
    }
    let (input, mut errors) = Input::parse(input, "Value")?;
    check(&input, &mut errors);
    let of_page = errors.take(OfPage::new(&input.generics));
    let (Some(of_page), Some(only)) = (of_page, input.values().next()) else {
        return errors.finish(TokenStream::new());
    };
    let decode = impl_decode(&input, &of_page, &decode(&input, only, &of_page.page));
    let encode = impl_encode(&input, &encode(&input, only));
    errors.finish(quote_spanned!(Span::mixed_site()=> #decode #encode))
}

fn check(input: &Input, errors: &mut Errors) {
    let count = input.fields.iter().filter(|field| field.role != Role::Skip).count();
    if count > 1 {
        let why = "a value has one field that is not skipped; a struct of several is a user-defined \
                   type, `UserType`, or a row, `Row`";
        errors.push(Error::new(input.ident.span(), why));
    }
    for span in [input.strict, input.rename_all].into_iter().flatten() {
        errors.push(Error::new(span, "the only field of a value has no name"));
    }
    for field in input.fields.iter().filter(|field| field.renamed) {
        errors.push(Error::new(field.name.span(), "the only field of a value has no name"));
    }
    for field in input.of(Role::ValueOrDefault) {
        let why = "a value is null where its only field is; make that an `Option`";
        errors.push(Error::new(field.span, why));
    }
    for field in input.of(Role::Flatten) {
        let why = "the only field of a value is a value";
        errors.push(Error::new(field.span, why));
    }
}

fn decode(input: &Input, only: &Field, page: &Lifetime) -> TokenStream {
    let (codec, ty) = (&input.codec, &only.ty);
    let fields = input.fields.iter().map(|Field { member, role, .. }| match role {
        Role::Skip => skipped(member),
        _ => quote_spanned!(Span::mixed_site()=> #member: value),
    });
    quote_spanned! {Span::mixed_site()=>
        #[inline]
        fn accepts(
            ty: &#codec::ColumnType,
        ) -> ::core::result::Result<(), #codec::ValueError> {
            <#ty as #codec::DecodeValue<'_>>::accepts(ty)
        }

        #[inline]
        fn decode(
            ty: &#page #codec::ColumnType,
            cell: ::core::option::Option<&#page [u8]>,
        ) -> ::core::result::Result<Self, #codec::ValueError> {
            let value = <#ty as #codec::DecodeValue<#page>>::decode(ty, cell)?;
            ::core::result::Result::Ok(Self { #(#fields,)* })
        }
    }
}

fn encode(input: &Input, only: &Field) -> TokenStream {
    let (codec, Field { member, ty, .. }) = (&input.codec, only);
    let method = |name: &str| {
        let name = syn::Ident::new(name, Span::mixed_site());
        quote_spanned! {Span::mixed_site()=>
            #[inline]
            fn #name(
                &self,
                ty: ::core::option::Option<&#codec::ColumnType>,
                out: &mut #codec::bytes::BytesMut,
            ) -> ::core::result::Result<(), #codec::ValueError> {
                <#ty as #codec::EncodeValue>::#name(&self.#member, ty, out)
            }
        }
    };
    let (encode, encode_content) = (method("encode"), method("encode_content"));
    quote_spanned! {Span::mixed_site()=>
        #encode
        #encode_content

        fn own_type(&self) -> ::core::option::Option<#codec::ColumnType> {
            <#ty as #codec::EncodeValue>::own_type(&self.#member)
        }

        fn static_type() -> ::core::option::Option<#codec::ColumnType> {
            <#ty as #codec::EncodeValue>::static_type()
        }

        #[inline]
        fn fits(ty: &#codec::ColumnType) -> ::core::result::Result<(), #codec::ValueError> {
            <#ty as #codec::EncodeValue>::fits(ty)
        }
    }
}
