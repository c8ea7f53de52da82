package ai.llm360.zoo.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.Metadata;
import ai.djl.util.JsonUtils;
import ai.llm360.zoo.DecoderBlockFactory;
import ai.llm360.zoo.catalogue.Standing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TreeMetadataTest {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    /** A file of version 1 of the format, as it was written. */
    private static final String SAMPLE =
            """
            {
              "metadataVersion": "0.2",
              "resourceType": "model",
              "application": "nlp/text_generation",
              "groupId": "ai.llm360",
              "artifactId": "my-amber",
              "name": "my-amber",
              "artifacts": [
                {
                  "version": "1.0.0.c0123456789ab",
                  "snapshot": false,
                  "name": "phase1-000012",
                  "properties": {
                    "checkpoint": "phase1-000012",
                    "repository": "my-lab/amber",
                    "revision": "phase1-000012",
                    "commit": "0123456789abcdef0123456789abcdef01234567",
                    "phase": "phase1",
                    "step": "12",
                    "tokens": "768",
                    "loss": "5.25"
                  },
                  "arguments": {
                    "blockFactory": "ai.llm360.zoo.DecoderBlockFactory",
                    "engine": "PyTorch",
                    "translatorFactory": "ai.llm360.zoo.GenerationTranslatorFactory"
                  },
                  "options": {
                    "hasParameter": "false"
                  },
                  "files": {
                    "config.json": {
                      "uri": "../../../../../../my-lab/amber/resolve/0123456789abcdef0123456789abcdef01234567/config.json",
                      "sha1Hash": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                      "size": 2,
                      "name": "config.json"
                    }
                  }
                }
              ]
            }
            """;

    private static final TreeCheckpoint CHECKPOINT =
            new TreeCheckpoint(
                    "phase1-000012",
                    "my-lab/amber",
                    "phase1-000012",
                    COMMIT,
                    new Standing(
                            Optional.of("phase1"),
                            OptionalLong.of(12),
                            OptionalLong.of(768),
                            OptionalDouble.of(5.25)),
                    List.of(
                            new TreeFile(
                                    "config.json", 2, "da39a3ee5e6b4b0d3255bfef95601890afd80709")));

    @Test
    void the_sample_is_what_is_written_and_read() throws Exception {
        assertThat(
                        TreeMetadata.write(
                                "my-amber", List.of(CHECKPOINT), DecoderBlockFactory.ARGUMENTS))
                .isEqualTo(SAMPLE);
        assertThat(TreeMetadata.read(SAMPLE, "sample")).containsExactly(CHECKPOINT);
    }

    @Test
    void djl_reads_the_sample() {
        Metadata metadata = JsonUtils.GSON.fromJson(SAMPLE, Metadata.class);
        assertThat(metadata.getApplication().getPath()).isEqualTo("nlp/text_generation");
        assertThat(metadata.getArtifacts().get(0).getFiles().get("config.json").getSize())
                .isEqualTo(2);
    }

    @Test
    void the_classes_that_it_names_are_there() throws Exception {
        for (String name : List.of("DecoderBlockFactory", "GenerationTranslatorFactory")) {
            assertThat(SAMPLE).contains("ai.llm360.zoo." + name);
            Class.forName("ai.llm360.zoo." + name);
        }
    }

    @Test
    void what_is_no_list_is_refused() {
        for (String bad : List.of("", "{}", "[]", "{\"artifacts\": [{}]}", SAMPLE.substring(50))) {
            assertThatThrownBy(() -> TreeMetadata.read(bad, "the file"))
                    .isInstanceOf(TreeException.class)
                    .hasMessageStartingWith("the file: is no list of checkpoints");
        }
    }

    @Test
    void a_path_that_leads_out_of_the_tree_is_refused() throws Exception {
        String outside = SAMPLE.replace("my-lab/amber", "../../etc");
        TreeCheckpoint checkpoint = TreeMetadata.read(outside, "sample").get(0);
        DirectoryTree tree = new DirectoryTree(Path.of("/tree/of/mine"));
        assertThatThrownBy(() -> tree.directory(checkpoint, null))
                .isInstanceOf(TreeException.class)
                .hasMessageContaining("leads out of /tree/of/mine");
    }
}
