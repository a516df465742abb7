//! Symbols as vendors print them, in the letters of UCUM.

/// A printed symbol with its typography taken away: blanks go, raised digits are digits, the
/// micro sign is `u`, the ohm sign is `Ohm`, dots between units are points.
pub(crate) fn folded(symbol: &str) -> String {
    let mut folded = String::with_capacity(symbol.len());
    for character in symbol.chars() {
        match character {
            ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '^' => {}
            'µ' | 'μ' => folded.push('u'),
            '\u{3a9}' | '\u{2126}' => folded.push_str("Ohm"),
            '·' | '⋅' | '∙' | '•' | '×' | '*' => folded.push('.'),
            '∕' | '⁄' | '÷' => folded.push('/'),
            '⁻' | '−' | '–' => folded.push('-'),
            'º' => folded.push('°'),
            '℃' => folded.push_str("°C"),
            '℉' => folded.push_str("°F"),
            other => folded.push(raised(other).unwrap_or(other)),
        }
    }
    folded
}

/// The digit that a raised one shows.
fn raised(character: char) -> Option<char> {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    RAISED.chars().zip('0'..='9').find(|(raised, _)| *raised == character).map(|(_, digit)| digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typography_goes() {
        assert_eq!(folded("µg / m³"), "ug/m3", "micro and raised digit");
        assert_eq!(folded("m⋅s⁻²"), "m.s-2", "dot and raised minus");
        assert_eq!(folded("k\u{2126}"), "kOhm", "the ohm sign");
        assert_eq!(folded("ºC"), folded("℃"), "three ways to write a degree");
        assert_eq!(folded("m^3"), "m3", "a caret raises");
    }
}
