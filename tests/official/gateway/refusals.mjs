// What is refused, with the codes, texts and details that applications act on.

import assert from "node:assert/strict";
import { status as Code } from "@grpc/grpc-js";
import {
  CommitError,
  CommitStatusError,
  EndorseError,
  GatewayError,
} from "@hyperledger/fabric-gateway";
import { peer } from "@hyperledger/fabric-protos";
import { ORG1, ORG2, refused, take } from "../suite.mjs";
import {
  CHAINCODE,
  contract,
  created,
  gateway,
  network,
  place,
  through,
  value,
} from "./assets.mjs";

const { TxValidationCode } = peer;

// A proposal whose signer is not who it says.
export const DENIED = {
  kind: GatewayError,
  code: Code.FAILED_PRECONDITION,
  message: /evaluate call to endorser returned error: .*access denied/,
};

export const refusals = {
  async wrong_arguments_to_an_evaluation_are_unknown() {
    const response = /chaincode response 400, .*value takes 1 arguments, 0 came/;
    await refused(contract.evaluateTransaction("value"), {
      kind: GatewayError,
      code: Code.UNKNOWN,
      message: /evaluate call to endorser returned error: chaincode response 400/,
      details: [["Org1MSP", response]],
    });
  },

  async an_error_of_the_contract_keeps_its_code_and_text() {
    const { id } = await created();
    const text = new RegExp(`^chaincode response 409, EXISTS: asset ${id} exists$`);
    const error = await refused(contract.submitTransaction("create", id, "1"), {
      kind: EndorseError,
      code: Code.ABORTED,
      message: /failed to endorse transaction, see attached details for more info/,
      details: [["Org1MSP", text], ["Org1MSP", text]],
    });
    assert.notEqual(error.details[0].address, error.details[1].address);
    assert.match(error.details[0].address, /:\d+$/);
    assert.match(error.transactionId, /^[0-9a-f]{64}$/);
  },

  async an_unknown_function_aborts_with_a_detail_per_peer() {
    const response = /^chaincode response \d+, .*there is no function "nothing"/;
    await refused(contract.submitTransaction("nothing"), {
      kind: EndorseError,
      code: Code.ABORTED,
      details: [["Org1MSP", response], ["Org1MSP", response]],
    });
  },

  async an_unknown_chaincode_is_a_failed_precondition() {
    const nowhere = network.getContract("nowhere");
    const code = Code.FAILED_PRECONDITION;
    await refused(nowhere.evaluateTransaction("value", "k"), { kind: GatewayError, code });
    await refused(nowhere.submitTransaction("add", "k", "1"), { kind: EndorseError, code });
  },

  async an_unknown_channel_is_told() {
    const nowhere = gateway.getNetwork("nowhere");
    const assets = nowhere.getContract(CHAINCODE);
    const code = Code.FAILED_PRECONDITION;
    await refused(assets.evaluateTransaction("value", "k"), { kind: GatewayError, code });
    await refused(assets.submitTransaction("add", "k", "1"), { kind: EndorseError, code });
    const events = await nowhere.getChaincodeEvents(CHAINCODE);
    await refused(take(events, 1), { kind: GatewayError, code: Code.NOT_FOUND });
  },

  async an_organization_without_peers_is_unavailable() {
    const options = { arguments: ["k", "1"], endorsingOrganizations: ["Org3MSP"] };
    await refused(contract.submit("add", options), {
      kind: EndorseError,
      code: Code.UNAVAILABLE,
      message: /failed to find any endorsing peers for org\(s\): Org3MSP/,
    });
  },

  async too_few_endorsements_are_a_commit_error() {
    const { id } = await created();
    const options = { arguments: [id, "1"], endorsingOrganizations: ["Org1MSP"] };
    await refused(contract.submit("add", options), {
      kind: CommitError,
      code: TxValidationCode.ENDORSEMENT_POLICY_FAILURE,
    });
    assert.equal(await value(id), "10");
  },

  async what_another_transaction_overtook_is_invalid() {
    const { id } = await created();
    const overtaken = await contract.newProposal("add", { arguments: [id, "1"] }).endorse();
    await contract.submitTransaction("add", id, "2");
    const status = await (await overtaken.submit()).getStatus();
    assert.equal(status.successful, false);
    assert.equal(status.code, TxValidationCode.MVCC_READ_CONFLICT);
    assert.equal(status.transactionId, overtaken.getTransactionId());
    assert.equal(await value(id), "12");
  },

  async of_transactions_that_race_the_losers_get_a_commit_error() {
    const { id } = await created();
    const racing = Array.from({ length: 8 }, () => contract.submitTransaction("add", id, "1"));
    const outcomes = await Promise.allSettled(racing);
    const losers = outcomes.filter(({ status }) => status === "rejected");
    for (const { reason } of losers) {
      assert.ok(reason instanceof CommitError, reason.stack);
      assert.equal(reason.code, TxValidationCode.MVCC_READ_CONFLICT);
      assert.equal(reason.code, 11);
    }
    assert.ok(losers.length > 0, "nothing was overtaken");
    assert.equal(await value(id), `${10 + outcomes.length - losers.length}`);
  },

  async a_transaction_takes_effect_once() {
    const { id } = await created();
    const transaction = await contract.newProposal("add", { arguments: [id, "1"] }).endorse();
    const first = await (await transaction.submit()).getStatus();
    await transaction.submit();
    await contract.submitTransaction("add", id, "2");
    const again = await (await transaction.submit()).getStatus();
    assert.deepEqual(again, first);
    assert.equal(await value(id), "13");
  },

  // Org2's certificate and key under Org1's name: no authority of Org1 knows it.
  async a_signer_of_another_organization_is_refused_everywhere() {
    const made = await created();
    const liar = place.gateway({ at: ORG1, as: ORG2, mspId: "Org1MSP" });
    const assets = through(liar);
    await refused(assets.evaluateTransaction("value", made.id), DENIED);
    const denied = [["Org1MSP", /access denied/], ["Org1MSP", /access denied/]];
    const aborted = { kind: EndorseError, code: Code.ABORTED, details: denied };
    await refused(assets.submitTransaction("add", made.id, "1"), aborted);

    const commit = await contract.submitAsync("add", { arguments: [made.id, "1"] });
    const asked = liar.newCommit(commit.getBytes());
    await refused(asked.getStatus(), { kind: CommitStatusError, code: Code.PERMISSION_DENIED });
    const channel = liar.getNetwork(place.channel);
    const from = { startBlock: made.block };
    const code = Code.PERMISSION_DENIED;
    const events = await channel.getChaincodeEvents(CHAINCODE, from);
    await refused(take(events, 1), { kind: GatewayError, code });
    const blocks = await channel.getBlockEvents(from);
    await assert.rejects(take(blocks, 1), /status response: 403$/);
    liar.close();
  },
};
