//! A device type's package: JSON Schema, mapping, examples; validates and normalises payloads.
