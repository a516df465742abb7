use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fabric_protos::Message;
use fabric_protos::common::{ConfigEnvelope, Envelope, Header, HeaderType, Payload};
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::kvrwset::{KvRead, RangeQueryInfo};
use fabric_protos::lifecycle::{ChaincodeValidationInfo, StateData, StateMetadata, state_data};
use fabric_protos::protos::{
    ApplicationPolicy, ChaincodeEvent, ChaincodeId, CollectionConfig, CollectionConfigPackage,
    StaticCollectionConfig, TxValidationCode, application_policy, collection_config,
};
use pervade_channel_config::{ChannelConfig, update};
use pervade_identity::policy;

use super::{BlockRules, Judged, conclude, judge_block, judge_genesis, judge_transaction};
use crate::block;
use crate::rwset::VALIDATION_PARAMETER;
use crate::simulate::{SimulateError, Simulator};
use crate::state::{StateError, Update, UpdateBatch, Version};
use crate::testing::MemoryState;
use crate::testing::draft::{CHAINCODE, Draft};
use crate::testing::members::{CHANNEL, Members, TIMESTAMP, msp_id};

/// The block that is judged.
const BLOCK: u64 = 5;

static MEMBERS: LazyLock<Members> = LazyLock::new(Members::new);

/// Every code that a committer can give, and one way or more to earn it.
///
/// Shows T-02 in part: a transaction that too few endorsed has no effect.
#[test]
fn every_broken_rule_has_its_code() {
    for (code, broken) in cases() {
        assert!(!broken.is_empty(), "no case of {code:?}");
        for (index, envelope) in broken.into_iter().enumerate() {
            let judged = judge(vec![envelope]);
            assert_eq!(judged.verdicts, [code], "case {index} of {code:?}: {:?}", judged.reasons);
            assert!(judged.batch.is_empty(), "case {index} of {code:?} must change nothing");
        }
    }
}

/// No code is forgotten: each has a case above, or cannot come about.
#[test]
fn every_code_is_accounted_for() {
    let unreachable = [
        (TxValidationCode::NilEnvelope, "bytes decode to an envelope or to an error"),
        (TxValidationCode::UnknownTxType, "other types are stopped as bad headers before"),
        (TxValidationCode::TargetChainNotFound, "the creator is unknown on other channels"),
        (TxValidationCode::MarshalTxError, "what was decoded can be encoded"),
        (TxValidationCode::NilTxaction, "the first stage stops such transactions"),
        (TxValidationCode::ExpiredChaincode, "left over from Fabric 1"),
        (TxValidationCode::ChaincodeVersionConflict, "left over from Fabric 1"),
        (TxValidationCode::BadChannelHeader, "stopped as a bad common header before"),
        (TxValidationCode::InvalidWriteset, "only CouchDB restricts keys and values"),
        (TxValidationCode::NotValidated, "no transaction is left out"),
    ];
    let accounted = cases()
        .into_keys()
        .chain(unreachable.map(|(code, _)| code))
        .chain([TxValidationCode::Valid])
        .collect::<BTreeSet<_>>();
    let all = (0..=255).filter_map(|code| TxValidationCode::try_from(code).ok()).collect();
    assert_eq!(accounted, all);
}

