package ai.llm360.cli;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.common.checkpoint.TensorType;
import ai.llm360.zoo.CheckpointEntry;
import ai.llm360.zoo.PartialCheckpoint;
import ai.llm360.zoo.Reference;
import ai.llm360.zoo.TensorRows;
import ai.llm360.zoo.TensorRows.Statistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs {@code llm360 tensor}: prints a tensor, or rows of it, of one checkpoint or across a series.
 */
@Command(
        name = "tensor",
        description = {
            "Reads a tensor, or rows of it, of one checkpoint or across a series.",
            "Of a checkpoint that isn't on this machine, only the bytes that this takes are"
                    + " transferred from the Hub, and nothing is kept."
        })
final class TensorCommand extends Verb {

    /** Checkpoints that are read at once. */
    private static final int AT_ONCE = 4;

    private static final int SHOWN = 8;

    /** Values that a program is given as text; more are for --out. */
    private static final int LISTED = 4096;

    @Parameters(
            index = "0",
            paramLabel = "REF",
            completionCandidates = ModelNames.class,
            description =
                    ModelNames.REF
                            + " A path may also be one file's. Several: amber@0..359:40,"
                            + " ./my-run@uniform:3.")
    private String reference;

    @Parameters(index = "1", paramLabel = "NAME", description = "The tensor's name.")
    private String tensor;

    @Option(
            names = "--rows",
            paramLabel = "FIRST..LAST",
            converter = RowRange.Converter.class,
            description =
                    "Rows of dimension 0, both included: 0..15 are sixteen. Default: all of them.")
    private RowRange rows;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = FileType.class,
            description = "fp32, bf16 or fp16. Default: the type that it is stored in.")
    private TensorType dtype;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "Write a safetensors file: the tensor under its name or, of a range, under each"
                            + " checkpoint's.")
    private Path out;

    private record Read(
            String checkpoint,
            String source,
            String hub,
            String dtype,
            List<Long> shape,
            long transferred,
            Statistics statistics,
            List<Double> values) {}

    private record Result(
            String tensor,
            Long firstRow,
            Long lastRow,
            long transferred,
            String out,
            List<Read> checkpoints) {}

    /** The tensor that was read, and for a file all of it. */
    private record Slice(Read read, TensorRows rows) {}

    @Override
    public Integer call() throws Exception {
        List<Slice> slices = zoo().select(reference).sweep(AT_ONCE, this::read);
        if (out != null) {
            write(slices);
        }
        List<Read> reads = slices.stream().map(Slice::read).toList();
        Result result =
                new Result(
                        tensor,
                        rows == null ? null : rows.first(),
                        rows == null ? null : rows.last(),
                        reads.stream().mapToLong(Read::transferred).sum(),
                        out == null ? null : out.toString(),
                        reads);
        output.result(result, () -> print(result));
        return 0;
    }

    private Slice read(CheckpointEntry entry) throws ModelNotFoundException, IOException {
        PartialCheckpoint checkpoint = entry.partial();
        TensorRows stored =
                rows == null
                        ? checkpoint.read(tensor)
                        : checkpoint.read(tensor, rows.first(), rows.last() + 1);
        TensorRows cast = dtype == null ? stored : stored.to(dtype);
        int listed = Math.min(cast.count(), SHOWN);
        if (output.json()) {
            listed = cast.count() <= LISTED ? cast.count() : 0;
        }
        double[] values = cast.values(0, listed);
        Read read =
                new Read(
                        Reference.isSeveral(reference) ? entry.name() : reference,
                        checkpoint.path().toString(),
                        checkpoint
                                .remote()
                                .map(remote -> remote.endpoint().toString())
                                .orElse(null),
                        cast.type().torchName(),
                        LongStream.of(cast.shape().getShape()).boxed().toList(),
                        checkpoint.transferred(),
                        cast.statistics(),
                        listed == 0 ? null : DoubleStream.of(values).boxed().toList());
        return new Slice(read, out == null ? null : cast);
    }

    private void write(List<Slice> slices) throws IOException {
        Map<String, TensorRows> contents = new LinkedHashMap<>();
        for (Slice slice : slices) {
            String name = slices.size() == 1 ? tensor : slice.read().checkpoint();
            contents.put(name, slice.rows());
        }
        TensorRows.write(out, contents);
    }

    private void print(Result result) {
        Read first = result.checkpoints().get(0);
        if (result.checkpoints().size() == 1) {
            List<List<?>> facts = new ArrayList<>();
            facts.add(List.of("from", first.source()));
            facts.add(List.of("shape", first.shape() + " of " + first.dtype()));
            Statistics statistics = first.statistics();
            facts.add(
                    List.of(
                            "min, max",
                            number(statistics.min()) + ", " + number(statistics.max())));
            facts.add(List.of("mean", number(statistics.mean())));
            facts.add(List.of("rms", number(statistics.rms())));
            facts.add(List.of("norm", number(statistics.norm())));
            facts.add(List.of("values", values(first)));
            output.line(result.tensor());
            output.rows(facts);
        } else {
            output.line("%s: %s of %s".formatted(result.tensor(), first.shape(), first.dtype()));
            output.table(
                    List.of("checkpoint", "min", "max", "mean", "rms", "norm"),
                    result.checkpoints(),
                    TensorCommand::row);
        }
        Optional<String> asked =
                result.checkpoints().stream().map(Read::hub).filter(Objects::nonNull).findFirst();
        output.line(
                "transferred: "
                        + asked.map(hub -> ByteSize.format(result.transferred()) + " from " + hub)
                                .orElse("nothing, all of it is on this machine"));
        if (result.out() != null) {
            output.line("written: " + result.out());
        }
    }

    private static List<?> row(Read read) {
        Statistics of = read.statistics();
        List<Object> row = new ArrayList<>(List.of(read.checkpoint()));
        DoubleStream.of(of.min(), of.max(), of.mean(), of.rms(), of.norm())
                .forEach(value -> row.add(Output.decimal(value, 6)));
        return row;
    }

    private static String values(Read read) {
        if (read.values() == null) {
            return "none";
        }
        List<String> shown = read.values().stream().map(TensorCommand::number).toList();
        long count = read.shape().stream().reduce(1L, Math::multiplyExact);
        return String.join(" ", shown) + (count > shown.size() ? " …" : "");
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.6g", value);
    }
}
