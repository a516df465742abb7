//! Length-prefixed fields of the checkpoint file; integers are big-endian.

/// Takes fields from the front of bytes; every method is `None` once they do not suffice.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*field)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()? as usize;
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }
}

/// Hands fields to a sink, a file's buffer or a hash.
pub(crate) struct Writer<'a>(pub(crate) &'a mut dyn FnMut(&[u8]));

impl Writer<'_> {
    pub(crate) fn raw(&mut self, field: &[u8]) {
        (self.0)(field);
    }

    pub(crate) fn u8(&mut self, field: u8) {
        self.raw(&[field]);
    }

    pub(crate) fn u32(&mut self, field: u32) {
        self.raw(&field.to_be_bytes());
    }

    pub(crate) fn u64(&mut self, field: u64) {
        self.raw(&field.to_be_bytes());
    }

    /// A field with its length; nothing in a ledger comes near four gibibytes.
    pub(crate) fn bytes(&mut self, field: &[u8]) {
        debug_assert!(u32::try_from(field.len()).is_ok(), "fields are shorter than a block");
        self.u32(u32::try_from(field.len()).unwrap_or(u32::MAX));
        self.raw(field);
    }
}
