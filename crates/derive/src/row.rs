//! `Row`: a struct that is decoded from a row.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Error, Result};

use crate::columns;
use crate::errors::Errors;
use crate::generics::{OfPage, require};
use crate::input::{Field, Input, Role};

pub(crate) fn derive(input: DeriveInput) -> Result<TokenStream> {
    let (input, mut errors) = Input::parse(input, "Row")?;
    if !input.is_named {
        input.refuse_names(&mut errors);
        refuse_flattened(&input, &mut errors);
    }
    let of_page = errors.take(OfPage::new(&input.generics));
    let Some(OfPage { page, mut generics }) = of_page else {
        return errors.finish(TokenStream::new());
    };
    let (ident, codec) = (&input.ident, &input.codec);
    for field in &input.fields {
        require(&mut generics, &field.ty, &bound(field, &input, &page));
    }
    let (plan, decode) = if input.is_named { by_name(&input) } else { by_position(&input) };
    let plan_name = if input.is_named {
        quote_spanned!(Span::mixed_site()=> plan)
    } else {
        quote_spanned!(Span::mixed_site()=> _)
    };
    let columns = input.is_named.then(|| columns::of(&input));
    let (_, of_struct, _) = input.generics.split_for_impl();
    let (of_impl, _, conditions) = generics.split_for_impl();
    errors.finish(quote_spanned! {Span::mixed_site()=>
        #columns

        #[automatically_derived]
        impl #of_impl #codec::DecodeRow<#page> for #ident #of_struct #conditions {
            fn plan(
                columns: &[#codec::ColumnSpec],
            ) -> ::core::result::Result<#codec::RowPlan, #codec::ValueError> {
                #plan
            }

            #[inline]
            fn decode_row(
                #plan_name: &#codec::RowPlan,
                cells: &mut #codec::RowCells<#page>,
            ) -> ::core::result::Result<Self, #codec::ValueError> {
                #decode
            }
        }
    })
}

fn refuse_flattened(input: &Input, errors: &mut Errors) {
    for field in input.of(Role::Flatten) {
        errors.push(Error::new(field.span, "a row by position has no rows inside of it"));
    }
}

/// What the type of a field has to be.
fn bound(field: &Field, input: &Input, page: &syn::Lifetime) -> TokenStream {
    let codec = &input.codec;
    let default = quote_spanned!(Span::mixed_site()=> ::core::default::Default);
    match field.role {
        Role::Value => quote_spanned!(Span::mixed_site()=> #codec::DecodeValue<#page>),
        Role::ValueOrDefault => {
            quote_spanned!(Span::mixed_site()=> #codec::DecodeValue<#page> + #default)
        }
        Role::Flatten => quote_spanned!(Span::mixed_site()=> #codec::DecodeRow<#page>),
        Role::Skip => default,
    }
}

/// Both bodies, for fields with names.
fn by_name(input: &Input) -> (TokenStream, TokenStream) {
    let codec = &input.codec;
    let planned = input.fields.iter().filter_map(|Field { ty, name, role, .. }| match role {
        Role::Value => Some(quote_spanned!(Span::mixed_site()=> plan.field::<#ty>(#name)?;)),
        Role::ValueOrDefault => {
            Some(quote_spanned!(Span::mixed_site()=> plan.field_or_default::<#ty>(#name)?;))
        }
        Role::Flatten => Some(quote_spanned!(Span::mixed_site()=> plan.flatten::<#ty>()?;)),
        Role::Skip => None,
    });
    let finish = match input.strict {
        Some(_) => quote_spanned!(Span::mixed_site()=> plan.strict()),
        None => quote_spanned!(Span::mixed_site()=> ::core::result::Result::Ok(plan.lenient())),
    };
    let plan = quote_spanned! {Span::mixed_site()=>
        let mut plan = #codec::RowPlanner::new::<Self>(columns);
        #(#planned)*
        #finish
    };
    (plan, decode_by_name(input))
}

/// The body of `decode_row`: the cells as they come, or else by the plan.
fn decode_by_name(input: &Input) -> TokenStream {
    let count = input.values().count();
    let mut flattened = 0_usize..;
    let decoded: Vec<_> = input
        .fields
        .iter()
        .map(|Field { member, ty, role, .. }| match role {
            Role::Value => quote_spanned!(Span::mixed_site()=> #member: cells.value::<#ty>()?),
            Role::ValueOrDefault => {
                quote_spanned!(Span::mixed_site()=> #member: cells.value_or_default::<#ty>()?)
            }
            Role::Flatten => {
                let number = flattened.next();
                quote_spanned!(Span::mixed_site()=> #member: plan.flattened::<#ty>(#number, &row)?)
            }
            Role::Skip => skipped(member),
        })
        .collect();
    let row = input.of(Role::Flatten).next().map(
        |_| quote_spanned!(Span::mixed_site()=> let row = ::core::clone::Clone::clone(cells);),
    );
    if count == 0 {
        return quote_spanned! {Span::mixed_site()=>
            #row
            ::core::result::Result::Ok(Self { #(#decoded,)* })
        };
    }
    quote_spanned! {Span::mixed_site()=>
        #row
        if plan.is_in_order() {
            return ::core::result::Result::Ok(Self { #(#decoded,)* });
        }
        let mut cells = plan.arrange::<#count>(cells)?;
        ::core::result::Result::Ok(Self { #(#decoded,)* })
    }
}

/// Both bodies, for a tuple struct.
fn by_position(input: &Input) -> (TokenStream, TokenStream) {
    let codec = &input.codec;
    let types = input.values().map(|field| &field.ty);
    let plan = quote_spanned! {Span::mixed_site()=>
        #codec::RowPlan::for_positions(
            columns,
            &[#(<#types as #codec::DecodeValue<'_>>::accepts,)*],
        )
    };
    let decoded = input.fields.iter().map(|Field { member, ty, role, .. }| match role {
        Role::ValueOrDefault => quote_spanned! {Span::mixed_site()=>
            #member: cells.value_or_default::<#ty>()?
        },
        Role::Skip => skipped(member),
        Role::Value | Role::Flatten => {
            quote_spanned!(Span::mixed_site()=> #member: cells.value::<#ty>()?)
        }
    });
    let decode = quote_spanned! {Span::mixed_site()=>
        ::core::result::Result::Ok(Self { #(#decoded,)* })
    };
    (plan, decode)
}

/// A field that has its default, whatever comes.
pub(crate) fn skipped(member: &syn::Member) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #member: ::core::default::Default::default())
}
