// The three functions that the bench measures, on Fabric's official Node library.

const shim = require("fabric-shim");

const functions = {
  async noop() {},

  async get_put(stub, key, value) {
    await stub.getState(key);
    await stub.putState(key, Buffer.from(value));
  },

  async hundred_puts(stub, prefix, value) {
    const bytes = Buffer.from(value);
    for (let number = 0; number < 100; number++) {
      await stub.putState(`${prefix}${number}`, bytes);
    }
  },
};

class Measured {
  async Init() {
    return shim.success();
  }

  async Invoke(stub) {
    const { fcn, params } = stub.getFunctionAndParameters();
    await functions[fcn](stub, ...params);
    return shim.success();
  }
}

const server = shim.server(new Measured(), {
  ccid: process.env.CHAINCODE_ID,
  address: process.env.CHAINCODE_SERVER_ADDRESS,
});
server.start();
