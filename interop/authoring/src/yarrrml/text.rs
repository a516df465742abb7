//! Texts with references in them.

use super::sources::Formulation;

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// What stands between `$(` and `)`.
    Reference(String),
}

/// Reads a text: `$(name)` is a reference; a backslash takes the meaning of `$`, `(`, `)`, `~` and
/// itself.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, &'static str> {
    let mut pieces = Vec::new();
    let mut current = String::new();
    let mut inside = false;
    let mut depth = 0_usize;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(|next| "$()~\\".contains(*next)) => {
                current.extend(letters.next());
            }
            '$' if !inside && letters.peek() == Some(&'(') => {
                letters.next();
                if !current.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut current)));
                }
                inside = true;
            }
            '(' if inside => {
                depth += 1;
                current.push(letter);
            }
            ')' if inside && depth > 0 => {
                depth -= 1;
                current.push(letter);
            }
            ')' if inside => {
                if current.trim().is_empty() {
                    return Err("a reference without a name");
                }
                pieces.push(Piece::Reference(std::mem::take(&mut current)));
                inside = false;
            }
            other => current.push(other),
        }
    }
    if inside {
        return Err("a reference is not closed");
    }
    if !current.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(current));
    }
    Ok(pieces)
}

/// A reference as the formulation of its source writes it.
pub(super) fn reference(name: &str, formulation: Formulation) -> String {
    let name = name.trim();
    if formulation != Formulation::JsonPath || name.starts_with('$') {
        return name.to_owned();
    }
    if let Some(rest) = name.strip_prefix('@') {
        return format!("${rest}");
    }
    if name.starts_with('[') || name.starts_with('.') {
        return format!("${name}");
    }
    let plain = name.split(['.', '[']).all(|step| {
        step.is_empty()
            || step.ends_with(']')
            || crate::device::places::is_plain(step)
            || step == "*"
    });
    if plain { format!("$.{name}") } else { format!("$[{}]", crate::device::places::quoted(name)) }
}

/// A template of RML, in which braces and backslashes are escaped.
pub(super) fn template(pieces: &[Piece], formulation: Formulation) -> String {
    let escaped = |text: &str| {
        let mut escaped = String::new();
        for letter in text.chars() {
            if matches!(letter, '{' | '}' | '\\') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        escaped
    };
    let mut template = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => template.push_str(&escaped(text)),
            Piece::Reference(name) => {
                template.push('{');
                template.push_str(&escaped(&reference(name, formulation)));
                template.push('}');
            }
        }
    }
    template
}
