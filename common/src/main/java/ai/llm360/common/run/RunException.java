package ai.llm360.common.run;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * A run that can't be read or written. The message starts with the path and says what was found and
 * what to do.
 */
public final class RunException extends IOException {

    private static final long serialVersionUID = 1L;

    RunException(Path path, String problem) {
        super(path + ": " + problem);
    }

    RunException(Path path, String problem, Throwable cause) {
        super(path + ": " + problem, cause);
    }

    private RunException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Says what a failed reading or writing means. An interrupted one stays what it is, and so does
     * what has been explained already.
     */
    static IOException explain(Path path, String what, IOException e, String cure) {
        if (e instanceof RunException || interrupted(e)) {
            return e;
        }
        return new RunException(path, what + ": " + reason(path, e) + "; " + cure, e);
    }

    /** Adds what to do to a failure of reading a saved state. */
    static IOException withCure(IOException e, String cure) {
        if (interrupted(e)) {
            return e;
        }
        String message = e.getMessage();
        if (e instanceof FileSystemException failed) {
            message = failed.getFile() + ": " + reason(failed);
        }
        return new RunException(message + "; " + cure, e);
    }

    private static boolean interrupted(IOException e) {
        return e instanceof ClosedByInterruptException || e instanceof InterruptedIOException;
    }

    /** The JDK's file exceptions by themselves only name the file. */
    private static String reason(Path path, IOException e) {
        if (e instanceof FileSystemException failed) {
            String file = failed.getFile();
            String where = file == null || file.equals(path.toString()) ? "" : file + ": ";
            return where + reason(failed);
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String reason(FileSystemException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof NotDirectoryException) {
            return "not a directory";
        }
        return e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
    }
}