fn cases() -> BTreeMap<TxValidationCode, Vec<Vec<u8>>> {
    use TxValidationCode as Code;
    let of_type = |kind: HeaderType| sealed(|draft| draft.header.r#type = kind.into());
    let payload = |payload: Vec<u8>| Envelope { payload, signature: vec![1] }.encode_to_vec();
    BTreeMap::from([
        (Code::BadPayload, vec![payload(vec![0xff])]),
        (Code::BadCommonHeader, bad_headers()),
        (Code::BadCreatorSignature, bad_creators()),
        (Code::InvalidEndorserTransaction, bad_actions()),
        (Code::InvalidConfigTransaction, bad_configs()),
        (Code::UnsupportedTxPayload, vec![of_type(HeaderType::ConfigUpdate)]),
        (Code::BadProposalTxid, vec![sealed(|draft| draft.header.tx_id = "0".repeat(64))]),
        (Code::DuplicateTxid, vec![sealed(|draft| draft.nonce = KNOWN_NONCE.to_vec())]),
        (Code::EndorsementPolicyFailure, badly_endorsed()),
        (
            Code::MvccReadConflict,
            vec![simulated_then(|draft| {
                let reads = &mut draft.rwset.namespaces[0].public.reads;
                reads.push(KvRead { key: "present".to_owned(), version: None });
            })],
        ),
        (
            Code::PhantomReadConflict,
            vec![simulated_then(|draft| {
                let range = RangeQueryInfo { itr_exhausted: true, ..RangeQueryInfo::default() };
                draft.rwset.namespaces[0].public.range_queries_info.push(range);
            })],
        ),
        (Code::BadHeaderExtension, vec![sealed(|draft| draft.header.extension = vec![0xff])]),
        (
            Code::BadResponsePayload,
            [vec![], vec![0xff]]
                .map(|bytes| sealed(|draft| draft.action_bytes = Some(bytes)))
                .into(),
        ),
        (Code::BadRwset, vec![sealed(|draft| draft.action.results = vec![0xff])]),
        (
            Code::IllegalWriteset,
            vec![simulated_then(|draft| {
                draft.rwset.namespaces.push(draft.rwset.namespaces[0].clone());
            })],
        ),
        (Code::InvalidChaincode, bad_chaincodes()),
        (Code::InvalidOtherReason, otherwise_bad()),
    ])
}

fn bad_headers() -> Vec<Vec<u8>> {
    let headless = Payload { header: None, data: vec![1] }.encode_to_vec();
    let unreadable = Header { channel_header: vec![0xff], ..Header::default() };
    let unreadable = Payload { header: Some(unreadable), data: vec![] }.encode_to_vec();
    let envelope = |payload| Envelope { payload, signature: vec![1] }.encode_to_vec();
    vec![
        Vec::new(),
        envelope(headless),
        envelope(unreadable),
        sealed(|draft| draft.header.r#type = HeaderType::Message.into()),
        sealed(|draft| draft.header.r#type = 99),
        sealed(|draft| draft.header.epoch = 1),
        sealed(|draft| draft.nonce = Vec::new()),
        sealed(|draft| draft.creator = ""),
    ]
}

fn bad_creators() -> Vec<Vec<u8>> {
    let mut unsigned = Envelope::decode(sealed(|_| {}).as_slice()).unwrap();
    unsigned.signature = Vec::new();
    vec![
        unsigned.encode_to_vec(),
        sealed(|draft| draft.header.channel_id = "other".to_owned()),
        sealed(|draft| draft.signer = "Org2.client"),
        sealed(|draft| (draft.creator, draft.signer) = ("Stranger.client", "Stranger.client")),
    ]
}

fn bad_actions() -> Vec<Vec<u8>> {
    vec![
        sealed(|draft| draft.actions = 0),
        sealed(|draft| draft.actions = 2),
        sealed(|draft| draft.data = Some(vec![0xff])),
        sealed(|draft| draft.endorsed = false),
        sealed(|draft| draft.proposal_hash = Some(vec![0; 32])),
        sealed(|draft| draft.call = Vec::new()),
    ]
}

fn bad_configs() -> Vec<Vec<u8>> {
    let config = |data: Vec<u8>| {
        sealed(|draft| {
            draft.header.r#type = HeaderType::Config.into();
            draft.data = Some(data);
        })
    };
    let current = MEMBERS.config();
    let skipped = ConfigEnvelope { config: Some(current.config().clone()), last_update: None };
    vec![config(Vec::new()), config(vec![0xff]), config(skipped.encode_to_vec())]
}

fn badly_endorsed() -> Vec<Vec<u8>> {
    let by = |endorsers: &'static str| {
        simulated(|transaction| transaction.put(CHAINCODE, "k", b"1".to_vec()), endorsers)
    };
    let forged = sealed(|draft| (draft.endorsers, draft.forged) = ("Org1.peer", "Org2.peer"));
    vec![
        by(""),
        by("Org1.peer"),
        by("Org1.peer Org1.peer"),
        by("Org1.client Org2.client"),
        by("Org1.peer Stranger.peer"),
        forged,
        simulated(|transaction| transaction.put_private(CHAINCODE, "none", "k", vec![1]), BOTH),
        simulated(
            |transaction| transaction.put_private(CHAINCODE, "own", "k", vec![1]),
            "Org1.peer",
        ),
        simulated(|transaction| transaction.put(CHAINCODE, "guarded", vec![1]), "Org1.peer"),
        simulated(
            |transaction| {
                transaction.put(CHAINCODE, "guarded", vec![1])?;
                transaction.put(CHAINCODE, "k", vec![1])
            },
            "Org2.peer",
        ),
        simulated(|transaction| transaction.put("_lifecycle", "k", vec![1]), "Org1.peer"),
        simulated(|transaction| transaction.put("weak", "k", vec![1]), "Org1.peer"),
    ]
}

fn bad_chaincodes() -> Vec<Vec<u8>> {
    let executed = |change: fn(&mut ChaincodeId)| {
        sealed(|draft| change(draft.action.chaincode_id.as_mut().unwrap()))
    };
    let put = |namespace: &'static str| {
        simulated(|transaction| transaction.put(namespace, "k", vec![1]), BOTH)
    };
    vec![
        executed(|id| id.name = "other".to_owned()),
        executed(|id| id.version = String::new()),
        sealed(|draft| draft.called = Some(ChaincodeId::default())),
        sealed(|draft| draft.call_instead("undefined")),
        put("undefined"),
        put("qscc"),
        put(""),
        put("broken"),
    ]
}

fn otherwise_bad() -> Vec<Vec<u8>> {
    let event = |chaincode_id: &str| {
        let chaincode_id = chaincode_id.to_owned();
        ChaincodeEvent { chaincode_id, ..ChaincodeEvent::default() }.encode_to_vec()
    };
    vec![
        vec![0xff],
        sealed(|draft| draft.called = None),
        simulated_then(|draft| draft.action.chaincode_id = None),
        sealed(|draft| draft.action.events = vec![0xff]),
        sealed(|draft| draft.action.events = event("other")),
        simulated(|transaction| transaction.put("custom", "k", vec![1]), BOTH),
    ]
}

#[test]
fn enough_endorsements_are_enough() {
    let valid = |call: fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>, by| {
        let judged = judge(vec![simulated(call, by)]);
        assert_eq!(judged.verdicts, [TxValidationCode::Valid], "{:?}", judged.reasons);
        assert!(!judged.batch.is_empty(), "a valid write takes effect");
    };
    valid(|transaction| transaction.put(CHAINCODE, "k", vec![1]), BOTH);
    valid(|transaction| transaction.put(CHAINCODE, "k", vec![1]), "Org2.peer Org1.peer Org1.peer");
    // A collection without a policy of its own is guarded by the chaincode's.
    valid(|transaction| transaction.put_private(CHAINCODE, "shared", "k", vec![1]), BOTH);
}

/// Org1 alone may write into its own collection, for instance to approve a definition, but not
/// into Org2's, and not for all.
#[test]
fn each_organisation_guards_its_own_collection() {
    let verdict = |call: fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>| {
        let envelope = sealed(|draft| {
            draft.call_instead("_lifecycle");
            draft.rwset = rwset(call);
            draft.endorsers = "Org1.peer";
        });
        judge(vec![envelope]).verdicts[0]
    };
    fn put(
        transaction: &mut Simulator<&MemoryState>,
        organization: &str,
    ) -> Result<(), SimulateError> {
        let collection = crate::lifecycle::implicit_collection(&msp_id(organization));
        transaction.put_private("_lifecycle", &collection, "k", vec![1])
    }
    let failure = TxValidationCode::EndorsementPolicyFailure;
    assert_eq!(verdict(|transaction| put(transaction, "Org1")), TxValidationCode::Valid);
    assert_eq!(verdict(|transaction| put(transaction, "Org2")), failure);
    assert_eq!(verdict(|transaction| put(transaction, "Stranger")), failure);
    assert_eq!(verdict(|transaction| transaction.put("_lifecycle", "k", vec![1])), failure);
}

/// A called chaincode's policy counts even if it wrote nothing, unless another policy was met.
#[test]
fn the_policy_nearest_to_the_data_counts() {
    check_verdict(
        |transaction| transaction.put_private(CHAINCODE, "own", "k", vec![1]),
        "Org2.peer",
        TxValidationCode::Valid,
    );
    check_verdict(
        |transaction| transaction.put(CHAINCODE, "guarded", vec![1]),
        "Org2.peer",
        TxValidationCode::Valid,
    );
    check_verdict(|_| Ok(()), "Org2.peer", TxValidationCode::EndorsementPolicyFailure);
    check_verdict(|_| Ok(()), BOTH, TxValidationCode::Valid);
}

/// The rule that is looked at first gives the code.
#[test]
fn rules_are_looked_at_in_order() {
    let mut draft = Draft::new();
    let mut check = |change: fn(&mut Draft), code| {
        change(&mut draft);
        let judged = judge(vec![draft.seal(&MEMBERS)]);
        assert_eq!(judged.verdicts, [code], "{:?}", judged.reasons);
    };
    check(|draft| draft.endorsers = "", TxValidationCode::EndorsementPolicyFailure);
    check(
        |draft| draft.called.as_mut().unwrap().name.push('x'),
        TxValidationCode::InvalidChaincode,
    );
    check(|draft| draft.action.results = vec![0xff], TxValidationCode::BadRwset);
    check(|draft| draft.action_bytes = Some(vec![]), TxValidationCode::BadResponsePayload);
    check(|draft| draft.header.extension = vec![0xff], TxValidationCode::BadHeaderExtension);
    check(|draft| draft.nonce = KNOWN_NONCE.to_vec(), TxValidationCode::DuplicateTxid);
    check(|draft| draft.actions = 2, TxValidationCode::InvalidEndorserTransaction);
    check(|draft| draft.header.tx_id = "x".to_owned(), TxValidationCode::BadProposalTxid);
    check(|draft| draft.signer = "Org2.client", TxValidationCode::BadCreatorSignature);
    check(|draft| draft.header.epoch = 1, TxValidationCode::BadCommonHeader);
}

#[test]
fn a_revoked_creator_is_refused_under_the_configuration_that_revokes() {
    let envelope = sealed(|_| {});
    let before = judge_under(&MEMBERS.config(), vec![envelope.clone()]);
    assert_eq!(before.verdicts, [TxValidationCode::Valid]);
    let after = judge_under(&MEMBERS.config_with_revocation(), vec![envelope]);
    assert_eq!(after.verdicts, [TxValidationCode::BadCreatorSignature]);
}

#[test]
fn of_one_identifier_the_first_valid_transaction_counts() {
    let good = sealed(|_| {});
    let bad = sealed(|draft| draft.endorsers = "");
    let judged = judge(vec![bad, good.clone(), good]);
    assert_eq!(
        judged.verdicts,
        [
            TxValidationCode::EndorsementPolicyFailure,
            TxValidationCode::Valid,
            TxValidationCode::DuplicateTxid
        ]
    );
    assert_eq!(judged.tx_ids[0], judged.tx_ids[2]);
}

/// A key's policy that the block changes makes later writes of the key invalid, and no others.
#[test]
fn a_changed_key_policy_overtakes() {
    let mark = |key: &'static str| {
        move |transaction: &mut Simulator<&MemoryState>| {
            let metadata = BTreeMap::from([("other".to_owned(), vec![1])]);
            transaction.put_metadata(CHAINCODE, key, metadata)
        }
    };
    let put = |key: &'static str| {
        move |transaction: &mut Simulator<&MemoryState>| transaction.put(CHAINCODE, key, vec![1])
    };
    let nonces = [b"1", b"2", b"3", b"4"];
    let calls: [Call<'_>; 4] = [&mark("k"), &put("k"), &put("l"), &mark("k")];
    let envelopes = nonces.into_iter().zip(calls).map(|(nonce, call)| {
        let mut draft = Draft { nonce: nonce.to_vec(), ..Draft::new() };
        draft.rwset = rwset(call);
        draft.seal(&MEMBERS)
    });
    let judged = judge(envelopes.collect());
    let failure = TxValidationCode::EndorsementPolicyFailure;
    let valid = TxValidationCode::Valid;
    assert_eq!(judged.verdicts, [valid, failure, valid, failure], "{:?}", judged.reasons);
}

