/// The canonical text of an EUI-64, such as a LoRaWAN device EUI: 16 upper-case hexadecimal
/// digits without separators.
///
/// # Errors
/// The text is not 16 hexadecimal digits, with or without `-` or `:` between them.
pub fn eui64(text: &str) -> Result<String, EuiError> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    if digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits.to_ascii_uppercase())
    } else {
        Err(EuiError { text: text.chars().take(32).collect() })
    }
}

/// The text is no EUI-64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an EUI-64")]
pub struct EuiError {
    /// The text, cut to a bounded length.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_case_go() {
        assert_eq!(eui64("70b3d5-7ba0:001f2c").as_deref(), Ok("70B3D57BA0001F2C"), "canonical");
        assert!(eui64("70b3d5").is_err(), "too short");
    }
}
