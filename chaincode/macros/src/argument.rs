//! The `Argument` derive.

use proc_macro2::TokenStream;
use quote::quote;

/// An implementation that goes through serde, on every bound the type itself has.
pub(crate) fn expand(item: &syn::DeriveInput) -> TokenStream {
    let name = &item.ident;
    let (generics, arguments, bounds) = item.generics.split_for_impl();
    let title = name.to_string();
    quote! {
        #[automatically_derived]
        impl #generics ::pervade_chaincode::Argument for #name #arguments #bounds {
            fn decode(
                bytes: &[u8],
            ) -> ::core::result::Result<Self, ::pervade_chaincode::ArgumentError> {
                <::pervade_chaincode::Json<Self> as ::pervade_chaincode::Argument>::decode(bytes)
                    .map(|value| value.0)
            }

            fn encode(
                &self,
            ) -> ::core::result::Result<::std::vec::Vec<u8>, ::pervade_chaincode::ArgumentError> {
                ::pervade_chaincode::canonical::to_vec(self)
                    .map_err(::pervade_chaincode::ArgumentError::Json)
            }

            fn schema() -> ::pervade_chaincode::JsonSchema {
                ::pervade_chaincode::titled_schema(#title)
            }
        }
    }
}
