//! The functions that read and write definitions.

use std::collections::BTreeMap;

use fabric_protos::{
    id::{ChaincodeName, MspId},
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, ApproveChaincodeDefinitionForMyOrgResult,
        ChaincodeSource, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        CommitChaincodeDefinitionArgs, CommitChaincodeDefinitionResult,
        QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
        QueryApprovedChaincodeDefinitionsArgs, QueryApprovedChaincodeDefinitionsResult,
        QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult,
        QueryChaincodeDefinitionsArgs, QueryChaincodeDefinitionsResult, StateMetadata,
        chaincode_source, check_commit_readiness_result::Mismatches,
        query_approved_chaincode_definitions_result::ApprovedChaincodeDefinition,
        query_chaincode_definitions_result, state_data,
    },
};
use thiserror::Error;

use super::{
    Context, DEFINITIONS_MAX, LedgerAccess, LifecycleError,
    definition::{
        ChaincodeDefinition, PARAMETERS_TYPE, ParameterMismatch, implicit_collection, private_name,
        split_private_name,
    },
    input::{self, InputError},
    record::{self, CHAINCODE_SOURCES, NAMESPACES, Place, Record, RecordError},
};

/// A sequence number that cannot be defined now.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// Sequences start at 1.
    #[error("requested sequence is 0, but first definable sequence number is 1")]
    Zero,
    /// A later one has been committed.
    #[error("currently defined sequence {current} is larger than requested sequence {requested}")]
    Past {
        /// The one committed.
        current: i64,
        /// The one asked for.
        requested: i64,
    },
    /// An earlier one has not been committed.
    #[error(
        "requested sequence {requested} is larger than the next available sequence number {next}"
    )]
    Future {
        /// The one asked for.
        requested: i64,
        /// The one that is next.
        next: i64,
    },
    /// Only the next one can be committed.
    #[error("requested sequence is {requested}, but new definition must be sequence {next}")]
    NotNext {
        /// The one asked for.
        requested: i64,
        /// The one that is next.
        next: i64,
    },
    /// It has been committed with other parameters.
    #[error(
        "attempted to redefine the current committed sequence ({sequence}) for namespace {name} \
         with different parameters: {mismatch}"
    )]
    Committed {
        /// The sequence.
        sequence: i64,
        /// The chaincode.
        name: ChaincodeName,
        /// What differs.
        mismatch: ParameterMismatch,
    },
    /// It has been committed, and this organisation has approved it just so.
    #[error(
        "attempted to redefine the current committed sequence ({sequence}) for namespace {name}"
    )]
    ApprovedCommitted {
        /// The sequence.
        sequence: i64,
        /// The chaincode.
        name: ChaincodeName,
    },
    /// This organisation has approved it just so.
    #[error(
        "attempted to redefine uncommitted sequence ({sequence}) for namespace {name} with \
         unchanged content"
    )]
    Approved {
        /// The sequence.
        sequence: i64,
        /// The chaincode.
        name: ChaincodeName,
    },
}

const SEQUENCE: &str = "Sequence";
const PACKAGE_ID: &str = "PackageID";
/// The type under which the package of an approval is stored.
const LOCAL_PACKAGE_TYPE: &str = "ChaincodeLocalPackage";
/// Sorts after every character that a name may have.
const AFTER_NAMES: char = '\u{7f}';

