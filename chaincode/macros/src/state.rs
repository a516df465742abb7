//! The `State` derive: where a value lies on the ledger.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Token, Type, parenthesized,
};

use crate::argument;

/// The implementations of `Argument` and `State` for a type.
pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        let message = "a type that lies on the ledger has no generic parameters";
        return Err(Error::new_spanned(&item.generics, message));
    }
    let options = Options::of(item)?;
    let key = key_fields(item, &options)?;
    let argument = argument::expand(item)?;
    let state = implementation(item, &options, &key);
    let (keys, prefixes) = (keys(item, &key), prefixes(item, &key));
    Ok(quote! { #argument #state #keys #prefixes })
}

/// What stands in `#[state(type = "…", key(…))]`.
struct Options {
    object_type: LitStr,
    key: Vec<Ident>,
}

impl Options {
    fn of(item: &DeriveInput) -> Result<Self> {
        let (mut object_type, mut key) = (None, None);
        for attribute in item.attrs.iter().filter(|attribute| attribute.path().is_ident("state")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("type") {
                    object_type = Some(checked_type(meta.value()?.parse()?)?);
                    Ok(())
                } else if meta.path.is_ident("key") {
                    let fields;
                    parenthesized!(fields in meta.input);
                    let fields = Punctuated::<Ident, Token![,]>::parse_terminated(&fields)?;
                    key = Some(fields.into_iter().collect());
                    Ok(())
                } else {
                    Err(meta.error("expected `type = \"…\"` or `key(field, …)`"))
                }
            })?;
        }
        let missing = || {
            let message = "say where it lies: `#[state(type = \"…\", key(field, …))]`";
            Error::new(item.ident.span(), message)
        };
        let key: Vec<Ident> = key.ok_or_else(missing)?;
        if key.is_empty() {
            return Err(missing());
        }
        Ok(Self { object_type: object_type.ok_or_else(missing)?, key })
    }
}

fn checked_type(object_type: LitStr) -> Result<LitStr> {
    let text = object_type.value();
    if text.is_empty() || text.contains(['\0', '\u{10FFFF}']) {
        let message = "an object type is not empty, and holds neither U+0000 nor U+10FFFF";
        return Err(Error::new(object_type.span(), message));
    }
    Ok(object_type)
}

/// The fields that make the key, in its order.
fn key_fields<'a>(item: &'a DeriveInput, options: &Options) -> Result<Vec<&'a Field>> {
    let Data::Struct(data) = &item.data else {
        let message = "what lies on the ledger is a structure with named fields";
        return Err(Error::new(item.ident.span(), message));
    };
    let Fields::Named(fields) = &data.fields else {
        let message = "what lies on the ledger is a structure with named fields";
        return Err(Error::new(item.ident.span(), message));
    };
    let find = |(position, name): (usize, &Ident)| {
        if options.key.iter().take(position).any(|earlier| earlier == name) {
            return Err(Error::new(name.span(), "this field is in the key already"));
        }
        let found = fields.named.iter().find(|field| field.ident.as_ref() == Some(name));
        found.ok_or_else(|| Error::new(name.span(), "the structure has no such field"))
    };
    options.key.iter().enumerate().map(find).collect()
}

fn implementation(item: &DeriveInput, options: &Options, key: &[&Field]) -> TokenStream {
    let name = &item.ident;
    let object_type = &options.object_type;
    let code = code(&object_type.value());
    let (missing, exists) = (format!("{code}_MISSING"), format!("{code}_EXISTS"));
    let fields = key.iter().filter_map(|field| field.ident.as_ref());
    let parts = key.iter().zip(fields).map(|(field, name)| {
        let at = field.ty.span();
        quote_spanned!(at=> ::pervade_chaincode::KeyPart::part(&self.#name))
    });
    quote! {
        #[automatically_derived]
        impl ::pervade_chaincode::State for #name {
            const TYPE: &'static str = #object_type;
            const MISSING: &'static str = #missing;
            const EXISTS: &'static str = #exists;

            fn key_parts(&self) -> ::std::vec::Vec<::std::string::String> {
                ::std::vec![#(#parts),*]
            }
        }
    }
}

/// What values are found by. A key of one field is what the field holds, in each way of giving
/// it; implementing the trait for everything that is a part of it is not for this crate to do.
fn keys(item: &DeriveInput, key: &[&Field]) -> TokenStream {
    let name = &item.ident;
    let [field] = key else { return parts(item, &quote!(KeyOf), key) };
    let of = &field.ty;
    let text = is_text(of).then(|| quote!(&str));
    let given = [quote!(#of), quote!(&#of)].into_iter().chain(text);
    let keys = given.map(|given| {
        quote! {
            #[automatically_derived]
            impl ::pervade_chaincode::KeyOf<#name> for #given {
                fn parts(&self) -> ::std::vec::Vec<::std::string::String> {
                    ::std::vec![::pervade_chaincode::PartOf::<#of>::part(self)]
                }
            }
        }
    });
    keys.collect()
}

fn is_text(of: &Type) -> bool {
    let Type::Path(path) = of else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "String")
}

/// The beginnings of the key by which values are listed: none of its parts, the first, and so on.
fn prefixes(item: &DeriveInput, key: &[&Field]) -> TokenStream {
    let lengths = 0..key.len();
    lengths
        .filter_map(|length| key.get(..length))
        .map(|key| parts(item, &quote!(KeyPrefix), key))
        .collect()
}

/// A tuple of parts as a key or as the beginning of one.
fn parts(item: &DeriveInput, of_trait: &TokenStream, fields: &[&Field]) -> TokenStream {
    let name = &item.ident;
    let parts: Vec<Ident> = (0..fields.len()).map(|index| format_ident!("P{index}")).collect();
    let of: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
    let index = (0..fields.len()).map(syn::Index::from);
    quote! {
        #[automatically_derived]
        impl<#(#parts: ::pervade_chaincode::PartOf<#of>),*>
            ::pervade_chaincode::#of_trait<#name> for (#(#parts,)*)
        {
            fn parts(&self) -> ::std::vec::Vec<::std::string::String> {
                ::std::vec![#(::pervade_chaincode::PartOf::<#of>::part(&self.#index)),*]
            }
        }
    }
}

/// `transfer request` and `transferRequest` are `TRANSFER_REQUEST`.
fn code(object_type: &str) -> String {
    crate::words::upper_snake(object_type)
}
