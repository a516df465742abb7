//! Errors of a contract with a status and a code each.

use pervade_chaincode::{ContractError, Fault, LedgerError, Status};

#[derive(Debug, thiserror::Error, Fault)]
enum AssetError {
    #[error("asset {id} exists")]
    #[fault(status = CONFLICT)]
    AssetExists { id: String },
    #[error("too heavy")]
    #[fault(status = 499, code = "HEAVY")]
    Weight(u64),
    #[error("never")]
    #[fault(status = FORBIDDEN)]
    Never,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("inside: {inner}")]
    #[fault(transparent)]
    Inside { inner: ContractError },
}

#[test]
fn each_variant_has_its_status_and_code() {
    check(&AssetError::AssetExists { id: "a".into() }, 409, "ASSET_EXISTS: asset a exists");
    check(&AssetError::Weight(7), 499, "HEAVY: too heavy");
    check(&AssetError::Never, 403, "NEVER: never");
    check(
        &AssetError::from(LedgerError::TooManyRequests),
        500,
        "LEDGER: too many requests wait for the ledger",
    );
    let inner = ContractError::new(Status::BUSY, "LATER", "wait");
    check(&AssetError::Inside { inner }, 503, "LATER: inside: wait");
}

#[track_caller]
fn check(fault: &AssetError, status: u16, text: &str) {
    let error = ContractError::of(fault);
    assert_eq!((error.status().code(), error.text().as_str()), (status, text));
}
