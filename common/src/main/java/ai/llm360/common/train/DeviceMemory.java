package ai.llm360.common.train;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the memory in use on the device of a training. */
final class DeviceMemory {

    private static final Path STATUS = Path.of("/proc/self/status");

    private DeviceMemory() {}

    /**
     * Returns the bytes in use: the resident set of this process, or a GPU's committed memory. 0
     * where the system doesn't tell.
     */
    static long used(Device device) {
        if (device.isGpu()) {
            return CudaUtils.getGpuMemory(device).getCommitted();
        }
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith("VmRSS:")) {
                    return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        } catch (IOException e) {
            // No such file: not Linux.
        }
        return 0;
    }
}