/// Approves a definition for the peer's own organisation, and names the package that this
/// organisation runs it from.
///
/// # Errors
/// If the definition is not valid, its sequence is not the current or the next one, or the
/// approval would change nothing.
pub fn approve(
    arguments: &ApproveChaincodeDefinitionForMyOrgArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<ApproveChaincodeDefinitionForMyOrgResult, LifecycleError> {
    let definition = ChaincodeDefinition::try_from(arguments);
    let definition = definition.map_err(|_| InputError::name(&arguments.name))?;
    input::check(&definition, context, ledger)?;
    let package_id = match arguments.source.as_ref().and_then(|source| source.r#type.as_ref()) {
        Some(chaincode_source::Type::LocalPackage(package)) => package.package_id.as_str(),
        Some(chaincode_source::Type::Unavailable(_)) | None => "",
    };
    let current = current_sequence(ledger, definition.name.as_str())?;
    check_approvable(current, definition.sequence)?;
    let definition = definition.with_defaults(context.config)?;
    if definition.sequence == current {
        check_committed(&definition, ledger)?;
    }
    let collection = implicit_collection(context.organization);
    let mut place = Place { ledger, collection: Some(&collection) };
    if is_approved(&definition, package_id, &mut place)? {
        let (sequence, name) = (definition.sequence, definition.name);
        return Err(LifecycleError::Sequence(match sequence == current {
            true => SequenceError::ApprovedCommitted { sequence, name },
            false => SequenceError::Approved { sequence, name },
        }));
    }
    let name = definition.private_name();
    definition.approved_record().write(&mut place, NAMESPACES, &name)?;
    package_record(package_id).write(&mut place, CHAINCODE_SOURCES, &name)?;
    Ok(ApproveChaincodeDefinitionForMyOrgResult {})
}

fn check_approvable(current: i64, requested: i64) -> Result<(), SequenceError> {
    let next = current.saturating_add(1);
    if current == 0 && requested == 0 {
        return Err(SequenceError::Zero);
    }
    if requested < current {
        return Err(SequenceError::Past { current, requested });
    }
    if requested > next {
        return Err(SequenceError::Future { requested, next });
    }
    Ok(())
}

/// A late approval of what is committed must be of exactly that.
fn check_committed(
    definition: &ChaincodeDefinition,
    ledger: &mut dyn LedgerAccess,
) -> Result<(), LifecycleError> {
    let committed = committed(ledger, definition.name.as_str())?;
    if let Some(mismatch) = committed.mismatch(definition) {
        let (sequence, name) = (definition.sequence, definition.name.clone());
        return Err(SequenceError::Committed { sequence, name, mismatch }.into());
    }
    Ok(())
}

/// Whether the organisation has approved this very definition with this very package.
fn is_approved(
    definition: &ChaincodeDefinition,
    package_id: &str,
    place: &mut Place<'_>,
) -> Result<bool, RecordError> {
    let name = definition.private_name();
    let read = &mut |key: &str| place.get(key);
    let Some(metadata) = record::metadata(read, NAMESPACES, &name)? else { return Ok(false) };
    record::expect_type(&metadata, PARAMETERS_TYPE)?;
    let approved = ChaincodeDefinition::read_parameters(
        read,
        definition.name.clone(),
        &name,
        definition.sequence,
    )?;
    if approved.mismatch(definition).is_some() {
        return Ok(false);
    }
    let Some(metadata) = record::metadata(read, CHAINCODE_SOURCES, &name)? else {
        return Ok(false);
    };
    record::expect_type(&metadata, LOCAL_PACKAGE_TYPE)?;
    Ok(record::text(read, CHAINCODE_SOURCES, &name, PACKAGE_ID)? == package_id)
}

fn package_record(package_id: &str) -> Record {
    let package_id = state_data::Type::String(package_id.to_owned());
    Record { datatype: LOCAL_PACKAGE_TYPE, fields: vec![(PACKAGE_ID, package_id)] }
}

/// Commits a definition for the whole channel. Whether enough organisations have approved shows
/// in the endorsements: each endorser answers for its own.
///
/// # Errors
/// If the definition is not valid, its sequence is not the next one, or the peer's own
/// organisation has not approved just this.
pub fn commit(
    arguments: &CommitChaincodeDefinitionArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<CommitChaincodeDefinitionResult, LifecycleError> {
    let definition = ChaincodeDefinition::try_from(arguments);
    let definition = definition.map_err(|_| InputError::name(&arguments.name))?;
    input::check(&definition, context, ledger)?;
    let organization = context.organization;
    if !context.config.organizations().contains(&organization) {
        return Err(LifecycleError::NotMember { organization: organization.clone() });
    }
    let (definition, approvals) = readiness(definition, context, ledger)?;
    let mut place = Place { ledger, collection: None };
    definition.committed_record().write(&mut place, NAMESPACES, definition.name.as_str())?;
    if approvals.get(organization).is_none_or(|differences| !differences.is_empty()) {
        return Err(LifecycleError::NotAgreed { organization: organization.clone() });
    }
    Ok(CommitChaincodeDefinitionResult {})
}

/// Which organisations have approved a definition, and in what the approvals of the others
/// differ.
///
/// # Errors
/// If its sequence is not the next one.
pub fn check_commit_readiness(
    arguments: &CheckCommitReadinessArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<CheckCommitReadinessResult, LifecycleError> {
    let definition = ChaincodeDefinition::try_from(arguments);
    let definition = definition.map_err(|_| InputError::name(&arguments.name))?;
    let (_, approvals) = readiness(definition, context, ledger)?;
    let mismatches = approvals.iter().filter(|(_, differences)| !differences.is_empty());
    let mismatches = mismatches.map(|(organization, differences)| {
        let items = differences.iter().map(|item| (*item).to_owned()).collect();
        (organization.to_string(), Mismatches { items })
    });
    Ok(CheckCommitReadinessResult {
        mismatches: mismatches.collect(),
        approvals: agreement(&approvals),
    })
}

/// In what each organisation's approval differs; nothing if it does not.
type Approvals<'a> = BTreeMap<&'a MspId, Vec<&'static str>>;

fn readiness<'a>(
    definition: ChaincodeDefinition,
    context: &Context<'a>,
    ledger: &mut dyn LedgerAccess,
) -> Result<(ChaincodeDefinition, Approvals<'a>), LifecycleError> {
    let requested = definition.sequence;
    let next = current_sequence(ledger, definition.name.as_str())?.saturating_add(1);
    if requested != next {
        return Err(SequenceError::NotNext { requested, next }.into());
    }
    let definition = definition.with_defaults(context.config)?;
    let approvals = approvals(&definition, context, ledger)?;
    Ok((definition, approvals))
}

fn approvals<'a>(
    definition: &ChaincodeDefinition,
    context: &Context<'a>,
    ledger: &mut dyn LedgerAccess,
) -> Result<Approvals<'a>, RecordError> {
    let (record, name) = (definition.approved_record(), definition.private_name());
    let mut approvals = Approvals::new();
    for organization in context.config.organizations() {
        let collection = implicit_collection(organization);
        let differences = record.differences(ledger, &collection, NAMESPACES, &name)?;
        approvals.insert(organization, differences);
    }
    Ok(approvals)
}

