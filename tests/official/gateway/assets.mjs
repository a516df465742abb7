// The contract that the cases use: `assets` of the test program, with create(id, value),
// add(id, amount), value(id) and seal(id).

import assert from "node:assert/strict";
import { input, Place, text } from "../suite.mjs";

export const CHAINCODE = "assets";
export const place = new Place(input());
export const gateway = place.gateway();
export const network = gateway.getNetwork(place.channel);
export const contract = network.getContract(CHAINCODE);

let serial = 0;
export const fresh = () => `asset${++serial}`;

// A new asset with a value of 10, and where it is.
export async function created() {
  const id = fresh();
  const commit = await contract.submitAsync("create", { arguments: [id, "10"] });
  const status = await commit.getStatus();
  assert.ok(status.successful, `status ${status.code}`);
  return { id, block: status.blockNumber, transactionId: status.transactionId };
}

export const value = async (id) => text(await contract.evaluateTransaction("value", id));

// The same contract through another gateway.
export const through = (other) => other.getNetwork(place.channel).getContract(CHAINCODE);
