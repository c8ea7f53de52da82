package ai.llm360.common.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.util.Pair;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A block whose parameters have the names that the Hub's checkpoints give them, such as {@code
 * model.layers.0.mlp.up_proj.weight}, rather than DJL's {@code 01Layer_02Linear_weight}.
 */
public abstract class HubBlock extends AbstractBlock {

    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Map<String, HubBlock> named = new LinkedHashMap<>();
    private boolean freezingChosen;

    /** Creates a block without parameters. */
    protected HubBlock() {}

    /** Adds parameters. */
    protected final void addWeights(List<WeightSpec> weights) {
        for (WeightSpec weight : weights) {
            addParameter(Parameter.builder().setName(weight.name()).setType(weight.type()).build());
            shapes.put(weight.name(), weight.shape());
        }
    }

    /**
     * Adds a child.
     *
     * @param name the prefix of its parameters' names, without the closing dot
     */
    protected final void addNamed(String name, HubBlock child) {
        addChildBlock(name, child);
        named.put(name, child);
    }

    /**
     * Returns the shape of every parameter by its full name, in order: what a checkpoint must hold.
     */
    public final Map<String, Shape> parameterShapes() {
        Map<String, Shape> all = new LinkedHashMap<>(shapes);
        named.forEach(
                (prefix, child) ->
                        child.parameterShapes()
                                .forEach((name, shape) -> all.put(prefix + "." + name, shape)));
        return all;
    }

    /** {@inheritDoc} The names are the Hub's. */
    @Override
    public final ParameterList getParameters() {
        ParameterList all = getDirectParameters();
        for (Map.Entry<String, HubBlock> child : named.entrySet()) {
            for (Pair<String, Parameter> pair : child.getValue().getParameters()) {
                all.add(child.getKey() + "." + pair.getKey(), pair.getValue());
            }
        }
        return all;
    }

    @Override
    public void freezeParameters(boolean freeze) {
        freezingChosen = true;
        super.freezeParameters(freeze);
    }

    @Override
    public void freezeParameters(boolean freeze, Predicate<Parameter> predicate) {
        freezingChosen = true;
        super.freezeParameters(freeze, predicate);
    }

    /** Returns whether somebody has frozen or unfrozen parameters, as loading alone doesn't. */
    final boolean isFreezingChosen() {
        return freezingChosen || named.values().stream().anyMatch(HubBlock::isFreezingChosen);
    }

    /** Returns one of this block's own parameters. */
    final Parameter parameter(String name) {
        return parameters.get(name);
    }

    @Override
    protected void prepare(Shape[] inputShapes) {
        shapes.forEach(
                (name, shape) -> {
                    Parameter parameter = parameters.get(name);
                    if (!parameter.isInitialized()) {
                        parameter.setShape(shape);
                    }
                });
    }

    @Override
    protected void initializeChildBlocks(
            NDManager manager, DataType dataType, Shape... inputShapes) {
        for (Block child : children.values()) {
            child.initialize(manager, dataType, inputShapes);
        }
    }
}
