/// Which transaction and device a payload belongs to; it names the IRIs of its quads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    record: String,
    device: String,
}

/// Longest name in a context, in bytes.
const NAME_BYTES_MAX: usize = 256;

impl Context {
    /// The context of one recording.
    ///
    /// # Errors
    /// A part is empty, too long, or has characters outside letters, digits, `.`, `-`, `_`.
    pub fn new(channel: &str, tx_id: &str, device_address: &str) -> Result<Self, ContextError> {
        for (part, text) in
            [("channel", channel), ("transaction", tx_id), ("device", device_address)]
        {
            let fit = !text.is_empty()
                && text.len() <= NAME_BYTES_MAX
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
            if !fit {
                return Err(ContextError {
                    part,
                    text: text.chars().take(NAME_BYTES_MAX).collect(),
                });
            }
        }
        Ok(Self::named(channel, tx_id, device_address))
    }

    /// The fixed context in which a package's examples are written: channel `example`,
    /// transaction `example`, device `example`.
    #[must_use]
    pub fn example() -> Self {
        Self::named("example", "example", "example")
    }

    fn named(channel: &str, tx_id: &str, device_address: &str) -> Self {
        Self {
            record: format!("urn:pervade:tx:{channel}:{tx_id}"),
            device: format!("urn:pervade:device:{device_address}"),
        }
    }

    /// `urn:pervade:tx:<channel>:<txid>`
    #[must_use]
    pub fn record_iri(&self) -> &str {
        &self.record
    }

    /// The named graph of the payload's quads: [`Self::record_iri`] and `#payload`.
    #[must_use]
    pub fn graph_iri(&self) -> String {
        format!("{}#payload", self.record)
    }

    /// `urn:pervade:device:<address>`
    #[must_use]
    pub fn device_iri(&self) -> &str {
        &self.device
    }
}

/// A part of a [`Context`] cannot stand in an IRI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot name a {part}")]
pub struct ContextError {
    /// `channel`, `transaction` or `device`.
    pub part: &'static str,
    /// The text as given, cut to a bounded length.
    pub text: String,
}
