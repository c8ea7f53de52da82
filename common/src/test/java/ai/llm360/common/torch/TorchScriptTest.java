package ai.llm360.common.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TorchScriptTest {

    private NDManager manager;

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    private TorchScript page(String source) {
        return TorchScript.compile(manager, source, Map.of());
    }

    @Test
    void methods_call_each_other_and_read_constants() {
        TorchScript page =
                TorchScript.compile(
                        manager,
                        """
                        def twice(self, x: Tensor):
                            return torch.add(x, x)

                        def scaled(self, x: Tensor):
                            y = torch.mul((self).twice(x), (self).factor)
                            if (self).negative:
                                y = torch.neg(y)
                            return torch.add(y, (self).shift)
                        """,
                        Map.of("factor", 0.25, "shift", -70_000, "negative", true));
        NDArray x = manager.create(new float[] {4, 8});
        assertThat(page.infer(manager, "scaled", x).toFloatArray())
                .containsExactly(-70_002, -70_004);
    }

    @Test
    void every_kind_of_argument_arrives() {
        TorchScript page =
                page(
                        """
                        def all(self, x: Tensor, i: int, l: int, d: float, b: bool, s: str, \
                        n: List[int], t: List[Tensor], v: Tensor):
                            y = torch.add(torch.mul(x, i), torch.add(t[1], v))
                            return [float(torch.sum(y)), float(l), d, float(b), float(len(s)), float(n[1])]
                        """);
        NDArray one = manager.create(1f);
        NDArray two = manager.create(2f);
        try (IValue borrowed = IValue.from((PtNDArray) two)) {
            Object[] arguments = {
                one, 3, 1L << 40, 0.5, true, "größe", new long[] {7, 8}, new NDArray[] {one, two}
            };
            Object[] all = Arrays.copyOf(arguments, 9);
            all[8] = borrowed;
            // 1 * 3 + 2 + 2; a Python string counts code points, TorchScript's counts bytes.
            assertThat(page.run("all", false, TorchScriptTest::doubles, all))
                    .containsExactly(7, 0x1p40, 0.5, 1, 7, 8);
            // A borrowed value outlives the call.
            assertThat(page.run("all", false, TorchScriptTest::doubles, all)[0]).isEqualTo(7);
        }
    }

    private static double[] doubles(IValue value) {
        return value.toDoubleArray();
    }

    @Test
    void an_argument_that_torchscript_has_no_type_for_is_refused() {
        TorchScript page = page("def same(self, x: Tensor):\n  return x\n");
        assertThatThrownBy(() -> page.infer(manager, "same", List.of(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.util.");
        assertThatThrownBy(() -> page.infer(manager, "same", new Object[] {null}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("null");
    }

    @Test
    void a_constant_of_another_type_is_refused() {
        assertThatThrownBy(() -> TorchScript.compile(manager, "", Map.of("name", "text")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("an Integer, a Double or a Boolean, not text");
    }

    @Test
    void a_page_that_does_not_compile_shows_its_line() {
        assertThatThrownBy(() -> page("def f(self, x: Tensor):\n    return torch.no_such_op(x)\n"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("no_such_op")
                .hasMessageContaining("return torch.no_such_op(x)");
    }

    @Test
    void a_missing_method_and_wrong_arguments_are_exceptions_not_crashes() {
        TorchScript page = page("def same(self, x: Tensor):\n  return x\n");
        NDArray x = manager.create(1f);
        assertThatThrownBy(() -> page.infer(manager, "other", x))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("other");
        assertThatThrownBy(() -> page.infer(manager, "same"))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("x");
        assertThatThrownBy(() -> page.infer(manager, "same", 3))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("Tensor");
    }

    @Test
    void autograd_records_train_but_not_infer() {
        TorchScript page = page("def square(self, x: Tensor):\n  return torch.mul(x, x)\n");
        NDArray x = manager.create(new float[] {3});
        x.setRequiresGradient(true);
        try (var collector = manager.getEngine().newGradientCollector()) {
            collector.backward(page.train(manager, "square", x));
        }
        assertThat(x.getGradient().toFloatArray()).containsExactly(6);
        assertThat(page.infer(manager, "square", x).hasGradient()).isFalse();
    }

    @Test
    void a_missing_resource_is_named() {
        assertThatThrownBy(() -> TorchScript.source(TorchScriptTest.class, "none.torchscript"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("none.torchscript")
                .hasMessageContaining(TorchScriptTest.class.getName());
    }
}
