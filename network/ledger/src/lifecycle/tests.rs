use std::{collections::BTreeMap, time::Duration};

use expect_test::{Expect, expect};
use fabric_protos::{
    Message, Timestamp,
    id::{ChannelId, MspId},
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ChaincodeSource, CheckCommitReadinessArgs,
        CheckCommitReadinessResult, CommitChaincodeDefinitionArgs,
        QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
        QueryApprovedChaincodeDefinitionsArgs, QueryApprovedChaincodeDefinitionsResult,
        QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult,
        QueryChaincodeDefinitionsArgs, QueryChaincodeDefinitionsResult, chaincode_source,
    },
    msp::{FabricCryptoConfig, FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig},
    protos::{
        ApplicationPolicy, CollectionConfig, CollectionConfigPackage, CollectionPolicyConfig,
        StaticCollectionConfig, application_policy, collection_config, collection_policy_config,
    },
};
use pervade_channel_config::{
    BatchRules, ChannelConfig,
    genesis::{self, OrgProfile, Profile},
};
use pervade_identity::policy::parse;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};

use super::{
    AccessError, Context, EndorsementPolicy, LedgerAccess, Refusal, defined_chaincode,
    implicit_collection, implicit_collection_owner, invoke, lifecycle_policy,
};

#[test]
fn a_definition_is_approved_by_each_and_committed_by_one() {
    check(
        "Org1 approves basic 1.0 #1 package basic:01
         Org1 checks basic 1.0 #1
         Org2 commits basic 1.0 #1
         Org2 approves basic 1.0 #1
         Org2 checks basic 1.0 #1
         Org2 commits basic 1.0 #1
         Org1 queries basic
         Org1 shows basic
         Org2 shows basic",
        expect![[r#"
            Org1 approves basic 1.0 #1 package basic:01: done
            Org1 checks basic 1.0 #1: Org1MSP true, Org2MSP false (ChaincodeParameters)
            Org2 commits basic 1.0 #1: 500 chaincode definition not agreed to by this org (Org2MSP)
            Org2 approves basic 1.0 #1: done
            Org2 checks basic 1.0 #1: Org1MSP true, Org2MSP true
            Org2 commits basic 1.0 #1: done
            Org1 queries basic: 1.0 #1 escc vscc Channel("/Channel/Application/Endorsement") {"Org1MSP": true, "Org2MSP": true}
            Org1 shows basic: 1.0 #1 basic:01
            Org2 shows basic: 1.0 #1 no package
        "#]],
    );
}

#[test]
fn approvals_that_differ_say_in_what() {
    check(
        "Org1 approves basic 1.0 #1
         Org2 approves basic 1.1 #1 init
         Org1 checks basic 1.0 #1 collection shared:5
         Org2 checks basic 1.1 #1
         Org1 commits basic 1.1 #1
         Org1 checks other 1.0 #1",
        expect![[r#"
            Org1 approves basic 1.0 #1: done
            Org2 approves basic 1.1 #1 init: done
            Org1 checks basic 1.0 #1 collection shared:5: Org1MSP false (Collections), Org2MSP false (EndorsementInfo Collections)
            Org2 checks basic 1.1 #1: Org1MSP false (EndorsementInfo), Org2MSP false (EndorsementInfo)
            Org1 commits basic 1.1 #1: 500 chaincode definition not agreed to by this org (Org1MSP)
            Org1 checks other 1.0 #1: Org1MSP false (ChaincodeParameters), Org2MSP false (ChaincodeParameters)
        "#]],
    );
}

#[test]
fn sequences_follow_one_another() {
    check(
        "Org1 approves basic 1.0 #0
         Org1 approves basic 1.0 #2
         Org1 checks basic 1.0 #2
         Org1 commits basic 1.0 #2
         Org1 approves basic 1.0 #1
         Org1 commits basic 1.0 #1
         Org1 commits basic 1.0 #1
         Org1 approves basic 2.0 #2
         Org1 queries basic
         Org1 commits basic 2.0 #2
         Org1 queries basic
         Org1 approves basic 1.0 #1
         Org1 approves basic 2.0 #4",
        expect![[r#"
            Org1 approves basic 1.0 #0: 500 requested sequence is 0, but first definable sequence number is 1
            Org1 approves basic 1.0 #2: 500 requested sequence 2 is larger than the next available sequence number 1
            Org1 checks basic 1.0 #2: 500 requested sequence is 2, but new definition must be sequence 1
            Org1 commits basic 1.0 #2: 500 requested sequence is 2, but new definition must be sequence 1
            Org1 approves basic 1.0 #1: done
            Org1 commits basic 1.0 #1: done
            Org1 commits basic 1.0 #1: 500 requested sequence is 1, but new definition must be sequence 2
            Org1 approves basic 2.0 #2: done
            Org1 queries basic: 1.0 #1 escc vscc Channel("/Channel/Application/Endorsement") {"Org1MSP": true, "Org2MSP": false}
            Org1 commits basic 2.0 #2: done
            Org1 queries basic: 2.0 #2 escc vscc Channel("/Channel/Application/Endorsement") {"Org1MSP": true, "Org2MSP": false}
            Org1 approves basic 1.0 #1: 500 currently defined sequence 2 is larger than requested sequence 1
            Org1 approves basic 2.0 #4: 500 requested sequence 4 is larger than the next available sequence number 3
        "#]],
    );
}

#[test]
fn an_approval_must_change_something() {
    check(
        "Org1 approves basic 1.0 #1 package basic:01
         Org1 approves basic 1.0 #1 package basic:01
         Org1 approves basic 1.0 #1 package basic:02
         Org1 shows basic
         Org1 commits basic 1.0 #1
         Org1 approves basic 1.0 #1 package basic:02
         Org1 approves basic 1.0 #1 package basic:03
         Org1 approves basic 1.7 #1 package basic:03
         Org2 approves basic 1.0 #1 package basic:01
         Org2 shows basic",
        expect![[r#"
            Org1 approves basic 1.0 #1 package basic:01: done
            Org1 approves basic 1.0 #1 package basic:01: 500 attempted to redefine uncommitted sequence (1) for namespace basic with unchanged content
            Org1 approves basic 1.0 #1 package basic:02: done
            Org1 shows basic: 1.0 #1 basic:02
            Org1 commits basic 1.0 #1: done
            Org1 approves basic 1.0 #1 package basic:02: 500 attempted to redefine the current committed sequence (1) for namespace basic
            Org1 approves basic 1.0 #1 package basic:03: done
            Org1 approves basic 1.7 #1 package basic:03: 500 attempted to redefine the current committed sequence (1) for namespace basic with different parameters: expected Version '1.0' does not match passed Version '1.7'
            Org2 approves basic 1.0 #1 package basic:01: done
            Org2 shows basic: 1.0 #1 basic:01
        "#]],
    );
}

#[test]
fn names_and_versions_have_their_rules() {
    check(
        "Org1 approves ba.sic 1.0 #1
         Org1 approves qscc 1.0 #1
         Org1 approves _lifecycle 1.0 #1
         Org1 commits basic 1,0 #1
         Org1 queries basic
         Org1 shows basic
         Org3 commits basic 1.0 #1",
        expect![[r#"
            Org1 approves ba.sic 1.0 #1: 500 error validating chaincode definition: invalid chaincode name 'ba.sic'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics
            Org1 approves qscc 1.0 #1: 500 error validating chaincode definition: chaincode name 'qscc' is the name of a system chaincode
            Org1 approves _lifecycle 1.0 #1: 500 error validating chaincode definition: invalid chaincode name '_lifecycle'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics
            Org1 commits basic 1,0 #1: 500 error validating chaincode definition: invalid chaincode version '1,0'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'
            Org1 queries basic: 404 namespace basic is not defined
            Org1 shows basic: 500 could not fetch approved chaincode definition (name: 'basic', sequence: '0') on channel 'mychannel'
            Org3 commits basic 1.0 #1: 500 this peer's org (Org3MSP) is not a member of the channel
        "#]],
    );
}

#[test]
fn collections_have_their_rules() {
    check(
        "Org1 approves basic 1.0 #1 collection _own:0
         Org1 approves basic 1.0 #1 collection a:0 collection a:0
         Org1 approves basic 1.0 #1 strangers a:0
         Org1 approves basic 1.0 #1 everyone a:0
         Org1 approves basic 1.0 #1 collection a:5
         Org1 commits basic 1.0 #1 collection a:5
         Org1 approves basic 1.0 #2
         Org1 approves basic 1.0 #2 collection b:5
         Org1 approves basic 1.0 #2 collection a:6
         Org1 approves basic 1.0 #2 collection a:5 collection b:0",
        expect![[r#"
            Org1 approves basic 1.0 #1 collection _own:0: 500 error validating chaincode definition: collection-name: _own -- invalid collection name. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'
            Org1 approves basic 1.0 #1 collection a:0 collection a:0: 500 error validating chaincode definition: collection-name: a -- found duplicate in collection configuration
            Org1 approves basic 1.0 #1 strangers a:0: 500 error validating chaincode definition: collection-name: a -- collection member 'StrangerMSP' is not part of the channel
            Org1 approves basic 1.0 #1 everyone a:0: 500 error validating chaincode definition: collection-name: a -- error in member org policy: signature policy is not an OR concatenation, NOutOf 2
            Org1 approves basic 1.0 #1 collection a:5: done
            Org1 commits basic 1.0 #1 collection a:5: done
            Org1 approves basic 1.0 #2: 500 error validating chaincode definition: the proposed collection config does not contain previously defined collections
            Org1 approves basic 1.0 #2 collection b:5: 500 error validating chaincode definition: existing collection [a] missing in the proposed collection configuration
            Org1 approves basic 1.0 #2 collection a:6: 500 error validating chaincode definition: the BlockToLive in an existing collection [a] modified. Existing value [5]
            Org1 approves basic 1.0 #2 collection a:5 collection b:0: done
        "#]],
    );
}

#[test]
fn definitions_are_listed_by_name() {
    check(
        "Org1 lists
         Org1 approves two 1.0 #1 package two:01
         Org1 approves one 1.0 #1
         Org1 commits two 1.0 #1
         Org1 commits one 1.0 #1
         Org2 lists
         Org1 lists-approved
         Org2 lists-approved",
        expect![[r#"
            Org1 lists: 
            Org1 approves two 1.0 #1 package two:01: done
            Org1 approves one 1.0 #1: done
            Org1 commits two 1.0 #1: done
            Org1 commits one 1.0 #1: done
            Org2 lists: one 1.0 #1, two 1.0 #1
            Org1 lists-approved: one 1.0 #1 no package, two 1.0 #1 two:01
            Org2 lists-approved: 
        "#]],
    );
}

#[test]
fn what_is_no_call_is_refused() {
    let mut network = Network::new();
    let refusal = network.call("Org1", "Nonsense", &[]).unwrap_err();
    assert_eq!(refusal.status, 500);
    let refusal = network.call("Org1", "QueryChaincodeDefinition", b"\xff").unwrap_err();
    assert!(refusal.message.contains("could not decode input arg"), "{}", refusal.message);
}

/// What a peer of Fabric 3.1.5 wrote for the same two calls.
#[test]
fn records_are_those_of_fabric() {
    let mut network = Network::new();
    let collections = CollectionConfigPackage {
        config: vec![CollectionConfig {
            payload: Some(collection_config::Payload::StaticCollectionConfig(
                StaticCollectionConfig {
                    maximum_peer_count: 1,
                    member_only_read: true,
                    member_only_write: true,
                    endorsement_policy: Some(ApplicationPolicy {
                        r#type: Some(application_policy::Type::SignaturePolicy(
                            parse("OR('Org1MSP.peer')").unwrap(),
                        )),
                    }),
                    ..collection("shared", 5, "OR('Org1MSP.member', 'Org2MSP.member')")
                },
            )),
        }],
    };
    let approval = ApproveChaincodeDefinitionForMyOrgArgs {
        source: source("basic:0123"),
        collections: Some(collections.clone()),
        ..approval("basic", "1.0", 1)
    };
    network.run("Org1", "ApproveChaincodeDefinitionForMyOrg", &approval).unwrap();
    let commit = CommitChaincodeDefinitionArgs {
        collections: Some(collections),
        ..commitment("basic", "1.0", 1)
    };
    network.run("Org1", "CommitChaincodeDefinition", &commit).unwrap();
    let mut found = String::new();
    for ((_, key), value) in &network.ledger.private {
        found += &format!("{key} {}\n", hex::encode(Sha256::digest(value)));
    }
    for (key, value) in &network.ledger.public {
        found += &format!("{key} {}\n", hex::encode(value));
    }
    expect![[r#"
        chaincode-sources/fields/basic#1/PackageID 052102c2fce1e820c412cd15ef4ec74a76e26f710d92819ade70d57df2d40ad7
        chaincode-sources/metadata/basic#1 6952ede022cbae959e1b4aa0dad47e85bc9e1e4e9d8dfcf088507934880bbe75
        namespaces/fields/basic#1/Collections e7129840c065acd136d87c60f07a2abfadf7dc884dbcd68021c25bd12f5fb78b
        namespaces/fields/basic#1/EndorsementInfo 2d718b88473f63f937847f91113afcfe1aa708cad412ea39eca39b68d95640bb
        namespaces/fields/basic#1/ValidationInfo 18a308f4889f4e6d5cb478488d8a11dfd1fbc98cc790a5e591f274c45075b752
        namespaces/metadata/basic#1 991432db73fede13edbd2a61b0e0e92bb12f3c484be0b660caf8b0c31ef14706
        namespaces/fields/basic/Collections 125d0a5b0a590a06736861726564122a0a28120c120a080112020800120208011a0b12090a074f7267314d53501a0b12090a074f7267324d53502001280530013801421b0a19120812060801120208001a0d120b0a074f7267314d53501003
        namespaces/fields/basic/EndorsementInfo 120b0a03312e301a0465736363
        namespaces/fields/basic/Sequence 0801
        namespaces/fields/basic/ValidationInfo 122a0a0476736363122212202f4368616e6e656c2f4170706c69636174696f6e2f456e646f7273656d656e74
        namespaces/metadata/basic 0a13436861696e636f6465446566696e6974696f6e120853657175656e6365120f456e646f7273656d656e74496e666f120e56616c69646174696f6e496e666f120b436f6c6c656374696f6e73
    "#]]
    .assert_eq(&found);
}

#[test]
fn a_field_that_stays_is_not_written_again() {
    let mut network = Network::new();
    for sequence in [1, 2] {
        let approval = approval("basic", "1.0", sequence);
        network.run("Org1", "ApproveChaincodeDefinitionForMyOrg", &approval).unwrap();
        let commit = commitment("basic", "1.0", sequence);
        network.run("Org1", "CommitChaincodeDefinition", &commit).unwrap();
    }
    let written: Vec<_> = network.last_writes.public.keys().map(String::as_str).collect();
    assert_eq!(written, ["namespaces/fields/basic/Sequence"]);
}

#[test]
fn the_channel_decides_on_definitions() {
    let network = Network::new();
    let path = "/Channel/Application/LifecycleEndorsement".to_owned();
    assert_eq!(lifecycle_policy(&network.config), EndorsementPolicy::Channel(path));
    let mut config = network.config.config().clone();
    let application = config.channel_group.as_mut().unwrap().groups.get_mut("Application");
    application.unwrap().policies.remove("LifecycleEndorsement");
    let config = ChannelConfig::new(network.config.channel_id().clone(), config).unwrap();
    let EndorsementPolicy::Signature(policy) = lifecycle_policy(&config) else { panic!() };
    let text = pervade_identity::policy::render(&policy);
    assert_eq!(text, "AND('Org1MSP.member', 'Org2MSP.member')");
}

#[test]
fn names_of_keys_and_collections() {
    assert_eq!(defined_chaincode("namespaces/fields/basic/Sequence"), Some("basic"));
    assert_eq!(defined_chaincode("namespaces/fields/basic/Collections"), None);
    assert_eq!(defined_chaincode("namespaces/fields//Sequence"), None);
    let collection = implicit_collection(&msp_id("Org1"));
    assert_eq!(collection, "_implicit_org_Org1MSP");
    assert_eq!(implicit_collection_owner(&collection).unwrap().unwrap(), msp_id("Org1"));
    assert!(implicit_collection_owner("shared").is_none(), "an ordinary collection");
}

/// Plays a script of calls, one a line: an organisation's peer, what it is asked, and of what.
/// Each call that succeeds is committed before the next.
fn check(script: &str, expected: Expect) {
    let mut network = Network::new();
    let mut outcomes = String::new();
    for line in script.lines() {
        let line = line.trim();
        let outcome = match network.play(&line.split(' ').collect::<Vec<_>>()) {
            Ok(outcome) => outcome,
            Err(Refusal { status, message }) => {
                let known = "failed to invoke backing implementation of ";
                let message = message
                    .strip_prefix(known)
                    .map_or(message.as_str(), |message| message.split_once(": ").unwrap().1);
                format!("{status} {message}")
            }
        };
        outcomes += &format!("{line}: {outcome}\n");
    }
    expected.assert_eq(&outcomes);
}

struct Network {
    config: ChannelConfig,
    ledger: Ledger,
    last_writes: Ledger,
}

impl Network {
    fn new() -> Self {
        let organization = |name: &str| OrgProfile {
            name: name.to_owned(),
            msp_id: msp_id(name),
            msp: msp(name),
            endpoints: Vec::new(),
            anchor_peers: Vec::new(),
        };
        let profile = Profile {
            channel_id: ChannelId::new("mychannel").unwrap(),
            orderer_org: organization("Orderer"),
            application_orgs: vec![organization("Org1"), organization("Org2")],
            consenters: Vec::new(),
            batch: BatchRules {
                max_message_count: 1,
                absolute_max_bytes: 1,
                preferred_max_bytes: 1,
                timeout: Duration::from_secs(1),
            },
        };
        let genesis = genesis::block(&profile, &[7; 24], Timestamp::default());
        let config = ChannelConfig::from_block(&genesis).unwrap();
        Self { config, ledger: Ledger::default(), last_writes: Ledger::default() }
    }

    fn play(&mut self, words: &[&str]) -> Result<String, Refusal> {
        let [organization, verb, rest @ ..] = words else { panic!("{words:?}") };
        match (*verb, rest) {
            ("lists", []) => self.lists(organization),
            ("lists-approved", []) => self.lists_approved(organization),
            ("queries", [name]) => self.queries(organization, name),
            ("shows", [name]) => self.shows(organization, name),
            (verb, [name, version, sequence, options @ ..]) => {
                let sequence = sequence.strip_prefix('#').unwrap().parse().unwrap();
                let call = approval(name, version, sequence);
                self.defines(organization, verb, with_options(call, options))
            }
            _ => panic!("{words:?}"),
        }
    }

    fn defines(
        &mut self,
        organization: &str,
        verb: &str,
        call: ApproveChaincodeDefinitionForMyOrgArgs,
    ) -> Result<String, Refusal> {
        let ApproveChaincodeDefinitionForMyOrgArgs {
            sequence,
            name,
            version,
            collections,
            init_required,
            ..
        } = call.clone();
        match verb {
            "approves" => {
                self.run(organization, "ApproveChaincodeDefinitionForMyOrg", &call)?;
                Ok("done".to_owned())
            }
            "commits" => {
                let call = CommitChaincodeDefinitionArgs {
                    collections,
                    init_required,
                    ..commitment(&name, &version, sequence)
                };
                self.run(organization, "CommitChaincodeDefinition", &call)?;
                Ok("done".to_owned())
            }
            "checks" => {
                let call = CheckCommitReadinessArgs {
                    sequence,
                    name,
                    version,
                    collections,
                    init_required,
                    ..CheckCommitReadinessArgs::default()
                };
                let result = self.run(organization, "CheckCommitReadiness", &call)?;
                let result = CheckCommitReadinessResult::decode(&*result).unwrap();
                let approvals =
                    result.approvals.iter().map(|(organization, approved)| {
                        match result.mismatches.get(organization) {
                            None => format!("{organization} {approved}"),
                            Some(found) => {
                                format!("{organization} {approved} ({})", found.items.join(" "))
                            }
                        }
                    });
                Ok(approvals.collect::<Vec<_>>().join(", "))
            }
            _ => panic!("{verb}"),
        }
    }

    fn queries(&mut self, organization: &str, name: &str) -> Result<String, Refusal> {
        let call = QueryChaincodeDefinitionArgs { name: name.to_owned() };
        let result = self.run(organization, "QueryChaincodeDefinition", &call)?;
        let result = QueryChaincodeDefinitionResult::decode(&*result).unwrap();
        let policy = EndorsementPolicy::from_bytes(&result.validation_parameter).unwrap();
        Ok(format!(
            "{} #{} {} {} {policy:?} {:?}",
            result.version,
            result.sequence,
            result.endorsement_plugin,
            result.validation_plugin,
            result.approvals,
        ))
    }

    fn shows(&mut self, organization: &str, name: &str) -> Result<String, Refusal> {
        let call = QueryApprovedChaincodeDefinitionArgs { name: name.to_owned(), sequence: 0 };
        let result = self.run(organization, "QueryApprovedChaincodeDefinition", &call)?;
        let result = QueryApprovedChaincodeDefinitionResult::decode(&*result).unwrap();
        Ok(format!("{} #{} {}", result.version, result.sequence, package(result.source)))
    }

    fn lists(&mut self, organization: &str) -> Result<String, Refusal> {
        let call = QueryChaincodeDefinitionsArgs {};
        let result = self.run(organization, "QueryChaincodeDefinitions", &call)?;
        let result = QueryChaincodeDefinitionsResult::decode(&*result).unwrap();
        let definitions = result.chaincode_definitions.into_iter();
        let definitions = definitions.map(|d| format!("{} {} #{}", d.name, d.version, d.sequence));
        Ok(definitions.collect::<Vec<_>>().join(", "))
    }

    fn lists_approved(&mut self, organization: &str) -> Result<String, Refusal> {
        let call = QueryApprovedChaincodeDefinitionsArgs {};
        let result = self.run(organization, "QueryApprovedChaincodeDefinitions", &call)?;
        let result = QueryApprovedChaincodeDefinitionsResult::decode(&*result).unwrap();
        let definitions = result
            .approved_chaincode_definitions
            .into_iter()
            .map(|d| format!("{} {} #{} {}", d.name, d.version, d.sequence, package(d.source)));
        Ok(definitions.collect::<Vec<_>>().join(", "))
    }

    fn run(
        &mut self,
        organization: &str,
        function: &str,
        argument: &impl Message,
    ) -> Result<Vec<u8>, Refusal> {
        self.call(organization, function, &argument.encode_to_vec())
    }

    /// Simulates, and commits what was written if the call succeeds.
    fn call(
        &mut self,
        organization: &str,
        function: &str,
        argument: &[u8],
    ) -> Result<Vec<u8>, Refusal> {
        let organization = msp_id(organization);
        let context = Context { config: &self.config, organization: &organization };
        let mut transaction = Transaction {
            peer: implicit_collection(&organization),
            committed: &self.ledger,
            writes: Ledger::default(),
        };
        let result = invoke(function, argument, &context, &mut transaction)?;
        self.last_writes = transaction.writes.clone();
        self.ledger.public.extend(transaction.writes.public);
        self.ledger.private.extend(self.last_writes.private.clone());
        Ok(result)
    }
}

/// What is committed, or written; nothing is ever deleted here.
#[derive(Clone, Default)]
struct Ledger {
    public: BTreeMap<String, Vec<u8>>,
    private: BTreeMap<(String, String), Vec<u8>>,
}

/// A simulation on the peer of one organisation, which holds its own private data only.
struct Transaction<'a> {
    peer: String,
    committed: &'a Ledger,
    writes: Ledger,
}

impl LedgerAccess for Transaction<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        Ok(self.committed.public.get(key).cloned())
    }

    fn range(
        &mut self,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let found = self.committed.public.range(start.to_owned()..end.to_owned()).take(limit);
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), AccessError> {
        self.writes.public.insert(key.to_owned(), value);
        Ok(())
    }

    fn delete(&mut self, key: &str) -> Result<(), AccessError> {
        Err(format!("nothing deletes {key}").into())
    }

    fn get_private(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        assert_eq!(collection, self.peer, "a peer holds the data of its organisation only");
        let key = (collection.to_owned(), key.to_owned());
        Ok(self.committed.private.get(&key).cloned())
    }

    fn get_private_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, AccessError> {
        let key = (collection.to_owned(), key.to_owned());
        let value = self.committed.private.get(&key);
        Ok(value.map(|value| Sha256::digest(value).to_vec()))
    }

    fn range_private(
        &mut self,
        collection: &str,
        (start, end): (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        assert_eq!(collection, self.peer, "a peer holds the data of its organisation only");
        let key = |key: &str| (collection.to_owned(), key.to_owned());
        let found = self.committed.private.range(key(start)..key(end)).take(limit);
        Ok(found.map(|((_, key), value)| (key.clone(), value.clone())).collect())
    }

    fn put_private(
        &mut self,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), AccessError> {
        self.writes.private.insert((collection.to_owned(), key.to_owned()), value);
        Ok(())
    }

    fn delete_private(&mut self, collection: &str, key: &str) -> Result<(), AccessError> {
        Err(format!("nothing deletes {key} in {collection}").into())
    }
}

fn with_options(
    mut call: ApproveChaincodeDefinitionForMyOrgArgs,
    mut options: &[&str],
) -> ApproveChaincodeDefinitionForMyOrgArgs {
    let mut config = Vec::new();
    while let [option, rest @ ..] = options {
        options = rest;
        if *option == "init" {
            call.init_required = true;
            continue;
        }
        let [value, rest @ ..] = options else { panic!("{option} needs a value") };
        options = rest;
        let members = match *option {
            "package" => {
                call.source = source(value);
                continue;
            }
            "collection" => "OR('Org1MSP.member', 'Org2MSP.member')",
            "strangers" => "OR('Org1MSP.member', 'StrangerMSP.member')",
            "everyone" => "AND('Org1MSP.member', 'Org2MSP.member')",
            _ => panic!("{option}"),
        };
        let (name, block_to_live) = value.split_once(':').unwrap();
        let collection = collection(name, block_to_live.parse().unwrap(), members);
        config.push(CollectionConfig {
            payload: Some(collection_config::Payload::StaticCollectionConfig(collection)),
        });
    }
    call.collections = Some(CollectionConfigPackage { config });
    call
}

fn collection(name: &str, block_to_live: u64, members: &str) -> StaticCollectionConfig {
    let members = parse(members).unwrap();
    StaticCollectionConfig {
        name: name.to_owned(),
        member_orgs_policy: Some(CollectionPolicyConfig {
            payload: Some(collection_policy_config::Payload::SignaturePolicy(members)),
        }),
        block_to_live,
        ..StaticCollectionConfig::default()
    }
}

fn approval(name: &str, version: &str, sequence: i64) -> ApproveChaincodeDefinitionForMyOrgArgs {
    ApproveChaincodeDefinitionForMyOrgArgs {
        sequence,
        name: name.to_owned(),
        version: version.to_owned(),
        ..ApproveChaincodeDefinitionForMyOrgArgs::default()
    }
}

fn commitment(name: &str, version: &str, sequence: i64) -> CommitChaincodeDefinitionArgs {
    CommitChaincodeDefinitionArgs {
        sequence,
        name: name.to_owned(),
        version: version.to_owned(),
        ..CommitChaincodeDefinitionArgs::default()
    }
}

fn source(package_id: &str) -> Option<ChaincodeSource> {
    let package = chaincode_source::Local { package_id: package_id.to_owned() };
    Some(ChaincodeSource { r#type: Some(chaincode_source::Type::LocalPackage(package)) })
}

fn package(source: Option<ChaincodeSource>) -> String {
    match source.unwrap().r#type.unwrap() {
        chaincode_source::Type::LocalPackage(package) => package.package_id,
        chaincode_source::Type::Unavailable(_) => "no package".to_owned(),
    }
}

fn msp_id(organization: &str) -> MspId {
    MspId::new(format!("{organization}MSP")).unwrap()
}

fn msp(organization: &str) -> MspConfig {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem().into_bytes();
    let unit = |unit: &str| {
        let (certificate, unit) = (root.clone(), unit.to_owned());
        Some(FabricOuIdentifier { certificate, organizational_unit_identifier: unit })
    };
    let definition = FabricMspConfig {
        name: msp_id(organization).to_string(),
        root_certs: vec![root.clone()],
        fabric_node_ous: Some(FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("client"),
            peer_ou_identifier: unit("peer"),
            admin_ou_identifier: unit("admin"),
            orderer_ou_identifier: unit("orderer"),
        }),
        crypto_config: Some(FabricCryptoConfig {
            signature_hash_family: "SHA2".to_owned(),
            identity_identifier_hash_function: "SHA256".to_owned(),
        }),
        ..FabricMspConfig::default()
    };
    MspConfig { r#type: 0, config: definition.encode_to_vec() }
}
