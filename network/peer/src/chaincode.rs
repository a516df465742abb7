//! The peer's side of its chaincodes: their streams, and what they may ask.

mod call;
mod definition;
mod link;
mod requests;
mod stream;

pub use call::InstallError;
pub use link::{ChaincodeLink, Connected, Launch, LaunchError};

pub(crate) use call::{Call, CallProposal, InvokeError, Support, SupportParts};
pub(crate) use definition::{NotInvokable, find, runnable};

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use expect_test::{Expect, expect};
    use fabric_protos::Message;
    use fabric_protos::kvrwset::KvrwSet;
    use fabric_protos::protos::{ChaincodeAction, ProposalResponse, ProposalResponsePayload};
    use fabric_protos::rwset::TxReadWriteSet;

    use crate::testing::{Network, Scripted};

    #[tokio::test]
    async fn a_called_chaincode_writes_under_its_own_name_in_the_same_transaction() {
        let network = Network::with_chaincodes(&["outer", "inner"]).await;
        check(
            &network,
            "call inner put k v",
            expect![[r#"
                200 
                _lifecycle: reads namespaces/fields/inner/Sequence, namespaces/fields/outer/Sequence
                inner: writes k
                interest inner
            "#]],
        )
        .await;
        network.submit("outer", "call inner put k v").await.unwrap();
        assert_eq!(network.evaluate("inner", "get k").await.unwrap(), "v");
        assert_eq!(network.evaluate("outer", "get k").await.unwrap(), "");
        assert_eq!(network.evaluate("outer", "call inner get k").await.unwrap(), "v");
    }

    #[tokio::test]
    async fn calls_that_cannot_be_are_refused_to_the_caller() {
        let network = Network::with_chaincodes(&["outer"]).await;
        let evaluate = async |words: &str| {
            let refused = network.evaluate("outer", words).await.unwrap_err();
            refused.message().split(", ").last().unwrap_or_default().to_owned()
        };
        let id = "[0-9a-f]{64}";
        let text = evaluate("call nothing get k").await;
        assert!(
            text.ends_with(
                "execute failed: invalid invocation: [channel mychannel] failed to get chaincode \
             container info for nothing: chaincode nothing not found"
            ),
            "{text}"
        );
        let text = evaluate("call outer get k").await;
        assert!(
            text.contains("error sending: txid: ") && text.ends_with("(mychannel) exists"),
            "{text}"
        );
        let text = evaluate("call nothing/other get k").await;
        assert!(text.ends_with("failed to find ledger for channel: other"), "{text} {id}");
    }

    #[tokio::test]
    async fn a_chaincode_that_ends_its_stream_is_launched_again() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let package_id = format!("basic:{}", "0".repeat(64));
        let scripted = Scripted::new(&package_id, "here");
        let launched = Arc::clone(&scripted.launched);
        network.peer().install(&package_id, "basic", Arc::new(scripted)).unwrap();
        assert_eq!(status(&network, "get k").await, "200 ");
        assert_eq!(launched.load(Ordering::Relaxed), 1);
        for breaking in ["die", "illegal"] {
            let text = status(&network, breaking).await;
            assert!(text.starts_with("500 error in simulation: failed to execute transaction "));
            assert!(text.ends_with(": error sending: chaincode stream terminated"), "{text}");
        }
        assert_eq!(status(&network, "get k").await, "200 ");
        assert_eq!(launched.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_chaincode_that_says_nothing_is_given_up() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let text = status(&network, "hang").await;
        assert!(text.ends_with(": error sending: timeout expired while executing transaction"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_request_before_the_answer_is_dropped_without_harm() {
        let network = Network::with_chaincodes(&["basic"]).await;
        assert_eq!(status(&network, "twice k").await, "200 ");
    }

    #[tokio::test]
    async fn ranges_come_in_batches_and_the_read_set_ends_where_reading_did() {
        let network = Network::with_chaincodes(&["basic"]).await;
        network.submit("basic", "fill 250").await.unwrap();
        let range = async |words: &str| network.evaluate("basic", words).await.unwrap();
        assert_eq!(range("range key0000 key9999").await, "100+100+50 up to key0249");
        assert_eq!(range("range key0100 key0200").await, "100 up to key0199");
    }

    /// Whoever uses a collection reads the whole definition of its chaincode, as at Fabric's peers.
    #[tokio::test]
    async fn using_a_collection_reads_the_definition() {
        let network = Network::with_chaincodes(&["outer"]).await;
        let write = "private _implicit_org_Org1MSP k secret";
        check(&network, write, expect![[r#"
            200 
            _lifecycle: reads namespaces/fields/outer/Collections, namespaces/fields/outer/EndorsementInfo, namespaces/fields/outer/Sequence, namespaces/fields/outer/ValidationInfo, namespaces/metadata/outer
            interest outer
        "#]]).await;
    }

    #[tokio::test]
    async fn private_values_are_seen_by_members_peers_only() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let write = network.proposal("basic", "private _implicit_org_Org1MSP k secret");
        network.submit_to(&network.org1.user, write, &["Org1MSP"]).await.unwrap();
        let reveal = || network.proposal("basic", "reveal _implicit_org_Org1MSP k");
        let at_home = network.evaluate_at(reveal(), &["Org1MSP"]).await.unwrap();
        assert_eq!(at_home, "secret");
        let elsewhere = network.evaluate_at(reveal(), &["Org2MSP"]).await.unwrap();
        let missing = "private data matching public hash version is not available. Public hash \
                       version = {BlockNum: 4, TxNum: 0}, Private data version = <nil>";
        assert!(elsewhere.ends_with(missing), "{elsewhere}");
        let nowhere = network.proposal("basic", "private nowhere k v");
        let refused = network.evaluate_at(nowhere, &[]).await.unwrap();
        assert!(
            refused.ends_with("collection mychannel/basic/nowhere could not be found"),
            "{refused}"
        );
    }

    /// What the first peer answers to a call of `basic`.
    async fn status(network: &Network, words: &str) -> String {
        let proposed = network.proposal("basic", words);
        let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
        let response = answer.response.unwrap();
        format!("{} {}", response.status, response.message)
    }

    /// Compares what the first peer endorses for a call of `outer`.
    async fn check(network: &Network, words: &str, expected: Expect) {
        let proposed = network.proposal("outer", words);
        let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
        expected.assert_eq(&render(&answer));
    }

    fn render(answer: &ProposalResponse) -> String {
        let response = answer.response.clone().unwrap_or_default();
        let mut lines = format!("{} {}\n", response.status, response.message);
        let payload = ProposalResponsePayload::decode(answer.payload.as_slice()).unwrap();
        let action = ChaincodeAction::decode(payload.extension.as_slice()).unwrap();
        for namespace in TxReadWriteSet::decode(action.results.as_slice()).unwrap().ns_rwset {
            let set = KvrwSet::decode(namespace.rwset.as_slice()).unwrap();
            let reads: Vec<_> = set.reads.iter().map(|read| read.key.as_str()).collect();
            let writes: Vec<_> = set.writes.iter().map(|write| write.key.as_str()).collect();
            for (what, keys) in [("reads", reads), ("writes", writes)] {
                if !keys.is_empty() {
                    lines += &format!("{}: {what} {}\n", namespace.namespace, keys.join(", "));
                }
            }
        }
        for call in answer.interest.iter().flat_map(|interest| &interest.chaincodes) {
            lines += &format!("interest {}\n", call.name);
        }
        lines
    }
}
