use fabric_protos::Message;
use fabric_protos::common::{Block, ChannelHeader, Envelope, HeaderType, Payload};
use fabric_protos::protos::filtered_transaction::Data;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEvent, FilteredBlock,
    FilteredChaincodeAction, FilteredTransaction, FilteredTransactionActions,
    ProposalResponsePayload, Transaction, TransactionAction, TxValidationCode,
};
use pervade_ledger::block;

/// A block without its payloads: what was decided about which transaction, and the names of the
/// events. A transaction that cannot be read at all is left out.
#[must_use]
pub fn filtered_block(full: &Block) -> FilteredBlock {
    let mut filtered = FilteredBlock { number: block::number(full), ..Default::default() };
    let verdicts = block::verdicts(full);
    for (index, envelope) in block::envelopes(full).iter().enumerate() {
        let Some((header, data)) = open(envelope) else { continue };
        let verdict = verdicts.get(index).copied().unwrap_or(TxValidationCode::NotValidated);
        filtered.channel_id = header.channel_id;
        let is_endorsed = header.r#type == i32::from(HeaderType::EndorserTransaction);
        filtered.filtered_transactions.push(FilteredTransaction {
            txid: header.tx_id,
            r#type: header.r#type,
            tx_validation_code: verdict.into(),
            data: is_endorsed.then(|| Data::TransactionActions(filtered_actions(&data))),
        });
    }
    filtered
}

/// The events of a transaction's actions, with their payloads; the payload's data as [`open`]
/// gives it. An action without an event, or that cannot be read, has none.
pub(crate) fn events(data: &[u8]) -> Vec<ChaincodeEvent> {
    let actions = Transaction::decode(data).map(|transaction| transaction.actions);
    actions.unwrap_or_default().iter().filter_map(event).collect()
}

/// A transaction's channel header, and what its payload carries.
pub(crate) fn open(envelope: &[u8]) -> Option<(ChannelHeader, Vec<u8>)> {
    let envelope = Envelope::decode(envelope).ok()?;
    let payload = Payload::decode(envelope.payload.as_slice()).ok()?;
    let header = ChannelHeader::decode(payload.header?.channel_header.as_slice()).ok()?;
    Some((header, payload.data))
}

fn filtered_actions(data: &[u8]) -> FilteredTransactionActions {
    let without_payload = |event| ChaincodeEvent { payload: Vec::new(), ..event };
    let actions = events(data)
        .into_iter()
        .map(|event| FilteredChaincodeAction { chaincode_event: Some(without_payload(event)) });
    FilteredTransactionActions { chaincode_actions: actions.collect() }
}

fn event(action: &TransactionAction) -> Option<ChaincodeEvent> {
    let payload = ChaincodeActionPayload::decode(action.payload.as_slice()).ok()?;
    let response = payload.action?.proposal_response_payload;
    let response = ProposalResponsePayload::decode(response.as_slice()).ok()?;
    let action = ChaincodeAction::decode(response.extension.as_slice()).ok()?;
    let event = ChaincodeEvent::decode(action.events.as_slice()).ok()?;
    Some(event).filter(|event| !event.chaincode_id.is_empty())
}
