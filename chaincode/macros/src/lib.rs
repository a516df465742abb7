//! The macros of `pervade-chaincode`, which re-exports them: depend on that crate, not on this.

mod argument;
mod contract;
mod docs;
mod fault;
mod state;
mod words;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Makes the functions of an `impl` block callable on the ledger.
///
/// `#[contract(name = "assets", default)]`: the name stands before the colon of
/// `contract:function`; a call without a colon goes to the default contract. A name is matched
/// letter by letter, capital or small. `title = "…"` and `version = "…"` go into the metadata,
/// `context = Session` has a `Session` made for each transaction (see `Context`).
///
/// | Mark | Takes after `&self` | Runs |
/// |---|---|---|
/// | `#[submit]` | `&mut Transaction` | when it is called by its name; it may write |
/// | `#[evaluate]` | `&ReadTransaction` or `&mut ReadTransaction` | when it is called by its name; it cannot write |
/// | `#[init]` | `&mut Transaction` | as the initialisation that a definition may require: once for each version of the definition, before all else, and at no other time |
/// | `#[before]` | `&ReadTransaction`, or `&mut Transaction` | before each function, or each that writes; its error is the call's |
/// | `#[after]` | the same | after each function that succeeded; its error is the call's |
/// | `#[unknown]` | `&ReadTransaction` or `&mut Transaction` | in place of a function that does not exist |
///
/// Where no function is marked `#[init]`, any may be named as the initialisation; where none is
/// named, the default contract's runs, or nothing does.
///
/// `#[submit(name = "Transfer")]` gives a function another name on the ledger. `#[external]`
/// beside it lets other chaincode call the function. A function without a mark stays a plain one.
///
/// Behind the transaction come parameters that implement `Argument`; `#[transient] price:
/// Secret<u64>` takes one from the proposal's transient map, by its name. Borrowed ones are the
/// contract's context, and for hooks `&Function`, what they run around, and `&[u8]`, the encoded
/// answer. An `#[unknown]` function takes `&str`, the name, and `&[Vec<u8>]`, the arguments.
///
/// The answer is an `Output`, or a `Result` of one whose error implements `Fault`.
///
/// For a contract type `Assets`, a typed client `AssetsClient` is generated, generic over
/// `Caller`: a client's connection, or a transaction of another contract.
#[proc_macro_attribute]
pub fn contract(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as contract::Options);
    let block = parse_macro_input!(item as syn::ItemImpl);
    contract::expand(&options, block).unwrap_or_else(Error::into_compile_error).into()
}

/// Makes a type an argument, an answer, and a part of others.
///
/// It needs serde's `Serialize` and `Deserialize`, whose attributes decide what the type is as
/// JSON and are followed by its schema; one that a schema cannot show is refused. A structure is
/// canonical JSON; an enumeration without content is its word, and a type of one unnamed field
/// or with `#[serde(try_from = "T", into = "T")]` is written as what it stands for.
#[proc_macro_derive(Argument, attributes(serde))]
pub fn argument(item: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(item as DeriveInput), argument::expand)
}

/// Gives a structure a place on the ledger: `#[state(type = "asset", key(id))]`.
///
/// Its key is the composite key of the type and the fields named; its value is canonical JSON.
/// It is an `Argument` as well, which is not derived beside.
#[proc_macro_derive(State, attributes(serde, state))]
pub fn state(item: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(item as DeriveInput), state::expand)
}

/// Gives each variant of an error a status and a code.
///
/// `#[fault(status = NOT_FOUND)]` names a constant of `Status` or its number. The code is the
/// variant's name in capital letters, or `code = "…"`. A variant with `#[fault(transparent)]`,
/// or with `#[error(transparent)]` of `thiserror`, has those of the fault inside.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(item: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(item as DeriveInput), fault::expand)
}

fn derive(
    item: &DeriveInput,
    expand: fn(&DeriveInput) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    expand(item).unwrap_or_else(Error::into_compile_error).into()
}
