//! The `Fault` derive: the status and the code of each error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Path, Result, Variant,
};

/// The implementation for an enumeration of errors.
pub(crate) fn expand(item: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &item.data else {
        let message = "`Fault` is derived for an enumeration, with a status for each variant";
        return Err(Error::new(item.ident.span(), message));
    };
    let mut arms = Vec::with_capacity(data.variants.len());
    let mut mistakes: Option<Error> = None;
    for variant in &data.variants {
        match Arm::of(variant) {
            Ok(arm) => arms.push(arm),
            Err(mistake) => match &mut mistakes {
                Some(mistakes) => mistakes.combine(mistake),
                None => mistakes = Some(mistake),
            },
        }
    }
    if let Some(mistakes) = mistakes {
        return Err(mistakes);
    }
    Ok(implementation(item, &arms))
}

fn implementation(item: &DeriveInput, arms: &[Arm]) -> TokenStream {
    let name = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let patterns = arms.iter().map(|arm| &arm.pattern);
    let statuses = arms.iter().map(|arm| &arm.status);
    let statuses = patterns.clone().zip(statuses).map(|(pattern, of)| quote!(#pattern => #of,));
    let codes = arms.iter().map(|arm| &arm.code);
    let codes = patterns.zip(codes).map(|(pattern, of)| quote!(#pattern => #of,));
    quote! {
        #[automatically_derived]
        impl #generics ::pervade_chaincode::Fault for #name #arguments #bounds {
            fn status(&self) -> ::pervade_chaincode::Status {
                match *self { #(#statuses)* }
            }

            fn code(&self) -> &str {
                match *self { #(#codes)* }
            }
        }
    }
}

/// What becomes of one variant.
struct Arm {
    pattern: TokenStream,
    status: TokenStream,
    code: TokenStream,
}

impl Arm {
    fn of(variant: &Variant) -> Result<Self> {
        let options = Options::of(variant)?;
        match options {
            Options { transparent: true, status: None, code: None } => Self::transparent(variant),
            Options { transparent: true, .. } => {
                let message = "the fault inside decides: `transparent` stands alone";
                Err(Error::new_spanned(variant, message))
            }
            Options { status: Some(status), code, .. } => Ok(Self::own(variant, status, code)),
            Options { status: None, .. } if says_transparent(variant) => Self::transparent(variant),
            Options { status: None, .. } => {
                let message = "say what kind of failure this is: `#[fault(status = NOT_FOUND)]`, or `#[fault(transparent)]` for a fault inside";
                Err(Error::new_spanned(&variant.ident, message))
            }
        }
    }

    fn own(variant: &Variant, status: TokenStream, code: Option<LitStr>) -> Self {
        let name = &variant.ident;
        let pattern = match &variant.fields {
            Fields::Named(_) => quote!(Self::#name { .. }),
            Fields::Unnamed(_) => quote!(Self::#name(..)),
            Fields::Unit => quote!(Self::#name),
        };
        let derived = crate::words::upper_snake(&name.to_string());
        let code = code.map_or(derived, |code| code.value());
        Self { pattern, status, code: quote!(#code) }
    }

    fn transparent(variant: &Variant) -> Result<Self> {
        let name = &variant.ident;
        let mut fields = variant.fields.iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            let message = "a transparent variant has one field, which is a fault itself";
            return Err(Error::new_spanned(variant, message));
        };
        let pattern = match &field.ident {
            Some(field) => quote!(Self::#name { #field: ref inner }),
            None => quote!(Self::#name(ref inner)),
        };
        Ok(Self {
            pattern,
            status: quote!(::pervade_chaincode::Fault::status(inner)),
            code: quote!(::pervade_chaincode::Fault::code(inner)),
        })
    }
}

/// What stands in `#[fault(…)]`.
#[derive(Default)]
struct Options {
    status: Option<TokenStream>,
    code: Option<LitStr>,
    transparent: bool,
}

impl Options {
    fn of(variant: &Variant) -> Result<Self> {
        let mut options = Self::default();
        for attribute in variant.attrs.iter().filter(|known| known.path().is_ident("fault")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("transparent") {
                    options.transparent = true;
                } else if meta.path.is_ident("status") {
                    options.status = Some(status(meta.value()?)?);
                } else if meta.path.is_ident("code") {
                    options.code = Some(code(meta.value()?.parse()?)?);
                } else {
                    let message = "expected `status = …`, `code = \"…\"` or `transparent`";
                    return Err(meta.error(message));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}

/// `NOT_FOUND`, a constant of `Status`; or a number.
fn status(input: syn::parse::ParseStream<'_>) -> Result<TokenStream> {
    if input.peek(LitInt) {
        let number: LitInt = input.parse()?;
        let code: u16 = number.base10_parse()?;
        if !(400..600).contains(&code) {
            let message = "a failure's status is 400 to 599: peers endorse what is below";
            return Err(Error::new(number.span(), message));
        }
        return Ok(quote! {
            match ::pervade_chaincode::Status::new(#code) {
                ::core::option::Option::Some(status) => status,
                ::core::option::Option::None => ::pervade_chaincode::Status::INTERNAL,
            }
        });
    }
    let path: Path = input.parse()?;
    let name: &Ident = path.require_ident()?;
    Ok(quote!(::pervade_chaincode::Status::#name))
}

fn code(code: LitStr) -> Result<LitStr> {
    let text = code.value();
    let is_code = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if !is_code {
        let message = "a code is capital letters, digits and underscores, a letter first";
        return Err(Error::new(code.span(), message));
    }
    Ok(code)
}

/// Whether `thiserror` was told that the error inside speaks for this one.
fn says_transparent(variant: &Variant) -> bool {
    let is_so = |attribute: &Attribute| {
        attribute.path().is_ident("error")
            && attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent")
    };
    variant.attrs.iter().any(is_so)
}
