package ai.llm360.crystalcoder;

import ai.llm360.common.config.RecipeFiles;
import java.util.List;

/** The training recipes that this jar holds: CrystalCoder's three phases, and a small model's. */
public final class CrystalCoderRecipes {

    /** The recipes. */
    public static final RecipeFiles FILES =
            new RecipeFiles(
                    CrystalCoderRecipes.class,
                    List.of(
                            "crystalcoder-7b-phase1",
                            "crystalcoder-7b-phase2",
                            "crystalcoder-7b-phase3",
                            "crystalcoder-nano",
                            "crystal-chat",
                            "crystalcoder-nano-chat"));

    private CrystalCoderRecipes() {}
}
