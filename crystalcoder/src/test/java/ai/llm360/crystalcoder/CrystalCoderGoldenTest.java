package ai.llm360.crystalcoder;

import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.testing.GoldenDecoderTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** CrystalCoder against the values that its released block gave for a random tiny model. */
class CrystalCoderGoldenTest extends GoldenDecoderTest {

    CrystalCoderGoldenTest() {
        super("crystalcoder-tiny");
    }

    static List<String> layouts() {
        return List.of("safetensors", "bin-sharded");
    }

    @Override
    protected CausalDecoder newBlock(Path config) throws IOException {
        return new CrystalCoder(CrystalCoderConfig.read(config));
    }

    /** The golden state 3 is the last layer's, before the norm. */
    @Override
    protected List<String> hiddenStates() {
        return List.of("hidden.0", "hidden.1", "hidden.2", "hidden.4");
    }
}
