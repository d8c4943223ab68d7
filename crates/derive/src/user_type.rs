//! `UserType`: a struct that is a user-defined type.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Error, Generics, Lifetime, Result};

use crate::errors::Errors;
use crate::generics::{OfPage, require};
use crate::input::{Field, Input, Role};
use crate::row::skipped;

pub(crate) fn derive(input: DeriveInput) -> Result<TokenStream> {
    let (input, mut errors) = Input::parse(input, "UserType")?;
    check(&input, &mut errors);
    let of_page = errors.take(OfPage::new(&input.generics));
    let Some(of_page) = of_page else { return errors.finish(TokenStream::new()) };
    let decode = impl_decode(&input, &of_page, &decode_fields(&input, &of_page.page));
    let encode = impl_encode(&input, &encode_fields(&input));
    errors.finish(quote_spanned!(Span::mixed_site()=> #decode #encode))
}

fn check(input: &Input, errors: &mut Errors) {
    for field in input.of(Role::Flatten) {
        errors.push(Error::new(field.span, "a user type cannot be spread over the one it is in"));
    }
    if !input.is_named {
        let why = "the fields of a user type have names; a struct that is no more than its only \
                   field derives `Value`";
        errors.push(Error::new(input.ident.span(), why));
    }
}

/// `accepts` and `decode` of [`impl_decode`]: the fields by their names.
fn decode_fields(input: &Input, page: &Lifetime) -> TokenStream {
    let codec = &input.codec;
    let of = |role| {
        let fields = input.of(role).map(|Field { ty, name, .. }| {
            quote_spanned!(Span::mixed_site()=> (#name, <#ty as #codec::DecodeValue<'_>>::accepts))
        });
        fields.collect::<Vec<_>>()
    };
    let (required, optional) = (of(Role::Value), of(Role::ValueOrDefault));
    let check_optional = (!optional.is_empty()).then(|| {
        quote_spanned!(Span::mixed_site()=>
            #codec::check_optional_fields::<Self>(ty, &[#(#optional),*])?;
        )
    });
    let names: Vec<_> = input.values().map(|field| &field.name).collect();
    let count = names.len();
    let decoded = input.fields.iter().map(|Field { member, ty, role, .. }| match role {
        Role::Skip => skipped(member),
        Role::ValueOrDefault => {
            quote_spanned!(Span::mixed_site()=> #member: fields.value_or_default::<#ty>()?)
        }
        Role::Value | Role::Flatten => {
            quote_spanned!(Span::mixed_site()=> #member: fields.value::<#ty>()?)
        }
    });
    quote_spanned! {Span::mixed_site()=>
        fn accepts(
            ty: &#codec::ColumnType,
        ) -> ::core::result::Result<(), #codec::ValueError> {
            #check_optional
            #codec::check_fields::<Self>(ty, &[#(#required),*])
        }

        fn decode(
            ty: &#page #codec::ColumnType,
            cell: ::core::option::Option<&#page [u8]>,
        ) -> ::core::result::Result<Self, #codec::ValueError> {
            let names = &[#(#names),*];
            let mut fields = #codec::NamedFields::<Self, #count>::new(ty, cell, names)?;
            ::core::result::Result::Ok(Self { #(#decoded,)* })
        }
    }
}

/// The `impl` of `DecodeValue` with these methods.
pub(crate) fn impl_decode(input: &Input, of_page: &OfPage, methods: &TokenStream) -> TokenStream {
    let (page, mut generics) = (&of_page.page, of_page.generics.clone());
    let (ident, codec) = (&input.ident, &input.codec);
    let value = quote_spanned!(Span::mixed_site()=> #codec::DecodeValue<#page>);
    require_of_fields(&mut generics, input, &value);
    let default = quote_spanned!(Span::mixed_site()=> ::core::default::Default);
    for field in input.of(Role::Skip).chain(input.of(Role::ValueOrDefault)) {
        require(&mut generics, &field.ty, &default);
    }
    let (_, of_struct, _) = input.generics.split_for_impl();
    let (of_impl, _, conditions) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #of_impl #codec::DecodeValue<#page> for #ident #of_struct #conditions {
            #methods
        }
    }
}

fn require_of_fields(generics: &mut Generics, input: &Input, bound: &TokenStream) {
    for field in input.values() {
        require(generics, &field.ty, bound);
    }
}

/// `encode` and `fits` of [`impl_encode`]: the fields by their names.
fn encode_fields(input: &Input) -> TokenStream {
    let codec = &input.codec;
    let values = input.values().map(
        |Field { member, name, .. }| quote_spanned!(Span::mixed_site()=> (#name, &self.#member)),
    );
    let fits = input.values().map(|Field { ty, name, .. }| {
        quote_spanned!(Span::mixed_site()=> (#name, <#ty as #codec::EncodeValue>::fits))
    });
    let own = input.values().map(|Field { member, name, .. }| {
        quote_spanned!(Span::mixed_site()=> (
            #name,
            #codec::EncodeValue::own_type(&self.#member),
        ))
    });
    let all = input.values().map(|Field { ty, name, .. }| {
        quote_spanned!(Span::mixed_site()=> (#name, <#ty as #codec::EncodeValue>::static_type()))
    });
    let out = quote_spanned!(Span::mixed_site()=> #codec::bytes::BytesMut);
    quote_spanned! {Span::mixed_site()=>
        fn own_type(&self) -> ::core::option::Option<#codec::ColumnType> {
            #codec::type_of_fields::<Self>([#(#own),*])
        }

        fn static_type() -> ::core::option::Option<#codec::ColumnType> {
            #codec::type_of_fields::<Self>([#(#all),*])
        }

        fn encode(
            &self,
            ty: ::core::option::Option<&#codec::ColumnType>,
            out: &mut #out,
        ) -> ::core::result::Result<(), #codec::ValueError> {
            #codec::encode_fields::<Self>(ty, &[#(#values),*], out)
        }

        fn fits(ty: &#codec::ColumnType) -> ::core::result::Result<(), #codec::ValueError> {
            #codec::check_fields::<Self>(ty, &[#(#fits),*])
        }
    }
}

/// The `impl` of `EncodeValue` with these methods.
pub(crate) fn impl_encode(input: &Input, methods: &TokenStream) -> TokenStream {
    let (ident, codec) = (&input.ident, &input.codec);
    let mut generics = input.generics.clone();
    let value = quote_spanned!(Span::mixed_site()=> #codec::EncodeValue);
    require_of_fields(&mut generics, input, &value);
    let (_, of_struct, _) = input.generics.split_for_impl();
    let (of_impl, _, conditions) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #of_impl #codec::EncodeValue for #ident #of_struct #conditions {
            #methods
        }
    }
}
