//! `BindValues`: a struct that is bound to the markers of a statement.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Error, Result};

use crate::errors::Errors;
use crate::generics::require;
use crate::input::{Field, Input, Role};

pub(crate) fn derive(input: DeriveInput) -> Result<TokenStream> {
    let (input, mut errors) = Input::parse(input, "BindValues")?;
    if !input.is_named {
        refuse(&input, &mut errors);
    }
    let (ident, codec) = (&input.ident, &input.codec);
    let mut generics = input.generics.clone();
    let value = quote_spanned!(Span::mixed_site()=> #codec::EncodeValue);
    let values = quote_spanned!(Span::mixed_site()=> #codec::ValuesByName);
    for field in &input.fields {
        match field.role {
            Role::Skip => {}
            Role::Flatten => require(&mut generics, &field.ty, &values),
            Role::Value | Role::ValueOrDefault => require(&mut generics, &field.ty, &value),
        }
    }
    let by_name = by_name(&input);
    let (_, of_struct, _) = input.generics.split_for_impl();
    let (of_impl, _, conditions) = generics.split_for_impl();
    errors.finish(quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #of_impl #codec::ValuesByName for #ident #of_struct #conditions {
            #by_name
        }

        #[automatically_derived]
        impl #of_impl #codec::EncodeValues for #ident #of_struct #conditions {
            fn named(&self, columns: &[#codec::ColumnSpec]) -> bool {
                columns.is_empty()
            }

            fn each_value(
                &self,
                show: &mut #codec::ShowValue<'_>,
            ) -> ::core::result::Result<(), #codec::ValueError> {
                #codec::ValuesByName::each(self, &mut |name, value| {
                    show(::core::option::Option::Some(name), value)
                })
            }

            fn encode_values(
                &self,
                columns: &[#codec::ColumnSpec],
                out: &mut #codec::bytes::BytesMut,
            ) -> ::core::result::Result<usize, #codec::ValueError> {
                #codec::encode_by_name(self, columns, out)
            }
        }
    })
}

fn refuse(input: &Input, errors: &mut Errors) {
    input.refuse_names(errors);
    let why = "values are bound by the names of fields; bind a tuple where there are none";
    errors.push(Error::new(input.ident.span(), why));
}

/// Both methods of `ValuesByName`.
fn by_name(input: &Input) -> TokenStream {
    let codec = &input.codec;
    let own = input.values().map(|Field { member, name, .. }| {
        quote_spanned!(Span::mixed_site()=> #name => ::core::option::Option::Some(&self.#member),)
    });
    let flattened: Vec<_> = input.of(Role::Flatten).map(|field| &field.member).collect();
    let others = quote_spanned! {Span::mixed_site()=>
        ::core::option::Option::None
            #(.or_else(|| #codec::ValuesByName::value(&self.#flattened, name)))*
    };
    let shown = input.fields.iter().filter_map(|Field { member, name, role, .. }| match role {
        Role::Skip => None,
        Role::Flatten => Some(
            quote_spanned!(Span::mixed_site()=> #codec::ValuesByName::each(&self.#member, show)?;),
        ),
        Role::Value | Role::ValueOrDefault => {
            Some(quote_spanned!(Span::mixed_site()=> show(#name, &self.#member)?;))
        }
    });
    quote_spanned! {Span::mixed_site()=>
        fn value(&self, name: &str) -> ::core::option::Option<&dyn #codec::EncodeValue> {
            match name {
                #(#own)*
                _ => #others,
            }
        }

        fn each(
            &self,
            show: &mut dyn ::core::ops::FnMut(
                &str,
                &dyn #codec::EncodeValue,
            ) -> ::core::result::Result<(), #codec::ValueError>,
        ) -> ::core::result::Result<(), #codec::ValueError> {
            #(#shown)*
            ::core::result::Result::Ok(())
        }
    }
}
