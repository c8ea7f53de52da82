package ai.llm360.common.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.llm360.common.testing.PickleBuilder;
import ai.llm360.common.testing.TorchZipBuilder;
import ai.llm360.io.internal.testing.Mutations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pickles of a few hundred bytes that mean more than a memory holds, or themselves. */
@Timeout(60)
class HostilePickleTest {

    /** No message is longer, apart from its file's path. */
    private static final int LONGEST = 1000;

    @TempDir Path folder;

    /** A list that holds the one before twice, sixty times: 2^60 values, and as many to print. */
    private static PickleBuilder doubled(PickleBuilder pickle) {
        pickle.raw(']', 'q', 100);
        for (int i = 0; i < 60; i++) {
            pickle.raw('h', 100 + i, 'h', 100 + i, 0x86, ']', 'q', 101 + i, '(');
            pickle.raw('h', 100 + i, 'h', 100 + i, 'e', '0', '0', 'h', 101 + i);
        }
        return pickle;
    }

    /** Two lists that hold each other. */
    private static PickleBuilder circle(PickleBuilder pickle) {
        return pickle.raw(']', 'q', 200, ']', 'q', 201, 'h', 200, 'a', 'a', '0', 'h', 200, 'h', 201)
                .raw('a');
    }

    /** A dict that is its own value. */
    private static PickleBuilder ownValue(PickleBuilder pickle) {
        return pickle.raw('}', 'q', 202).text("self").raw('h', 202, 's');
    }

    private interface Value {
        PickleBuilder on(PickleBuilder pickle);
    }

    private static PickleBuilder tensor(Value sizes, Value strides) {
        PickleBuilder pickle =
                new PickleBuilder()
                        .proto(2)
                        .emptyDict()
                        .mark()
                        .text("w")
                        .global("torch._utils", "_rebuild_tensor_v2")
                        .mark()
                        .storage("FloatStorage", "0", 1)
                        .integer(0);
        sizes.on(pickle.mark());
        strides.on(pickle.tuple().mark());
        return pickle.tuple().no().orderedDict().tuple().reduce().setItems();
    }

    @Test
    void strides_that_hold_themselves_are_never_printed() throws IOException {
        for (Value evil :
                new Value[] {
                    HostilePickleTest::doubled,
                    HostilePickleTest::circle,
                    HostilePickleTest::ownValue
                }) {
            refuses(
                    tensor(p -> p.integer(-1), evil).stop(),
                    "size or stride that is not an integer");
            refuses(
                    tensor(evil, p -> p.integer(1)).stop(),
                    "size or stride that is not an integer");
        }
    }

    @Test
    void many_sizes_are_counted_before_they_are_printed() throws IOException {
        Value many =
                pickle -> {
                    for (int i = 0; i < 90_000; i++) {
                        pickle.integer(1L << 40);
                    }
                    return pickle;
                };
        refuses(tensor(p -> p.integer(-1), many).stop(), "more than 64 dimensions");
        refuses(tensor(many, many).stop(), "more than 64 dimensions");
    }

    @Test
    void what_is_no_tensor_is_named_by_its_kind() throws IOException {
        for (Value evil :
                new Value[] {
                    HostilePickleTest::doubled,
                    HostilePickleTest::circle,
                    HostilePickleTest::ownValue
                }) {
            PickleBuilder pickle = new PickleBuilder().proto(2).emptyDict().mark().text("w");
            refuses(evil.on(pickle.mark()).tuple().setItems().stop(), "not a tensor");
            refuses(evil.on(new PickleBuilder().proto(2).mark()).tuple().stop(), "a state dict");
            refuses(
                    evil.on(new PickleBuilder().proto(2).mark()).tuple().raw('Q').stop(),
                    "persistent id");
            refuses(
                    evil.on(new PickleBuilder().proto(2).emptyDict().mark().mark())
                            .tuple()
                            .raw('K', 1, 'u')
                            .stop(),
                    "neither text nor a number");
        }
    }

