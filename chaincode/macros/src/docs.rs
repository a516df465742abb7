//! What an author wrote above an item.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The documentation comments as one text, paragraphs apart.
pub(crate) fn of(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes.iter().filter_map(line).collect();
    lines.join("\n").trim().to_owned()
}

fn line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else { return None };
    if !meta.path.is_ident("doc") {
        return None;
    }
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { return None };
    Some(text.value().trim().to_owned())
}
