use pervade_chaincode::{Argument, Fault, State};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, State)]
struct Placeless {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "keyless", key())]
struct Keyless {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "wrong", key(od))]
struct WrongKey {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "twice", key(id, id))]
struct KeyTwice {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "", key(id))]
struct Typeless {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(kind = "option", key(id))]
struct OtherOption {
    id: String,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "choice", key(id))]
enum Choice {
    A,
}

#[derive(Serialize, Deserialize, State)]
#[state(type = "generic", key(id))]
struct Generic<T> {
    id: String,
    value: T,
}

#[derive(Serialize, Deserialize, Argument)]
struct Flattened {
    #[serde(flatten)]
    inner: Inner,
    #[serde(with = "hex")]
    bytes: Vec<u8>,
    #[serde(alias = "ID")]
    id: String,
    #[serde(skip_serializing)]
    one_way: bool,
    #[serde(rename(serialize = "a", deserialize = "b"))]
    two_names: bool,
}

#[derive(Serialize, Deserialize, Argument)]
struct Unheard {
    #[serde(renamed = "a")]
    id: String,
}

#[derive(Serialize, Deserialize, Argument)]
#[serde(tag = "kind")]
enum Wide {
    Number { number: u128 },
}

#[derive(Serialize, Deserialize, Argument)]
#[serde(tag = "kind")]
enum Tagged {
    One(Inner),
}

#[derive(Serialize, Deserialize, Argument)]
enum CatchAll {
    Known,
    #[serde(other)]
    Other,
}

#[derive(Clone, Serialize, Deserialize, Argument)]
#[serde(into = "String")]
struct OneWay(String);

#[derive(Argument)]
union Either {
    a: u8,
    b: i8,
}

#[derive(Fault)]
enum Refusal {
    NoStatus,
    #[fault(status = 200)]
    Success,
    #[fault(status = NOT_FOUND, code = "not found")]
    SmallCode,
    #[fault(transparent)]
    Two(u8, u8),
    #[fault(state = NOT_FOUND)]
    OtherOption,
    #[fault(transparent, status = NOT_FOUND)]
    Both(u8),
}

#[derive(Fault)]
struct NoEnumeration;

fn main() {}
