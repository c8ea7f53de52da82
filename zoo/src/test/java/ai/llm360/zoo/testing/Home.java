package ai.llm360.zoo.testing;

import java.nio.file.Path;

/** Makes a directory the model home until it is closed. */
public final class Home implements AutoCloseable {

    private static final String PROPERTY = "llm360.home";

    private final String before = System.getProperty(PROPERTY);

    private Home() {}

    /** Makes a directory the model home. */
    public static Home at(Path directory) {
        Home home = new Home();
        System.setProperty(PROPERTY, directory.toString());
        return home;
    }

    @Override
    public void close() {
        if (before == null) {
            System.clearProperty(PROPERTY);
        } else {
            System.setProperty(PROPERTY, before);
        }
    }
}
