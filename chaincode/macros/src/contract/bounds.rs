//! What a type must be able to do, asked for in one way and at one place, where the author wrote
//! the type: the compiler then reports a type that cannot do it once.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;
use syn::Type;
use syn::spanned::Spanned;

/// An item of `Argument`.
pub(super) fn argument(of: &Type, item: &str) -> TokenStream {
    let item = Ident::new(item, of.span());
    quote_spanned!(of.span()=> <#of as ::pervade_chaincode::Argument>::#item)
}

/// An item of `Transient`.
pub(super) fn transient(of: &Type, item: &str) -> TokenStream {
    let item = Ident::new(item, of.span());
    quote_spanned!(of.span()=> <#of as ::pervade_chaincode::Transient>::#item)
}

/// An item of `Answer`.
pub(super) fn answer(of: &Type, item: &str) -> TokenStream {
    let item = Ident::new(item, of.span());
    quote_spanned!(of.span()=> <#of as ::pervade_chaincode::Answer>::#item)
}
