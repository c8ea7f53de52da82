package ai.llm360.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import ai.llm360.amber.Amber;
import ai.llm360.analysis.task.Request;
import ai.llm360.common.model.InferenceBackend;
import ai.llm360.common.torch.TorchScript;
import ai.llm360.crystalcoder.CrystalCoder;
import ai.llm360.hub.HubClient;
import ai.llm360.io.internal.Hashes;
import ai.llm360.serve.ChatTemplates;
import ai.llm360.zoo.Criteria;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.net.URL;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Which room may import which, and what no room may do. The examples are on nobody's class path, so
 * nothing can import them.
 */
class HouseRulesTest {

    private static final String IO = "ai.llm360.io..";
    private static final String HUB = "ai.llm360.hub..";
    private static final String COMMON = "ai.llm360.common..";
    private static final String KERNELS = "ai.llm360.kernels..";
    private static final String AMBER = "ai.llm360.amber..";
    private static final String CRYSTALCODER = "ai.llm360.crystalcoder..";
    private static final String ZOO = "ai.llm360.zoo..";
    private static final String SERVE = "ai.llm360.serve..";
    private static final String ANALYSIS = "ai.llm360.analysis..";
    private static final String CLI = "ai.llm360.cli..";

    private static final JavaClasses HOUSE =
            new ClassFileImporter()
                    .importUrls(
                            Stream.of(
                                            Hashes.class,
                                            HubClient.class,
                                            TorchScript.class,
                                            backend(),
                                            Amber.class,
                                            CrystalCoder.class,
                                            Criteria.class,
                                            ChatTemplates.class,
                                            Request.class,
                                            Llm360.class)
                                    .map(HouseRulesTest::location)
                                    .toList());

    /** Nothing imports the kernels, so neither does this. */
    private static Class<?> backend() {
        return ServiceLoader.load(InferenceBackend.class).findFirst().orElseThrow().getClass();
    }

    private static URL location(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }

    @Test
    void the_rules_see_every_room() {
        for (String room :
                List.of(IO, HUB, COMMON, KERNELS, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI)) {
            assertThat(HOUSE.that(resideInAPackage(room))).as(room).isNotEmpty();
        }
    }

    @Test
    void imports_run_from_the_command_to_the_floor_only() {
        assertNoImports(IO, List.of(HUB, COMMON, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI));
        assertNoImports(
                HUB, List.of(COMMON, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI, "ai.djl.."));
        assertNoImports(COMMON, List.of(HUB, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI));
        assertNoImports(AMBER, List.of(HUB, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI));
        assertNoImports(CRYSTALCODER, List.of(HUB, AMBER, ZOO, SERVE, ANALYSIS, CLI));
        assertNoImports(ZOO, List.of(SERVE, ANALYSIS, CLI));
        assertNoImports(SERVE, List.of(AMBER, CRYSTALCODER, ANALYSIS, CLI));
        assertNoImports(ANALYSIS, List.of(AMBER, CRYSTALCODER, SERVE, CLI));
        assertNoImports(CLI, List.of(AMBER, CRYSTALCODER));
        assertNoImports(KERNELS, List.of(HUB, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI));
        for (String room :
                List.of(IO, HUB, COMMON, AMBER, CRYSTALCODER, ZOO, SERVE, ANALYSIS, CLI)) {
            assertNoImports(room, List.of(KERNELS));
        }
    }

    @Test
    void packages_of_common_stand_on_one_another_in_one_order() {
        List<String> order =
                Stream.of(
                                "config",
                                "checkpoint",
                                "tokenizer",
                                "chat",
                                "data",
                                "torch",
                                "model",
                                "generate",
                                "run",
                                "train",
                                "finetune")
                        .map(HouseRulesTest::inCommon)
                        .toList();
        assertOrder(order);
    }

    @Test
    void packages_of_analysis_stand_on_one_another_in_one_order() {
        assertOrder(
                Stream.of("task", "code", "evaluate")
                        .map(name -> "ai.llm360.analysis." + name + "..")
                        .toList());
        // Tasks and programs know nothing of each other.
        assertNoImports("ai.llm360.analysis.code..", List.of("ai.llm360.analysis.task.."));
    }

    private static void assertOrder(List<String> order) {
        for (int i = 0; i < order.size() - 1; i++) {
            assertNoImports(order.get(i), order.subList(i + 1, order.size()));
        }
    }

    @Test
    void tokenizing_and_packing_load_no_engine() {
        for (String name : List.of("config", "checkpoint", "tokenizer", "chat", "data")) {
            assertNoImports(inCommon(name), List.of("ai.djl.engine..", "ai.djl.pytorch.."));
        }
    }

    /** Packages named internal may change any day, so nothing that users call names their types. */
    @Test
    void no_public_signature_names_an_internal_type() {
        codeUnits()
                .that()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage("..internal..")
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .and()
                .arePublic()
                .should(
                        new ArchCondition<>("name no internal type") {
                            @Override
                            public void check(JavaCodeUnit unit, ConditionEvents events) {
                                boolean named =
                                        Stream.concat(
                                                        Stream.of(unit.getRawReturnType()),
                                                        unit.getRawParameterTypes().stream())
                                                .anyMatch(resideInAPackage("..internal.."));
                                events.add(
                                        new SimpleConditionEvent(unit, !named, unit.getFullName()));
                            }
                        })
                .check(HOUSE);
    }

