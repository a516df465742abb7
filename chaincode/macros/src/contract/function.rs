//! One function of a contract, as its author wrote it.

use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, Ident, ImplItemFn, LitStr, Meta, Pat, Result, ReturnType, Token, Type,
};

/// A marked function.
pub(crate) struct Function {
    /// Its name in the source.
    pub(crate) ident: Ident,
    /// Its name on the ledger.
    pub(crate) name: LitStr,
    pub(crate) intent: Intent,
    pub(crate) external: bool,
    pub(crate) asynchronous: bool,
    /// After `&self` and the transaction.
    pub(crate) parameters: Vec<(Ident, Type)>,
    pub(crate) answer: Type,
}

/// Whether the function writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Submit,
    Evaluate,
}

impl Function {
    /// Takes the marks off a function; `None` if it has none.
    pub(crate) fn take(item: &mut ImplItemFn) -> Result<Option<Self>> {
        let Marks { intent, external } = Marks::take(&mut item.attrs)?;
        let Some((intent, renamed)) = intent else {
            return match external {
                Some(span) => Err(Error::new(
                    span,
                    "`#[external]` stands beside `#[submit]` or `#[evaluate]`",
                )),
                None => Ok(None),
            };
        };
        let signature = &item.sig;
        if !signature.generics.params.is_empty() {
            let message = "a contract function has no generic parameters: its arguments come as bytes, and their types must be known";
            return Err(Error::new_spanned(&signature.generics, message));
        }
        let mut inputs = signature.inputs.iter();
        check_receiver(inputs.next(), signature.ident.span())?;
        check_transaction(inputs.next(), intent, signature.ident.span())?;
        let answer = match &signature.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, answer) => (**answer).clone(),
        };
        let ident = signature.ident.clone();
        Ok(Some(Self {
            name: renamed.unwrap_or_else(|| LitStr::new(&ident.to_string(), ident.span())),
            intent,
            external: external.is_some(),
            asynchronous: signature.asyncness.is_some(),
            parameters: inputs.map(parameter).collect::<Result<_>>()?,
            answer,
            ident,
        }))
    }
}

/// The marks on a function.
struct Marks {
    intent: Option<(Intent, Option<LitStr>)>,
    external: Option<proc_macro2::Span>,
}

impl Marks {
    fn take(attributes: &mut Vec<Attribute>) -> Result<Self> {
        let mut marks = Self { intent: None, external: None };
        let mut others = Vec::with_capacity(attributes.len());
        for attribute in attributes.drain(..) {
            if attribute.path().is_ident("external") {
                marks.external = Some(attribute.span());
            } else if attribute.path().is_ident("submit") {
                marks.set(Intent::Submit, &attribute)?;
            } else if attribute.path().is_ident("evaluate") {
                marks.set(Intent::Evaluate, &attribute)?;
            } else {
                others.push(attribute);
            }
        }
        *attributes = others;
        Ok(marks)
    }

    fn set(&mut self, intent: Intent, attribute: &Attribute) -> Result<()> {
        if self.intent.is_some() {
            let message = "a function is either `#[submit]` or `#[evaluate]`, once";
            return Err(Error::new_spanned(attribute, message));
        }
        let renamed = match &attribute.meta {
            Meta::Path(_) => None,
            Meta::List(_) | Meta::NameValue(_) => Some(attribute.parse_args_with(new_name)?),
        };
        self.intent = Some((intent, renamed));
        Ok(())
    }
}

fn new_name(input: ParseStream<'_>) -> Result<LitStr> {
    let option: Ident = input.parse()?;
    if option != "name" {
        return Err(Error::new(option.span(), "expected `name = \"…\"`"));
    }
    input.parse::<Token![=]>()?;
    let name: LitStr = input.parse()?;
    if name.value().is_empty() || name.value().contains(':') {
        return Err(Error::new(name.span(), "a function's name is not empty and has no colon"));
    }
    Ok(name)
}

fn check_receiver(input: Option<&FnArg>, function: proc_macro2::Span) -> Result<()> {
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

fn check_transaction(
    input: Option<&FnArg>,
    intent: Intent,
    function: proc_macro2::Span,
) -> Result<()> {
    let expected = match intent {
        Intent::Submit => "a submit function takes `tx: &mut Transaction` after `&self`",
        Intent::Evaluate => {
            "an evaluate function takes `tx: &ReadTransaction` after `&self`: it cannot write; mark it `#[submit]` if it must"
        }
    };
    let Some(input) = input else { return Err(Error::new(function, expected)) };
    let named = match input {
        FnArg::Typed(typed) => reference_to(&typed.ty),
        FnArg::Receiver(_) => None,
    };
    match (named, intent) {
        (Some((name, _)), Intent::Evaluate) if name == "ReadTransaction" => Ok(()),
        (Some((name, true)), Intent::Submit) if name == "Transaction" => Ok(()),
        _ => Err(Error::new_spanned(input, expected)),
    }
}

/// The last name of a referenced type, and whether the reference is mutable.
fn reference_to(of: &Type) -> Option<(&Ident, bool)> {
    let Type::Reference(reference) = of else { return None };
    let Type::Path(path) = &*reference.elem else { return None };
    let last = path.path.segments.last()?;
    Some((&last.ident, reference.mutability.is_some()))
}

fn parameter(input: &FnArg) -> Result<(Ident, Type)> {
    let FnArg::Typed(typed) = input else {
        return Err(Error::new_spanned(input, "`self` comes first"));
    };
    let Pat::Ident(name) = &*typed.pat else {
        let message = "a parameter of a contract function has a plain name: clients see it";
        return Err(Error::new_spanned(&typed.pat, message));
    };
    if matches!(&*typed.ty, Type::Reference(_)) {
        let message = "an argument is owned: take `String` or `Vec<u8>`, not a reference";
        return Err(Error::new_spanned(&typed.ty, message));
    }
    Ok((name.ident.clone(), (*typed.ty).clone()))
}
