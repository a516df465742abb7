//! One function of a contract, as its author wrote it.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Error, FnArg, Ident, ImplItemFn, LitStr, Result, ReturnType, Type};

use super::Options;
pub(super) use super::marks::Mark;
use super::marks::Marks;
use super::parameter::Parameter;
use crate::docs;

/// A marked function.
pub(super) struct Function {
    pub(super) mark: Mark,
    /// Its name in the source.
    pub(super) ident: Ident,
    /// Its name on the ledger.
    pub(super) name: LitStr,
    /// What its author says of it.
    pub(super) docs: String,
    pub(super) access: Access,
    pub(super) external: bool,
    pub(super) asynchronous: bool,
    /// After `&self` and the transaction.
    pub(super) parameters: Vec<Parameter>,
    pub(super) answer: Type,
}

/// What a function may do with the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

impl Function {
    /// Takes the marks off a function; `None` if it has none.
    pub(super) fn take(options: &Options, item: &mut ImplItemFn) -> Result<Option<Self>> {
        let Some(Marks { mark, renamed, external }) = Marks::take(&mut item.attrs)? else {
            return Ok(None);
        };
        let signature = &mut item.sig;
        if !signature.generics.params.is_empty() {
            let message = "a contract function has no generic parameters: its arguments come as bytes, and their types must be known";
            return Err(Error::new_spanned(&signature.generics, message));
        }
        let ident = signature.ident.clone();
        let mut inputs = signature.inputs.iter_mut();
        check_receiver(inputs.next(), ident.span())?;
        let access = transaction(inputs.next(), mark, ident.span())?;
        let parameters = inputs
            .map(|input| Parameter::take(input, mark, options.context.as_ref()))
            .collect::<Result<_>>()?;
        let answer = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, answer) => (**answer).clone(),
        };
        Ok(Some(Self {
            mark,
            name: renamed.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span())),
            docs: docs::of(&item.attrs),
            access,
            external,
            asynchronous: signature.asyncness.is_some(),
            parameters,
            answer,
            ident,
        }))
    }

    /// The parameters that come as arguments.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&Ident, &Type)> {
        self.parameters.iter().filter_map(Parameter::argument)
    }

    /// The parameters that come in the transient map.
    pub(super) fn transient(&self) -> impl Iterator<Item = (&Ident, &Type)> {
        self.parameters.iter().filter_map(Parameter::transient)
    }
}

fn check_receiver(input: Option<&mut FnArg>, function: Span) -> Result<()> {
    let message = "a contract function takes `&self`: a contract keeps its state on the ledger";
    match input {
        Some(FnArg::Receiver(receiver))
            if receiver.reference.is_some() && receiver.mutability.is_none() =>
        {
            Ok(())
        }
        Some(other) => Err(Error::new_spanned(other, message)),
        None => Err(Error::new(function, message)),
    }
}

/// What the function may do, by the transaction that it takes.
fn transaction(input: Option<&mut FnArg>, mark: Mark, function: Span) -> Result<Access> {
    let expected = match mark {
        Mark::Submit => "a submit function takes `tx: &mut Transaction` after `&self`",
        Mark::Init => "an init function takes `tx: &mut Transaction` after `&self`",
        Mark::Evaluate => {
            "an evaluate function takes `tx: &ReadTransaction` after `&self`: it cannot write; mark it `#[submit]` if it must"
        }
        Mark::Before | Mark::After => {
            "a hook takes `tx: &ReadTransaction` after `&self`, or, to run around submit functions only, `tx: &mut Transaction`"
        }
        Mark::Unknown => {
            "the function for unknown names takes `tx: &ReadTransaction` or `tx: &mut Transaction` after `&self`"
        }
    };
    let Some(input) = input else { return Err(Error::new(function, expected)) };
    let named = match &*input {
        FnArg::Typed(typed) => reference_to(&typed.ty),
        FnArg::Receiver(_) => None,
    };
    let access = named.and_then(|(name, mutable)| match name.to_string().as_str() {
        "ReadTransaction" => Some(Access::Read),
        "Transaction" if mutable => Some(Access::Write),
        _ => None,
    });
    match (access, mark) {
        (Some(Access::Write), Mark::Evaluate) | (Some(Access::Read), Mark::Submit | Mark::Init) => {
            Err(Error::new_spanned(input, expected))
        }
        (Some(access), _) => Ok(access),
        (None, _) => Err(Error::new_spanned(input, expected)),
    }
}

/// The last name of a referenced type, and whether the reference is mutable.
fn reference_to(of: &Type) -> Option<(&Ident, bool)> {
    let Type::Reference(reference) = of else { return None };
    let Type::Path(path) = &*reference.elem else { return None };
    let last = path.path.segments.last()?;
    Some((&last.ident, reference.mutability.is_some()))
}
