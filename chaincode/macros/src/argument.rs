//! The `Argument` derive: how a type is written alone, and its JSON Schema.
//!
//! What the type looks like as JSON is serde's to say. Its attributes are read here by the code
//! that serde's own derives read them with, so that the schema cannot say anything else; an
//! attribute whose effect a schema cannot show is refused.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use serde_derive_internals::ast::{Container, Data, Field, Style};
use serde_derive_internals::attr::TagType;
use serde_derive_internals::{Ctxt, Derive};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Result, Type, parse_quote};

mod enumeration;
mod refusals;
mod structure;

/// The implementation for a type.
pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let context = Ctxt::new();
    let container = Container::from_ast(&context, item, Derive::Deserialize);
    context.check()?;
    let message = "only a structure or an enumeration can be an argument";
    let container = container.ok_or_else(|| Error::new(item.span(), message))?;
    refusals::check(&container)?;
    Ok(implementation(&container, &form(&container)?))
}

/// How a type is written.
enum Form<'a> {
    /// As another type, which it is made from and into.
    Through { of: &'a Type, reading: Reading },
    /// As its only field.
    Inner(&'a Field<'a>),
    /// As one of a few words.
    Words,
    /// As JSON with a schema of its own.
    Json(TokenStream),
}

/// How a value is made of the type that stands for it.
#[derive(Clone, Copy)]
enum Reading {
    From,
    TryFrom,
}

fn form<'a>(container: &'a Container<'a>) -> Result<Form<'a>> {
    if let Some((of, reading)) = proxy(container)? {
        return Ok(Form::Through { of, reading });
    }
    match &container.data {
        Data::Struct(Style::Newtype, fields) => match fields.first() {
            Some(field) => Ok(Form::Inner(field)),
            None => Ok(Form::Json(structure::unit())),
        },
        Data::Struct(_, fields) if container.attrs.transparent() => match fields.as_slice() {
            [field] => Ok(Form::Inner(field)),
            _ => {
                let message = "a transparent argument has one field";
                Err(Error::new(container.original.span(), message))
            }
        },
        Data::Struct(style, fields) => Ok(Form::Json(structure::schema(container, *style, fields))),
        Data::Enum(variants) => {
            let is_external = matches!(container.attrs.tag(), TagType::External);
            let is_word = variants.iter().all(|variant| matches!(variant.style, Style::Unit));
            if is_external && is_word {
                Ok(Form::Words)
            } else {
                enumeration::schema(container, variants).map(Form::Json)
            }
        }
    }
}

/// The type that serde goes through, if there is one.
fn proxy<'a>(container: &'a Container<'a>) -> Result<Option<(&'a Type, Reading)>> {
    let attributes = &container.attrs;
    let from = attributes.type_from().map(|of| (of, Reading::From));
    let try_from = attributes.type_try_from().map(|of| (of, Reading::TryFrom));
    match (from.or(try_from), attributes.type_into()) {
        (None, None) => Ok(None),
        (Some((of, reading)), Some(into)) if of == into => Ok(Some((of, reading))),
        _ => {
            let message = "an argument is read as it is written: `#[serde(from = \"T\", into = \"T\")]` or `#[serde(try_from = \"T\", into = \"T\")]` with the same `T`";
            Err(Error::new(container.original.ident.span(), message))
        }
    }
}

fn implementation(container: &Container<'_>, form: &Form<'_>) -> TokenStream {
    let body = match form {
        Form::Through { of, reading } => through(of, *reading),
        Form::Inner(field) => inner(field),
        Form::Words => words(container),
        Form::Json(schema) => named(container, schema),
    };
    let name = &container.original.ident;
    let mut generics = container.original.generics.clone();
    for parameter in container.original.generics.type_params() {
        let parameter = &parameter.ident;
        let bound = parse_quote!(#parameter: ::pervade_chaincode::Argument);
        generics.make_where_clause().predicates.push(bound);
    }
    let (generics, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics ::pervade_chaincode::Argument for #name #arguments #bounds {
            #body
        }
    }
}