#[test]
fn a_configuration_is_in_force_after_its_block() {
    let config = MEMBERS.config();
    let channel = ChannelId::new(CHANNEL).unwrap();
    let changed =
        update::with_msp(config.config(), &msp_id("Org1"), &MEMBERS.msp("Org1", true)).unwrap();
    let content = update::compute(config.config(), &changed, &channel).unwrap().encode_to_vec();
    let signature = update::sign(&content, MEMBERS.signer("Org1.admin"), b"n").unwrap();
    let signed = fabric_protos::common::ConfigUpdateEnvelope {
        config_update: content,
        signatures: vec![signature],
    };
    let submitter = MEMBERS.signer("Org1.admin");
    let origin = (b"n".as_slice(), TIMESTAMP);
    let envelope = update::envelope(&channel, &signed, submitter, origin).unwrap();
    let next = config.propose_update(&envelope).unwrap();
    let orderer = MEMBERS.signer("Orderer.orderer");
    let envelope = update::config_envelope(&channel, &next, orderer, origin).unwrap();
    let judged = judge_under(&config, vec![envelope.encode_to_vec(), sealed(|_| {})]);
    let valid = TxValidationCode::Valid;
    assert_eq!(judged.verdicts, [valid, valid], "{:?}", judged.reasons);
    let next = judged.config.unwrap();
    assert_eq!(next.sequence(), 1);
    let after = judge_under(&next, vec![sealed(|_| {})]);
    assert_eq!(after.verdicts, [TxValidationCode::BadCreatorSignature]);
}

