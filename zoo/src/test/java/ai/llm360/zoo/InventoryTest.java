package ai.llm360.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.repository.zoo.ModelNotFoundException;
import ai.llm360.zoo.testing.Home;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InventoryTest {

    @TempDir Path temp;
    private Home home;

    @BeforeEach
    void open() {
        home = Home.at(temp);
    }

    @AfterEach
    void close() {
        home.close();
    }

    private static List<String> atHand(String model) throws ModelNotFoundException, IOException {
        return Inventory.of(model).stream()
                .filter(Inventory.Item::atHand)
                .map(Inventory.Item::name)
                .toList();
    }

    @Test
    void what_is_on_this_machine_is_marked_whatever_its_spelling()
            throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("amber/main"));
        Files.createDirectories(temp.resolve("amber/ckpt_007"));
        assertThat(Inventory.of("amber")).hasSize(360);
        assertThat(atHand("amber")).containsExactly("ckpt-007", "ckpt-359");
        assertThat(Inventory.of("amber").get(7).directory())
                .hasValue(temp.resolve("amber/ckpt_007"));
    }

    @Test
    void what_is_here_but_not_known_by_name_has_its_place_in_the_order()
            throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("crystalcoder/phase1-003000"));
        Files.createDirectories(temp.resolve("crystalcoder/mine"));
        assertThat(Inventory.of("crystalcoder"))
                .hasSize(58)
                .extracting(Inventory.Item::name)
                .startsWith("mine", "phase1-001500", "phase1-003000", "phase1-004500");
        assertThat(atHand("crystalcoder")).containsExactly("mine", "phase1-003000");
    }

    @Test
    void what_the_library_brings_is_always_at_hand() throws ModelNotFoundException, IOException {
        List<Inventory.Item> items = Inventory.of("amber-nano");
        assertThat(items).hasSize(10).allMatch(Inventory.Item::atHand);
        assertThat(items).allMatch(item -> item.directory().isEmpty());
        assertThat(items.get(9).tokens()).isNotEmpty();
        assertThat(temp).isEmptyDirectory();
    }

    @Test
    void models_are_published_brought_or_in_the_home() throws ModelNotFoundException, IOException {
        Files.createDirectories(temp.resolve("my-run/ckpt-000"));
        assertThat(Inventory.models())
                .containsExactly(
                        "amber",
                        "crystalcoder",
                        "amberchat",
                        "ambersafe",
                        "crystalchat",
                        "amber-nano",
                        "crystalcoder-nano",
                        "my-run");
        assertThat(atHand("my-run")).containsExactly("ckpt-000");
        assertThatThrownBy(() -> Inventory.of("my-rum"))
                .isInstanceOf(ModelNotFoundException.class)
                .hasMessageContaining("no model 'my-rum'")
                .hasMessageContaining("my-run");
    }
}
