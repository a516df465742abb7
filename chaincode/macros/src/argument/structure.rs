//! The JSON Schema of a structure, and of a variant that is written like one.

use proc_macro2::TokenStream;
use quote::quote;
use serde_derive_internals::ast::{Container, Field, Style};

use super::{described, schema_of};

/// The schema of a structure's fields.
pub(super) fn schema(container: &Container<'_>, style: Style, fields: &[Field<'_>]) -> TokenStream {
    match style {
        Style::Struct => {
            let fields = object(container, fields);
            let closed = closed(container);
            quote!(#fields.finish(#closed))
        }
        Style::Tuple => tuple(fields),
        Style::Newtype => fields.first().map_or_else(unit, |field| schema_of(field.ty)),
        Style::Unit => unit(),
    }
}

/// The fields, before more are added.
pub(super) fn object(container: &Container<'_>, fields: &[Field<'_>]) -> TokenStream {
    let fields = fields.iter().filter(|field| !field.attrs.skip_serializing());
    let fields = fields.map(|field| {
        let name = field.attrs.name().serialize_name();
        let presence =
            if may_be_left_out(container, field) { quote!(Optional) } else { quote!(Required) };
        let schema = described(&schema_of(field.ty), &field.original.attrs);
        quote! {
            .field(#name, ::pervade_chaincode::derive::Presence::#presence, #schema)
        }
    });
    quote!(::pervade_chaincode::derive::ObjectSchema::new()#(#fields)*)
}

/// Whether fields that nobody declared are refused.
pub(super) fn closed(container: &Container<'_>) -> TokenStream {
    if container.attrs.deny_unknown_fields() {
        quote!(::pervade_chaincode::derive::Closed::Yes)
    } else {
        quote!(::pervade_chaincode::derive::Closed::No)
    }
}

/// A structure without content is `null`.
pub(super) fn unit() -> TokenStream {
    quote!(::pervade_chaincode::derive::null())
}

fn tuple(fields: &[Field<'_>]) -> TokenStream {
    let parts = fields.iter().map(|field| schema_of(field.ty));
    quote!(::pervade_chaincode::derive::tuple(::std::vec![#(#parts),*]))
}

/// Serde reads a missing field if it has a default, and a missing `Option` as `None`.
fn may_be_left_out(container: &Container<'_>, field: &Field<'_>) -> bool {
    !field.attrs.default().is_none()
        || !container.attrs.default().is_none()
        || field.attrs.skip_serializing_if().is_some()
        || is_option(field.ty)
}

fn is_option(of: &syn::Type) -> bool {
    let syn::Type::Path(path) = of else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Option")
}
