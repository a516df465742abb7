//! The generated types, each by its full name.

use std::collections::BTreeMap;

use fabric_protos::{
    Message, Name, common, etcdraft, gateway, google_rpc, kvrwset, lifecycle, msp, orderer, protos,
    queryresult, rwset,
};
use prost::DecodeError;

/// Decodes bytes into one of our types and encodes that.
pub(super) type Recoder = fn(&[u8]) -> Result<Vec<u8>, DecodeError>;

/// All message types, by full name.
pub(super) fn recoders() -> BTreeMap<String, Recoder> {
    let mut all = BTreeMap::new();
    all.extend(common_types());
    all.extend(etcdraft_types());
    all.extend(gateway_types());
    all.extend(google_rpc_types());
    all.extend(kvrwset_types());
    all.extend(lifecycle_types());
    all.extend(msp_types());
    all.extend(orderer_types());
    all.extend(protos_types());
    all.extend(queryresult_types());
    all.extend(rwset_types());
    all
}

fn entry<M: Message + Name + Default>() -> (String, Recoder) {
    (M::full_name(), |bytes| M::decode(bytes).map(|message| message.encode_to_vec()))
}

fn common_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<common::Block>(),
        entry::<common::BlockData>(),
        entry::<common::BlockDataHashingStructure>(),
        entry::<common::BlockHeader>(),
        entry::<common::BlockMetadata>(),
        entry::<common::BlockchainInfo>(),
        entry::<common::BootstrappingSnapshotInfo>(),
        entry::<common::Capabilities>(),
        entry::<common::Capability>(),
        entry::<common::ChannelHeader>(),
        entry::<common::CombinedPrincipal>(),
        entry::<common::Config>(),
        entry::<common::ConfigEnvelope>(),
        entry::<common::ConfigGroup>(),
        entry::<common::ConfigPolicy>(),
        entry::<common::ConfigSignature>(),
        entry::<common::ConfigUpdate>(),
        entry::<common::ConfigUpdateEnvelope>(),
        entry::<common::ConfigValue>(),
        entry::<common::Consenter>(),
        entry::<common::Consortium>(),
        entry::<common::Envelope>(),
        entry::<common::HashingAlgorithm>(),
        entry::<common::Header>(),
        entry::<common::IdentifierHeader>(),
        entry::<common::ImplicitMetaPolicy>(),
        entry::<common::LastConfig>(),
        entry::<common::Metadata>(),
        entry::<common::MetadataSignature>(),
        entry::<common::MspIdentityAnonymity>(),
        entry::<common::MspPrincipal>(),
        entry::<common::MspRole>(),
        entry::<common::OrdererAddresses>(),
        entry::<common::OrdererBlockMetadata>(),
        entry::<common::Orderers>(),
        entry::<common::OrganizationUnit>(),
        entry::<common::Payload>(),
        entry::<common::Policy>(),
        entry::<common::SignatureHeader>(),
        entry::<common::SignaturePolicy>(),
        entry::<common::SignaturePolicyEnvelope>(),
        entry::<common::signature_policy::NOutOf>(),
    ]
}

fn etcdraft_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<etcdraft::BlockMetadata>(),
        entry::<etcdraft::ClusterMetadata>(),
        entry::<etcdraft::ConfigMetadata>(),
        entry::<etcdraft::Consenter>(),
        entry::<etcdraft::Options>(),
    ]
}

fn gateway_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<gateway::ChaincodeEventsRequest>(),
        entry::<gateway::ChaincodeEventsResponse>(),
        entry::<gateway::CommitStatusRequest>(),
        entry::<gateway::CommitStatusResponse>(),
        entry::<gateway::EndorseRequest>(),
        entry::<gateway::EndorseResponse>(),
        entry::<gateway::ErrorDetail>(),
        entry::<gateway::EvaluateRequest>(),
        entry::<gateway::EvaluateResponse>(),
        entry::<gateway::PreparedTransaction>(),
        entry::<gateway::ProposedTransaction>(),
        entry::<gateway::SignedChaincodeEventsRequest>(),
        entry::<gateway::SignedCommitStatusRequest>(),
        entry::<gateway::SubmitRequest>(),
        entry::<gateway::SubmitResponse>(),
    ]
}

fn google_rpc_types() -> Vec<(String, Recoder)> {
    vec![entry::<google_rpc::Status>()]
}

