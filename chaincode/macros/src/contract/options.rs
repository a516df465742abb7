//! What stands in the brackets of `#[contract(…)]`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Path, Result, Token};

/// What stands in the attribute's brackets.
pub(crate) struct Options {
    pub(super) name: LitStr,
    pub(super) title: Option<LitStr>,
    pub(super) version: Option<LitStr>,
    pub(super) default: bool,
    /// The type that is made for each transaction.
    pub(super) context: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Found::default();
        while !input.is_empty() {
            options.read(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let message = "a contract needs a name: `#[contract(name = \"…\")]`";
        let missing = || Error::new(Span::call_site(), message);
        let Found { name, title, version, default, context } = options;
        let default = default.is_some();
        Ok(Self { name: name.ok_or_else(missing)?, title, version, default, context })
    }
}

#[derive(Default)]
struct Found {
    name: Option<LitStr>,
    title: Option<LitStr>,
    version: Option<LitStr>,
    default: Option<()>,
    context: Option<Path>,
}

impl Found {
    fn read(&mut self, input: ParseStream<'_>) -> Result<()> {
        let option: Ident = input.parse()?;
        match option.to_string().as_str() {
            "name" => set(&mut self.name, &option, contract_name(value(input)?)?),
            "title" => set(&mut self.title, &option, value(input)?),
            "version" => set(&mut self.version, &option, value(input)?),
            "default" => set(&mut self.default, &option, ()),
            "context" => set(&mut self.context, &option, value(input)?),
            _ => {
                let message = "expected `name = \"…\"`, `default`, `context = Type`, `title = \"…\"` or `version = \"…\"`";
                Err(Error::new(option.span(), message))
            }
        }
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn set<T>(place: &mut Option<T>, option: &Ident, value: T) -> Result<()> {
    if place.is_some() {
        return Err(Error::new(option.span(), format!("`{option}` stands here twice")));
    }
    *place = Some(value);
    Ok(())
}

fn contract_name(name: LitStr) -> Result<LitStr> {
    let text = name.value();
    if text.is_empty() || text.contains(':') {
        return Err(Error::new(name.span(), "a contract's name is not empty and has no colon"));
    }
    Ok(name)
}
