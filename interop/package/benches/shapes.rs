//! What a payload costs, and what checking its graph against the shapes adds.
//!
//! ```sh
//! cargo bench -p pervade-package --bench shapes [-- ROUNDS]
//! ```
//!
//! The first example of every shipped package, on one thread: read, validated, mapped and
//! digested, without shapes and with them.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it measures and prints"
)]

use std::time::{Duration, Instant};

use pervade_package::{CheckedPackage, Context, Normalised, shipped};

fn main() {
    let asked = std::env::args().find_map(|text| text.parse().ok());
    let rounds: u32 = asked.unwrap_or(2_000);
    println!("| package | quads | µs without shapes | µs with | shapes alone |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for package in shipped() {
        let checked = CheckedPackage::compile(&package).expect("compiles");
        let example = package.examples.first().expect("an example");
        let payload = example.payload_bytes(&package.manifest).expect("bytes");
        let context = Context::example();
        let bare = || checked.normalise_again(&payload, &context).expect("normalises");
        let whole = || checked.normalise(&payload, &context).expect("normalises");
        let quads = whole().quads.len();
        // Each is warmed up by the other.
        let (mut without, mut with) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..rounds {
            without += took(bare);
            with += took(whole);
        }
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(rounds);
        let (without, with) = (each(without), each(with));
        let name = format!("{}/{}", package.manifest.vendor, package.manifest.model);
        let shapes = with - without;
        println!("| {name} | {quads} | {without:.1} | {with:.1} | {shapes:.1} |");
    }
}

fn took(what: impl Fn() -> Normalised) -> Duration {
    let start = Instant::now();
    let normalised = what();
    let took = start.elapsed();
    assert!(!normalised.quads.is_empty(), "something was measured");
    took
}
