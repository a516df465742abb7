//! Hashes the code of a service, so that the package it is deployed as can name it.
//!
//! The code is the service's own sources, those of the workspace's crates it is made of, and
//! `Cargo.lock`, which fixes everybody else's.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest as _, Sha256};

/// What every service is made of, from the workspace's root.
const SHARED: &[&str] = &[
    "chaincode/contract/src",
    "chaincode/macros/src",
    "chaincode/services/registry/src",
    "fabric/identity/src",
    "fabric/protos/src",
    "interop/mapping/src",
    "interop/package/src",
    "interop/rdf/src",
    "interop/units/src",
    "Cargo.lock",
];

/// What the services of a platform are made of beside that: each calls others.
const PLATFORM: &[&str] = &[
    "chaincode/services/clock/src",
    "chaincode/services/devices/src",
    "chaincode/services/platform/src",
    "chaincode/services/tokens/src",
    "chaincode/services/users/src",
];

#[expect(clippy::disallowed_methods, reason = "this runs before the contract, not in it")]
fn main() -> Result<(), Box<dyn Error>> {
    let own = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let root = own.ancestors().nth(3).ok_or("a service lies in chaincode/services")?;
    let mut files = Vec::new();
    let is_apart = ["registry", "recording"].iter().any(|name| own.ends_with(name));
    let shared = SHARED.iter().chain(if is_apart { &[] } else { PLATFORM });
    let parts = shared.map(|part| root.join(part)).chain([own.join("src")]);
    for part in parts {
        println!("cargo::rerun-if-changed={}", part.display());
        collect(&part, &mut files)?;
    }
    files.sort();
    files.dedup();
    let mut hasher = Sha256::new();
    for file in files {
        let (name, bytes) = (file.strip_prefix(root)?.to_string_lossy(), fs::read(&file)?);
        hasher.update(format!("{name}\n{}\n", bytes.len()));
        hasher.update(bytes);
    }
    let digest = hasher.finalize();
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=PERVADE_CODE_SHA256={digest}");
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
