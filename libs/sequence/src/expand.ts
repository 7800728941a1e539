import { sealedSecretName } from './edit/sealed-reference.js';
import { type VariableStore, readVariable } from './variables.js';

/** Where `%NAME%` looks: the store, then the step's own settings, then the process environment. */
export interface ExpansionScope {
  readonly store: VariableStore;
  /** Settings of the step published as variables, by the name authors use. */
  readonly locals?: Readonly<Record<string, string>> | undefined;
  /** Process environment, only the names the sequence mentions. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Result of an expansion: the text, whether a secret went into it, and the names nobody knew. */
export interface Expansion {
  readonly text: string;
  readonly secret: boolean;
  readonly undefinedNames: readonly string[];
}

const reference = /%%|%([A-Za-z_][A-Za-z0-9_\-()]*)%/g;

/**
 * Replaces `%NAME%` (variables.md section 5), once: a value that contains `%OTHER%` is not expanded again.
 *
 * | text | becomes |
 * |---|---|
 * | `%NAME%`, exists | its value; names without regard to case |
 * | `%NAME%`, only in the process environment | that value |
 * | `%NAME%`, unknown, `whenUndefined: 'literal'` (command lines) | stays as it is |
 * | `%NAME%`, unknown, `whenUndefined: 'empty'` (all other settings) | nothing |
 * | `%%` | `%` |
 * | any other `%` | stays as it is |
 */
export function expand(text: string, scope: ExpansionScope, whenUndefined: 'literal' | 'empty'): Expansion {
  if (!text.includes('%')) return { text, secret: false, undefinedNames: [] };
  let secret = false;
  const undefinedNames: string[] = [];
  const expanded = text.replace(reference, (match: string, name: string | undefined) => {
    if (name === undefined) return '%';
    const variable = readVariable(scope.store, name);
    if (variable) {
      secret ||= variable.secret === true;
      if (sealedSecretName(match) === undefined) return variable.value;
      // It stands for what an author wrote in this very place.
      const written = expand(variable.value, scope, whenUndefined);
      undefinedNames.push(...written.undefinedNames);
      return written.text;
    }
    const other = lookup(scope.locals, name) ?? lookup(scope.environment, name);
    if (other !== undefined) return other;
    undefinedNames.push(name);
    return whenUndefined === 'literal' ? match : '';
  });
  return { text: expanded, secret, undefinedNames };
}

/** The names a text mentions as `%NAME%`. */
export function mentionedNames(text: string): string[] {
  if (!text.includes('%')) return [];
  return [...text.matchAll(reference)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]));
}

/** Expands every text inside a JSON value, keys excepted. A value in which nothing changes is returned itself. */
export function expandDeep(
  value: unknown,
  scope: ExpansionScope,
  whenUndefined: 'literal' | 'empty',
): { value: unknown; secret: boolean; undefinedNames: string[] } {
  const found = { secret: false, undefinedNames: [] as string[] };
  const visit = (item: unknown): unknown => {
    if (typeof item === 'string') {
      const expansion = expand(item, scope, whenUndefined);
      found.secret ||= expansion.secret;
      found.undefinedNames.push(...expansion.undefinedNames);
      return expansion.text;
    }
    if (Array.isArray(item)) {
      const items = item.map(visit);
      return items.every((inner, index) => inner === item[index]) ? item : items;
    }
    if (typeof item === 'object' && item !== null) {
      const before = Object.entries(item);
      const after = before.map(([key, inner]) => [key, visit(inner)] as const);
      return after.every(([, inner], index) => inner === before[index]?.[1]) ? item : Object.fromEntries(after);
    }
    return item;
  };
  return { value: visit(value), ...found };
}

function lookup(record: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  if (!record) return undefined;
  if (Object.hasOwn(record, name)) return record[name];
  const wanted = name.toLowerCase();
  const key = Object.keys(record).find((candidate) => candidate.toLowerCase() === wanted);
  return key === undefined ? undefined : record[key];
}
