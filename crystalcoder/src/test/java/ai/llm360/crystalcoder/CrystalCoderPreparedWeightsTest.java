package ai.llm360.crystalcoder;

import ai.llm360.common.model.CausalDecoder;
import ai.llm360.common.testing.PreparedWeightsTest;
import ai.llm360.crystalcoder.testing.TinyCrystalCoder;
import java.io.IOException;
import java.nio.file.Path;

/** Its matrices are stored [in, out], and its head is the embedding table. */
class CrystalCoderPreparedWeightsTest extends PreparedWeightsTest {

    @Override
    protected void writeTiny(Path directory) throws IOException {
        new TinyCrystalCoder().writeTo(directory);
    }

    @Override
    protected CausalDecoder newBlock(Path config) throws IOException {
        return new CrystalCoder(CrystalCoderConfig.read(config));
    }
}
