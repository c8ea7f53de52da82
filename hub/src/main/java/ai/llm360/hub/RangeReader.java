package ai.llm360.hub;

import ai.llm360.hub.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Reads bytes of one file in their order, over as many responses as that takes, and lets no
 * response in that isn't of the file that the Hub listed. May be used from several threads at once.
 */
final class RangeReader {

    private static final int BUFFER = 1 << 18;

    private final HubHttp http;
    private final Sleeper sleeper;
    private final String what;
    private final String commit;
    private final HubFile file;
    private final URI uri;
    private final boolean oneVersion;
    private final AtomicReference<String> firstEtag = new AtomicReference<>();

    /**
     * The address that the Hub has led to; asked directly from then on, since the Hub counts
     * requests.
     */
    private final AtomicReference<URI> storage = new AtomicReference<>();

    /** Takes bytes; what it throws isn't tried again. */
    interface Sink {
        void write(byte[] bytes, int offset, int count) throws IOException;
    }

    /** A server answered with the whole file where a part was asked for. */
    static final class RangesIgnoredException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** The answers are from different versions of the file, so that nothing of it can be kept. */
    static final class ChangedException extends IOException {
        private static final long serialVersionUID = 1L;

        ChangedException(String message) {
            super(message);
        }
    }

    /**
     * Creates a reader.
     *
     * @param oneVersion whether a change of ETag between responses ends the reading; else only the
     *     hash decides, as it must with mirrors whose machines don't agree on one
     */
    RangeReader(
            HubHttp http,
            Sleeper sleeper,
            String repository,
            String commit,
            HubFile file,
            boolean oneVersion) {
        this.oneVersion = oneVersion;
        this.http = http;
        this.sleeper = sleeper;
        this.commit = commit;
        this.file = file;
        this.what = repository + "@" + commit + " " + file.path();
        this.uri =
                URI.create(
                        "%s/%s/resolve/%s/%s"
                                .formatted(
                                        http.settings().endpoint(),
                                        repository,
                                        commit,
                                        HubNames.encodePath(file.path())));
    }

    /** Reads from a byte to the file's end; a server that ignores ranges costs a second reading. */
    void readToEnd(long from, Sink sink) throws IOException {
        read(from, file.size(), true, sink);
    }

    /**
     * Reads a part of the file.
     *
     * @throws RangesIgnoredException if the server can't do that
     */
    void readPart(long from, long to, Sink sink) throws IOException {
        read(from, to, false, sink);
    }

    private void read(long from, long to, boolean wholeWillDo, Sink sink) throws IOException {
        RetryPolicy retries = new RetryPolicy(sleeper, what);
        byte[] buffer = new byte[BUFFER];
        long at = from;
        while (at < to) {
            try (HubResponse response = ask(range(at, to))) {
                skip(response, at, to, wholeWillDo, buffer);
                while (at < to) {
                    int read = response.body().read(buffer, 0, (int) Math.min(BUFFER, to - at));
                    if (read < 0) {
                        throw new TransientException(
                                "the connection ended at byte %d of %d".formatted(at, file.size()));
                    }
                    sink.write(buffer, 0, read);
                    at += read;
                    retries.progressed();
                }
            } catch (TransientException e) {
                storage.set(null); // its signature may have run out
                retries.after(e);
            }
        }
    }

    private HubResponse ask(String range) throws IOException {
        URI direct = storage.get();
        if (direct != null) {
            try {
                return http.get(direct, range, what);
            } catch (HubException e) {
                storage.set(null);
            }
        }
        HubResponse response = http.get(uri, range, what);
        storage.set(response.uri());
        return response;
    }

    private String range(long from, long to) {
        return from == 0 && to == file.size() ? null : "bytes=" + from + "-" + (to - 1);
    }

    /** Checks a response and brings its body to the byte that was asked for. */
    private void skip(HubResponse response, long from, long to, boolean wholeWillDo, byte[] buffer)
            throws IOException {
        requireSameFile(response);
        if (response.status() == 206) {
            requireRange(response, from, to);
            return;
        }
        boolean askedForWhole = range(from, to) == null;
        if (!askedForWhole && !wholeWillDo) {
            throw new RangesIgnoredException();
        }
        requireSize(response.length());
        for (long skipped = 0; skipped < from; ) {
            int read = response.body().read(buffer, 0, (int) Math.min(BUFFER, from - skipped));
            if (read < 0) {
                throw new TransientException("the connection ended before byte " + from);
            }
            skipped += read;
        }
    }

    private void requireRange(HubResponse response, long from, long to) throws IOException {
        HubResponse.ContentRange range = response.range().orElse(null);
        if (range == null || range.first() != from || range.last() != to - 1) {
            throw new TransientException(
                    "the server answers bytes %d to %d with Content-Range '%s'"
                            .formatted(
                                    from,
                                    to - 1,
                                    HubNames.printable(
                                            response.headers()
                                                    .firstValue("Content-Range")
                                                    .orElse(""))));
        }
        requireSize(range.size());
    }

    private void requireSize(OptionalLong offered) throws TransientException {
        if (offered.isPresent() && offered.getAsLong() != file.size()) {
            throw new TransientException(
                    "the server offers %d bytes where the Hub lists %d"
                            .formatted(offered.getAsLong(), file.size()));
        }
    }

    /** Checks that the Hub says what it listed, and that another host's answer stays the same. */
    private void requireSameFile(HubResponse response) throws IOException {
        HubResponse.Said said = response.said();
        requireSame("commit", commit, said.commit().orElse(commit));
        requireSame(
                "hash", file.etag().orElseThrow(), said.etag().orElse(file.etag().orElseThrow()));
        requireSame(
                "size", Long.toString(file.size()), Long.toString(said.size().orElse(file.size())));
        String etag = response.etag().orElse("");
        if (oneVersion
                && !etag.isEmpty()
                && !firstEtag.compareAndSet(null, etag)
                && !etag.equals(firstEtag.get())) {
            throw new ChangedException(
                    "%s: the server's copy changed during the download (ETag '%s', then '%s')"
                            .formatted(
                                    what,
                                    HubNames.printable(firstEtag.get()),
                                    HubNames.printable(etag)));
        }
    }

    private void requireSame(String name, String listed, String found) throws HubException {
        if (!listed.equals(found)) {
            throw new HubException(
                    Reason.DAMAGED,
                    "%s: the Hub answers with %s '%s' where it listed '%s'; ask again later"
                            .formatted(what, name, HubNames.printable(found), listed));
        }
    }
}
