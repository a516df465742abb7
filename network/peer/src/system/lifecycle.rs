//! `_lifecycle`: chaincode definitions. The rules are the ledger's; here they meet a simulation.

use fabric_protos::Message;
use fabric_protos::lifecycle::QueryInstalledChaincodesResult;
use fabric_protos::lifecycle::query_installed_chaincodes_result::InstalledChaincode;
use pervade_ledger::lifecycle::{self, AccessError, Context, LedgerAccess, NAMESPACE};
use pervade_ledger::rwset::sha256;
use pervade_ledger::simulate::SimulateError;
use pervade_ledger::state::StateView;
use thiserror::Error;

use super::{Refusal, SystemCall};
use crate::channel::PrivateKey;
use crate::simulation::{Simulation, SimulationError};

/// Answers a call.
pub(super) fn invoke(called: &SystemCall<'_>) -> Result<Vec<u8>, Refusal> {
    let [function, argument] = called.args else {
        let count = called.args.len();
        return Err(Refusal::new(match count {
            0 => "lifecycle scc must be invoked with arguments".to_owned(),
            _ => format!(
                "lifecycle scc operations require exactly two arguments but received {count}"
            ),
        }));
    };
    let function = String::from_utf8_lossy(function);
    let channel = called.call.channel.as_deref();
    called.check(channel, &format!("{NAMESPACE}/{function}")).map_err(|denied| {
        Refusal::new(format!("Failed to authorize invocation due to failed ACL check: {denied}"))
    })?;
    if function == "QueryInstalledChaincodes" {
        return Ok(installed(called));
    }
    let (Some(channel), Some(simulation)) = (channel, &called.call.simulation) else {
        return Err(Refusal::new(format!(
            "failed to invoke backing implementation of '{function}': a channel is needed"
        )));
    };
    let config = channel.config();
    let organization = called.support.organization();
    let context = Context { config: &config, organization };
    let mut ledger = SimulationAccess {
        simulation,
        called,
        is_approval: function == "ApproveChaincodeDefinitionForMyOrg",
    };
    let answer = lifecycle::invoke(&function, argument, &context, &mut ledger);
    answer.map_err(|lifecycle::Refusal { status, message }| Refusal { status, message })
}

fn installed(called: &SystemCall<'_>) -> Vec<u8> {
    let one = |(package_id, label)| InstalledChaincode { package_id, label, ..Default::default() };
    let installed_chaincodes = called.support.installed().into_iter().map(one).collect();
    QueryInstalledChaincodesResult { installed_chaincodes }.encode_to_vec()
}

/// A proposal's simulation as `_lifecycle` sees it.
struct SimulationAccess<'a> {
    simulation: &'a Simulation,
    called: &'a SystemCall<'a>,
    /// An approval replaces what it cannot read: the values of an earlier approval may be gone
    /// while their hashes are still on the ledger.
    is_approval: bool,
}

impl LedgerAccess for SimulationAccess<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        Ok(self.simulation.get(NAMESPACE, key)?)
    }

    fn range(
        &mut self,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let cursor = self.simulation.range(NAMESPACE, start, end)?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(entry) = self.simulation.next(cursor)?
        {
            found.push(entry);
        }
        Ok(found)
    }

    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), AccessError> {
        Ok(self.simulation.put(NAMESPACE, key, value)?)
    }

    fn delete(&mut self, key: &str) -> Result<(), AccessError> {
        Ok(self.simulation.delete(NAMESPACE, key)?)
    }

    fn get_private(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        let organization = self.called.support.organization();
        let place = PrivateKey { namespace: NAMESPACE, collection, key };
        match self.simulation.get_private(organization, place) {
            Err(SimulationError::Simulate { source: SimulateError::NotAvailable { .. } })
                if self.is_approval =>
            {
                Ok(None)
            }
            found => Ok(found?),
        }
    }

    fn get_private_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, AccessError> {
        let place = PrivateKey { namespace: NAMESPACE, collection, key };
        Ok(self.simulation.private_hash(place)?)
    }

    fn range_private(
        &mut self,
        collection: &str,
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let organization = self.called.support.organization();
        let place = (NAMESPACE, collection);
        Ok(self.simulation.private_range(organization, place, (bounds, limit))?)
    }

    fn put_private(
        &mut self,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), AccessError> {
        Ok(self
            .simulation
            .put_private(PrivateKey { namespace: NAMESPACE, collection, key }, value)?)
    }

    fn delete_private(&mut self, collection: &str, key: &str) -> Result<(), AccessError> {
        Ok(self.simulation.delete_private(PrivateKey { namespace: NAMESPACE, collection, key })?)
    }
}

/// Committed state as `_lifecycle` sees it when nothing may be written and nothing is recorded.
pub(crate) struct StateAccess<'a>(pub(crate) &'a dyn StateView);

impl LedgerAccess for StateAccess<'_> {
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError> {
        Ok(self.0.get(NAMESPACE, key)?.map(|found| found.value))
    }

    fn range(
        &mut self,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        let found = self.0.range(NAMESPACE, start, end, limit)?;
        Ok(found.into_iter().map(|(key, found)| (key, found.value)).collect())
    }

    fn get_private_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, AccessError> {
        let found = self.0.get_hashed(NAMESPACE, collection, &sha256(key.as_bytes()))?;
        Ok(found.map(|found| found.value))
    }

    fn put(&mut self, _key: &str, _value: Vec<u8>) -> Result<(), AccessError> {
        Err(OnlyHashes.into())
    }

    fn delete(&mut self, _key: &str) -> Result<(), AccessError> {
        Err(OnlyHashes.into())
    }

    fn get_private(&mut self, _: &str, _: &str) -> Result<Option<Vec<u8>>, AccessError> {
        Err(OnlyHashes.into())
    }

    fn range_private(
        &mut self,
        _: &str,
        _: (&str, &str),
        _: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError> {
        Err(OnlyHashes.into())
    }

    fn put_private(&mut self, _: &str, _: &str, _: Vec<u8>) -> Result<(), AccessError> {
        Err(OnlyHashes.into())
    }

    fn delete_private(&mut self, _: &str, _: &str) -> Result<(), AccessError> {
        Err(OnlyHashes.into())
    }
}

#[derive(Debug, Error)]
#[error("only public values and hashes can be read here")]
struct OnlyHashes;
