/** What can be said of a facts query without any computer. */
export type FactsInspection = { readonly problem: string } | { readonly unknownFacts: readonly string[] };

/**
 * Looks at a facts query: `inspectFactsQuery`. It is handed over because the language of the queries takes an eighth of a
 * second to load, and most documents have none.
 */
export type FactsInspector = (query: string) => FactsInspection;