fn kvrwset_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<kvrwset::HashedRwSet>(),
        entry::<kvrwset::KvMetadataEntry>(),
        entry::<kvrwset::KvMetadataWrite>(),
        entry::<kvrwset::KvMetadataWriteHash>(),
        entry::<kvrwset::KvRead>(),
        entry::<kvrwset::KvReadHash>(),
        entry::<kvrwset::KvWrite>(),
        entry::<kvrwset::KvWriteHash>(),
        entry::<kvrwset::KvrwSet>(),
        entry::<kvrwset::QueryReads>(),
        entry::<kvrwset::QueryReadsMerkleSummary>(),
        entry::<kvrwset::RangeQueryInfo>(),
        entry::<kvrwset::Version>(),
    ]
}

fn lifecycle_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<lifecycle::ApproveChaincodeDefinitionForMyOrgArgs>(),
        entry::<lifecycle::ApproveChaincodeDefinitionForMyOrgResult>(),
        entry::<lifecycle::ChaincodeEndorsementInfo>(),
        entry::<lifecycle::ChaincodeSource>(),
        entry::<lifecycle::ChaincodeValidationInfo>(),
        entry::<lifecycle::CheckCommitReadinessArgs>(),
        entry::<lifecycle::CheckCommitReadinessResult>(),
        entry::<lifecycle::CommitChaincodeDefinitionArgs>(),
        entry::<lifecycle::CommitChaincodeDefinitionResult>(),
        entry::<lifecycle::GetInstalledChaincodePackageArgs>(),
        entry::<lifecycle::GetInstalledChaincodePackageResult>(),
        entry::<lifecycle::InstallChaincodeArgs>(),
        entry::<lifecycle::InstallChaincodeResult>(),
        entry::<lifecycle::QueryApprovedChaincodeDefinitionArgs>(),
        entry::<lifecycle::QueryApprovedChaincodeDefinitionResult>(),
        entry::<lifecycle::QueryApprovedChaincodeDefinitionsArgs>(),
        entry::<lifecycle::QueryApprovedChaincodeDefinitionsResult>(),
        entry::<lifecycle::QueryChaincodeDefinitionArgs>(),
        entry::<lifecycle::QueryChaincodeDefinitionResult>(),
        entry::<lifecycle::QueryChaincodeDefinitionsArgs>(),
        entry::<lifecycle::QueryChaincodeDefinitionsResult>(),
        entry::<lifecycle::QueryInstalledChaincodeArgs>(),
        entry::<lifecycle::QueryInstalledChaincodeResult>(),
        entry::<lifecycle::QueryInstalledChaincodesArgs>(),
        entry::<lifecycle::QueryInstalledChaincodesResult>(),
        entry::<lifecycle::StateData>(),
        entry::<lifecycle::StateMetadata>(),
        entry::<lifecycle::chaincode_source::Local>(),
        entry::<lifecycle::chaincode_source::Unavailable>(),
        entry::<lifecycle::check_commit_readiness_result::Mismatches>(),
        entry::<lifecycle::query_approved_chaincode_definitions_result::ApprovedChaincodeDefinition>(
        ),
        entry::<lifecycle::query_chaincode_definitions_result::ChaincodeDefinition>(),
        entry::<lifecycle::query_installed_chaincode_result::Chaincode>(),
        entry::<lifecycle::query_installed_chaincode_result::References>(),
        entry::<lifecycle::query_installed_chaincodes_result::Chaincode>(),
        entry::<lifecycle::query_installed_chaincodes_result::InstalledChaincode>(),
        entry::<lifecycle::query_installed_chaincodes_result::References>(),
    ]
}

fn msp_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<msp::FabricCryptoConfig>(),
        entry::<msp::FabricMspConfig>(),
        entry::<msp::FabricNodeOUs>(),
        entry::<msp::FabricOuIdentifier>(),
        entry::<msp::KeyInfo>(),
        entry::<msp::MspConfig>(),
        entry::<msp::SerializedIdentity>(),
        entry::<msp::SigningIdentityInfo>(),
    ]
}

