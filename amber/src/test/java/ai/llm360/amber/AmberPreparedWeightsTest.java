package ai.llm360.amber;

import ai.llm360.amber.testing.TinyAmber;
import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.testing.PreparedWeightsTest;
import java.io.IOException;
import java.nio.file.Path;

class AmberPreparedWeightsTest extends PreparedWeightsTest {

    @Override
    protected void writeTiny(Path directory) throws IOException {
        TinyAmber.of(TinyAmber.sizes()).writeTo(directory);
    }

    @Override
    protected CausalDecoder newBlock(Path config) throws IOException {
        return new Amber(AmberConfig.read(config));
    }
}
