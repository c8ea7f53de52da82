package ai.llm360.amber;

import ai.llm360.common.config.RecipeFiles;
import java.util.List;

/** The training recipes that this jar holds: Amber's own, and smaller models of its shape. */
public final class AmberRecipes {

    /** The recipes. */
    public static final RecipeFiles FILES =
            new RecipeFiles(
                    AmberRecipes.class,
                    List.of(
                            "amber-7b",
                            "amber-160m",
                            "amber-nano",
                            "amber-chat",
                            "amber-safe",
                            "amber-nano-chat",
                            "amber-nano-safe"));

    private AmberRecipes() {}
}