/// The schemas and the reading and writing of a type that is written as another.
fn delegated(of: &Type, read: &TokenStream, written: &TokenStream) -> TokenStream {
    let of = quote_spanned!(of.span()=> <#of as ::pervade_chaincode::Argument>);
    quote! {
        fn schema(
            schemas: &mut ::pervade_chaincode::Schemas,
        ) -> ::pervade_chaincode::JsonSchema {
            #of::schema(schemas)
        }

        fn schema_alone(
            schemas: &mut ::pervade_chaincode::Schemas,
        ) -> ::pervade_chaincode::JsonSchema {
            #of::schema_alone(schemas)
        }

        fn decode(
            bytes: &[u8],
        ) -> ::core::result::Result<Self, ::pervade_chaincode::ArgumentError> {
            let value = #of::decode(bytes)?;
            #read
        }

        fn encode(
            &self,
        ) -> ::core::result::Result<::std::vec::Vec<u8>, ::pervade_chaincode::ArgumentError> {
            #of::encode(&#written)
        }
    }
}

fn through(of: &Type, reading: Reading) -> TokenStream {
    let read = match reading {
        Reading::From => quote! {
            ::core::result::Result::Ok(<Self as ::core::convert::From<#of>>::from(value))
        },
        Reading::TryFrom => quote! {
            <Self as ::core::convert::TryFrom<#of>>::try_from(value)
                .map_err(::pervade_chaincode::derive::refused)
        },
    };
    let written = quote! {
        <Self as ::core::convert::Into<#of>>::into(::core::clone::Clone::clone(self))
    };
    delegated(of, &read, &written)
}

fn inner(field: &Field<'_>) -> TokenStream {
    let member = &field.member;
    let read = quote!(::core::result::Result::Ok(Self { #member: value }));
    delegated(field.ty, &read, &quote!(self.#member))
}

fn words(container: &Container<'_>) -> TokenStream {
    let words = match &container.data {
        Data::Enum(variants) => enumeration::words(variants),
        Data::Struct(..) => Vec::new(),
    };
    let schema = quote!(::pervade_chaincode::derive::words(&[#(#words),*]));
    let schema = described(&schema, &container.original.attrs);
    // It has no name of its own, because Fabric's tools take what has one for an object.
    quote! {
        fn schema(
            _schemas: &mut ::pervade_chaincode::Schemas,
        ) -> ::pervade_chaincode::JsonSchema {
            #schema
        }

        fn decode(
            bytes: &[u8],
        ) -> ::core::result::Result<Self, ::pervade_chaincode::ArgumentError> {
            ::pervade_chaincode::derive::decode_word(bytes)
        }

        fn encode(
            &self,
        ) -> ::core::result::Result<::std::vec::Vec<u8>, ::pervade_chaincode::ArgumentError> {
            ::pervade_chaincode::derive::encode_word(self)
        }
    }
}

/// A schema under the type's name, with what its author says of it.
fn named(container: &Container<'_>, schema: &TokenStream) -> TokenStream {
    let name = container.attrs.name().serialize_name();
    let schema = described(schema, &container.original.attrs);
    quote! {
        fn schema(
            schemas: &mut ::pervade_chaincode::Schemas,
        ) -> ::pervade_chaincode::JsonSchema {
            schemas.named::<Self>(#name, |schemas| {
                let _ = &schemas;
                #schema
            })
        }
    }
}

/// The schema of a field's type; a type that has none is reported where the field stands.
fn schema_of(of: &Type) -> TokenStream {
    quote_spanned!(of.span()=> <#of as ::pervade_chaincode::Argument>::schema(schemas))
}

fn described(schema: &TokenStream, attributes: &[syn::Attribute]) -> TokenStream {
    let docs = crate::docs::of(attributes);
    if docs.is_empty() {
        schema.clone()
    } else {
        quote!(::pervade_chaincode::derive::described(#schema, #docs))
    }
}
