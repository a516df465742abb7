//! Signatures made and checked per second, by AWS-LC as this crate uses it and by `p256`.
//!
//! AWS-LC signed and verified four times as fast as `p256` 0.14 when it was chosen. Run with `cargo bench -p pervade-identity`.

use std::error::Error;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use p256::ecdsa::signature::{Signer as _, Verifier as _};
use pervade_identity::PrivateKey;

/// About the size of a proposal.
const MESSAGE: [u8; 1_024] = [7; 1_024];

/// How long each measurement lasts.
const LASTING: Duration = Duration::from_millis(500);

fn main() -> Result<(), Box<dyn Error>> {
    let ours = PrivateKey::generate()?;
    let signature = ours.sign(&MESSAGE)?;
    let theirs = p256::ecdsa::SigningKey::from_slice(&[7; 32])?;
    let their_signature: p256::ecdsa::Signature = theirs.sign(&MESSAGE);
    let their_public = theirs.verifying_key();

    let sign = rate(|| ours.sign(&MESSAGE).is_ok());
    let verify = rate(|| ours.public_key().verify_message(&MESSAGE, &signature).is_ok());
    let their_sign = rate(|| {
        let made: p256::ecdsa::Signature = theirs.sign(&MESSAGE);
        made == their_signature
    });
    let their_verify = rate(|| their_public.verify(&MESSAGE, &their_signature).is_ok());

    let mut out = std::io::stdout().lock();
    writeln!(out, "          AWS-LC/s    p256/s   ratio")?;
    for (what, one, other) in [("sign", sign, their_sign), ("verify", verify, their_verify)] {
        writeln!(out, "{what:<8}{one:>10.0}{other:>10.0}{:>8.1}", one / other)?;
    }
    Ok(())
}

/// Successful runs per second.
fn rate(run: impl Fn() -> bool) -> f64 {
    let start = Instant::now();
    let mut runs = 0.0;
    while start.elapsed() < LASTING {
        if black_box(run()) {
            runs += 1.0;
        }
    }
    runs / start.elapsed().as_secs_f64()
}
