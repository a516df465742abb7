use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::common::{Block, HeaderType};
use fabric_protos::gateway::{
    ChaincodeEventsRequest, ChaincodeEventsResponse, SignedChaincodeEventsRequest,
};
use fabric_protos::id::TxId;
use fabric_protos::orderer::seek_position::Type;
use fabric_protos::protos::{ChaincodeEvent, TxValidationCode};
use futures::Stream;
use pervade_identity::policy::SignedData;
use pervade_ledger::block;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Code;

use super::GatewayService;
use super::failure::{Failure, Invalid};
use crate::access::resource;
use crate::channel::Channel;
use crate::deliver::transaction;

/// Follows the events of one chaincode: one message for each block that has some.
pub(super) fn follow(
    gateway: &GatewayService,
    signed: SignedChaincodeEventsRequest,
    permit: OwnedSemaphorePermit,
) -> Result<
    impl Stream<Item = Result<ChaincodeEventsResponse, tonic::Status>> + Send + use<>,
    Failure,
> {
    let request = unpack(&signed).map_err(Failure::Invalid)?;
    let channel = gateway.channels().named(&request.channel_id).ok_or_else(|| {
        Failure::NoChannel { channel: request.channel_id.clone(), code: Code::NotFound }
    })?;
    let who = SignedData {
        data: &signed.request,
        identity: &request.identity,
        signature: &signed.signature,
    };
    channel.check(resource::CHAINCODE_EVENTS, &who).map_err(|source| Failure::Denied { source })?;
    let mut filter = Filter::new(&channel, request)?;
    Ok(async_stream::try_stream! {
        let _permit = permit;
        loop {
            let number = filter.next;
            channel.committed(number).await;
            let block = channel.block(number).map_err(|source| Failure::Ledger { source })?;
            let events = filter.events(&block);
            filter.next = number.saturating_add(1);
            if !events.is_empty() {
                yield ChaincodeEventsResponse { events, block_number: number };
            }
        }
    })
}

fn unpack(signed: &SignedChaincodeEventsRequest) -> Result<ChaincodeEventsRequest, Invalid> {
    if signed.request.is_empty() {
        return Err(Invalid::NoRequest("chaincode events"));
    }
    ChaincodeEventsRequest::decode(signed.request.as_slice())
        .map_err(|source| Invalid::Request { what: "chaincode events", source })
}

/// Which events a client wants, and how far it has come.
struct Filter {
    chaincode: String,
    next: u64,
    /// Every event up to those of this transaction has been seen before.
    seen_until: Option<String>,
}

impl Filter {
    fn new(channel: &Arc<Channel>, request: ChaincodeEventsRequest) -> Result<Self, Failure> {
        let seen_until = Some(request.after_transaction_id).filter(|tx_id| !tx_id.is_empty());
        let seen = seen_until.clone().and_then(|tx_id| TxId::new(tx_id).ok());
        let seen = seen.and_then(|tx_id| channel.transaction(&tx_id));
        let start = request.start_position.and_then(|position| position.r#type);
        let invalid = |kind| Failure::Invalid(Invalid::StartPosition(kind));
        let next = match (seen, start) {
            (Some(seen), _) => seen.block,
            (None, None | Some(Type::NextCommit(_))) => channel.height(),
            (None, Some(Type::Specified(at))) => at.number,
            (None, Some(Type::Oldest(_))) => return Err(invalid("*orderer.SeekPosition_Oldest")),
            (None, Some(Type::Newest(_))) => return Err(invalid("*orderer.SeekPosition_Newest")),
        };
        Ok(Self { chaincode: request.chaincode_id, next, seen_until })
    }

    /// The wanted events of a block's valid transactions.
    fn events(&mut self, full: &Block) -> Vec<ChaincodeEvent> {
        let verdicts = block::verdicts(full);
        let transactions = block::envelopes(full).iter().zip(verdicts);
        let valid = transactions.filter(|(_, verdict)| *verdict == TxValidationCode::Valid);
        let endorsed = valid
            .filter_map(|(envelope, _)| transaction::open(envelope))
            .filter(|(header, _)| header.r#type == i32::from(HeaderType::EndorserTransaction));
        let mut events: Vec<_> =
            endorsed.flat_map(|(_, data)| transaction::events(&data)).collect();
        events.retain(|event| self.wants(event));
        events
    }

    fn wants(&mut self, event: &ChaincodeEvent) -> bool {
        match &self.seen_until {
            Some(seen) => {
                if event.tx_id == *seen {
                    self.seen_until = None;
                }
                false
            }
            None => event.chaincode_id == self.chaincode,
        }
    }
}
