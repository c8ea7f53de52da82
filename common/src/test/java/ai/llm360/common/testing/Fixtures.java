package ai.llm360.common.testing;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds the reference fixtures that live beside the project, not in it.
 *
 * <p>Their licences differ from the project's, so they are never copied in. A test that asks for
 * one is skipped, saying so, where the folder is absent.
 */
public final class Fixtures {

    private Fixtures() {}

    /**
     * Returns a fixture's path, or skips the calling test if it is absent.
     *
     * @param path the path below the shared folder, such as {@code fixtures/amber-tiny}
     * @return the existing path
     */
    public static Path shared(String path) {
        Path found =
                Path.of(System.getProperty("llm360.shared", "../../shared"))
                        .resolve(path)
                        .normalize();
        assumeThat(Files.exists(found))
                .as("this test needs the reference fixture %s, which is not on this machine", found)
                .isTrue();
        return found;
    }
}