/// The first stage needs no order: many threads find what one finds.
#[test]
fn threads_agree() {
    let envelopes: Vec<_> = cases().into_values().flatten().collect();
    let (config, state) = (MEMBERS.config(), state());
    let rules = BlockRules { config: &config, state: &state, known_tx: &known };
    let one = judge(envelopes.clone());
    let many = std::thread::scope(|scope| {
        let judges: Vec<_> = envelopes
            .iter()
            .map(|envelope| scope.spawn(|| judge_transaction(envelope, &rules).unwrap()))
            .collect();
        judges.into_iter().map(|judge| judge.join().unwrap()).collect::<Vec<_>>()
    });
    let block = block::next(BLOCK, Vec::new(), envelopes);
    let many = conclude(&block, &rules, many).unwrap();
    assert_eq!((one.verdicts, one.batch), (many.verdicts, many.batch));
}

#[test]
fn only_the_state_before_the_block_will_do() {
    let (config, state) = (MEMBERS.config(), state());
    let rules = BlockRules { config: &config, state: &state, known_tx: &known };
    let block = block::next(BLOCK + 1, Vec::new(), vec![sealed(|_| {})]);
    let error = judge_block(&block, &rules).unwrap_err();
    assert!(matches!(error, super::JudgeError::Height { block: 6, state: 5 }), "{error:?}");
    assert!(judge_genesis(&block).is_err(), "block 6 is no genesis block");
}

