//! Whom to ask for endorsements.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use fabric_protos::id::MspId;
use fabric_protos::protos::{ChaincodeInterest, ProposalResponse, SignedProposal};
use pervade_identity::Identity;
use thiserror::Error;

use super::GatewayService;
use crate::channel::Channel;
use crate::endorser::ProposalError;
use crate::limits::{ENDORSEMENT_TIMEOUT, PLAN_LAYOUTS_MAX, PLAN_ORGANIZATIONS_MAX};
use crate::peer::Peer;
use crate::requirement::{self, Requirement, RequirementError};

/// How many peers of each organisation together are enough.
pub(super) type Layout = BTreeMap<MspId, usize>;

/// The peers that may still be asked, and the ways in which they would be enough.
pub(super) struct Plan {
    /// By organisation, in the order in which to ask.
    pub(super) groups: BTreeMap<MspId, VecDeque<Arc<Peer>>>,
    /// In the order in which to try them.
    pub(super) layouts: VecDeque<Layout>,
}

impl Plan {
    /// One peer of each named organisation; `Err` names those that have none.
    pub(super) fn of_organizations(
        peers: Vec<Arc<Peer>>,
        named: &[String],
    ) -> Result<Self, Vec<String>> {
        let groups = by_organization(peers);
        let known = |name: &String| groups.keys().any(|known| known.as_str() == name);
        let missing: Vec<_> = named.iter().filter(|name| !known(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let wanted = groups.keys().filter(|known| named.iter().any(|name| name == known.as_str()));
        let layout = wanted.map(|organization| (organization.clone(), 1)).collect();
        Ok(Self { groups, layouts: [layout].into() })
    }

    /// The smallest sets of organisations whose peers satisfy every policy that `interest` names;
    /// those with `preferred` first.
    pub(super) fn of_interest(
        peers: Vec<Arc<Peer>>,
        channel: &Channel,
        interest: &ChaincodeInterest,
        preferred: Option<&MspId>,
    ) -> Result<Self, Unsatisfiable> {
        let requirements = requirement::of(channel, interest)
            .map_err(|source| Unsatisfiable::Policy { source })?;
        let mut groups = by_organization(peers);
        groups.retain(|organization, _| {
            requirements.iter().all(|requirement| requirement.admits(organization))
        });
        let mut layouts = smallest(&groups, channel, &requirements)?;
        layouts.sort_by_key(|layout| {
            !preferred.is_some_and(|preferred| layout.contains_key(preferred))
        });
        if layouts.is_empty() {
            return Err(Unsatisfiable::Peers);
        }
        Ok(Self { groups, layouts: layouts.into() })
    }
}

/// Has one peer judge a proposal, for as long as the gateway waits for one.
pub(super) async fn ask(
    gateway: &GatewayService,
    peer: &Arc<Peer>,
    signed: &SignedProposal,
) -> Result<ProposalResponse, ProposalError> {
    tokio::select! {
        answer = peer.process_proposal(signed.clone()) => answer,
        () = gateway.clock().sleep(ENDORSEMENT_TIMEOUT) => Err(ProposalError::Unanswered),
    }
}

fn by_organization(peers: Vec<Arc<Peer>>) -> BTreeMap<MspId, VecDeque<Arc<Peer>>> {
    let mut groups = BTreeMap::<_, VecDeque<_>>::new();
    for peer in peers {
        groups.entry(peer.organization().clone()).or_default().push_back(peer);
    }
    groups
}

/// Tries one peer of each organisation of every set of organisations, small sets first; if none is
/// enough, two of each, and so on.
fn smallest(
    groups: &BTreeMap<MspId, VecDeque<Arc<Peer>>>,
    channel: &Channel,
    requirements: &[Requirement],
) -> Result<Vec<Layout>, Unsatisfiable> {
    let config = channel.config();
    let identities = |organization: &MspId, count: usize| -> Vec<Identity> {
        let peers = groups.get(organization).into_iter().flatten().take(count);
        peers.filter_map(|peer| config.membership().deserialize(peer.identity()).ok()).collect()
    };
    let organizations: Vec<_> = groups.keys().take(PLAN_ORGANIZATIONS_MAX).collect();
    let most = groups.values().map(VecDeque::len).max().unwrap_or_default();
    for count in 1..=most {
        let signers: Vec<_> =
            organizations.iter().map(|organization| identities(organization, count)).collect();
        let enough = |members: &BTreeSet<usize>| {
            let signers = signers.iter().enumerate().filter(|(place, _)| members.contains(place));
            let together: Vec<_> = signers.flat_map(|(_, signers)| signers.clone()).collect();
            requirements.iter().all(|requirement| requirement.is_met(&config, &together))
        };
        let sets = minimal_sets(organizations.len(), enough);
        if sets.is_empty() {
            continue;
        }
        let named = |place: &usize| {
            let quantity = signers.get(*place).map_or(0, Vec::len);
            organizations.get(*place).map(|organization| ((*organization).clone(), quantity))
        };
        return Ok(sets.iter().map(|set| set.iter().filter_map(named).collect()).collect());
    }
    Ok(Vec::new())
}

/// The sets over `0..size` that are enough and of which no smaller part is.
fn minimal_sets(size: usize, enough: impl Fn(&BTreeSet<usize>) -> bool) -> Vec<BTreeSet<usize>> {
    let mut sets: Vec<BTreeSet<usize>> = (0..1_usize << size)
        .map(|mask| (0..size).filter(|place| mask >> place & 1 == 1).collect())
        .collect();
    sets.sort_by_key(BTreeSet::len);
    let mut found: Vec<BTreeSet<usize>> = Vec::new();
    for set in sets {
        if found.len() >= PLAN_LAYOUTS_MAX {
            break;
        }
        if !set.is_empty() && !found.iter().any(|part| part.is_subset(&set)) && enough(&set) {
            found.push(set);
        }
    }
    found
}

/// Why no set of peers can endorse a transaction.
#[derive(Debug, Error)]
pub(super) enum Unsatisfiable {
    /// A policy cannot be looked up.
    #[error("{source}")]
    Policy {
        #[source]
        source: RequirementError,
    },
    /// All known peers together do not satisfy the policies.
    #[error("no peer combination can satisfy the endorsement policy")]
    Peers,
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::minimal_sets;

    #[test]
    fn no_larger_set_is_asked_than_needed() {
        check(3, |set| set.len() >= 2, expect!["{0, 1} {0, 2} {1, 2}"]);
        check(3, |set| set.contains(&1), expect!["{1}"]);
        check(3, |set| set.contains(&0) || set.len() == 2, expect!["{0} {1, 2}"]);
        check(2, |_| false, expect![""]);
        check(0, |_| true, expect![""]);
    }

    #[track_caller]
    fn check(
        size: usize,
        enough: impl Fn(&std::collections::BTreeSet<usize>) -> bool,
        expected: Expect,
    ) {
        let sets: Vec<_> =
            minimal_sets(size, enough).iter().map(|set| format!("{set:?}")).collect();
        expected.assert_eq(&sets.join(" "));
    }
}