fn agreement(approvals: &Approvals<'_>) -> BTreeMap<String, bool> {
    let approvals = approvals.iter();
    approvals
        .map(|(organization, differences)| (organization.to_string(), differences.is_empty()))
        .collect()
}

/// The definition committed under a name, and which organisations have approved it.
///
/// # Errors
/// If there is none.
pub fn query_definition(
    arguments: &QueryChaincodeDefinitionArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<QueryChaincodeDefinitionResult, LifecycleError> {
    let definition = committed(ledger, &arguments.name)?;
    let approvals = agreement(&approvals(&definition, context, ledger)?);
    Ok(QueryChaincodeDefinitionResult {
        sequence: definition.sequence,
        version: definition.version,
        endorsement_plugin: definition.endorsement_plugin,
        validation_plugin: definition.validation_plugin,
        validation_parameter: definition.policy,
        collections: Some(definition.collections),
        init_required: definition.init_required,
        approvals,
    })
}

/// All committed definitions, in the order of their names.
///
/// # Errors
/// If one cannot be read.
pub fn query_definitions(
    _arguments: &QueryChaincodeDefinitionsArgs,
    ledger: &mut dyn LedgerAccess,
) -> Result<QueryChaincodeDefinitionsResult, LifecycleError> {
    let prefix = record::metadata_key(NAMESPACES, "");
    let end = format!("{prefix}{AFTER_NAMES}");
    let found = ledger
        .range(&prefix, &end, DEFINITIONS_MAX)
        .map_err(|source| record::access(&prefix, source))?;
    let mut chaincode_definitions = Vec::new();
    for name in found.iter().filter_map(|(key, _)| key.strip_prefix(&prefix)) {
        let definition = committed(ledger, name)?;
        chaincode_definitions.push(query_chaincode_definitions_result::ChaincodeDefinition {
            name: definition.name.into(),
            sequence: definition.sequence,
            version: definition.version,
            endorsement_plugin: definition.endorsement_plugin,
            validation_plugin: definition.validation_plugin,
            validation_parameter: definition.policy,
            collections: Some(definition.collections),
            init_required: definition.init_required,
        });
    }
    Ok(QueryChaincodeDefinitionsResult { chaincode_definitions })
}

/// The definition that the peer's own organisation has approved: of one sequence, or the latest
/// if the sequence asked for is 0.
///
/// # Errors
/// If there is none.
pub fn query_approved(
    arguments: &QueryApprovedChaincodeDefinitionArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<QueryApprovedChaincodeDefinitionResult, LifecycleError> {
    let collection = implicit_collection(context.organization);
    let mut sequence = arguments.sequence;
    if sequence == 0 {
        sequence = current_sequence(ledger, &arguments.name)?;
        let next = sequence.saturating_add(1);
        let read = &mut |key: &str| ledger.get_private(&collection, key);
        if record::metadata(read, NAMESPACES, &private_name(&arguments.name, next))?.is_some() {
            sequence = next;
        }
    }
    let private = private_name(&arguments.name, sequence);
    let mut place = Place { ledger, collection: Some(&collection) };
    let metadata = record::metadata(&mut |key| place.get(key), NAMESPACES, &private)?;
    let metadata = metadata.ok_or_else(|| LifecycleError::NotApproved {
        name: arguments.name.clone(),
        sequence,
        channel: context.config.channel_id().clone(),
    })?;
    let (definition, source) = approved(&private, &metadata, &mut place)?;
    Ok(QueryApprovedChaincodeDefinitionResult {
        sequence: definition.sequence,
        version: definition.version,
        endorsement_plugin: definition.endorsement_plugin,
        validation_plugin: definition.validation_plugin,
        validation_parameter: definition.policy,
        collections: Some(definition.collections),
        init_required: definition.init_required,
        source: Some(source),
    })
}

/// Every definition that the peer's own organisation has approved, in the order of names and
/// sequences as texts.
///
/// # Errors
/// If one cannot be read.
pub fn query_approved_all(
    _arguments: &QueryApprovedChaincodeDefinitionsArgs,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<QueryApprovedChaincodeDefinitionsResult, LifecycleError> {
    let collection = implicit_collection(context.organization);
    let prefix = record::metadata_key(NAMESPACES, "");
    let end = format!("{prefix}{AFTER_NAMES}");
    let found = ledger
        .range_private(&collection, (&prefix, &end), DEFINITIONS_MAX)
        .map_err(|source| record::access(&prefix, source))?;
    let mut place = Place { ledger, collection: Some(&collection) };
    let mut approved_chaincode_definitions = Vec::new();
    for (key, value) in &found {
        let Some(private) = key.strip_prefix(&prefix) else { continue };
        let metadata = record::decode(key, value)?;
        let (definition, source) = approved(private, &metadata, &mut place)?;
        approved_chaincode_definitions.push(ApprovedChaincodeDefinition {
            name: definition.name.into(),
            sequence: definition.sequence,
            version: definition.version,
            endorsement_plugin: definition.endorsement_plugin,
            validation_plugin: definition.validation_plugin,
            validation_parameter: definition.policy,
            collections: Some(definition.collections),
            init_required: definition.init_required,
            source: Some(source),
        });
    }
    Ok(QueryApprovedChaincodeDefinitionsResult { approved_chaincode_definitions })
}

/// An approval and the package it names.
fn approved(
    private: &str,
    metadata: &StateMetadata,
    place: &mut Place<'_>,
) -> Result<(ChaincodeDefinition, ChaincodeSource), RecordError> {
    record::expect_type(metadata, PARAMETERS_TYPE)?;
    let (name, sequence) = split_private_name(private)?;
    let read = &mut |key: &str| place.get(key);
    let definition = ChaincodeDefinition::read_parameters(read, name, private, sequence)?;
    let metadata = record::metadata(read, CHAINCODE_SOURCES, private)?.unwrap_or_default();
    record::expect_type(&metadata, LOCAL_PACKAGE_TYPE)?;
    let package_id = record::text(read, CHAINCODE_SOURCES, private, PACKAGE_ID)?;
    let source = match package_id.is_empty() {
        true => chaincode_source::Type::Unavailable(chaincode_source::Unavailable {}),
        false => chaincode_source::Type::LocalPackage(chaincode_source::Local { package_id }),
    };
    Ok((definition, ChaincodeSource { r#type: Some(source) }))
}

fn current_sequence(ledger: &mut dyn LedgerAccess, name: &str) -> Result<i64, RecordError> {
    record::integer(&mut |key| ledger.get(key), NAMESPACES, name, SEQUENCE)
}

fn committed(
    ledger: &mut dyn LedgerAccess,
    name: &str,
) -> Result<ChaincodeDefinition, LifecycleError> {
    let definition = ChaincodeDefinition::read(&mut |key| ledger.get(key), name)?;
    definition.ok_or_else(|| LifecycleError::NotDefined { name: name.to_owned() })
}
