import java.nio.charset.StandardCharsets;
import java.util.List;
import org.hyperledger.fabric.metrics.Metrics;
import org.hyperledger.fabric.shim.ChaincodeBase;
import org.hyperledger.fabric.shim.ChaincodeStub;
import org.hyperledger.fabric.shim.NettyChaincodeServer;
import org.hyperledger.fabric.traces.Traces;

/** The three functions that the bench measures, on Fabric's official Java library. */
public final class Measured extends ChaincodeBase {
    @Override
    public Response init(final ChaincodeStub stub) {
        return newSuccessResponse();
    }

    @Override
    public Response invoke(final ChaincodeStub stub) {
        final List<String> parameters = stub.getParameters();
        switch (stub.getFunction()) {
            case "noop":
                return newSuccessResponse();
            case "get_put":
                stub.getState(parameters.get(0));
                stub.putState(parameters.get(0), bytes(parameters.get(1)));
                return newSuccessResponse();
            case "hundred_puts":
                final byte[] value = bytes(parameters.get(1));
                for (int number = 0; number < 100; number++) {
                    stub.putState(parameters.get(0) + number, value);
                }
                return newSuccessResponse();
            default:
                return newErrorResponse("there is no such function");
        }
    }

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Serves the address in CHAINCODE_SERVER_ADDRESS. */
    public static void main(final String[] arguments) throws Exception {
        final Measured measured = new Measured();
        measured.initializeLogging();
        measured.processEnvironmentOptions();
        Metrics.initialize(measured.getChaincodeConfig());
        Traces.initialize(measured.getChaincodeConfig());
        new NettyChaincodeServer(measured, measured.getChaincodeServerConfig()).start();
    }
}
