//! `COLUMNS`: the columns that a row with names is read from.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::generics::require;
use crate::input::{Field, Input, Role};

/// The constant, of the struct itself and of the trait that finds those of flattened structs.
pub(crate) fn of(input: &Input) -> TokenStream {
    let (ident, codec, visibility) = (&input.ident, &input.codec, &input.visibility);
    let mut generics = input.generics.clone();
    let named = quote_spanned!(Span::mixed_site()=> #codec::NamedColumns);
    for field in input.of(Role::Flatten) {
        require(&mut generics, &field.ty, &named);
    }
    let columns = input.fields.iter().filter_map(|Field { ty, name, role, .. }| match role {
        Role::Skip => None,
        Role::Flatten => Some(quote_spanned!(Span::mixed_site()=>
            #codec::ColumnNames::Of(&<#ty as #codec::NamedColumns>::COLUMNS))),
        Role::Value | Role::ValueOrDefault => {
            Some(quote_spanned!(Span::mixed_site()=> #codec::ColumnNames::Name(#name)))
        }
    });
    let (_, of_struct, _) = input.generics.split_for_impl();
    let (of_impl, _, conditions) = generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #of_impl #ident #of_struct #conditions {
            /// The columns that a row is read from, for the lists of SELECT and INSERT.
            #[allow(dead_code)]
            #visibility const COLUMNS: #codec::Columns =
                <Self as #codec::NamedColumns>::COLUMNS;
        }

        #[automatically_derived]
        impl #of_impl #codec::NamedColumns for #ident #of_struct #conditions {
            const COLUMNS: #codec::Columns = #codec::Columns::new(&[#(#columns),*]);
        }
    }
}
