//! `cscc`: a peer's channels and their configurations.

use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::{ChannelInfo, ChannelQueryResponse};

use super::{CSCC, Refusal, SystemCall};
use crate::channel::Channel;

/// The resource that lists channels, which members of the peer's organisation may use.
pub(super) const GET_CHANNELS: &str = "cscc/GetChannels";

/// Answers a call; the channel, where there is one, is an argument.
pub(super) fn invoke(called: &SystemCall<'_>) -> Result<Vec<u8>, Refusal> {
    let (count, function) = (called.args.len(), called.function());
    if count < 1 || (function != "GetChannels" && count < 2) {
        return Err(Refusal::new(format!("Incorrect number of arguments, {count}")));
    }
    let original = &called.call.proposal.chaincode;
    if original != CSCC {
        return Err(Refusal::new(format!(
            "Rejecting invoke of CSCC from another chaincode, original invocation for '{original}'"
        )));
    }
    match function.as_str() {
        "GetChannels" => channels(called),
        "GetConfigBlock" => {
            let block = channel(called, &function)?.config_block();
            block
                .map(|block| block.encode_to_vec())
                .map_err(|error| Refusal::new(error.to_string()))
        }
        "GetChannelConfig" => Ok(channel(called, &function)?.config().config().encode_to_vec()),
        _ => Err(Refusal::new(format!("Requested function {function} not found."))),
    }
}

fn channels(called: &SystemCall<'_>) -> Result<Vec<u8>, Refusal> {
    called
        .check(None, GET_CHANNELS)
        .map_err(|denied| Refusal::new(format!("access denied for [GetChannels]: {denied}")))?;
    let info = |channel: &Arc<Channel>| ChannelInfo { channel_id: channel.id().to_string() };
    let channels = called.channels.all().iter().map(info).collect();
    Ok(ChannelQueryResponse { channels }.encode_to_vec())
}

/// The channel that the call names, if the caller may look at its configuration.
fn channel(called: &SystemCall<'_>, function: &str) -> Result<Arc<Channel>, Refusal> {
    let name = called.text(1);
    let channel = called.channels.named(&name);
    let channel = channel.ok_or_else(|| Refusal::new(format!("Unknown channel ID, {name}")))?;
    called.check(Some(&channel), &format!("cscc/{function}")).map_err(|denied| {
        Refusal::new(format!("access denied for [{function}][{name}]: {denied}"))
    })?;
    Ok(channel)
}
