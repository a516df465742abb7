//! The external builder that a peer needs for packages of both types.

/// The builder's files, by their path in its folder, all to be runnable.
///
/// They are POSIX shell and need nothing else. `detect` takes packages of both types; for a
/// service `release` hands `connection.json` to the peer, which dials; a program is started by
/// `run`, with the peer's `chaincode.json` as its one argument.
pub const FILES: [(&str, &str); 4] = [
    ("bin/detect", include_str!("builder/detect")),
    ("bin/build", include_str!("builder/build")),
    ("bin/release", include_str!("builder/release")),
    ("bin/run", include_str!("builder/run")),
];

/// The lines of a peer's `core.yaml` that name the builder in an absolute folder.
#[must_use]
pub fn core_yaml(folder: &str) -> String {
    format!(
        "\
chaincode:
  externalBuilders:
    - name: pervade
      path: {folder}
      propagateEnvironment:
        - CORE_CHAINCODE_LOGGING_LEVEL
        - PERVADE_LOG"
    )
}
