/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// The reference between `{` and `}`.
    Reference(String),
}

/// Reads a template ([RML core, template](https://w3id.org/rml/core/spec#template)):
/// `\{`, `\}` and `\\` stand for the characters themselves, inside references too.
pub(crate) fn parse_template(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut current = String::new();
    let mut inside = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('\\', _) => match characters.next() {
                Some(escaped @ ('{' | '}' | '\\')) => current.push(escaped),
                _ => return Err("a backslash in a template escapes '{', '}' or '\\'".to_owned()),
            },
            ('{', false) => {
                if !current.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut current)));
                }
                inside = true;
            }
            ('}', true) => {
                if current.is_empty() {
                    return Err("an empty reference in a template".to_owned());
                }
                pieces.push(Piece::Reference(std::mem::take(&mut current)));
                inside = false;
            }
            ('{', true) => return Err("'{' inside a reference needs a backslash".to_owned()),
            ('}', false) => return Err("'}' outside a reference needs a backslash".to_owned()),
            (other, _) => current.push(other),
        }
    }
    if inside {
        return Err("a reference in a template is not closed".to_owned());
    }
    if !current.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(current));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let shown = parse_template(text).map(|pieces| {
            let shown = |piece: &Piece| match piece {
                Piece::Text(text) => format!("{text:?}"),
                Piece::Reference(text) => format!("<{text}>"),
            };
            pieces.iter().map(shown).collect::<Vec<_>>().join(" ")
        });
        expected.assert_eq(&shown.unwrap_or_else(|problem| problem));
    }

    #[test]
    fn pieces() {
        check("http://e/{$.a}/{$['b']}", expect![[r#""http://e/" <$.a> "/" <$['b']>"#]]);
        check(r"\{\{ {$['\{x\}']} \}", expect![[r#""{{ " <$['{x}']> " }""#]]);
        check("plain", expect![[r#""plain""#]]);
    }

    #[test]
    fn what_is_no_template() {
        check("{{x}}", expect!["'{' inside a reference needs a backslash"]);
        check(r"{x\}", expect!["a reference in a template is not closed"]);
        check("x}", expect!["'}' outside a reference needs a backslash"]);
        check(r"\x", expect![[r#"a backslash in a template escapes '{', '}' or '\'"#]]);
        check("{}", expect!["an empty reference in a template"]);
    }
}