/// What a chaincode does.
type Call<'a> = &'a dyn Fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>;

/// Under this nonce, an earlier block holds a transaction of Org1's client.
const KNOWN_NONCE: &[u8] = b"known";

/// Both organisations' peers.
const BOTH: &str = "Org1.peer Org2.peer";

#[expect(clippy::unnecessary_wraps, reason = "the shape of a look-up that may fail")]
fn known(tx_id: &TxId) -> Result<bool, StateError> {
    use pervade_identity::Signer;
    let creator = MEMBERS.signer("Org1.client").identity();
    Ok(*tx_id == fabric_protos::proposal::tx_id(KNOWN_NONCE, creator))
}

fn judge(envelopes: Vec<Vec<u8>>) -> Judged {
    judge_under(&MEMBERS.config(), envelopes)
}

fn judge_under(config: &ChannelConfig, envelopes: Vec<Vec<u8>>) -> Judged {
    let state = state();
    let rules = BlockRules { config, state: &state, known_tx: &known };
    judge_block(&block::next(BLOCK, Vec::new(), envelopes), &rules).unwrap()
}

#[track_caller]
fn check_verdict(
    call: impl Fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>,
    endorsers: &'static str,
    verdict: TxValidationCode,
) {
    let judged = judge(vec![simulated(call, endorsers)]);
    assert_eq!(judged.verdicts, [verdict], "{:?}", judged.reasons);
}

fn sealed(change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    let mut draft = Draft::new();
    change(&mut draft);
    draft.seal(&MEMBERS)
}

/// A transaction that writes a key and is changed before it is endorsed.
fn simulated_then(change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    sealed(|draft| {
        draft.rwset = rwset(|transaction| transaction.put(CHAINCODE, "k", vec![1]));
        change(draft);
    })
}

