package ai.llm360.zoo.source;

import ai.llm360.zoo.catalogue.Standing;
import java.util.List;

/**
 * A checkpoint in a static tree.
 *
 * @param name its name, such as {@code ckpt-003}
 * @param repository the repository that it lies in, such as {@code LLM360/Amber}
 * @param revision the branch of the repository that stands at it, such as {@code ckpt_003}
 * @param commit what names its files: 40 hexadecimal digits
 * @param standing where the training stood
 * @param files what it is loaded from, and small files beside
 */
public record TreeCheckpoint(
        String name,
        String repository,
        String revision,
        String commit,
        Standing standing,
        List<TreeFile> files) {

    /** Copies the list. */
    public TreeCheckpoint {
        files = List.copyOf(files);
    }
}
