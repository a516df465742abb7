// Following chaincode events and blocks.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkpointers } from "@hyperledger/fabric-gateway";
import { common, peer } from "@hyperledger/fabric-protos";
import { sha256, take, text } from "../suite.mjs";
import { CHAINCODE, contract, created, fresh, network, place } from "./assets.mjs";

const { TxValidationCode } = peer;

export const events = {
  async events_arrive_as_they_happen() {
    const live = await network.getChaincodeEvents(CHAINCODE);
    const made = await created();
    const [event] = await take(live, 1);
    assert.equal(event.chaincodeName, CHAINCODE);
    assert.equal(event.eventName, "created");
    assert.equal(text(event.payload), made.id);
    assert.equal(event.transactionId, made.transactionId);
    assert.equal(event.blockNumber, made.block);
  },

  async events_are_replayed_from_a_block() {
    const made = [await created(), await created()];
    const replay = await network.getChaincodeEvents(CHAINCODE, { startBlock: made[0].block });
    const seen = await take(replay, 2);
    assert.deepEqual(seen.map((event) => text(event.payload)), made.map(({ id }) => id));
  },

  async events_go_on_at_a_checkpoint() {
    const checkpointer = checkpointers.inMemory();
    await resumes(checkpointer);
  },

  async events_go_on_at_a_checkpoint_in_a_file() {
    const folder = mkdtempSync(join(tmpdir(), "checkpoint"));
    const file = join(folder, "events.json");
    await resumes(await checkpointers.file(file), () => checkpointers.file(file));
    rmSync(folder, { recursive: true });
  },

  async closing_events_leaves_other_listeners_alone() {
    const one = await network.getChaincodeEvents(CHAINCODE);
    const other = await network.getChaincodeEvents(CHAINCODE);
    const [closing, staying] = [one, other].map((events) => events[Symbol.asyncIterator]());
    const heard = async ({ id }, listener) => {
      const { value } = await listener.next();
      assert.equal(text(value.payload), id);
    };
    const first = await created();
    await heard(first, closing);
    await heard(first, staying);
    one.close();
    await heard(await created(), staying);
    await assert.rejects(closing.next(), /Cancelled on client/);
    other.close();
  },

  async blocks_arrive_as_they_are_committed() {
    const live = await network.getBlockEvents();
    const made = await created();
    const [block] = await take(live, 1);
    assert.equal(BigInt(block.getHeader().getNumber()), made.block);
    assert.ok(transactionIds(block).includes(made.transactionId));
  },

  async blocks_are_replayed_from_the_first() {
    const { block: last, transactionId } = await created();
    const blocks = await take(await network.getBlockEvents({ startBlock: 0n }), Number(last) + 1);
    const numbers = blocks.map((block) => block.getHeader().getNumber());
    assert.deepEqual(numbers, [...numbers.keys()]);
    assert.ok(transactionIds(blocks.at(-1)).includes(transactionId));
    for (const block of blocks) {
      const data = sha256(Buffer.concat(block.getData().getDataList_asU8()));
      assert.deepEqual(Buffer.from(block.getHeader().getDataHash_asU8()), data);
    }
  },

  async blocks_go_on_at_a_checkpoint() {
    const [first, second] = [await created(), await created()];
    const checkpointer = checkpointers.inMemory();
    await checkpointer.checkpointBlock(first.block);
    const [block] = await take(await network.getBlockEvents({ checkpoint: checkpointer }), 1);
    assert.equal(BigInt(block.getHeader().getNumber()), first.block + 1n);
    assert.ok(second.block > first.block);
  },

  async filtered_blocks_tell_verdicts_and_no_payloads() {
    const live = await network.getFilteredBlockEvents();
    const made = await created();
    const replay = await network.getFilteredBlockEvents({ startBlock: made.block });
    for (const [block] of [await take(live, 1), await take(replay, 1)]) {
      assert.equal(block.getChannelId(), place.channel);
      assert.equal(BigInt(block.getNumber()), made.block);
      const all = block.getFilteredTransactionsList();
      const found = all.find((tx) => tx.getTxid() === made.transactionId);
      assert.equal(found.getTxValidationCode(), TxValidationCode.VALID);
      const [action] = found.getTransactionActions().getChaincodeActionsList();
      const event = action.getChaincodeEvent();
      assert.equal(event.getEventName(), "created");
      assert.equal(event.getPayload_asU8().length, 0);
    }
  },

  async blocks_come_with_private_data_too() {
    const live = await network.getBlockAndPrivateDataEvents();
    const made = await created();
    const [{ block, privateData }] = (await take(live, 1)).map((both) => ({
      block: both.getBlock(),
      privateData: both.getPrivateDataMapMap(),
    }));
    assert.ok(transactionIds(block).includes(made.transactionId));
    assert.equal(privateData.getLength(), 0);
  },
};

// Reads one of two events, notes it, and goes on with the other.
async function resumes(checkpointer, reopen = () => checkpointer) {
  const commits = [];
  const ids = [fresh(), fresh()];
  // Perhaps in one block, perhaps in two.
  for (const id of ids) {
    commits.push(await contract.submitAsync("create", { arguments: [id, "1"] }));
  }
  const statuses = await Promise.all(commits.map((commit) => commit.getStatus()));
  const startBlock = statuses[0].blockNumber;
  const next = async (options) => {
    const [event] = await take(await network.getChaincodeEvents(CHAINCODE, options), 1);
    return event;
  };
  const first = await next({ startBlock });
  await checkpointer.checkpointChaincodeEvent(first);
  const second = await next({ startBlock, checkpoint: await reopen() });
  assert.deepEqual([first, second].map((event) => text(event.payload)).sort(), [...ids].sort());
}

function transactionIds(block) {
  return block.getData().getDataList_asU8().map((bytes) => {
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(bytes).getPayload_asU8(),
    );
    const header = payload.getHeader().getChannelHeader_asU8();
    return common.ChannelHeader.deserializeBinary(header).getTxId();
  });
}
