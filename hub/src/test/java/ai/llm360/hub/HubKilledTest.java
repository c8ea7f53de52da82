package ai.llm360.hub;

import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.io.internal.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Processes that end in the middle, and processes that meet. */
@DisabledOnOs(OS.WINDOWS) // the shell starts them
class HubKilledTest {

    private static final ServedFile CONFIG = ServedFile.text("config.json", "{}");
    private static final ServedFile WEIGHTS = ServedFile.weights("model.safetensors", 1_000_003);
    private static final long NEVER = Long.MAX_VALUE;

    @TempDir Path home;
    private HubServer server;
    private HubCase hub;

    @BeforeEach
    void start() throws IOException {
        server = HubServer.with(CONFIG, WEIGHTS);
        hub = new HubCase(home, server);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void assertNotThere() throws IOException {
        assertThat(hub.snapshot().resolve(WEIGHTS.path())).doesNotExist();
        assertThat(hub.blob(WEIGHTS)).doesNotExist();
        hub.assertNothingDamaged();
    }

    @Test
    void a_download_goes_on_at_the_byte_where_it_was_killed() throws Exception {
        try (HubProcess process = HubProcess.start("", server, home, 400_000)) {
            process.await("stopped");
            process.kill();
        }
        assertNotThere();
        long there = Files.size(hub.partial(WEIGHTS));
        assertThat(there).isBetween(400_000L - CONFIG.size(), 400_000L + HubCase.PART);
        server.requests().clear();
        hub.pull(hub.builder().optConnections(1).build());
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(CONFIG)).isEmpty();
        assertThat(server.requestsOf(WEIGHTS))
                .extracting(HubServer.Request::range)
                .containsExactly("bytes=" + there + "-1000002");
    }

    @Test
    void a_file_whose_name_was_not_given_yet_is_verified_and_not_fetched_again() throws Exception {
        long all = (long) CONFIG.size() + WEIGHTS.size();
        try (HubProcess process = HubProcess.start("", server, home, all)) {
            process.await("stopped");
            process.kill();
        }
        assertNotThere();
        assertThat(hub.partial(WEIGHTS)).hasSize(WEIGHTS.size());
        server.requests().clear();
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(WEIGHTS)).isEmpty();
    }

    @Test
    void a_blob_whose_link_was_not_made_yet_is_not_fetched_again() throws IOException {
        hub.pull();
        Files.delete(hub.snapshot().resolve(WEIGHTS.path()));
        server.requests().clear();
        hub.with("HF_HUB_OFFLINE", "1").pull();
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requests()).isEmpty();
    }

    /** Holds bytes back until two have asked where the branch stands. */
    private void serveWhenTwoAreHere() {
        CountDownLatch both = new CountDownLatch(2);
        server.hubFault(
                (exchange, file) -> {
                    if (exchange.getRequestURI().getPath().contains("/revision/")) {
                        both.countDown();
                    }
                    return false;
                });
        server.storageFault(
                (exchange, file) -> {
                    try {
                        both.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return false;
                });
    }

    private void assertDownloadedOnce() throws IOException {
        hub.assertHas(CONFIG, WEIGHTS);
        assertThat(server.requestsOf(CONFIG)).hasSize(1);
        assertThat(server.requestsOf(WEIGHTS)).hasSize(WEIGHTS.size() / HubCase.PART + 1);
    }

    @Test
    void two_processes_download_a_file_once() throws IOException {
        serveWhenTwoAreHere();
        try (HubProcess one = HubProcess.start("", server, home, NEVER);
                HubProcess two = HubProcess.start("", server, home, NEVER)) {
            one.await("done");
            two.await("done");
        }
        assertDownloadedOnce();
    }

    @Test
    void two_clients_of_one_process_download_a_file_once() throws IOException {
        serveWhenTwoAreHere();
        try (Workers workers = new Workers("hub-download", 2)) {
            workers.all(List.of(this::pullSpinning, this::pullSpinning));
        }
        assertDownloadedOnce();
    }

    private Void pullSpinning() throws IOException {
        hub.pull(hub.builder().optSleeper(duration -> Thread.onSpinWait()).build());
        return null;
    }

    @Test
    void a_process_waits_for_another_and_takes_over_when_that_is_killed() throws Exception {
        try (HubProcess first = HubProcess.start("", server, home, 300_000)) {
            first.await("stopped");
            HubClient second =
                    hub.builder()
                            .optSleeper(
                                    duration -> {
                                        hub.pauses().add(duration);
                                        first.kill();
                                    })
                            .build();
            hub.pull(second);
        }
        assertThat(hub.pauses()).isNotEmpty();
        hub.assertHas(CONFIG, WEIGHTS);
    }

    /** The shell's limit on a file's size is, to a program, a disk that is full. */
    @Test
    void a_disk_that_fills_up_is_told_and_what_is_there_is_kept() throws Exception {
        try (HubProcess process = HubProcess.start("ulimit -f 900;", server, home, NEVER)) {
            assertThat(process.await("NO_SPACE"))
                    .contains(".llm360.incomplete can't be written at byte ", "free some space");
        }
        assertNotThere();
        assertThat(hub.partial(WEIGHTS)).hasSize(900 * 512L);
        hub.pull();
        hub.assertHas(CONFIG, WEIGHTS);
    }
}
