/// The canonical text of an EUI-64, such as a LoRaWAN device EUI: 16 upper-case hexadecimal
/// digits without separators.
///
/// # Errors
/// The text is not 16 hexadecimal digits, with or without `-` or `:` between them.
pub fn eui64(text: &str) -> Result<String, EuiError> {
    canonical(text, 64)
}

/// The canonical text of an EUI-48, such as the MAC address of a network interface: 12
/// upper-case hexadecimal digits without separators.
///
/// # Errors
/// The text is not 12 hexadecimal digits, with or without `-`, `:` or `.` between them.
pub fn eui48(text: &str) -> Result<String, EuiError> {
    canonical(text, 48)
}

fn canonical(text: &str, bits: usize) -> Result<String, EuiError> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ':' | '.')).collect();
    if digits.len() * 4 == bits && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits.to_ascii_uppercase())
    } else {
        Err(EuiError { bits, text: text.chars().take(32).collect() })
    }
}

/// The text is no EUI of its length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an EUI-{bits}")]
pub struct EuiError {
    /// 48 or 64.
    pub bits: usize,
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
        assert_eq!(eui48("a0b1.c2d3.e4f5").as_deref(), Ok("A0B1C2D3E4F5"), "canonical");
        assert!(eui48("70b3d57ba0001f2c").is_err(), "too long");
    }
}
