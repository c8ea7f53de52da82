package ai.llm360.common.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The permission to download.
 *
 * @param cache the directory that keeps what was downloaded
 * @param announce is told of each download before it begins
 */
record Downloads(Path cache, Consumer<URI> announce) {}