fn simulated(
    call: impl Fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>,
    endorsers: &'static str,
) -> Vec<u8> {
    sealed(|draft| {
        draft.rwset = rwset(call);
        draft.endorsers = endorsers;
    })
}

fn rwset(
    call: impl Fn(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>,
) -> crate::rwset::ReadWriteSet {
    let state = state();
    let mut transaction = Simulator::new(&state);
    call(&mut transaction).unwrap();
    crate::rwset::ReadWriteSet::decode(&transaction.finish().public).unwrap()
}

/// Chaincode `basic` under the channel's policy, with a collection `shared`, a collection `own`
/// that Org2 endorses, and a key `guarded` that Org2 endorses; chaincode `weak` that Org2 alone
/// endorses; `custom`, which asks for a validation of its own; and `broken`, which has no policy.
fn state() -> MemoryState {
    let channel =
        |path: &str| application_policy::Type::ChannelConfigPolicyReference(path.to_owned());
    let of_org2 = policy::parse("OR('Org2MSP.peer')").unwrap();
    let signed = application_policy::Type::SignaturePolicy(of_org2.clone());
    let majority = channel("/Channel/Application/Endorsement");
    let mut batch = UpdateBatch::default();
    define(&mut batch, CHAINCODE, "vscc", Some(majority.clone()));
    define(&mut batch, "weak", "vscc", Some(signed));
    define(&mut batch, "custom", "own", Some(majority));
    define(&mut batch, "broken", "vscc", None);
    set(&mut batch, CHAINCODE, "present", b"1".to_vec(), None);
    let entry = fabric_protos::kvrwset::KvMetadataEntry {
        name: VALIDATION_PARAMETER.to_owned(),
        value: of_org2.encode_to_vec(),
    };
    let metadata = crate::rwset::encode_metadata(&[entry]);
    set(&mut batch, CHAINCODE, "guarded", b"1".to_vec(), Some(metadata));
    let mut state = MemoryState::at(BLOCK);
    state.apply_as_is(&batch);
    state
}

fn define(
    batch: &mut UpdateBatch,
    name: &str,
    plugin: &str,
    policy: Option<application_policy::Type>,
) {
    let policy = policy.map(|policy| ApplicationPolicy { r#type: Some(policy) }.encode_to_vec());
    let validation = ChaincodeValidationInfo {
        validation_plugin: plugin.to_owned(),
        validation_parameter: policy.unwrap_or_default(),
    };
    let own =
        application_policy::Type::SignaturePolicy(policy::parse("OR('Org2MSP.peer')").unwrap());
    let collections = [("shared", None), ("own", Some(ApplicationPolicy { r#type: Some(own) }))];
    let config = collections.map(|(name, endorsement_policy)| {
        let name = name.to_owned();
        let collection = StaticCollectionConfig {
            name,
            endorsement_policy,
            ..StaticCollectionConfig::default()
        };
        let payload = collection_config::Payload::StaticCollectionConfig(collection);
        CollectionConfig { payload: Some(payload) }
    });
    let collections = CollectionConfigPackage { config: config.into() }.encode_to_vec();
    let fields = [
        ("Sequence", state_data::Type::Int64(1)),
        ("EndorsementInfo", state_data::Type::Bytes(Vec::new())),
        ("ValidationInfo", state_data::Type::Bytes(validation.encode_to_vec())),
        ("Collections", state_data::Type::Bytes(collections)),
    ];
    let metadata = StateMetadata {
        datatype: "ChaincodeDefinition".to_owned(),
        fields: fields.iter().map(|(field, _)| (*field).to_owned()).collect(),
    };
    let key = format!("namespaces/metadata/{name}");
    set(batch, "_lifecycle", &key, metadata.encode_to_vec(), None);
    for (field, data) in fields {
        let key = format!("namespaces/fields/{name}/{field}");
        set(batch, "_lifecycle", &key, StateData { r#type: Some(data) }.encode_to_vec(), None);
    }
}

fn set(
    batch: &mut UpdateBatch,
    namespace: &str,
    key: &str,
    value: Vec<u8>,
    metadata: Option<Vec<u8>>,
) {
    let version = Version { block: 1, transaction: 0 };
    let update = Update::Put { value, metadata, version };
    batch.public.insert((namespace.to_owned(), key.to_owned()), update);
}
