//! Any payload gives the same bytes every time, or the same error (`T-69`).

use std::io::{self, Write};

use libtest_mimic::{Failed, Trial};
use pervade_package::{CheckedPackage, Context, DevicePackage, Normalised, shipped};
use pervade_rdf::{digest, nquads, parse_nquads};
use pervade_tests::random::{Random, SEED, seed};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Payloads tried for each package.
const MUTATIONS: usize = 10_000;

/// Of a hundred payloads, how many must be understood: refusals alone would show little.
const UNDERSTOOD_PERCENT_MIN: usize = 5;

pub(crate) fn trials() -> Vec<Trial> {
    let packages = shipped().into_iter();
    let trial = |package: DevicePackage| {
        let name = format!("any_payload_gives_the_same_twice::{}", package.manifest.vendor);
        Trial::test(name, move || any_payload_gives_the_same_twice(&package))
    };
    packages.map(trial).collect()
}

fn any_payload_gives_the_same_twice(package: &DevicePackage) -> Result<(), Failed> {
    let seed = seed()?;
    writeln!(io::stderr(), "{SEED}={seed}")?;
    let mut random = Random::new(seed);
    // Two of them, so that nothing one has kept can help the other.
    let [one, other] = [compile(package)?, compile(package)?];
    let mut understood = 0;
    for _ in 0..MUTATIONS {
        let example = random.one_of(&package.examples).ok_or("a package has examples")?;
        let payload = mutated(&mut random, &example.payload)?;
        let (first, second) = (
            one.normalise(&payload, &Context::example()),
            other.normalise(&payload, &Context::example()),
        );
        let wrong = |what: &str| format!("{what}: {}", String::from_utf8_lossy(&payload));
        if first != second {
            return Err(wrong("not the same twice").into());
        }
        let Ok(normalised) = first else { continue };
        check(&normalised).map_err(|what| wrong(&what))?;
        understood += 1;
    }
    if understood * 100 < MUTATIONS * UNDERSTOOD_PERCENT_MIN {
        return Err(format!("only {understood} of {MUTATIONS} payloads were understood").into());
    }
    Ok(())
}

fn compile(package: &DevicePackage) -> Result<CheckedPackage, Failed> {
    CheckedPackage::compile(package).map_err(|problems| format!("{problems:?}").into())
}

/// The quads are one sorted text, which is read back to the same quads.
fn check(normalised: &Normalised) -> Result<(), String> {
    let text = nquads(&normalised.quads);
    let lines: Vec<&str> = text.lines().collect();
    if !lines.is_sorted_by(|line, next| line < next) {
        return Err("not sorted".to_owned());
    }
    if text.lines().any(|line| line.contains("_:")) {
        return Err("a blank node".to_owned());
    }
    let hash: [u8; 32] = Sha256::digest(&text).into();
    if hash != normalised.digest || digest(&normalised.quads) != hash {
        return Err("another digest".to_owned());
    }
    let read = parse_nquads(&text).map_err(|error| error.to_string())?;
    if read == normalised.quads { Ok(()) } else { Err("read back to other quads".to_owned()) }
}

/// The payload with a few changes: of values, of its structure, or of single bytes.
fn mutated(random: &mut Random, payload: &str) -> Result<Vec<u8>, Failed> {
    let mut value: Value = serde_json::from_str(payload)?;
    for _ in 0..=random.below(3) {
        let steps = random.below(12);
        change(random, &mut value, steps)?;
    }
    let mut bytes = value.to_string().into_bytes();
    if random.happens(10) {
        let at = random.below(bytes.len());
        let byte = random.bytes(1).first().copied().unwrap_or_default();
        bytes.iter_mut().skip(at).take(1).for_each(|there| *there = byte);
    }
    Ok(bytes)
}

/// Texts that are numbers, at the edges of what is one.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "-0.000",
    "1e0",
    "1E+3",
    "12.50",
    "-40",
    "1e-7",
    "99999999999999999999",
    "0.1",
    "1e300",
    "1e-300",
    "5e9",
    "1.498780179e+09",
];

/// Texts that mean something somewhere.
const TEXTS: &[&str] = &[
    "",
    "a",
    "Cel",
    "°C",
    "V",
    "2026-01-01T00:00:00Z",
    "2026-06-30T23:59:60",
    "urn:epc:id:x",
    "http://example.com/<>",
    "\u{0} \n\"",
    "é\u{301}",
    "CEL",
    "%RH",
    "-06:00",
];

/// Walks some steps down, then changes what is there.
fn change(random: &mut Random, value: &mut Value, steps: usize) -> Result<(), Failed> {
    if steps > 0 {
        let length = match value {
            Value::Array(items) => items.len(),
            Value::Object(fields) => fields.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        };
        let at = random.below(length);
        let below = match value {
            Value::Array(items) => items.get_mut(at),
            Value::Object(fields) => fields.values_mut().nth(at),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        if let Some(below) = below {
            return change(random, below, steps - 1);
        }
    }
    *value = match value {
        Value::Number(_) if random.happens(90) => number(random)?,
        Value::String(_) if random.happens(60) => Value::String(word(random)),
        Value::Array(items) if random.happens(70) => {
            let mut items = items.clone();
            items.extend(items.first().cloned());
            items.reverse();
            Value::Array(items)
        }
        Value::Object(fields) if random.happens(70) => {
            let mut fields = fields.clone();
            let name = fields.keys().nth(random.below(fields.len())).cloned().unwrap_or_default();
            fields.remove(&name);
            Value::Object(fields)
        }
        Value::Null | Value::Bool(_) => number(random)?,
        Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            if random.happens(50) { Value::Null } else { Value::Bool(true) }
        }
    };
    Ok(())
}

fn number(random: &mut Random) -> Result<Value, Failed> {
    if random.happens(30) {
        return Ok(serde_json::from_str(random.one_of(NUMBERS).copied().unwrap_or("0"))?);
    }
    let (whole, part) = (random.below(2_000), random.below(10_000));
    Ok(serde_json::from_str(&format!("{whole}.{part:04}"))?)
}

fn word(random: &mut Random) -> String {
    random.one_of(TEXTS).copied().unwrap_or_default().to_owned()
}
