//! What an `impl` is generic over: the lifetime of the page, and what fields of generic types have
//! to be.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Error, GenericParam, Generics, Lifetime, LifetimeParam, Result, Type, parse_quote};

/// The generics of an `impl` of a trait that has the lifetime of the page.
pub(crate) struct OfPage {
    /// That of the struct, if it borrows; a new one otherwise.
    pub(crate) page: Lifetime,
    /// Those of the struct, and the page's.
    pub(crate) generics: Generics,
}

impl OfPage {
    pub(crate) fn new(of_struct: &Generics) -> Result<Self> {
        let mut lifetimes = of_struct.lifetimes();
        let (first, second) = (lifetimes.next(), lifetimes.next());
        if let Some(second) = second {
            let why = "it borrows from one page, so one lifetime is all that it can have";
            return Err(Error::new(second.lifetime.span(), why));
        }
        let mut generics = of_struct.clone();
        let page = first.map(|first| first.lifetime.clone());
        let page = page.unwrap_or_else(|| {
            let page = Lifetime::new("'page", Span::mixed_site());
            generics.params.insert(0, GenericParam::Lifetime(LifetimeParam::new(page.clone())));
            page
        });
        Ok(Self { page, generics })
    }
}

/// Adds that a field of this type is so, if that depends on what the struct is generic over.
pub(crate) fn require(generics: &mut Generics, ty: &Type, bound: &TokenStream) {
    let depends = generics.type_params().any(|param| mentions(ty.to_token_stream(), &param.ident));
    if depends {
        let bound = quote_spanned!(Span::mixed_site()=> #ty: #bound);
        generics.make_where_clause().predicates.push(parse_quote!(#bound));
    }
}

fn mentions(tokens: TokenStream, param: &syn::Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), param),
        TokenTree::Ident(ident) => ident == *param,
        _ => false,
    })
}
