//! Why a contract's function gave no answer, as a command tells it.

use pervade_chaincode::ClientError;
use pervade_peer_client::{ContractRefusal, TypedCallError};

use crate::failure::Failure;

/// A typed client's failure.
pub(crate) type CallFailure = ClientError<TypedCallError>;

/// Turns a typed client's failure into a command's, by the contract's own code and words.
pub(crate) trait OrRefused<T> {
    fn or_refused(self) -> Result<T, Failure>;
}

impl<T> OrRefused<T> for Result<T, CallFailure> {
    fn or_refused(self) -> Result<T, Failure> {
        self.map_err(refusal)
    }
}

fn refusal(failure: CallFailure) -> Failure {
    let ClientError::Call(error) = failure else {
        return Failure::new("CALL", "the contract is another one").because(failure);
    };
    match error.refused() {
        Some(ContractRefusal { code: Some(code), message, .. }) => Failure::new(code, message),
        Some(_) | None => unanswered(error),
    }
}

fn unanswered(error: TypedCallError) -> Failure {
    if let TypedCallError::Rejected { tx_id, block, code } = error {
        let code = code.as_str_name();
        let text = format!("transaction {tx_id} was rejected in block {block}: {code}");
        return Failure::new(code, text);
    }
    if let TypedCallError::Unknown { tx_id, refusal } = error {
        let text = format!("nobody can say yet what became of transaction {tx_id}");
        return Failure::new(UNKNOWN, text).because(refusal);
    }
    match missing(&told(&error)) {
        Some(Missing { code, what }) => Failure::new(code, what),
        None => Failure::new("NOT_CALLED", "the contract was not called").because(error),
    }
}

/// The code of a transaction whose fate nobody knows.
pub(crate) const UNKNOWN: &str = "UNKNOWN";

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.take(CAUSES_MAX).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Most causes that are looked through.
const CAUSES_MAX: usize = 8;

/// Whether peers computed different results, as they do when some are behind.
pub(super) fn peers_differ(error: &TypedCallError) -> bool {
    told(error).contains(MISMATCH)
}

/// What gateways say then.
const MISMATCH: &str = "ProposalResponsePayloads do not match";

/// What must be done before a contract can be called.
struct Missing {
    code: &'static str,
    what: &'static str,
}

/// What is missing, as peers say it who were asked for a chaincode that is not ready.
fn missing(text: &str) -> Option<Missing> {
    if text.contains("must call as init first") {
        let what = "the platform is not bound yet: `pervade platform bind` binds it";
        return Some(Missing { code: "NOT_INITIALIZED", what });
    }
    if text.contains(MISMATCH) {
        let what = "the peers computed different results: some are behind";
        return Some(Missing { code: "PEERS_DIFFER", what });
    }
    if text.contains("not in the distribution policy of the private data collection") {
        let what = "other organisations would see what is private: --org says which may";
        return Some(Missing { code: "NOT_PRIVATE", what });
    }
    let unknown = ["no peers available to evaluate chaincode", "no combination of peers can be"];
    let is_unknown = unknown.iter().any(|unknown| text.contains(unknown));
    let what = "too few peers run the platform: `pervade platform deploy` deploys it";
    is_unknown.then_some(Missing { code: "NOT_DEPLOYED", what })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::missing;

    #[test]
    fn peers_say_what_is_missing() {
        check(
            "invalid invocation: chaincode 'users' has not been initialized for this version, must \
             call as init first",
            expect!["NOT_INITIALIZED"],
        );
        check(
            "no peers available to evaluate chaincode users in channel mychannel",
            expect!["NOT_DEPLOYED"],
        );
        check(
            "no combination of peers can be derived which satisfy the endorsement policy",
            expect!["NOT_DEPLOYED"],
        );
        check(
            "requires endorsement from organisation(s) that are not in the distribution policy of \
             the private data collection(s): [_implicit_org_Org2MSP]",
            expect!["NOT_PRIVATE"],
        );
        check("localhost:7051: ProposalResponsePayloads do not match", expect!["PEERS_DIFFER"]);
        check("the connection was reset", expect!["none"]);
    }

    #[track_caller]
    fn check(text: &str, code: Expect) {
        code.assert_eq(missing(text).map_or("none", |missing| missing.code));
    }
}
