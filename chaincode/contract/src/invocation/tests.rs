use fabric_protos::Message;
use fabric_protos::common::{ChannelHeader, Header, SignatureHeader};
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::protos::{
    ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, Proposal, SignedProposal,
};
use sha2::{Digest, Sha256};

use super::{Invocation, InvocationError};

#[test]
fn a_call_is_bound_to_its_nonce_creator_and_epoch() {
    // nonce, then creator, then the epoch in eight bytes, the least significant first.
    let creator = creator();
    let bytes = [b"nonce".as_slice(), &creator, &[0x39, 0x05, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(read(1_337).unwrap().binding(), <[u8; 32]>::from(Sha256::digest(bytes)));
    assert_ne!(read(1_337).unwrap().binding(), read(0).unwrap().binding());
}

#[test]
fn a_call_shows_what_the_peer_and_the_client_sent() {
    let call = read(0).unwrap();
    assert!(call.is_init());
    assert_eq!(call.decoration("region"), Some(b"eu".as_slice()));
    assert_eq!(call.decoration("other"), None);
    assert_eq!(call.signed_proposal().bytes, proposal(0));
    assert_eq!(call.signed_proposal().signature, b"signature");
}

#[test]
fn nothing_of_a_proposal_is_printed() {
    let call = read(0).unwrap();
    let printed = format!("{call:?} {:?}", call.signed_proposal());
    assert!(!printed.contains("hidden"), "{printed}");
    assert!(printed.contains("SignedBytes(..)"), "{printed}");
}

#[test]
fn another_transactions_proposal_is_refused() {
    let refused = Invocation::read("ch", &"0".repeat(64), ChaincodeInput::default(), signed(0));
    assert!(matches!(refused, Err(InvocationError::OtherTransaction)));
}

fn read(epoch: u64) -> Result<Invocation, InvocationError> {
    let input = ChaincodeInput {
        args: vec![b"function".to_vec(), b"hidden".to_vec()],
        decorations: [("region".to_owned(), b"eu".to_vec())].into(),
        is_init: true,
    };
    Invocation::read("ch", TX, input, signed(epoch))
}

fn signed(epoch: u64) -> SignedProposal {
    SignedProposal { proposal_bytes: proposal(epoch), signature: b"signature".to_vec() }
}

fn proposal(epoch: u64) -> Vec<u8> {
    let chaincode_id = Some(ChaincodeId { name: "assets".to_owned(), ..ChaincodeId::default() });
    let channel_header = ChannelHeader {
        channel_id: "ch".to_owned(),
        tx_id: TX.to_owned(),
        epoch,
        extension: ChaincodeHeaderExtension { chaincode_id }.encode_to_vec(),
        ..ChannelHeader::default()
    };
    let signature_header = SignatureHeader { creator: creator(), nonce: b"nonce".to_vec() };
    let header = Header {
        channel_header: channel_header.encode_to_vec(),
        signature_header: signature_header.encode_to_vec(),
    };
    Proposal { header: header.encode_to_vec(), ..Proposal::default() }.encode_to_vec()
}

fn creator() -> Vec<u8> {
    let identity = SerializedIdentity { mspid: "OrgMSP".to_owned(), id_bytes: b"pem".to_vec() };
    identity.encode_to_vec()
}

const TX: &str = "5f6f8d8b7e1d5a0c3b9d2e4f6a7c8b9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f7";
