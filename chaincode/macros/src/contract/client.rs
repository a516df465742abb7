//! The typed client of a contract.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Error, Result, Type};

use super::dispatch::occasion;
use super::function::{Access, Function, Mark};
use super::{Functions, Options, bounds};

/// A client with one method for each function.
pub(super) fn client(
    options: &Options,
    contract: &Type,
    functions: &Functions,
) -> Result<TokenStream> {
    let nameless = || Error::new(contract.span(), "a contract is a named type");
    let Type::Path(path) = contract else { return Err(nameless()) };
    let last = path.path.segments.last().ok_or_else(nameless)?;
    let client = format_ident!("{}Client", last.ident);
    let methods = functions.named.iter().map(|function| method(options, function));
    let doc = format!("Calls the functions of [`{}`] on the ledger.", last.ident);
    Ok(quote! {
        #[doc = #doc]
        #[derive(Debug)]
        pub struct #client<'c, C> {
            caller: &'c mut C,
            chaincode: ::pervade_chaincode::ChaincodeName,
        }

        #[automatically_derived]
        #[allow(dead_code, reason = "generated: not every program calls every function")]
        impl<'c, C: ::pervade_chaincode::Caller> #client<'c, C> {
            /// A client of the chaincode deployed under the given name.
            #[must_use]
            pub fn new(caller: &'c mut C, chaincode: ::pervade_chaincode::ChaincodeName) -> Self {
                Self { caller, chaincode }
            }

            #(#methods)*
        }
    })
}

fn method(options: &Options, function: &Function) -> TokenStream {
    let Function { name, ident, answer, .. } = function;
    let value = bounds::answer(answer, "Value");
    let (verb, value) = match function.access {
        Access::Write => {
            (quote!(submit), quote!(<C as ::pervade_chaincode::Submitter>::Submitted<#value>))
        }
        Access::Read => (quote!(evaluate), value),
    };
    let full_name = format!("{}:{}", options.name.value(), name.value());
    let docs = docs(function, &full_name);
    let occasion = occasion(function);
    let call = Ident::new("call", Span::mixed_site());
    let given = function.parameters.iter();
    let parameters = given
        .filter_map(|given| given.argument().or_else(|| given.transient()))
        .map(|(name, of)| quote!(#name: #of));
    let arguments = function.arguments().map(|(name, of)| {
        let text = name.unraw().to_string();
        let encode = bounds::argument(of, "encode");
        quote!(#call.argument(#text, #encode(&#name))?;)
    });
    let transient = function.transient().map(|(name, of)| {
        let text = name.unraw().to_string();
        let give = bounds::transient(of, "give");
        quote!(#call.transient(#text, #give(&#name))?;)
    });
    let caller = match (is_callable_from_chaincode(function), function.access) {
        (false, _) => quote!(Outside),
        (true, Access::Write) => quote!(Submitter),
        (true, Access::Read) => quote!(Caller),
    };
    quote! {
        #[doc = #docs]
        pub async fn #ident(
            &mut self, #(#parameters),*
        ) -> ::core::result::Result<#value, ::pervade_chaincode::ClientError<C::Error>>
        where
            C: ::pervade_chaincode::#caller,
        {
            let mut #call = ::pervade_chaincode::ClientCall::new(
                self.chaincode.clone(), #full_name, #occasion,
            );
            #(#arguments)*
            #(#transient)*
            #call.#verb(self.caller).await
        }
    }
}

fn docs(function: &Function, full_name: &str) -> String {
    let own =
        if function.docs.is_empty() { String::new() } else { format!("{}\n\n", function.docs) };
    format!(
        "{own}Calls `{full_name}`.\n\n# Errors\nIf the call fails or its answer cannot be read."
    )
}

fn is_callable_from_chaincode(function: &Function) -> bool {
    function.external && function.mark != Mark::Init && function.transient().next().is_none()
}
