use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fabric_protos::Message as _;
use fabric_protos::common::{
    ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader,
};
use fabric_protos::id::{ChannelId, MspId};
use fabric_protos::orderer::{
    SeekInfo, SeekOldest, SeekPosition, SeekSpecified, deliver_response, seek_position,
};
use fabric_protos::protos::{self, TxValidationCode};
use futures::{StreamExt as _, stream};
use pervade_identity::{Membership, Msp, PrivateKey, Role, Signer};
use pervade_ledger::block;
use pervade_ports::Clock as _;
use pervade_ports::system::SystemClock;
use pervade_registrar::{Enrollment, EnrollmentKind, certificate_request};
use pervade_rpc::atomic_broadcast::atomic_broadcast_client::AtomicBroadcastClient;
use pervade_rpc::deliver::deliver_client::DeliverClient;
use tonic::transport::Channel as Transport;

use super::{EmbeddedNetwork, Options, StartError};
use crate::control::{Answer, Command, ask, reason};
use crate::description::{NetworkDescription, NodeDescription};
use crate::folder::FolderError;
use crate::packages::{Package, PackageSource};
use crate::topology::Topology;

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_founded_and_taken_up_again() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let package_id = network.install(package()).unwrap();
    let first = network.status();
    assert_eq!(first.channels[0].height, 1, "the ledger begins with its genesis block");
    let ports = network.founding.ports.clone();
    network.shutdown().await;

    let network = start(place.path()).await.unwrap();
    assert_eq!(network.status(), first);
    assert_eq!(network.status().packages.concat(), package_id);
    for peer in network.shared.peers.all() {
        assert_eq!(peer.installed(), [(package_id.clone(), "basic_1.0".to_owned())]);
    }
    assert_eq!(network.founding.ports, ports, "nodes listen where they did");
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_socket_answers_and_stops_the_network() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let answer = ask(place.path(), &Command::Status).await.unwrap();
    assert_eq!(answer, Answer::Status(network.status()));
    let wrong = Package { label: "_".to_owned(), ..package() };
    let answer = ask(place.path(), &Command::Install { package: wrong }).await.unwrap();
    assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    let answer = ask(place.path(), &Command::Down).await.unwrap();
    assert_eq!(answer, Answer::Stopping);
    tokio::time::timeout(Duration::from_secs(5), network.told_to_stop()).await.unwrap();
    network.shutdown().await;
    assert!(ask(place.path(), &Command::Status).await.is_err(), "nothing runs any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_one_owner_and_one_topology() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let refused = start(place.path()).await;
    let Err(StartError::Folder(FolderError::Held { process, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(process, Some(std::process::id()));
    network.shutdown().await;
    let mut other = Topology::test_network().with_free_ports();
    other.organizations.pop();
    let refused = EmbeddedNetwork::start(other, Options::new(place.path())).await;
    assert!(matches!(refused, Err(StartError::Founding(_))), "{refused:?}");
}

/// T-70: a certificate is issued from a request, and its revocation reaches the channel as an
/// update of the configuration.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_in_the_channels_list() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let (org1, channel) = (MspId::new("Org1MSP").unwrap(), ChannelId::new("mychannel").unwrap());
    let key = PrivateKey::generate().unwrap();
    let enrollment = Enrollment {
        common_name: "probe-7".to_owned(),
        role: Role::Client,
        attributes: BTreeMap::new(),
        hosts: Vec::new(),
        kind: EnrollmentKind::Identity,
    };
    let request = certificate_request("probe-7", &key).unwrap();
    let pem = network.enroll(&org1, &request, &enrollment).unwrap();
    let serialized = pervade_identity::serialize_identity(&org1, &pem);
    let serial = pervade_identity::Certificate::from_pem(&pem).unwrap().serial_hex();
    let is_valid = || {
        let config = network.channel(&channel).unwrap().config();
        let identity = config.membership().deserialize(&serialized).unwrap();
        config.membership().validate(&identity).is_ok()
    };
    assert!(is_valid(), "an enrolled device is a member");
    network.revoke(&org1, &serial).await.unwrap();
    assert!(!is_valid(), "a revoked device is none");
    assert_eq!(network.status().channels[0].height, 2);
    let status = network.status();
    network.shutdown().await;
    let network = start(place.path()).await.unwrap();
    assert_eq!(network.status(), status, "the configuration is in force after a restart");
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exported_files_are_where_applications_look_for_them() {
    let place = tempfile::tempdir().unwrap();
    let network = start(&place.path().join("data")).await.unwrap();
    network.export(place.path()).unwrap();
    let org1 = place.path().join("organizations/peerOrganizations/org1.example.com");
    for file in [
        "connection-org1.json",
        "connection-org1.yaml",
        "msp/config.yaml",
        "msp/tlscacerts/tlsca.org1.example.com-cert.pem",
        "tlsca/tlsca.org1.example.com-cert.pem",
        "peers/peer0.org1.example.com/tls/ca.crt",
        "users/User1@org1.example.com/msp/keystore/priv_sk",
        "users/User1@org1.example.com/msp/signcerts/User1@org1.example.com-cert.pem",
        "users/Admin@org1.example.com/msp/config.yaml",
    ] {
        assert!(org1.join(file).is_file(), "{file} is missing");
    }
    assert!(!org1.join("ca/priv_sk").exists(), "a root's key never leaves its registrar");
    let text = fs::read(place.path().join("data/network.json")).unwrap();
    let description: NetworkDescription = serde_json::from_slice(&text).unwrap();
    assert_eq!(description, network.description());
    for user in description.organizations.iter().flat_map(|org| &org.users) {
        assert!(network.data().join(&user.certificate).is_file(), "{user:?}");
        assert!(network.data().join(&user.key).is_file(), "{user:?}");
    }
    network.shutdown().await;
}

async fn start(place: &Path) -> Result<EmbeddedNetwork, StartError> {
    let topology = Topology::test_network().with_free_ports();
    EmbeddedNetwork::start(topology, Options::new(place)).await
}

fn package() -> Package {
    let source = PackageSource::Address {
        address: "localhost:9999".to_owned(),
        tls_root: None,
        client: None,
    };
    Package { label: "basic_1.0".to_owned(), source }
}

/// Every node shows its certificate, for its own name and for this machine's, and delivers the
/// channel's first block as it was made.
#[tokio::test(flavor = "multi_thread")]
async fn every_node_delivers_the_first_block_over_tls() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let genesis = fs::read(place.path().join("channels/mychannel/genesis.block")).unwrap();
    let admin = network.user(&MspId::new("Org1MSP").unwrap(), "Admin").unwrap();
    let description = network.description();
    for name in [None, Some(description.orderer.host.as_str())] {
        let channel = dial(&network, &description.orderer, name).await;
        let mut client = AtomicBroadcastClient::new(channel);
        let answers = client.deliver(stream::iter([seek(&admin)])).await.unwrap().into_inner();
        let first = answers.map(|answer| answer.unwrap().r#type.unwrap()).next().await;
        let Some(deliver_response::Type::Block(block)) = first else { panic!("{first:?}") };
        assert_eq!(block.encode_to_vec(), genesis, "the orderer gives the block as it was made");
    }
    for peer in description.organizations.iter().flat_map(|org| &org.peers) {
        let channel = dial(&network, peer, Some(&peer.host)).await;
        let mut client = DeliverClient::new(channel);
        let answers = client.deliver(stream::iter([seek(&admin)])).await.unwrap().into_inner();
        let first = answers.map(|answer| answer.unwrap().r#type.unwrap()).next().await;
        let Some(protos::deliver_response::Type::Block(block)) = first else { panic!("{first:?}") };
        assert_eq!(block::verdicts(&block), [TxValidationCode::Valid], "a peer adds its verdict");
    }
    network.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_follows_forever_does_not_hold_up_the_end() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    let admin = network.user(&MspId::new("Org1MSP").unwrap(), "Admin").unwrap();
    let channel = dial(&network, &network.description().orderer, None).await;
    let mut client = AtomicBroadcastClient::new(channel);
    let requests = stream::iter([seek(&admin)]).chain(stream::pending());
    let mut answers = client.deliver(requests).await.unwrap().into_inner();
    answers.next().await.unwrap().unwrap();
    network.shutdown().await;
    let rest = tokio::time::timeout(Duration::from_secs(10), answers.collect::<Vec<_>>());
    rest.await.expect("the stream must end with the network");
}

/// One flipped bit in each file other than the blocks: the file is named, or after the start
/// blocks, state and every signer are as before.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_beside_the_blocks_is_named_or_without_effect() {
    let place = tempfile::tempdir().unwrap();
    let network = start(place.path()).await.unwrap();
    network.install(package()).unwrap();
    let before = facts(&network);
    network.shutdown().await;
    let mut files = Vec::new();
    walk(place.path(), &mut files);
    assert!(files.len() > 40, "{files:?}");
    for (index, file) in files.iter().enumerate() {
        let good = fs::read(file).unwrap();
        let at = (index * 7919 + 31) % good.len();
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (index % 7);
        fs::write(file, bytes).unwrap();
        match start(place.path()).await {
            Ok(network) => {
                assert_eq!(facts(&network), before, "{} byte {at}", file.display());
                network.shutdown().await;
            }
            Err(error) => {
                let reason = reason(&error);
                let name = file.to_str().unwrap();
                let registrar = file.ancestors().nth(2).unwrap().to_str().unwrap();
                let named = reason.contains(name)
                    || registrar.contains("registrars/") && reason.contains(registrar);
                assert!(named, "{name} byte {at}: {reason}");
            }
        }
        fs::write(file, good).unwrap();
    }
}

#[derive(Debug, PartialEq)]
struct Facts {
    block: Vec<u8>,
    state: [u8; 32],
    packages: Vec<String>,
    identities: Vec<Vec<u8>>,
}

fn facts(network: &EmbeddedNetwork) -> Facts {
    let channel = network.channel(&ChannelId::new("mychannel").unwrap()).unwrap();
    let mut identities = Vec::new();
    for household in network.households.values() {
        let membership = Membership::new([Msp::from_config(&household.msp_config()).unwrap()]);
        let nodes =
            household.nodes().iter().map(|node| household.node_credentials(node).unwrap().0);
        let users = household.describe_users();
        let users = users.iter().map(|user| household.user(&user.name).unwrap());
        for signer in nodes.chain(users) {
            let identity = membership.deserialize(signer.identity()).unwrap();
            membership.validate(&identity).unwrap();
            identity.verify(b"message", &signer.sign(b"message").unwrap()).unwrap();
            identities.push(signer.identity().to_vec());
        }
    }
    Facts {
        block: channel.store().block_bytes(0).unwrap().unwrap(),
        state: channel.store().state_digest(),
        packages: network.status().packages,
        identities,
    }
}

/// Files that a network reads again, without the blocks.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_segment = path.extension().is_some_and(|extension| extension == "seg");
        if path.is_dir() {
            walk(&path, files);
        } else if path.is_file() && !is_segment {
            files.push(path);
        }
    }
    files.sort();
}

async fn dial(network: &EmbeddedNetwork, node: &NodeDescription, name: Option<&str>) -> Transport {
    let root = fs::read(network.data().join(&node.tls_root)).unwrap();
    pervade_rpc::tls::endpoint(&node.address, &root, name).unwrap().connect().await.unwrap()
}

/// A request for every block from the first on.
fn seek(signer: &dyn Signer) -> Envelope {
    let position = |kind| Some(SeekPosition { r#type: Some(kind) });
    let info = SeekInfo {
        start: position(seek_position::Type::Oldest(SeekOldest {})),
        stop: position(seek_position::Type::Specified(SeekSpecified { number: u64::MAX })),
        ..SeekInfo::default()
    };
    let now = SystemClock.now();
    let channel_header = ChannelHeader {
        r#type: HeaderType::DeliverSeekInfo.into(),
        channel_id: "mychannel".to_owned(),
        timestamp: Some(fabric_protos::Timestamp { seconds: now.seconds(), nanos: 0 }),
        ..ChannelHeader::default()
    };
    let signature_header =
        SignatureHeader { creator: signer.identity().to_vec(), nonce: Vec::new() };
    let header = Header {
        channel_header: channel_header.encode_to_vec(),
        signature_header: signature_header.encode_to_vec(),
    };
    let payload = Payload { header: Some(header), data: info.encode_to_vec() }.encode_to_vec();
    Envelope { signature: signer.sign(&payload).unwrap(), payload }
}
