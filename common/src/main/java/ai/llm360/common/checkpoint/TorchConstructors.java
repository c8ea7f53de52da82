package ai.llm360.common.checkpoint;

import ai.llm360.common.checkpoint.PickleMachine.Tuple;
import ai.llm360.io.internal.PlainText;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The closed list of what a torch pickle may name, and what each of them means here.
 *
 * <p>None of them is looked up or run: each is an enum constant. {@code collections.OrderedDict}
 * (state dicts and the empty backward hooks of every tensor), the {@code torch.<X>Storage} classes
 * (the element type in a persistent id), {@code torch._utils._rebuild_tensor_v2} (every tensor),
 * {@code torch._utils._rebuild_parameter} (a parameter saved as such), {@code
 * torch._tensor._rebuild_from_type_v2} (a tensor with Python attributes, which the Hub's scans list
 * for LLM360's files) with {@code torch.Tensor} and {@code torch.nn.parameter.Parameter} as its
 * type argument.
 */
final class TorchConstructors {

    private static final Map<String, TensorType> STORAGES =
            Map.of(
                    "DoubleStorage", TensorType.F64,
                    "FloatStorage", TensorType.F32,
                    "HalfStorage", TensorType.F16,
                    "BFloat16Storage", TensorType.BF16,
                    "LongStorage", TensorType.I64,
                    "IntStorage", TensorType.I32,
                    "ShortStorage", TensorType.I16,
                    "CharStorage", TensorType.I8,
                    "ByteStorage", TensorType.U8,
                    "BoolStorage", TensorType.BOOL);

    private final Path file;

    TorchConstructors(Path file) {
        this.file = file;
    }

    private enum Global {
        ORDERED_DICT,
        REBUILD_TENSOR,
        REBUILD_PARAMETER,
        REBUILD_FROM_TYPE,
        TENSOR_CLASS
    }

    /** A run of elements in a record of its own, {@code data/<key>}; the pickle says how many. */
    record Storage(TensorType type, String key, long elements) {}

    /** A view of a storage, from an offset in elements on. */
    record Tensor(Storage storage, long offset, List<Object> sizes, List<Object> strides) {}

    /** Resolves a GLOBAL. */
    Object global(String module, String name) throws CheckpointException {
        if (module.equals("torch") && STORAGES.containsKey(name)) {
            return STORAGES.get(name);
        }
        return switch (module + "." + name) {
            case "collections.OrderedDict" -> Global.ORDERED_DICT;
            case "torch._utils._rebuild_tensor_v2" -> Global.REBUILD_TENSOR;
            case "torch._utils._rebuild_parameter" -> Global.REBUILD_PARAMETER;
            case "torch._tensor._rebuild_from_type_v2" -> Global.REBUILD_FROM_TYPE;
            case "torch.Tensor", "torch.nn.parameter.Parameter" -> Global.TENSOR_CLASS;
            default ->
                    throw problem(
                            "names the Python global "
                                    + PlainText.quote(module + "." + name)
                                    + ", which a state dict doesn't need; it is not run. If you"
                                    + " trust the file, load it in PyTorch and save its state dict"
                                    + " as safetensors");
        };
    }

    /** Resolves a persistent id: {@code ('storage', class, key, location, elements)}. */
    Storage storage(Object id) throws CheckpointException {
        if (id instanceof Tuple tuple
                && tuple.items.size() == 5
                && tuple.items.get(0).equals("storage")
                && tuple.items.get(1) instanceof TensorType type
                && tuple.items.get(2) instanceof String key
                && tuple.items.get(3) instanceof String
                && tuple.items.get(4) instanceof Long elements
                && elements >= 0) {
            return new Storage(type, key, elements);
        }
        throw problem("has a persistent id that is not a storage");
    }

    /** Resolves a REDUCE. */
    Object call(Object callable, Object arguments) throws CheckpointException {
        if (!(arguments instanceof Tuple tuple)) {
            throw problem("calls something without a tuple of arguments");
        }
        if (!(callable instanceof Global global)) {
            throw problem("calls something that is not a function; it is not run");
        }
        return call(global, tuple.items);
    }

    private Object call(Global global, List<Object> args) throws CheckpointException {
        switch (global) {
            case ORDERED_DICT -> {
                if (args.isEmpty()) {
                    return new LinkedHashMap<>();
                }
            }
            case REBUILD_TENSOR -> {
                // (storage, offset, sizes, strides, requires_grad, hooks[, metadata])
                if ((args.size() == 6 || (args.size() == 7 && isEmpty(args.get(6))))
                        && args.get(0) instanceof Storage storage
                        && args.get(1) instanceof Long offset
                        && args.get(2) instanceof Tuple sizes
                        && args.get(3) instanceof Tuple strides) {
                    return new Tensor(storage, offset, sizes.items, strides.items);
                }
            }
            case REBUILD_PARAMETER -> {
                // (tensor, requires_grad, hooks)
                if (args.size() == 3 && args.get(0) instanceof Tensor tensor) {
                    return tensor;
                }
            }
            case REBUILD_FROM_TYPE -> {
                // (function, type, arguments, attributes): the attributes hold no weights. The
                // function can't be this one again, or a pickle could nest calls without end.
                if (args.size() == 4
                        && args.get(0) instanceof Global function
                        && (function == Global.REBUILD_TENSOR
                                || function == Global.REBUILD_PARAMETER)
                        && args.get(1) == Global.TENSOR_CLASS
                        && args.get(2) instanceof Tuple inner) {
                    return call(function, inner.items);
                }
            }
            case TENSOR_CLASS -> throw problem("calls a tensor class; it is not run");
        }
        throw problem("calls " + global + " with arguments that torch never gives it");
    }

    /** A tensor's metadata marks a conjugate or negative view, which no checkpoint has. */
    private static boolean isEmpty(Object metadata) {
        return metadata == PickleMachine.NONE || (metadata instanceof Map<?, ?> m && m.isEmpty());
    }

    CheckpointException problem(String problem) {
        return new CheckpointException(file, "the pickle data.pkl " + problem);
    }
}
