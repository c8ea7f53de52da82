package ai.llm360.zoo.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.hub.HubClient;
import ai.llm360.hub.HubException;
import ai.llm360.hub.HubPlan;
import ai.llm360.hub.HubSettings;
import ai.llm360.hub.TransferListener;
import ai.llm360.zoo.HubReference;
import ai.llm360.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PullTest {

    @TempDir Path temp;
    private HubClient client;
    private Zoo zoo;
    private final List<HubReference> planned = new ArrayList<>();
    private final List<HubPlan> done = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        HubSettings hub = HubSettings.of(Map.of("HF_HOME", temp.toString(), "HF_HUB_OFFLINE", "1"));
        zoo = Zoo.builder().optHub(hub).build();
        client = zoo.client();
    }

    /** Writes nothing, but wants so much room for each checkpoint. */
    private final class Wants implements PullTarget {

        private final long each;

        Wants(long each) {
            this.each = each;
        }

        @Override
        public Path directory() {
            return temp.resolve("not/there/yet");
        }

        @Override
        public Planned plan(HubReference wanted) {
            planned.add(wanted);
            HubPlan plan =
                    new HubPlan(
                            wanted.repository(),
                            wanted.revision(),
                            "0".repeat(40),
                            List.of(),
                            List.of(),
                            Map.of());
            return new Planned(
                    plan,
                    2 * each,
                    each,
                    listener -> {
                        done.add(plan);
                        return Path.of(plan.revision());
                    });
        }
    }

    @Test
    void all_is_planned_before_any_of_it_is_done() {
        assertThatThrownBy(() -> Pull.plan(zoo, new Wants(1), List.of("amber@0", "amber@ckpt-999")))
                .isInstanceOf(ModelNotFoundException.class);
        assertThat(planned).isEmpty();
    }

    @Test
    void checkpoints_come_in_the_order_of_their_references() throws Exception {
        Pull pull = Pull.plan(zoo, new Wants(1), List.of("any/model@x", "amber@0..20:10"));
        assertThat(pull.bytesToDownload()).isEqualTo(8);
        assertThat(pull.bytesToWrite()).isEqualTo(4);
        assertThat(pull.run(TransferListener.none()))
                .extracting(Path::toString)
                .containsExactly("x", "ckpt_000", "ckpt_010", "ckpt_020");
    }

    @Test
    void what_does_not_fit_together_is_refused_before_the_first() throws Exception {
        long each = client.freeBytes(temp) / 10 * 6;
        Pull.plan(zoo, new Wants(each), List.of("amber@0")).requireSpace();
        Pull both = Pull.plan(zoo, new Wants(each), List.of("amber@0", "amber@1"));
        assertThatThrownBy(() -> both.run(TransferListener.none()))
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith("2 checkpoints together: " + 2 * each + " bytes are needed")
                .extracting(e -> ((HubException) e).getReason())
                .isEqualTo(HubException.Reason.NO_SPACE);
        assertThat(done).isEmpty();
    }
}
