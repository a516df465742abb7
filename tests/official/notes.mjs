// The official client calls `notes`, the chaincode of chaincode.mjs.
//
// In: {"organizations": "<the exported folder>", "channel": "…"}.
// Out: a line per case; see suite.mjs.

import assert from "node:assert/strict";
import { status as Code } from "@grpc/grpc-js";
import { EndorseError, GatewayError } from "@hyperledger/fabric-gateway";
import { input, Place, refused, suite, take, text } from "./suite.mjs";

const CHAINCODE = "notes";

const place = new Place(input());
const network = place.gateway().getNetwork(place.channel);
const contract = network.getContract(CHAINCODE);

await suite({
  async node_calls_node() {
    await contract.submitTransaction("put", "of node", "ä");
    assert.equal(text(await contract.evaluateTransaction("get", "of node")), "ä");
  },

  async node_hears_of_node() {
    const live = await network.getChaincodeEvents(CHAINCODE);
    await contract.submitTransaction("emit", "written", "the payload");
    const [event] = await take(live, 1);
    assert.deepEqual([event.eventName, text(event.payload)], ["written", "the payload"]);
  },

  async node_is_refused_by_node() {
    const response = /^chaincode response 500, not today$/;
    await refused(contract.evaluateTransaction("refuse", "not today"), {
      kind: GatewayError,
      code: Code.UNKNOWN,
      details: [["Org1MSP", response]],
    });
    await refused(contract.submitTransaction("refuse", "not today"), {
      kind: EndorseError,
      code: Code.ABORTED,
      details: [["Org1MSP", response], ["Org1MSP", response]],
    });
  },

  async node_calls_rust_through_node() {
    await contract.submitTransaction("call", "assets", "create", "of node", "3");
    const added = await contract.submitTransaction("call", "assets", "add", "of node", "4");
    assert.equal(text(added), "7");
    const assets = network.getContract("assets");
    assert.equal(text(await assets.evaluateTransaction("value", "of node")), "7");
  },
});
