//! Packages and payloads that mean harm: each is refused with its own error or does none.
//!
//! How long each takes is shown by `cargo bench -p pervade-package --bench hostile`.

#![expect(clippy::expect_used, clippy::tests_outside_test_module, reason = "all of this is test")]

#[path = "hostile/cases.rs"]
mod cases;

use expect_test::expect_file;

/// T-72, N-02: nothing that a vendor or a device sends does harm.
#[test]
fn harm_is_refused_by_name() {
    let lines: String =
        cases::all().iter().map(|case| format!("{}: {}\n", case.name, case.outcome())).collect();
    expect_file!["hostile/outcomes.txt"].assert_eq(&lines);
}
