package ai.llm360.common.train;

import ai.djl.Device;
import ai.llm360.common.config.ConfigException;
import ai.llm360.common.config.ConfigTree;
import ai.llm360.common.config.PortableMode;
import ai.llm360.common.run.RunEvent;
import ai.llm360.common.run.RunLog;
import ai.llm360.common.torch.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Keeps in a run's events which machines it was computed on: one at its beginning, and changes. */
final class RunMachine {

    private static final String KIND = "machine";

    private RunMachine() {}

    /**
     * Records this machine, unless it is the run's already.
     *
     * @return a warning, if it is another one than before
     */
    static Optional<String> record(Path run, RunLog log, long step) throws IOException {
        Machine here = Machine.here();
        Optional<Machine> before =
                RunEvent.read(run).stream()
                        .filter(event -> event.kind().equals(KIND))
                        .reduce((earlier, later) -> later)
                        .map(event -> of(event.details()));
        if (before.isPresent() && before.get().equals(here)) {
            return Optional.empty();
        }
        log.event(new RunEvent(step, KIND, ConfigTree.of(here).asMap()));
        List<String> differences =
                before.map(machine -> machine.differences(here)).orElse(List.of());
        return differences.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        ("from step %d on the run is computed on another machine (%s): the last"
                             + " bits may differ from those that the one before would have given")
                                .formatted(step, String.join("; ", differences)));
    }

    /**
     * Checks that what is to be the same everywhere can be, before anything is computed.
     *
     * @return a warning, if this system computes bits of its own in any mode
     * @throws ConfigException if the run is a portable one and this process isn't, or not the
     *     device
     */
    static Optional<String> checkPortable(TrainingConfig config, Device device) throws IOException {
        if (!config.portable()) {
            return Optional.empty();
        }
        if (device.isGpu()) {
            throw new ConfigException(
                    "portable: true is computed on the CPU, not on %s; give the CPU, or portable: false"
                            .formatted(device));
        }
        Machine here = Machine.here();
        if (!PortableMode.isSupported()) {
            return Optional.of(
                    ("portable: true means the same bits on every x86-64 Linux; this is %s, whose"
                                    + " last bits may differ from theirs")
                            .formatted(here.system()));
        }
        if (!here.isPortable()) {
            throw new ConfigException(
                    ("portable: true needs a process in the portable mode, and libtorch computes"
                         + " with kernels for %s and %d threads here: call PortableMode.apply()"
                         + " before anything loads libtorch, or give portable: false")
                            .formatted(here.instructions(), here.threads()));
        }
        return Optional.empty();
    }

    private static Machine of(Map<String, Object> details) {
        return new Machine(
                text(details, "processor"),
                details.get("threads") instanceof Number threads ? threads.intValue() : 0,
                text(details, "libtorch"),
                text(details, "instructions"),
                text(details, "system"));
    }

    private static String text(Map<String, Object> details, String name) {
        return details.get(name) instanceof String text ? text : null;
    }
}
