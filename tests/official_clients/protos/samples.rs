//! Instances of any message, with every field filled.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};

/// How deep messages nest within a sample; some contain themselves.
const DEPTH_MAX: u32 = 3;

/// As many samples as make each member of each oneof appear once; elsewhere all fields are filled.
pub(super) fn of(message: &MessageDescriptor) -> Vec<DynamicMessage> {
    let turns = message.oneofs().map(|oneof| oneof.fields().len()).max().unwrap_or(1);
    (0..turns).map(|turn| filled(message, turn, 0)).collect()
}

fn filled(message: &MessageDescriptor, turn: usize, depth: u32) -> DynamicMessage {
    let mut sample = DynamicMessage::new(message.clone());
    for field in message.fields().filter(|field| is_due(field, turn)) {
        if let Some(value) = value(&field, turn, depth) {
            sample.set_field(&field, value);
        }
    }
    sample
}

/// Whether a field is outside oneofs, or the member whose turn it is.
fn is_due(field: &FieldDescriptor, turn: usize) -> bool {
    field.containing_oneof().is_none_or(|oneof| {
        let members = oneof.fields().len().max(1);
        oneof.fields().position(|member| member == *field) == Some(turn % members)
    })
}

fn value(field: &FieldDescriptor, turn: usize, depth: u32) -> Option<Value> {
    let kind = field.kind();
    if let Some(entry) = kind.as_message().filter(|_| field.is_map()) {
        let key = entry.map_entry_key_field().kind();
        let of = entry.map_entry_value_field().kind();
        let entry = |salt| Some((map_key(&key, salt)?, single(&of, salt, turn, depth)?));
        return Some(Value::Map([entry(1)?, entry(2)?].into()));
    }
    let item = |salt| single(&kind, field.number() + salt, turn, depth);
    if field.is_list() { Some(Value::List(vec![item(1)?, item(2)?])) } else { item(0) }
}

/// One value, negative, wide or non-ASCII where the kind allows; none beyond the deepest message.
fn single(kind: &Kind, salt: u32, turn: usize, depth: u32) -> Option<Value> {
    let wide = 1_u64 << 52 | u64::from(salt);
    Some(match kind {
        Kind::Message(message) if depth < DEPTH_MAX => {
            Value::Message(filled(message, turn, depth + 1))
        }
        Kind::Message(_) => return None,
        Kind::Bool => Value::Bool(true),
        Kind::Bytes => Value::Bytes(vec![0, 255, salt.to_le_bytes()[0]].into()),
        // Zero is what an absent field has.
        Kind::Enum(numbers) => {
            Value::EnumNumber(numbers.values().map(|value| value.number()).find(|n| *n != 0)?)
        }
        Kind::Int32 => Value::I32(-i32::try_from(salt).ok()?),
        Kind::Int64 => Value::I64(-i64::try_from(wide).ok()?),
        Kind::String => Value::String(format!("ä{salt}")),
        Kind::Uint32 => Value::U32(u32::MAX - salt),
        Kind::Uint64 => Value::U64(wide),
        Kind::Double
        | Kind::Float
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Fixed32
        | Kind::Fixed64
        | Kind::Sfixed32
        | Kind::Sfixed64 => return None,
    })
}

fn map_key(kind: &Kind, salt: u32) -> Option<MapKey> {
    let value = single(kind, salt, 0, DEPTH_MAX)?;
    let number = value.as_u64().map(MapKey::U64);
    number.or_else(|| value.as_str().map(|text| MapKey::String(text.to_owned())))
}
