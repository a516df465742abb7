// Signing elsewhere.

import assert from "node:assert/strict";
import { signers } from "@hyperledger/fabric-gateway";
import { ORG1, ORG2, refused, take, text } from "../suite.mjs";
import { CHAINCODE, created, place, through, value } from "./assets.mjs";
import { DENIED } from "./refusals.mjs";

// Applications whose keys are elsewhere: this gateway has no signer.
export const offline = {
  async what_is_not_signed_is_not_sent() {
    const apart = place.gateway({ signer: undefined });
    const proposal = through(apart).newProposal("value");
    await assert.rejects(proposal.evaluate(), /No signing implementation/);
    await assert.rejects(proposal.endorse(), /No signing implementation/);
    apart.close();
  },

  async an_evaluation_is_signed_elsewhere() {
    const { id } = await created();
    const apart = place.gateway({ signer: undefined });
    const assets = through(apart);
    const unsigned = assets.newProposal("value", { arguments: [id] });
    const signed = apart.newSignedProposal(unsigned.getBytes(), await digestSigned(unsigned));
    assert.equal(text(await signed.evaluate()), "10");
    apart.close();
  },

  async every_step_of_a_submission_is_signed_elsewhere() {
    const { id } = await created();
    const apart = place.gateway({ signer: undefined });
    const assets = through(apart);
    const unsigned = assets.newProposal("add", { arguments: [id, "4"] });
    const proposal = apart.newSignedProposal(unsigned.getBytes(), await digestSigned(unsigned));
    const prepared = await proposal.endorse();
    assert.equal(text(prepared.getResult()), "14");
    const signature = await digestSigned(prepared);
    const transaction = apart.newSignedTransaction(prepared.getBytes(), signature);
    const submitted = await transaction.submit();
    const commit = apart.newSignedCommit(submitted.getBytes(), await digestSigned(submitted));
    const status = await commit.getStatus();
    assert.equal(status.successful, true);
    assert.equal(status.transactionId, unsigned.getTransactionId());
    assert.equal(await value(id), "14");
    apart.close();
  },

  async requests_for_events_are_signed_elsewhere() {
    const made = await created();
    const apart = place.gateway({ signer: undefined });
    const from = { startBlock: made.block };
    const channel = apart.getNetwork(place.channel);
    const wanted = channel.newChaincodeEventsRequest(CHAINCODE, from);
    const signature = await digestSigned(wanted);
    const request = apart.newSignedChaincodeEventsRequest(wanted.getBytes(), signature);
    const [event] = await take(await request.getEvents(), 1);
    assert.equal(event.transactionId, made.transactionId);
    const blocks = channel.newBlockEventsRequest(from);
    const signed = apart.newSignedBlockEventsRequest(blocks.getBytes(), await digestSigned(blocks));
    const [block] = await take(await signed.getEvents(), 1);
    assert.equal(BigInt(block.getHeader().getNumber()), made.block);
    apart.close();
  },

  async a_signature_of_another_key_is_refused() {
    const { id } = await created();
    const apart = place.gateway({ signer: undefined });
    const assets = through(apart);
    const unsigned = assets.newProposal("value", { arguments: [id] });
    const signature = await digestSigned(unsigned, ORG2);
    const proposal = apart.newSignedProposal(unsigned.getBytes(), signature);
    await refused(proposal.evaluate(), DENIED);
    apart.close();
  },
};

// The signature over what is to be signed, by whoever has the key.
function digestSigned(signable, { domain } = ORG1) {
  return signers.newPrivateKeySigner(place.user(domain).key)(signable.getDigest());
}
