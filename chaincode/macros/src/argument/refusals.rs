//! Attributes of serde's whose effect a schema does not show.

use serde_derive_internals::ast::{Container, Data, Field, Variant};
use serde_derive_internals::attr::{Identifier, TagType};
use syn::{Error, Result, Type};

/// Refuses what the schema and the encoding would disagree on, every mistake at once.
pub(super) fn check(container: &Container<'_>) -> Result<()> {
    let mut refusals = Refusals(None);
    let attributes = &container.attrs;
    let whole = &container.original.ident;
    refusals.unless(attributes.remote().is_none(), whole, "remote");
    refusals.unless(matches!(attributes.identifier(), Identifier::No), whole, "…_identifier");
    refusals.names(attributes.name(), whole);
    match &container.data {
        Data::Struct(_, fields) => refusals.fields(fields),
        Data::Enum(variants) => {
            for variant in variants {
                refusals.variant(variant);
            }
            refusals.buffered(container, variants);
        }
    }
    refusals.0.map_or(Ok(()), Err)
}

struct Refusals(Option<Error>);

impl Refusals {
    fn fields(&mut self, fields: &[Field<'_>]) {
        for field in fields {
            self.field(field);
        }
    }

    fn field(&mut self, field: &Field<'_>) {
        let (attributes, at) = (&field.attrs, field.original);
        let is_skipped = attributes.skip_serializing();
        self.unless(!attributes.flatten(), at, "flatten");
        let is_plain =
            attributes.serialize_with().is_none() && attributes.deserialize_with().is_none();
        self.unless(is_plain, at, "with");
        self.unless(attributes.getter().is_none(), at, "getter");
        self.unless(is_skipped == attributes.skip_deserializing(), at, "skip_…");
        let name = attributes.name();
        let has_alias = attributes.aliases().iter().any(|alias| alias != name.deserialize_name());
        self.unless(!has_alias, at, "alias");
        self.names(name, at);
    }

    fn variant(&mut self, variant: &Variant<'_>) {
        let (attributes, at) = (&variant.attrs, variant.original);
        let is_skipped = attributes.skip_serializing();
        let is_plain =
            attributes.serialize_with().is_none() && attributes.deserialize_with().is_none();
        self.unless(is_plain, at, "with");
        self.unless(!attributes.other(), at, "other");
        self.unless(!attributes.untagged(), at, "untagged");
        self.unless(is_skipped == attributes.skip_deserializing(), at, "skip_…");
        let name = attributes.name();
        let has_alias = attributes.aliases().iter().any(|alias| alias != name.deserialize_name());
        self.unless(!has_alias, at, "alias");
        self.names(name, at);
        self.fields(&variant.fields);
    }

    /// One name to read and to write by.
    fn names(&mut self, name: &serde_derive_internals::attr::Name, at: impl quote::ToTokens) {
        let is_one = name.serialize_name() == name.deserialize_name();
        self.unless(is_one, at, "rename(serialize = …)");
    }

    /// Serde keeps the content of such an enumeration aside until it knows the variant, and what
    /// it keeps has no place for numbers of 128 bits.
    fn buffered(&mut self, container: &Container<'_>, variants: &[Variant<'_>]) {
        if !matches!(container.attrs.tag(), TagType::Internal { .. } | TagType::None) {
            return;
        }
        for field in variants.iter().flat_map(|variant| &variant.fields) {
            if is_wide(field.ty) {
                let message = "a number of 128 bits cannot be read back from an enumeration that is tagged inside or not at all";
                self.add(Error::new_spanned(field.ty, message));
            }
        }
    }

    fn unless(&mut self, holds: bool, at: impl quote::ToTokens, attribute: &str) {
        if !holds {
            let message = format!(
                "`#[serde({attribute})]` is not followed by `Argument`: the schema would say something else than what serde reads and writes"
            );
            self.add(Error::new_spanned(at, message));
        }
    }

    fn add(&mut self, refusal: Error) {
        match &mut self.0 {
            Some(refusals) => refusals.combine(refusal),
            None => self.0 = Some(refusal),
        }
    }
}

fn is_wide(of: &Type) -> bool {
    let Type::Path(path) = of else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "u128" || last.ident == "i128")
}
