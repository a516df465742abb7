//! The `#[contract]` attribute.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, ImplItem, ItemImpl, Result};

use function::{Function, Mark};
pub(crate) use options::Options;

mod bounds;
mod client;
mod dispatch;
mod function;
mod marks;
mod options;
mod parameter;

/// The block itself, the contract's implementation, and its client.
pub(crate) fn expand(options: &Options, mut block: ItemImpl) -> Result<TokenStream> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new(path.span(), "a contract is a type's own `impl` block"));
    }
    if !block.generics.params.is_empty() {
        let message = "a contract has no generic parameters: the ledger cannot name them";
        return Err(Error::new(block.generics.span(), message));
    }
    let functions = Functions::take(options, &mut block)?;
    let contract = dispatch::implementation(options, &block, &functions);
    let client = client::client(options, &block.self_ty, &functions)?;
    Ok(quote! { #block #contract #client })
}

/// The marked functions of a contract.
struct Functions {
    /// What can be called by its name.
    named: Vec<Function>,
    before: Option<Function>,
    after: Option<Function>,
    unknown: Option<Function>,
}

impl Functions {
    /// Takes the marks off the functions of a block.
    fn take(options: &Options, block: &mut ItemImpl) -> Result<Self> {
        let mut functions = Self { named: Vec::new(), before: None, after: None, unknown: None };
        let mut mistakes = Mistakes::default();
        for item in &mut block.items {
            let ImplItem::Fn(item) = item else { continue };
            let taken = Function::take(options, item).and_then(|taken| match taken {
                Some(function) => functions.add(function),
                None => Ok(()),
            });
            mistakes.collect(taken);
        }
        mistakes.into_result()?;
        if functions.named.is_empty() {
            let message = "no function is marked `#[submit]` or `#[evaluate]`";
            return Err(Error::new(block.self_ty.span(), message));
        }
        Ok(functions)
    }

    fn add(&mut self, function: Function) -> Result<()> {
        let place = match function.mark {
            Mark::Submit | Mark::Evaluate | Mark::Init => return self.add_named(function),
            Mark::Before => &mut self.before,
            Mark::After => &mut self.after,
            Mark::Unknown => &mut self.unknown,
        };
        if place.is_some() {
            let message = format!("a contract has one function marked `#[{}]`", function.mark);
            return Err(Error::new(function.ident.span(), message));
        }
        *place = Some(function);
        Ok(())
    }

    fn add_named(&mut self, function: Function) -> Result<()> {
        if self.named.iter().any(|known| known.name.value() == function.name.value()) {
            let message = "another function of this contract has this name on the ledger";
            return Err(Error::new(function.name.span(), message));
        }
        let initialises = |known: &Function| known.mark == Mark::Init;
        if initialises(&function) && self.named.iter().any(initialises) {
            let message = "a contract has one function marked `#[init]`";
            return Err(Error::new(function.ident.span(), message));
        }
        self.named.push(function);
        Ok(())
    }
}

/// Mistakes, collected so that one run of the compiler shows them all.
#[derive(Default)]
struct Mistakes(Option<Error>);

impl Mistakes {
    fn collect(&mut self, result: Result<()>) {
        let Err(mistake) = result else { return };
        match &mut self.0 {
            Some(mistakes) => mistakes.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    fn into_result(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