    private static String inCommon(String name) {
        return "ai.llm360.common." + name + "..";
    }

    private static void assertNoImports(String room, List<String> others) {
        noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others.toArray(String[]::new))
                .check(HOUSE);
    }

    @Test
    void no_packages_import_each_other_in_a_circle() {
        slices().matching("ai.llm360.(**)").should().beFreeOfCycles().check(HOUSE);
    }

    @Test
    void two_packages_use_the_natives_of_djl() {
        noClasses()
                .that()
                .resideOutsideOfPackages("ai.llm360.common.torch", "ai.llm360.common.model")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl.pytorch.jni")
                .check(HOUSE);
    }

    @Test
    void the_zoos_packages_stand_on_one_another_in_one_order() {
        List<List<String>> floors =
                List.of(
                        List.of("ai.llm360.zoo.catalogue", "ai.llm360.zoo.djl"),
                        List.of("ai.llm360.zoo.source"),
                        List.of("ai.llm360.zoo"),
                        List.of("ai.llm360.zoo.transfer", "ai.llm360.zoo.reproduce"));
        for (int floor = 0; floor < floors.size(); floor++) {
            for (String room : floors.get(floor)) {
                List<String> others =
                        floors.subList(floor, floors.size()).stream()
                                .flatMap(List::stream)
                                .filter(other -> !other.equals(room))
                                .toList();
                assertThat(HOUSE.that(resideInAPackage(room))).as(room).isNotEmpty();
                noClasses()
                        .that()
                        .resideInAPackage(room)
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(others.toArray(String[]::new))
                        .allowEmptyShould(false)
                        .check(HOUSE);
            }
        }
    }

    /** Two model homes live in one process: only a zoo asks the environment, or DJL's factories. */
    @Test
    void the_library_reads_the_environment_in_one_place() {
        noClasses()
                .that()
                .resideInAnyPackage("ai.llm360.zoo..")
                .and()
                .doNotHaveSimpleName("Zoo")
                .and()
                .doNotHaveSimpleName("Builder")
                .should()
                .callMethod(ai.llm360.zoo.source.ModelHome.class, "ofEnvironment")
                .orShould()
                .callMethod(ai.llm360.hub.HubSettings.class, "ofEnvironment")
                .check(HOUSE);
    }

    @Test
    void one_package_reads_hdf5() {
        noClasses()
                .that()
                .resideOutsideOfPackage("ai.llm360.crystalcoder.data")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.jhdf..")
                .check(HOUSE);
    }

    @Test
    void one_class_calls_jinjava() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("ai.llm360.serve.JinjaEngine")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.hubspot..")
                .check(HOUSE);
    }

    @Test
    void libraries_print_nothing_and_never_exit() {
        noClasses()
                .that()
                .resideOutsideOfPackage(CLI)
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)
                .check(HOUSE);
    }

    @Test
    void libraries_keep_no_mutable_static_state() {
        fields().that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage(CLI)
                .should()
                .beFinal()
                .andShould(holdNothingThatChanges())
                .check(HOUSE);
    }

    /** Lists and maps must be the immutable ones: see how each was made. */
    private static ArchCondition<JavaField> holdNothingThatChanges() {
        List<Class<?>> mutable =
                List.of(
                        AtomicBoolean.class,
                        AtomicInteger.class,
                        AtomicLong.class,
                        AtomicReference.class,
                        ThreadLocal.class,
                        StringBuilder.class);
        return new ArchCondition<>("hold nothing that changes") {
            @Override
            public void check(JavaField field, ConditionEvents events) {
                if (field.getModifiers().contains(JavaModifier.SYNTHETIC)) {
                    return; // an enum's values, a switch's table
                }
                JavaClass type = field.getRawType();
                boolean container =
                        type.isAssignableTo(Collection.class) || type.isAssignableTo(Map.class);
                boolean madeOnce =
                        type.isEquivalentTo(List.class)
                                || type.isEquivalentTo(Map.class)
                                || type.isEquivalentTo(java.util.Set.class);
                boolean changes =
                        mutable.stream().anyMatch(type::isAssignableTo) || (container && !madeOnce);
                if (changes) {
                    events.add(SimpleConditionEvent.violated(field, field.getDescription()));
                }
            }
        };
    }

    @Test
    void listing_a_checkpoint_and_tokenizing_load_no_engine() {
        classes()
                .that()
                .haveSimpleName("InfoCommand")
                .or()
                .haveSimpleName("TokenizeCommand")
                .should()
                .onlyDependOnClassesThat(
                        DescribedPredicate.not(
                                resideInAnyPackage(
                                                "ai.llm360.common.torch..",
                                                "ai.llm360.common.model..")
                                        .or(resideInAPackage("ai.djl.engine.."))
                                        .or(
                                                DescribedPredicate.describe(
                                                        "the zoo's loader",
                                                        type ->
                                                                type.isEquivalentTo(
                                                                        Criteria.class)))))
                .check(HOUSE);
    }
}
