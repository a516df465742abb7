//! The JSON Schema of an enumeration, in each of serde's four representations.

use proc_macro2::TokenStream;
use quote::quote;
use serde_derive_internals::ast::{Container, Style, Variant};
use serde_derive_internals::attr::TagType;
use syn::{Error, Result};

use super::{described, structure};

/// The variants that are written as a word alone.
pub(super) fn words(variants: &[Variant<'_>]) -> Vec<String> {
    let written = written(variants).filter(|variant| matches!(variant.style, Style::Unit));
    written.map(|variant| variant.attrs.name().serialize_name().to_owned()).collect()
}

/// The schema of an enumeration that is more than a list of words.
pub(super) fn schema(container: &Container<'_>, variants: &[Variant<'_>]) -> Result<TokenStream> {
    let of = Representation { container };
    let alternatives = match container.attrs.tag() {
        TagType::External => of.external(variants),
        TagType::Internal { tag } => written(variants)
            .map(|variant| of.internal(tag, variant))
            .collect::<Result<Vec<_>>>()?,
        TagType::Adjacent { tag, content } => {
            written(variants).map(|variant| of.adjacent(tag, content, variant)).collect()
        }
        TagType::None => written(variants).map(|variant| of.content(variant)).collect(),
    };
    Ok(quote!(::pervade_chaincode::derive::one_of(::std::vec![#(#alternatives),*])))
}

fn written<'v, 'a>(variants: &'v [Variant<'a>]) -> impl Iterator<Item = &'v Variant<'a>> {
    variants.iter().filter(|variant| !variant.attrs.skip_serializing())
}

struct Representation<'a> {
    container: &'a Container<'a>,
}

impl Representation<'_> {
    /// `"Word"`, or `{"Variant": content}`.
    fn external(&self, variants: &[Variant<'_>]) -> Vec<TokenStream> {
        let words = words(variants);
        let words =
            (!words.is_empty()).then(|| quote!(::pervade_chaincode::derive::words(&[#(#words),*])));
        let others = written(variants).filter(|variant| !matches!(variant.style, Style::Unit));
        let others = others.map(|variant| {
            let name = variant.attrs.name().serialize_name();
            let content = self.content(variant);
            let schema = quote! {
                ::pervade_chaincode::derive::ObjectSchema::new()
                    .field(#name, ::pervade_chaincode::derive::Presence::Required, #content)
                    .finish(::pervade_chaincode::derive::Closed::Yes)
            };
            described(&schema, &variant.original.attrs)
        });
        words.into_iter().chain(others).collect()
    }

    /// `{"tag": "Variant", …fields}`.
    fn internal(&self, tag: &str, variant: &Variant<'_>) -> Result<TokenStream> {
        if matches!(variant.style, Style::Newtype | Style::Tuple) {
            let message = "beside a tag stand named fields: give this variant some, or name a `content` as well";
            return Err(Error::new_spanned(variant.original, message));
        }
        let fields = structure::object(self.container, &variant.fields);
        Ok(self.tagged(&fields, tag, variant))
    }

    /// `{"tag": "Variant", "content": …}`.
    fn adjacent(&self, tag: &str, content: &str, variant: &Variant<'_>) -> TokenStream {
        let empty = quote!(::pervade_chaincode::derive::ObjectSchema::new());
        if matches!(variant.style, Style::Unit) {
            return self.tagged(&empty, tag, variant);
        }
        let inside = self.content(variant);
        let required = quote!(::pervade_chaincode::derive::Presence::Required);
        self.tagged(&quote!(#empty.field(#content, #required, #inside)), tag, variant)
    }

    fn tagged(&self, fields: &TokenStream, tag: &str, variant: &Variant<'_>) -> TokenStream {
        let name = variant.attrs.name().serialize_name();
        let closed = structure::closed(self.container);
        let schema = quote! {
            #fields
                .field(
                    #tag,
                    ::pervade_chaincode::derive::Presence::Required,
                    ::pervade_chaincode::derive::words(&[#name]),
                )
                .finish(#closed)
        };
        described(&schema, &variant.original.attrs)
    }

    fn content(&self, variant: &Variant<'_>) -> TokenStream {
        structure::schema(self.container, variant.style, &variant.fields)
    }
}