    @Test
    void names_of_megabytes_and_control_characters_are_quoted_short() throws IOException {
        String escape = "\u001b]0;owned\u0007\r\u202e";
        String name = escape + "x".repeat(2 << 20);
        refuses(new PickleBuilder().proto(2).global(name.substring(20), "y").stop(), "global");
        refuses(new PickleBuilder().proto(2).global(escape, "y").stop(), "\\u001b]0;owned\\u0007");
        refuses(
                new PickleBuilder().proto(2).emptyDict().mark().text(name).no().setItems().stop(),
                "\\u001b]0;owned\\u0007\\r\\u202e");
        refuses(
                new PickleBuilder()
                        .proto(2)
                        .emptyDict()
                        .mark()
                        .text(name)
                        .no()
                        .text(name)
                        .no()
                        .setItems()
                        .stop(),
                "twice");
        refuses(
                new PickleBuilder()
                        .proto(2)
                        .emptyDict()
                        .mark()
                        .text("w")
                        .tensor("FloatStorage", name, 1, 0, new long[] {1}, new long[] {1})
                        .setItems()
                        .stop(),
                "lacks the record");
    }

    @Test
    void long_integers_are_refused_by_their_length() throws IOException {
        refuses(new PickleBuilder().proto(2).raw(0x8a, 255).raw(new int[255]).stop(), "255 bytes");
        refuses(new PickleBuilder().proto(2).raw(0x8b, 0, 0, 0, 1).stop(), "0x8b");
        refuses(new PickleBuilder().proto(2).raw(0x82, 1).stop(), "0x82");
        refuses(new PickleBuilder().proto(2).raw('P', 'x', '\n').stop(), "0x50");
        refuses(new PickleBuilder().proto(2).raw('I', '9', '\n').stop(), "0x49");
    }

    /** Random programs of opcodes that know each other: most get further than damaged bytes do. */
    @Test
    void random_programs_are_run_or_refused() throws IOException {
        Value[] steps = {
            p -> p.raw('('),
            p -> p.raw('t'),
            p -> p.raw('l'),
            p -> p.raw('d'),
            p -> p.raw(']'),
            p -> p.raw('}'),
            p -> p.raw(')'),
            p -> p.raw('a'),
            p -> p.raw('e'),
            p -> p.raw('u'),
            p -> p.raw('s'),
            p -> p.raw('0'),
            p -> p.raw('1'),
            p -> p.raw('N'),
            p -> p.raw('R'),
            p -> p.raw('Q'),
            p -> p.raw('b'),
            p -> p.raw('q', 0),
            p -> p.raw('q', 1),
            p -> p.raw('h', 0),
            p -> p.raw('h', 1),
            p -> p.raw('h', 2),
            p -> p.raw(0x94),
            p -> p.raw(0x85),
            p -> p.raw(0x86),
            p -> p.raw(0x87),
            p -> p.text("w"),
            p -> p.no(),
            p -> p.integer(-1),
            p -> p.integer(Long.MIN_VALUE),
            p -> p.orderedDict(),
            p -> p.storage("FloatStorage", "0", 1),
            HostilePickleTest::circle,
            p -> p.global("torch._utils", "_rebuild_tensor_v2"),
            p -> p.global("torch._tensor", "_rebuild_from_type_v2"),
            p -> p.global("torch", "FloatStorage")
        };
        Random random = new Random(21);
        int left = 0;
        for (int i = 0; i < Mutations.cases(20_000); i++) {
            PickleBuilder pickle = new PickleBuilder().proto(2);
            for (int step = 1 + random.nextInt(40); step > 0; step--) {
                steps[random.nextInt(steps.length)].on(pickle);
            }
            Path file = folder.resolve("x.bin");
            try {
                Object result = new PickleMachine(pickle.stop(), new TorchConstructors(file)).run();
                assertThat(result).isNotNull();
                left++;
            } catch (CheckpointException e) {
                assertThat(e.getMessage().length()).isLessThan(LONGEST);
            }
        }
        assertThat(left).isPositive();
    }

    private void refuses(byte[] pickle, String message) throws IOException {
        Path file = folder.resolve("x.bin");
        Files.deleteIfExists(file);
        new TorchZipBuilder().pickle(pickle).record("data/0", new byte[4]).write(file);
        assertThatThrownBy(() -> Checkpoint.open(file).close())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message)
                .satisfies(
                        e ->
                                assertThat(e.getMessage())
                                        .hasSizeLessThan(LONGEST + file.toString().length())
                                        .doesNotContain("\u001b", "\r", "\u202e", "\u0007"));
    }
}
