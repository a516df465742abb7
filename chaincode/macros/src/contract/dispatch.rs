//! The way from a call to its function, and the contract's interface.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{ItemImpl, LitStr};

use super::function::{Access, Function, Mark};
use super::parameter::Parameter;
use super::{Functions, Options, bounds};
use crate::docs;

/// The contract's implementation.
pub(super) fn implementation(
    options: &Options,
    block: &ItemImpl,
    functions: &Functions,
) -> TokenStream {
    let contract = &block.self_ty;
    let interface = interface(options, block, functions);
    let arms = functions.named.iter().map(|function| {
        let name = &function.name;
        let body = body(options, functions, function);
        quote!(#name => #body,)
    });
    let unknown = functions.unknown.as_ref().map(|function| {
        let body = body(options, functions, function);
        quote!(if call.unknown().is_some() { return #body; })
    });
    quote! {
        #[automatically_derived]
        impl ::pervade_chaincode::Contract for #contract {
            fn interface(&self) -> &'static ::pervade_chaincode::Interface {
                static INTERFACE: ::pervade_chaincode::Interface = #interface;
                &INTERFACE
            }

            fn run<'a>(
                &'a self,
                call: ::pervade_chaincode::Call,
            ) -> ::pervade_chaincode::Running<'a> {
                #unknown
                match call.function().name {
                    #(#arms)*
                    _ => ::std::boxed::Box::pin(async move { call.refuse() }),
                }
            }
        }
    }
}

