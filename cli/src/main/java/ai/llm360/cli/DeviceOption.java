package ai.llm360.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import ai.djl.util.cuda.CudaUtils;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code cpu}, {@code cuda} and {@code cuda:1}, and says whether the device is there. */
final class DeviceOption implements ITypeConverter<Device> {

    private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

    @Override
    public Device convert(String text) {
        if (text.equals("cpu")) {
            return Device.cpu();
        }
        Matcher cuda = CUDA.matcher(text);
        if (!cuda.matches()) {
            throw new TypeConversionException(
                    "no device '%s': choose cpu, cuda or cuda:N".formatted(text));
        }
        return Device.gpu(cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
    }

    /**
     * Checks that a device can be used.
     *
     * @throws IllegalStateException if it can't, saying what there is
     */
    static void require(Device device) {
        if (!device.isGpu()) {
            return;
        }
        String asked = "cuda:" + device.getDeviceId() + " was asked for, but ";
        int count = CudaUtils.getGpuCount();
        if (count == 0) {
            throw new IllegalStateException(
                    asked + "no CUDA device is found on this machine; there is cpu");
        }
        if (!Engine.getEngine("PyTorch").hasCapability(StandardCapabilities.CUDA)) {
            throw new IllegalStateException(
                    asked + "this build's libtorch is for the CPU alone; there is cpu");
        }
        if (device.getDeviceId() >= count) {
            throw new IllegalStateException(
                    asked
                            + (count == 1
                                    ? "there are cpu and cuda:0"
                                    : "there are cpu and cuda:0 to cuda:" + (count - 1)));
        }
    }
}
