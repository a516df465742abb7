// Evaluating and submitting.

import assert from "node:assert/strict";
import { status as Code } from "@grpc/grpc-js";
import { GatewayError } from "@hyperledger/fabric-gateway";
import { peer } from "@hyperledger/fabric-protos";
import { ORG1, ORG2, refused, sha256, text } from "../suite.mjs";
import { contract, created, fresh, place, through, value } from "./assets.mjs";

const { TxValidationCode } = peer;

export const transactions = {
  async evaluation_gives_the_result() {
    const { id } = await created();
    assert.equal(await value(id), "10");
    assert.equal(text(await contract.evaluate("assets:value", { arguments: [id] })), "10");
  },

  async submission_gives_the_result_and_takes_effect() {
    const { id } = await created();
    assert.equal(text(await contract.submitTransaction("add", id, "5")), "15");
    assert.equal(await value(id), "15");
  },

  async the_result_comes_before_the_commit_status() {
    const { id, block } = await created();
    const commit = await contract.submitAsync("add", { arguments: [id, "7"] });
    assert.equal(text(commit.getResult()), "17");
    const status = await commit.getStatus();
    assert.equal(status.successful, true);
    assert.equal(status.code, TxValidationCode.VALID);
    assert.equal(status.transactionId, commit.getTransactionId());
    assert.ok(status.blockNumber > block, `block ${status.blockNumber} after ${block}`);
    assert.deepEqual(await commit.getStatus(), status);
  },

  async transient_data_reaches_the_contract() {
    const id = fresh();
    const transientData = { value: Buffer.from("the seed") };
    const sealed = await contract.submit("seal", { arguments: [id], transientData });
    assert.equal(text(sealed), sha256("the seed").toString("hex"));
    assert.equal(await value(id), text(sealed));
  },

  async named_organizations_endorse() {
    const { id } = await created();
    const both = { arguments: [id, "1"], endorsingOrganizations: ["Org1MSP", "Org2MSP"] };
    assert.equal(text(await contract.submit("add", both)), "11");
    const asked = { arguments: [id], endorsingOrganizations: ["Org2MSP"] };
    assert.equal(text(await contract.evaluate("value", asked)), "11");
  },

  async another_organization_may_use_this_peer() {
    const visitor = place.gateway({ at: ORG1, as: ORG2 });
    const assets = through(visitor);
    const { id } = await created();
    assert.equal(text(await assets.submitTransaction("add", id, "2")), "12");
    visitor.close();
  },

  async the_peer_of_another_organization_serves_as_well() {
    const there = place.gateway({ at: ORG2 });
    const assets = through(there);
    const id = fresh();
    await assets.submitTransaction("create", id, "3");
    assert.equal(text(await assets.evaluateTransaction("value", id)), "3");
    there.close();
  },

  async tls_needs_the_organizations_root_and_no_override() {
    const client = place.client({ ...ORG1, override: false });
    const plain = place.gateway({ client });
    const assets = through(plain);
    const { id } = await created();
    assert.equal(text(await assets.evaluateTransaction("value", id)), "10");
    plain.close();

    const stranger = place.client({ ...ORG1, roots: place.roots(ORG2) });
    const distrusting = place.gateway({ client: stranger });
    const call = through(distrusting);
    const gone = { kind: GatewayError, code: Code.UNAVAILABLE };
    await refused(call.evaluateTransaction("value", id), gone);
    distrusting.close();
  },
};
