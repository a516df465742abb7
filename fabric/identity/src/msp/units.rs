//! Organisational units: those that tell roles apart, and those an organisation insists on.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::msp;

use crate::identity::Role;
use crate::membership::IdentityError;
use crate::msp::MspError;
use crate::msp::chain::Authorities;

/// The units by which an organisation tells clients, peers, administrators and orderers apart.
pub(super) struct NodeUnits {
    is_enabled: bool,
    by_role: BTreeMap<Role, NodeUnit>,
}

struct NodeUnit {
    name: String,
    /// Digest of the authorities that must vouch for the unit; `None` if any may.
    voucher: Option<[u8; 32]>,
}

impl NodeUnits {
    pub(super) fn new(
        config: &msp::FabricNodeOUs,
        authorities: &Authorities,
    ) -> Result<Self, MspError> {
        let given = [
            (Role::Client, &config.client_ou_identifier),
            (Role::Peer, &config.peer_ou_identifier),
            (Role::Admin, &config.admin_ou_identifier),
            (Role::Orderer, &config.orderer_ou_identifier),
        ];
        let mut by_role = BTreeMap::new();
        for (role, unit) in given {
            let Some(unit) = unit else { continue };
            let name = unit.organizational_unit_identifier.clone();
            let voucher = match unit.certificate.as_slice() {
                [] => None,
                _ => Some(voucher(unit, authorities)?),
            };
            by_role.insert(role, NodeUnit { name, voucher });
        }
        Ok(Self { is_enabled: config.enable, by_role })
    }

    /// Whether roles are told apart at all.
    pub(super) fn is_enforced(&self) -> bool {
        self.is_enabled && !self.by_role.is_empty()
    }

    /// The unit of a role, if the definition names one.
    pub(super) fn name_of(&self, role: Role) -> Option<&str> {
        self.by_role.get(&role).map(|unit| unit.name.as_str())
    }

    /// Checks that exactly one of the units is a role's, and vouched for by the right authorities.
    pub(super) fn check(&self, units: &[String], vouching: [u8; 32]) -> Result<(), IdentityError> {
        let mut roles = 0;
        for unit in units {
            // Where two roles share a unit's name, Fabric keeps the later one.
            let Some(role) = self.by_role.values().rev().find(|role| role.name == *unit) else {
                continue;
            };
            if role.voucher.is_some_and(|voucher| voucher != vouching) {
                return Err(IdentityError::UnitOfOtherAuthority { unit: unit.clone() });
            }
            roles += 1;
            if roles > 1 {
                return Err(IdentityError::SeveralRoles);
            }
        }
        if roles == 1 { Ok(()) } else { Err(IdentityError::NoRole) }
    }
}

/// The units an identity must have one of.
pub(super) fn required(
    units: &[msp::FabricOuIdentifier],
    authorities: &Authorities,
) -> Result<BTreeMap<String, BTreeSet<[u8; 32]>>, MspError> {
    let mut required: BTreeMap<String, BTreeSet<[u8; 32]>> = BTreeMap::new();
    for unit in units {
        let voucher = voucher(unit, authorities)?;
        let name = unit.organizational_unit_identifier.clone();
        required.entry(name).or_default().insert(voucher);
    }
    Ok(required)
}

fn voucher(
    unit: &msp::FabricOuIdentifier,
    authorities: &Authorities,
) -> Result<[u8; 32], MspError> {
    authorities
        .digest_of_authority(&unit.certificate)
        .ok_or_else(|| MspError::UnitVoucher { unit: unit.organizational_unit_identifier.clone() })
}