fn orderer_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<orderer::BatchSize>(),
        entry::<orderer::BatchTimeout>(),
        entry::<orderer::BroadcastResponse>(),
        entry::<orderer::ChannelRestrictions>(),
        entry::<orderer::ConsensusType>(),
        entry::<orderer::DeliverResponse>(),
        entry::<orderer::KafkaBrokers>(),
        entry::<orderer::SeekInfo>(),
        entry::<orderer::SeekNewest>(),
        entry::<orderer::SeekNextCommit>(),
        entry::<orderer::SeekOldest>(),
        entry::<orderer::SeekPosition>(),
        entry::<orderer::SeekSpecified>(),
    ]
}

fn protos_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<protos::AcLs>(),
        entry::<protos::AnchorPeer>(),
        entry::<protos::AnchorPeers>(),
        entry::<protos::ApiResource>(),
        entry::<protos::ApplicationPolicy>(),
        entry::<protos::BlockAndPrivateData>(),
        entry::<protos::ChaincodeAction>(),
        entry::<protos::ChaincodeActionPayload>(),
        entry::<protos::ChaincodeAdditionalParams>(),
        entry::<protos::ChaincodeCall>(),
        entry::<protos::ChaincodeDeploymentSpec>(),
        entry::<protos::ChaincodeEndorsedAction>(),
        entry::<protos::ChaincodeEvent>(),
        entry::<protos::ChaincodeHeaderExtension>(),
        entry::<protos::ChaincodeId>(),
        entry::<protos::ChaincodeInfo>(),
        entry::<protos::ChaincodeInput>(),
        entry::<protos::ChaincodeInterest>(),
        entry::<protos::ChaincodeInvocationSpec>(),
        entry::<protos::ChaincodeMessage>(),
        entry::<protos::ChaincodeProposalPayload>(),
        entry::<protos::ChaincodeQueryResponse>(),
        entry::<protos::ChaincodeSpec>(),
        entry::<protos::ChannelInfo>(),
        entry::<protos::ChannelQueryResponse>(),
        entry::<protos::CollectionConfig>(),
        entry::<protos::CollectionConfigPackage>(),
        entry::<protos::CollectionPolicyConfig>(),
        entry::<protos::DelState>(),
        entry::<protos::DeliverResponse>(),
        entry::<protos::Endorsement>(),
        entry::<protos::FilteredBlock>(),
        entry::<protos::FilteredChaincodeAction>(),
        entry::<protos::FilteredTransaction>(),
        entry::<protos::FilteredTransactionActions>(),
        entry::<protos::GetHistoryForKey>(),
        entry::<protos::GetQueryResult>(),
        entry::<protos::GetState>(),
        entry::<protos::GetStateByRange>(),
        entry::<protos::GetStateMetadata>(),
        entry::<protos::GetStateMultiple>(),
        entry::<protos::GetStateMultipleResult>(),
        entry::<protos::JoinBySnapshotStatus>(),
        entry::<protos::ProcessedTransaction>(),
        entry::<protos::Proposal>(),
        entry::<protos::ProposalResponse>(),
        entry::<protos::ProposalResponsePayload>(),
        entry::<protos::PurgePrivateState>(),
        entry::<protos::PutState>(),
        entry::<protos::PutStateMetadata>(),
        entry::<protos::QueryMetadata>(),
        entry::<protos::QueryResponse>(),
        entry::<protos::QueryResponseMetadata>(),
        entry::<protos::QueryResultBytes>(),
        entry::<protos::QueryStateClose>(),
        entry::<protos::QueryStateNext>(),
        entry::<protos::Response>(),
        entry::<protos::SignedProposal>(),
        entry::<protos::StateMetadata>(),
        entry::<protos::StateMetadataResult>(),
        entry::<protos::StaticCollectionConfig>(),
        entry::<protos::Transaction>(),
        entry::<protos::TransactionAction>(),
        entry::<protos::WriteBatchState>(),
        entry::<protos::WriteRecord>(),
    ]
}

fn queryresult_types() -> Vec<(String, Recoder)> {
    vec![entry::<queryresult::KeyModification>(), entry::<queryresult::Kv>()]
}

fn rwset_types() -> Vec<(String, Recoder)> {
    vec![
        entry::<rwset::CollectionHashedReadWriteSet>(),
        entry::<rwset::CollectionPvtReadWriteSet>(),
        entry::<rwset::NsPvtReadWriteSet>(),
        entry::<rwset::NsReadWriteSet>(),
        entry::<rwset::TxPvtReadWriteSet>(),
        entry::<rwset::TxReadWriteSet>(),
    ]
}
