use fabric_protos::protos::TxValidationCode;
use fabric_protos::queryresult::KeyModification;
use pervade_ledger::block;
use pervade_ledger::rwset::deletes;
use pervade_ledger::transaction::{EndorserTransaction, Unpacked, unpack};

use super::{Channel, ChannelReadError};

impl Channel {
    /// What valid transactions did to a public key in the first `height` blocks, newest first, at
    /// most `limit` of them.
    pub(crate) fn key_history(
        &self,
        (namespace, key): (&str, &str),
        height: u64,
        limit: usize,
    ) -> Result<Vec<KeyModification>, ChannelReadError> {
        let mut changes = Vec::new();
        let writing = self.store.blocks_writing(namespace, key).into_iter().rev();
        for number in writing.filter(|number| *number < height) {
            let full = self.block(number)?;
            let verdicts = block::verdicts(&full);
            let transactions = block::envelopes(&full).iter().zip(verdicts).rev();
            let valid = transactions.filter(|(_, verdict)| *verdict == TxValidationCode::Valid);
            changes.extend(valid.filter_map(|(envelope, _)| change(envelope, namespace, key)));
            if changes.len() >= limit {
                break;
            }
        }
        changes.truncate(limit);
        Ok(changes)
    }
}

/// What a transaction does to a key, if anything.
fn change(envelope: &[u8], namespace: &str, key: &str) -> Option<KeyModification> {
    let Ok(Unpacked::Endorser(transaction)) = unpack(envelope) else { return None };
    let EndorserTransaction { tx_id, timestamp, rwset, .. } = *transaction;
    let written = rwset.namespaces.iter().find(|set| set.name == namespace)?;
    let write = written.public.writes.iter().find(|write| write.key == key)?;
    Some(KeyModification {
        tx_id: tx_id.to_string(),
        value: write.value.clone(),
        timestamp,
        is_delete: deletes(write),
    })
}
