/**
 * Holds what serving a chat model needs beside the model: the templates that other models bring as
 * Jinja, and the choice of a model's template.
 *
 * <p>Start at {@link ai.llm360.serve.ChatTemplates}. A Jinja template is a stranger's program: it
 * is translated into an own form of few words ({@code JinjaTranslator}) before an engine sees it.
 * No model's mathematics belongs here.
 */
package ai.llm360.serve;
