use std::collections::{HashMap, HashSet};

use pervade_chaincode::{Argument, State};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, State)]
#[state(type = "asset", key(weight))]
struct Asset {
    weight: i64,
    price: f64,
    ratio: Option<f32>,
    owners: HashMap<String, u64>,
}

#[derive(Serialize, Deserialize, Argument)]
struct Parcel {
    marks: HashSet<String>,
    plain: Plain,
}

#[derive(Serialize, Deserialize)]
struct Plain;

fn main() {}