fn interface(options: &Options, block: &ItemImpl, functions: &Functions) -> TokenStream {
    let Options { name, title, version, default, .. } = options;
    let title = title.as_ref().unwrap_or(name);
    let first = LitStr::new("1", Span::call_site());
    let version = version.as_ref().unwrap_or(&first);
    let description = docs::of(&block.attrs);
    let named = functions.named.iter().map(description_of);
    let unknown = match &functions.unknown {
        Some(function) => {
            let function = description_of(function);
            quote!(::core::option::Option::Some(&#function))
        }
        None => quote!(::core::option::Option::None),
    };
    quote! {
        ::pervade_chaincode::Interface {
            name: #name,
            title: #title,
            version: #version,
            description: #description,
            default: #default,
            functions: &[#(#named),*],
            unknown: #unknown,
        }
    }
}

/// The function in the interface.
fn description_of(function: &Function) -> TokenStream {
    let Function { name, docs, answer, .. } = function;
    let intent = match function.access {
        Access::Write => quote!(Submit),
        Access::Read => quote!(Evaluate),
    };
    let reach = if function.external { quote!(External) } else { quote!(Client) };
    let occasion = occasion(function);
    let parameters = function
        .arguments()
        .map(|(parameter, of)| described(parameter, &bounds::argument(of, "schema_alone")));
    let transient = function
        .transient()
        .map(|(parameter, of)| described(parameter, &bounds::transient(of, "schema")));
    let value = bounds::answer(answer, "Value");
    quote! {
        ::pervade_chaincode::Function {
            name: #name,
            description: #docs,
            intent: ::pervade_chaincode::Intent::#intent,
            reach: ::pervade_chaincode::Reach::#reach,
            occasion: #occasion,
            parameters: &[#(#parameters),*],
            transient: &[#(#transient),*],
            returns: <#value as ::pervade_chaincode::Output>::output_schema,
        }
    }
}

fn described(parameter: &Ident, schema: &TokenStream) -> TokenStream {
    let name = parameter.unraw().to_string();
    quote!(::pervade_chaincode::Parameter { name: #name, schema: #schema })
}

/// When a function may be called.
pub(super) fn occasion(function: &Function) -> TokenStream {
    if function.mark == Mark::Init {
        quote!(::pervade_chaincode::Occasion::Initialisation)
    } else {
        quote!(::pervade_chaincode::Occasion::Call)
    }
}

/// The future that runs a function with the hooks around it.
fn body(options: &Options, functions: &Functions, function: &Function) -> TokenStream {
    let applies =
        |hook: &&Function| hook.access == Access::Read || function.access == Access::Write;
    let before = functions.before.as_ref().filter(applies);
    let after = functions.after.as_ref().filter(applies);
    let run = Run { around: function, names: Names::new() };
    let Names { transaction, context, payload, .. } = &run.names;
    let decoded = run.decoded(before.into_iter().chain(after));
    let into_transaction = match function.access {
        Access::Write => quote!(into_transaction),
        Access::Read => quote!(into_read_transaction),
    };
    let takers = [before, Some(function), after];
    let open = options.context.as_ref().map(|of| {
        let mutable = takers.into_iter().flatten().any(takes_context_mutably).then(|| quote!(mut));
        quote! {
            let #mutable #context =
                ::pervade_chaincode::Call::open::<#of>(&#transaction).await?;
        }
    });
    let before = before.map(|hook| run.hook(hook));
    let after = after.map(|hook| run.hook(hook));
    let answer = run.call(function);
    let encode = bounds::answer(&function.answer, "answer");
    quote! {
        ::std::boxed::Box::pin(async move {
            #decoded
            let mut #transaction = call.#into_transaction();
            #open
            #before
            let #payload = #encode(#answer)?;
            #after
            ::core::result::Result::Ok(#payload)
        })
    }
}

fn takes_context_mutably(function: &Function) -> bool {
    let mutably = |parameter: &Parameter| matches!(parameter, Parameter::Context { mutable: true });
    function.parameters.iter().any(mutably)
}

/// One function with what its future holds.
struct Run<'a> {
    around: &'a Function,
    names: Names,
}

impl Run<'_> {
    /// Everything that is taken out of the call before it becomes a transaction.
    fn decoded<'f>(&self, hooks: impl Iterator<Item = &'f Function>) -> TokenStream {
        let Names { function, name, arguments, .. } = &self.names;
        let mut position = 0_usize;
        let own = self.around.parameters.iter().map(|parameter| match parameter {
            Parameter::Argument { ident, of } => {
                let (local, text) = (local(ident), ident.unraw().to_string());
                let at = position;
                position = position.saturating_add(1);
                let decode = bounds::argument(of, "decode");
                quote!(let #local = call.argument(#at, #text, #decode)?;)
            }
            Parameter::Transient { ident, of } => {
                let (local, text) = (local(ident), ident.unraw().to_string());
                let take = bounds::transient(of, "take");
                quote!(let #local = call.transient(#text, #take)?;)
            }
            Parameter::Name => {
                quote!(let #name = call.unknown().unwrap_or_default().to_owned();)
            }
            Parameter::Arguments => quote!(let #arguments = call.arguments().to_vec();),
            Parameter::Context { .. } | Parameter::Function | Parameter::Answer => quote!(),
        });
        let own: TokenStream = own.collect();
        let asks = |parameter: &Parameter| matches!(parameter, Parameter::Function);
        let mut hooks = hooks.flat_map(|hook| &hook.parameters);
        let around = hooks.any(asks).then(|| quote!(let #function = call.function();));
        quote!(#own #around)
    }

    fn hook(&self, hook: &Function) -> TokenStream {
        let answer = self.call(hook);
        quote!(::pervade_chaincode::derive::hook_answer(#answer)?;)
    }

    /// A call of the function itself or of a hook.
    fn call(&self, called: &Function) -> TokenStream {
        let Function { ident, .. } = called;
        let Names { transaction, context, function, payload, name, arguments } = &self.names;
        let given = called.parameters.iter().map(|parameter| match parameter {
            Parameter::Argument { ident, .. } | Parameter::Transient { ident, .. } => {
                let local = local(ident);
                quote!(#local)
            }
            Parameter::Context { mutable: true } => quote!(&mut #context),
            Parameter::Context { mutable: false } => quote!(&#context),
            Parameter::Function => quote!(#function),
            Parameter::Answer => quote!(&#payload),
            Parameter::Name => quote!(&#name),
            Parameter::Arguments => quote!(&#arguments),
        });
        let wait = called.asynchronous.then(|| quote!(.await));
        let lent = if called.access == self.around.access { quote!(&mut) } else { quote!(&) };
        quote!(self.#ident(#lent #transaction, #(#given),*)#wait)
    }
}

/// Names that no parameter of the author's can hide.
struct Names {
    transaction: Ident,
    context: Ident,
    function: Ident,
    payload: Ident,
    name: Ident,
    arguments: Ident,
}

impl Names {
    fn new() -> Self {
        let name = |text| Ident::new(text, Span::mixed_site());
        Self {
            transaction: name("transaction"),
            context: name("context"),
            function: name("function"),
            payload: name("payload"),
            name: name("name"),
            arguments: name("arguments"),
        }
    }
}

/// The decoded value of a parameter. The author may have called it `call`.
fn local(parameter: &Ident) -> Ident {
    let name = format!("argument_{}", parameter.unraw());
    Ident::new(&name, parameter.span().resolved_at(Span::mixed_site()))
}
