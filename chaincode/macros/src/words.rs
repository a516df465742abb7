//! Names in capital letters.

/// A name in capital letters, its words joined by underscores: `UnknownAsset`, `unknownAsset`,
/// `unknown-asset` and `unknown asset` all become `UNKNOWN_ASSET`. What is neither a letter nor
/// a digit of ASCII divides words.
pub(crate) fn upper_snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut previous: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(letter) = rest.next() {
        let next_is_small = rest.peek().is_some_and(char::is_ascii_lowercase);
        let begins = letter.is_ascii_uppercase()
            && previous.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && next_is_small)
            });
        let divides = !letter.is_ascii_alphanumeric();
        if (begins || divides) && !text.is_empty() && !text.ends_with('_') {
            text.push('_');
        }
        if !divides {
            text.push(letter.to_ascii_uppercase());
        }
        previous = Some(letter);
    }
    text.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::upper_snake;

    #[test]
    fn words_are_found_in_every_spelling() {
        for name in ["UnknownAsset", "unknownAsset", "unknown-asset", "unknown asset"] {
            assert_eq!(upper_snake(name), "UNKNOWN_ASSET");
        }
        assert_eq!(upper_snake("HTTPRefused"), "HTTP_REFUSED");
        assert_eq!(upper_snake("Version2Missing"), "VERSION2_MISSING");
        assert_eq!(upper_snake("asset:"), "ASSET");
    }
}
