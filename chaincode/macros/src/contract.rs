//! The `#[contract]` attribute.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Error, Ident, ImplItem, ItemImpl, LitStr, Result, Token, Type};

use function::{Function, Intent};

mod function;

/// What stands in the attribute's brackets.
pub(crate) struct Options {
    name: LitStr,
    default: bool,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut name = None;
        let mut default = false;
        while !input.is_empty() {
            let option: Ident = input.parse()?;
            if option == "name" {
                input.parse::<Token![=]>()?;
                name = Some(contract_name(input.parse()?)?);
            } else if option == "default" {
                default = true;
            } else {
                return Err(Error::new(option.span(), "expected `name = \"…\"` or `default`"));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let message = "a contract needs a name: `#[contract(name = \"…\")]`";
        let missing = || Error::new(Span::call_site(), message);
        Ok(Self { name: name.ok_or_else(missing)?, default })
    }
}

fn contract_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    if text.is_empty() || text.contains(':') {
        return Err(Error::new(name.span(), "a contract's name is not empty and has no colon"));
    }
    Ok(name)
}

/// The block itself, the contract's implementation, and its client.
pub(crate) fn expand(options: &Options, mut block: ItemImpl) -> Result<TokenStream> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(path.span(), "a contract is a type's own `impl` block"));
    }
    if !block.generics.params.is_empty() {
        let message = "a contract has no generic parameters: the ledger cannot name them";
        return Err(Error::new(block.generics.span(), message));
    }
    let functions = take_functions(&mut block)?;
    if functions.is_empty() {
        let message = "no function is marked `#[submit]` or `#[evaluate]`";
        return Err(Error::new(block.self_ty.span(), message));
    }
    refuse_duplicates(&functions)?;
    let contract = implementation(options, &block.self_ty, &functions);
    let client = client(options, &block.self_ty, &functions)?;
    Ok(quote! { #block #contract #client })
}

/// Collects every mistake, so that one run of the compiler shows them all.
fn take_functions(block: &mut ItemImpl) -> Result<Vec<Function>> {
    let mut functions = Vec::new();
    let mut mistakes: Option<Error> = None;
    for item in &mut block.items {
        let ImplItem::Fn(item) = item else { continue };
        match Function::take(item) {
            Ok(function) => functions.extend(function),
            Err(mistake) => match &mut mistakes {
                Some(mistakes) => mistakes.combine(mistake),
                None => mistakes = Some(mistake),
            },
        }
    }
    mistakes.map_or(Ok(functions), Err)
}

fn refuse_duplicates(functions: &[Function]) -> Result<()> {
    for (index, function) in functions.iter().enumerate() {
        let earlier = functions.iter().take(index);
        if earlier.into_iter().any(|earlier| earlier.name.value() == function.name.value()) {
            let message = "another function of this contract has this name on the ledger";
            return Err(Error::new(function.name.span(), message));
        }
    }
    Ok(())
}

fn implementation(options: &Options, contract: &Type, functions: &[Function]) -> TokenStream {
    let Options { name, default } = options;
    let descriptions = functions.iter().map(description);
    let arms = functions.iter().map(arm);
    quote! {
        #[automatically_derived]
        impl ::pervade_chaincode::Contract for #contract {
            fn interface(&self) -> &'static ::pervade_chaincode::Interface {
                static INTERFACE: ::pervade_chaincode::Interface =
                    ::pervade_chaincode::Interface {
                        name: #name,
                        default: #default,
                        functions: &[#(#descriptions),*],
                    };
                &INTERFACE
            }

            fn run<'a>(
                &'a self,
                call: ::pervade_chaincode::Call,
            ) -> ::pervade_chaincode::Running<'a> {
                match call.function() {
                    #(#arms)*
                    _ => call.unknown(),
                }
            }
        }
    }
}

/// The function in the interface.
fn description(function: &Function) -> TokenStream {
    let Function { name, answer, .. } = function;
    let intent = intent(function.intent);
    let reach = if function.external { quote!(External) } else { quote!(Client) };
    let parameters = function.parameters.iter().map(|(parameter, of)| {
        let parameter = parameter.to_string();
        quote! {
            ::pervade_chaincode::Parameter {
                name: #parameter,
                schema: <#of as ::pervade_chaincode::Argument>::schema,
            }
        }
    });
    quote! {
        ::pervade_chaincode::Function {
            name: #name,
            intent: #intent,
            reach: ::pervade_chaincode::Reach::#reach,
            parameters: &[#(#parameters),*],
            returns: <<#answer as ::pervade_chaincode::Answer>::Value
                as ::pervade_chaincode::Output>::output_schema,
        }
    }
}

/// The way from a call to the function.
fn arm(function: &Function) -> TokenStream {
    let Function { name, ident, .. } = function;
    let names: Vec<_> = function.parameters.iter().map(|(name, _)| name).collect();
    let decoded = function.parameters.iter().enumerate().map(|(position, (name, of))| {
        let text = name.to_string();
        quote! { let #name = call.argument::<#of>(#position, #text)?; }
    });
    let transaction = match function.intent {
        Intent::Submit => quote!(into_transaction),
        Intent::Evaluate => quote!(into_read_transaction),
    };
    let wait = function.asynchronous.then(|| quote!(.await));
    quote! {
        #name => ::std::boxed::Box::pin(async move {
            #(#decoded)*
            let mut transaction = call.#transaction();
            let answer = self.#ident(&mut transaction, #(#names),*)#wait;
            ::pervade_chaincode::Answer::answer(answer)
        }),
    }
}

/// A client with one method per function.
fn client(options: &Options, contract: &Type, functions: &[Function]) -> Result<TokenStream> {
    let Type::Path(path) = contract else {
        return Err(Error::new(contract.span(), "a contract is a named type"));
    };
    let Some(last) = path.path.segments.last() else {
        return Err(Error::new(contract.span(), "a contract is a named type"));
    };
    let client = format_ident!("{}Client", last.ident);
    let methods = functions.iter().map(|function| method(options, function));
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
    let value = quote!(<#answer as ::pervade_chaincode::Answer>::Value);
    let error = quote!(::pervade_chaincode::ClientError<C::Error>);
    let full_name = format!("{}:{}", options.name.value(), name.value());
    let intent = intent(function.intent);
    let doc = format!("Calls `{full_name}`.");
    let parameters = function.parameters.iter().map(|(name, of)| quote!(#name: #of));
    let encoded = function.parameters.iter().map(|(name, _)| {
        let text = name.to_string();
        quote! {
            ::pervade_chaincode::Argument::encode(&#name).map_err(|source| {
                ::pervade_chaincode::ClientError::Argument { name: #text, source }
            })?
        }
    });
    quote! {
        #[doc = #doc]
        ///
        /// # Errors
        /// If the call fails or its answer cannot be read.
        pub async fn #ident(
            &mut self, #(#parameters),*
        ) -> ::core::result::Result<#value, #error> {
            let arguments = ::std::vec![#(#encoded),*];
            let call = ::pervade_chaincode::Caller::call(
                self.caller, &self.chaincode, #full_name, arguments, #intent,
            );
            let payload = call.await.map_err(::pervade_chaincode::ClientError::Call)?;
            <#value as ::pervade_chaincode::Output>::decode_output(&payload)
                .map_err(::pervade_chaincode::ClientError::Answer)
        }
    }
}

fn intent(intent: Intent) -> TokenStream {
    match intent {
        Intent::Submit => quote!(::pervade_chaincode::Intent::Submit),
        Intent::Evaluate => quote!(::pervade_chaincode::Intent::Evaluate),
    }
}
