//! The marks on a function: `#[submit]`, `#[evaluate]`, the hooks, and `#[external]`.

use std::fmt;

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Ident, LitStr, Meta, Result, Token};

/// What a function is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Submit,
    Evaluate,
    Init,
    Before,
    After,
    Unknown,
}

impl Mark {
    const ALL: [Self; 6] =
        [Self::Submit, Self::Evaluate, Self::Init, Self::Before, Self::After, Self::Unknown];

    fn of(attribute: &Attribute) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| attribute.path().is_ident(mark.name()))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Evaluate => "evaluate",
            Self::Init => "init",
            Self::Before => "before",
            Self::After => "after",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the function has a name on the ledger.
    pub(super) const fn is_named(self) -> bool {
        matches!(self, Self::Submit | Self::Evaluate | Self::Init)
    }

    /// Whether other chaincode may be let in.
    const fn may_be_external(self) -> bool {
        matches!(self, Self::Submit | Self::Evaluate | Self::Unknown)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The marks on one function.
pub(super) struct Marks {
    pub(super) mark: Mark,
    /// Its name on the ledger, where that is not the one in the source.
    pub(super) renamed: Option<LitStr>,
    pub(super) external: bool,
}

impl Marks {
    /// Takes the marks off a function; `None` if it has none.
    pub(super) fn take(attributes: &mut Vec<Attribute>) -> Result<Option<Self>> {
        let mut marked: Option<(Mark, Option<LitStr>)> = None;
        let mut external: Option<Span> = None;
        let mut others = Vec::with_capacity(attributes.len());
        for attribute in attributes.drain(..) {
            if let Some(mark) = Mark::of(&attribute) {
                if let Some((first, _)) = marked {
                    return Err(Error::new_spanned(&attribute, twice(first, mark)));
                }
                marked = Some((mark, renamed(mark, &attribute)?));
            } else if attribute.path().is_ident("external") {
                attribute.meta.require_path_only()?;
                external = Some(attribute.span());
            } else {
                others.push(attribute);
            }
        }
        *attributes = others;
        match (marked, external) {
            (Some((mark, _)), Some(span)) if !mark.may_be_external() => {
                let message = format!("other chaincode never calls a function marked `#[{mark}]`");
                Err(Error::new(span, message))
            }
            (Some((mark, renamed)), external) => {
                Ok(Some(Self { mark, renamed, external: external.is_some() }))
            }
            (None, Some(span)) => {
                let message = "`#[external]` stands beside `#[submit]` or `#[evaluate]`";
                Err(Error::new(span, message))
            }
            (None, None) => Ok(None),
        }
    }
}

fn twice(first: Mark, second: Mark) -> String {
    match (first, second) {
        (Mark::Submit, Mark::Evaluate) | (Mark::Evaluate, Mark::Submit) => {
            "a function is either `#[submit]` or `#[evaluate]`, once".to_owned()
        }
        _ => format!("the function is marked `#[{first}]` already"),
    }
}

fn renamed(mark: Mark, attribute: &Attribute) -> Result<Option<LitStr>> {
    if matches!(attribute.meta, Meta::Path(_)) {
        return Ok(None);
    }
    if mark.is_named() {
        return attribute.parse_args_with(new_name).map(Some);
    }
    let message = format!("`#[{mark}]` takes nothing: no client calls it by a name");
    Err(Error::new_spanned(&attribute.meta, message))
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
