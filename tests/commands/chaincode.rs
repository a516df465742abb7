//! Contracts from their first line to a package.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{Said, pervade};

/// What `pervade chaincode new` begins with, tests and all.
#[path = "../../src/chaincode/template/lib.rs"]
#[expect(
    unnameable_types,
    unreachable_pub,
    clippy::panic_in_result_fn,
    reason = "it is a crate of its own elsewhere"
)]
mod template;

#[test]
fn a_package_is_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    fs::write(&program, [7; 100_000]).unwrap();
    let service = ["--address", "localhost:9999"];
    let executable = ["--executable", program.to_str().unwrap()];
    for what in [service, executable] {
        let packages = ["one.tar.gz", "two.tar.gz"].map(|file| {
            let out = folder.path().join(file);
            let args = ["chaincode", "package", "basic", "--json", "--out", out.to_str().unwrap()];
            let done = Said::by(&[args.as_slice(), &what].concat()).done();
            (done["package_id"].as_str().unwrap().to_owned(), fs::read(out).unwrap())
        });
        assert_eq!(packages[0], packages[1], "{what:?}");
        assert!(packages[0].0.starts_with("basic_1.0:"), "{}", packages[0].0);
    }
}

/// A peer's side of the builder: unpack, detect, build, release, run.
#[test]
fn the_builder_takes_both_types_of_packages() {
    let folder = tempfile::tempdir().unwrap();
    let builder = folder.path().join("builder");
    let told = Said::by(&["chaincode", "builder", builder.to_str().unwrap(), "--json"]).done();
    assert!(told["core_yaml"].as_str().unwrap().contains(builder.to_str().unwrap()), "{told}");
    // A program that tells what it is started with.
    let program = folder.path().join("program");
    fs::write(&program, "#!/bin/sh\necho \"$@\"\n").unwrap();
    let peer = Peer { folder: folder.path(), builder: &builder };

    let built = peer.build("dialled", &["--address", "localhost:9999"]);
    let released = fs::read_to_string(built.join("released/chaincode/server/connection.json"));
    assert!(released.unwrap().contains("localhost:9999"), "the peer is told where to dial");

    let built = peer.build("launched", &["--executable", program.to_str().unwrap()]);
    assert!(!built.join("released/chaincode").exists(), "there is nothing to dial");
    let ran = Command::new(builder.join("bin/run")).arg(built.join("built")).arg("launch").output();
    assert_eq!(ran.unwrap().stdout, b"--chaincode-json launch/chaincode.json\n");

    fs::write(folder.path().join("metadata.json"), r#"{"type":"golang","label":"x"}"#).unwrap();
    let detected = Command::new(builder.join("bin/detect")).arg("src").arg(folder.path()).status();
    assert!(!detected.unwrap().success(), "other builders' packages are left to them");
}

struct Peer<'a> {
    folder: &'a Path,
    builder: &'a Path,
}

impl Peer<'_> {
    /// Packages, unpacks and builds as a peer does; the folder of what came of it.
    fn build(&self, name: &str, what: &[&str]) -> std::path::PathBuf {
        let folder = self.folder.join(name).join("work");
        let (source, metadata) = (folder.join("source"), folder.join("metadata"));
        let (built, released) = (folder.join("built"), folder.join("released"));
        for folder in [&source, &metadata, &built, &released] {
            fs::create_dir_all(folder).unwrap();
        }
        let package = folder.join("package.tar.gz");
        let out = ["--out", package.to_str().unwrap(), "--json"];
        Said::by(&[&["chaincode", "package", name], what, &out].concat()).done();
        unpack(&package, &metadata);
        unpack(&metadata.join("code.tar.gz"), &source);
        self.script("detect", &[&source, &metadata]);
        self.script("build", &[&source, &metadata, &built]);
        self.script("release", &[&built, &released]);
        folder
    }

    fn script(&self, name: &str, folders: &[&Path]) {
        let status = Command::new(self.builder.join("bin").join(name)).args(folders).status();
        assert!(status.unwrap().success(), "{name}");
    }
}

fn unpack(archive: &Path, into: &Path) {
    let status = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(into).status();
    assert!(status.unwrap().success(), "{} is an archive", archive.display());
}

#[test]
fn a_contract_is_not_begun_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("basic");
    let new = ["chaincode", "new", "basic", "--json", "--dir", dir.to_str().unwrap()];
    Said::by(&new).done();
    let manifest = fs::read_to_string(dir.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"basic\"") && !manifest.contains("{{"), "{manifest}");
    assert_eq!(Said::by(&new).failed().0, "EXISTS");
    let nowhere = ["--pervade", folder.path().to_str().unwrap(), "--dir", "x"];
    let new = [&["chaincode", "new", "basic", "--json"], nowhere.as_slice()].concat();
    assert_eq!(Said::by(&new).failed().0, "NO_CHECKOUT");
}

#[test]
fn a_contract_begins_with_tests_that_pass() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("first-try");
    Said::by(&["chaincode", "new", "first-try", "--dir", dir.to_str().unwrap(), "--json"]).done();
    // Kept beside the other builds, so that only the first run takes minutes.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("begun");
    let status = pervade(&["chaincode", "test", dir.to_str().unwrap()])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_NET_OFFLINE", "true")
        .status();
    assert!(status.unwrap().success(), "its tests pass");
}
