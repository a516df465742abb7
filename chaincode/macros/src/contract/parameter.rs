//! What a function takes behind its transaction.

use quote::ToTokens;
use syn::{Attribute, Error, FnArg, Ident, Pat, PatType, Path, Result, Type, TypeReference};

use super::function::Mark;

/// A parameter behind the transaction.
pub(super) enum Parameter {
    /// Comes as an argument.
    Argument { ident: Ident, of: Type },
    /// Comes in the proposal's transient map.
    Transient { ident: Ident, of: Type },
    /// The contract's context.
    Context { mutable: bool },
    /// For a hook: what it stands around.
    Function,
    /// For a hook: the encoded answer.
    Answer,
    /// For a call of an unknown function: the name that was asked for.
    Name,
    /// For a call of an unknown function: the arguments as they came.
    Arguments,
}

impl Parameter {
    /// Reads a parameter, and takes our attribute off it.
    pub(super) fn take(input: &mut FnArg, mark: Mark, context: Option<&Path>) -> Result<Self> {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new_spanned(input, "`self` comes first"));
        };
        let transient = take_transient(typed)?;
        if let (Type::Reference(reference), None) = (&*typed.ty, &transient) {
            return of_reference(reference, mark, context);
        }
        if !mark.is_named() {
            return Err(Error::new_spanned(&*typed, expected(mark)));
        }
        let Pat::Ident(name) = &*typed.pat else {
            let message = "a parameter of a contract function has a plain name: clients see it";
            return Err(Error::new_spanned(&typed.pat, message));
        };
        let (ident, of) = (name.ident.clone(), (*typed.ty).clone());
        match transient {
            Some(_) => Ok(Self::Transient { ident, of }),
            None if is_secret(&of) => {
                let message = "a secret does not come as an argument, which everybody reads on the ledger: mark it `#[transient]`";
                Err(Error::new_spanned(&of, message))
            }
            None => Ok(Self::Argument { ident, of }),
        }
    }

    pub(super) fn argument(&self) -> Option<(&Ident, &Type)> {
        if let Self::Argument { ident, of } = self { Some((ident, of)) } else { None }
    }

    pub(super) fn transient(&self) -> Option<(&Ident, &Type)> {
        if let Self::Transient { ident, of } = self { Some((ident, of)) } else { None }
    }
}

fn take_transient(typed: &mut PatType) -> Result<Option<Attribute>> {
    let is_ours = |attribute: &Attribute| attribute.path().is_ident("transient");
    let Some(position) = typed.attrs.iter().position(is_ours) else { return Ok(None) };
    let attribute = typed.attrs.remove(position);
    attribute.meta.require_path_only()?;
    Ok(Some(attribute))
}

/// A borrowed parameter is something that the contract or the call has, not an argument.
fn of_reference(of: &TypeReference, mark: Mark, context: Option<&Path>) -> Result<Parameter> {
    let written = of.elem.to_token_stream().to_string();
    let is_context = context.is_some_and(|path| path.to_token_stream().to_string() == written);
    let mutable = of.mutability.is_some();
    match (mark, written.as_str()) {
        _ if is_context => Ok(Parameter::Context { mutable }),
        (Mark::Before | Mark::After, _) if !mutable && ends_with(&of.elem, "Function") => {
            Ok(Parameter::Function)
        }
        (Mark::After, "[u8]") if !mutable => Ok(Parameter::Answer),
        (Mark::Unknown, "str") if !mutable => Ok(Parameter::Name),
        (Mark::Unknown, "[Vec < u8 >]") if !mutable => Ok(Parameter::Arguments),
        _ => Err(Error::new_spanned(of, expected(mark))),
    }
}

const fn expected(mark: Mark) -> &'static str {
    match mark {
        Mark::Submit | Mark::Evaluate | Mark::Init => {
            "an argument is owned: take `String` or `Vec<u8>`, not a reference; only the contract's context is borrowed"
        }
        Mark::Before => {
            "behind its transaction, this hook takes `&Function`, which it runs before, or the contract's context"
        }
        Mark::After => {
            "behind its transaction, this hook takes `&Function`, which it runs after, `&[u8]`, which is the encoded answer, or the contract's context"
        }
        Mark::Unknown => {
            "behind its transaction, this function takes `&str`, the name that was asked for, `&[Vec<u8>]`, the arguments, or the contract's context"
        }
    }
}

fn ends_with(of: &Type, name: &str) -> bool {
    last_segment(of).is_some_and(|last| last == name)
}

fn is_secret(of: &Type) -> bool {
    ends_with(of, "Secret")
}

fn last_segment(of: &Type) -> Option<&Ident> {
    let Type::Path(path) = of else { return None };
    Some(&path.path.segments.last()?.ident)
}
