//! The checkout as the rules see it: its root, its files, its packages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every hand-written Rust file, relative to the root, with its text.
pub(crate) fn rust_files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for folder in [
        "src",
        "demo",
        "fabric",
        "chaincode",
        "interop",
        "peer-client",
        "network",
        "agents",
        "tests",
    ] {
        walk(&root().join(folder), &mut files);
    }
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !path.components().any(|part| part.as_os_str() == "generated"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path.strip_prefix(root()).unwrap().to_owned(), text)
        })
        .collect()
}

/// Package folder (relative to the root) → names of the packages it depends on.
pub(crate) fn dependencies() -> BTreeMap<String, Vec<String>> {
    member_folders()
        .into_iter()
        .map(|folder| {
            let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
            (folder, section_keys(&manifest, "[dependencies]"))
        })
        .collect()
}

/// Package name → its folder.
pub(crate) fn package_folders() -> BTreeMap<String, String> {
    member_folders()
        .into_iter()
        .map(|folder| {
            let manifest = fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap();
            let name = manifest.lines().find_map(|line| line.strip_prefix("name = \"")).unwrap();
            (name.trim_end_matches('"').to_owned(), folder)
        })
        .collect()
}

fn member_folders() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    members.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn section_keys(manifest: &str, section: &str) -> Vec<String> {
    manifest
        .lines()
        .skip_while(|line| *line != section)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|key| !key.is_empty() && !key.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" {
            walk(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}
