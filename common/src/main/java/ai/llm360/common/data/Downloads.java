package ai.llm360.common.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The jars that were downloaded, and perhaps the permission to download more.
 *
 * @param cache the directory that keeps them
 * @param announce is told of each download before it begins; absent where nothing may be downloaded
 */
record Downloads(Path cache, Optional<Consumer<URI>> announce) {}
