//! Who may use which resource of a peer: Fabric's defaults, and what the `ACLs` value overrides.

use std::collections::BTreeMap;

use fabric_protos::protos::AcLs;

use crate::names;

/// What a caller must be to use a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Access<'a> {
    /// An administrator of the peer's own organisation.
    LocalAdmins,
    /// A member of the peer's own organisation.
    LocalMembers,
    /// Someone who satisfies this policy of the channel.
    Channel(&'a str),
}

const READERS: Access<'static> = Access::Channel("/Channel/Application/Readers");
const WRITERS: Access<'static> = Access::Channel("/Channel/Application/Writers");

/// The rule of a resource; `None` if there is no such resource. What is local stays local,
/// whatever the channel says.
pub(crate) fn rule<'a>(
    overrides: &'a BTreeMap<String, String>,
    resource: &str,
) -> Option<Access<'a>> {
    let default = default_rule(resource);
    if matches!(default, Some(Access::LocalAdmins | Access::LocalMembers)) {
        return default;
    }
    overrides.get(resource).map(|policy| Access::Channel(policy)).or(default)
}

/// The policies that the configuration names itself, by resource, as absolute paths.
pub(crate) fn overrides(acls: AcLs) -> BTreeMap<String, String> {
    let named = acls.acls.into_iter().filter(|(_, rule)| !rule.policy_ref.is_empty());
    named
        .map(|(resource, rule)| match rule.policy_ref.starts_with('/') {
            true => (resource, rule.policy_ref),
            false => {
                let group = [names::CHANNEL, names::APPLICATION].join("/");
                (resource, format!("/{group}/{}", rule.policy_ref))
            }
        })
        .collect()
}

fn default_rule(resource: &str) -> Option<Access<'static>> {
    match resource {
        "_lifecycle/InstallChaincode"
        | "_lifecycle/QueryInstalledChaincode"
        | "_lifecycle/GetInstalledChaincodePackage"
        | "_lifecycle/QueryInstalledChaincodes"
        | "_lifecycle/ApproveChaincodeDefinitionForMyOrg"
        | "_lifecycle/QueryApprovedChaincodeDefinition"
        | "_lifecycle/QueryApprovedChaincodeDefinitions"
        | "snapshot/submitrequest"
        | "snapshot/cancelrequest"
        | "snapshot/listpending"
        | "lscc/Install"
        | "lscc/GetInstalledChaincodes"
        | "cscc/JoinChain"
        | "cscc/JoinChainBySnapshot"
        | "cscc/JoinBySnapshotStatus" => Some(Access::LocalAdmins),
        "cscc/GetChannels" => Some(Access::LocalMembers),
        "_lifecycle/CommitChaincodeDefinition"
        | "_lifecycle/QueryChaincodeDefinition"
        | "_lifecycle/QueryChaincodeDefinitions"
        | "_lifecycle/CheckCommitReadiness"
        | "peer/Propose"
        | "peer/ChaincodeToChaincode" => Some(WRITERS),
        "lscc/ChaincodeExists"
        | "lscc/GetDeploymentSpec"
        | "lscc/GetChaincodeData"
        | "lscc/GetInstantiatedChaincodes"
        | "lscc/GetCollectionsConfig"
        | "qscc/GetChainInfo"
        | "qscc/GetBlockByNumber"
        | "qscc/GetBlockByHash"
        | "qscc/GetTransactionByID"
        | "qscc/GetBlockByTxID"
        | "cscc/GetConfigBlock"
        | "cscc/GetChannelConfig"
        | "event/Block"
        | "event/FilteredBlock"
        | "gateway/CommitStatus"
        | "gateway/ChaincodeEvents" => Some(READERS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::protos::{AcLs, ApiResource};

    use super::{overrides, rule};

    #[test]
    fn a_channel_overrides_what_is_its_own() {
        check(&[], "qscc/GetChainInfo", r#"Channel("/Channel/Application/Readers")"#);
        check(&[], "peer/Propose", r#"Channel("/Channel/Application/Writers")"#);
        check(&[], "_lifecycle/InstallChaincode", "LocalAdmins");
        check(&[], "cscc/GetChannels", "LocalMembers");
        check(&[], "qscc/Nonsense", "none");
        let named = [("peer/Propose", "Admins"), ("own/Resource", "/Channel/Readers")];
        check(&named, "peer/Propose", r#"Channel("/Channel/Application/Admins")"#);
        check(&named, "own/Resource", r#"Channel("/Channel/Readers")"#);
        check(
            &[("peer/Propose", "")],
            "peer/Propose",
            r#"Channel("/Channel/Application/Writers")"#,
        );
        check(&[("cscc/GetChannels", "Admins")], "cscc/GetChannels", "LocalMembers");
    }

    fn check(named: &[(&str, &str)], resource: &str, expected: &str) {
        let acls = named.iter().map(|(resource, policy)| {
            ((*resource).to_owned(), ApiResource { policy_ref: (*policy).to_owned() })
        });
        let overrides = overrides(AcLs { acls: acls.collect() });
        let found = rule(&overrides, resource);
        let found = found.map_or_else(|| "none".to_owned(), |rule| format!("{rule:?}"));
        assert_eq!(found, expected, "{resource} where {named:?}");
    }
}
