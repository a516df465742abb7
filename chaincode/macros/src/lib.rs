//! The `#[contract]` attribute and the `Argument` derive of `pervade-chaincode`, which
//! re-exports both: depend on that crate, not on this one.

mod argument;
mod contract;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes the functions of an `impl` block callable on the ledger.
///
/// `#[contract(name = "assets", default)]`: the name stands before the colon of
/// `contract:function`; a call without a colon goes to the default contract.
///
/// Inside the block, `#[submit]` marks a function that may write, and takes
/// `tx: &mut Transaction` after `&self`; `#[evaluate]` marks one that only reads, and takes
/// `tx: &ReadTransaction` or `&mut ReadTransaction`. Either may be given another name on the
/// ledger, `#[submit(name = "Transfer")]`, and `#[external]`, which lets other chaincode call it.
/// Functions without a mark stay plain functions.
///
/// Further parameters implement `Argument`; the answer is an `Output`, or a `Result` of one
/// whose error implements `Fault`. For a contract type `Assets`, a typed client `AssetsClient`
/// is generated, generic over `Caller`.
#[proc_macro_attribute]
pub fn contract(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as contract::Options);
    let block = parse_macro_input!(item as syn::ItemImpl);
    contract::expand(&options, block).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a structure an argument and an answer of contract functions, as canonical JSON.
///
/// It needs serde's `Serialize` and `Deserialize` as well.
#[proc_macro_derive(Argument)]
pub fn argument(item: TokenStream) -> TokenStream {
    argument::expand(&parse_macro_input!(item as syn::DeriveInput)).into()
}
