import { evaluateVariable, matchesWildcard } from '../../conditions/variable-expression.js';
import type { Expansion } from '../../expand.js';
import type { DynamicRule, RuleTest } from './rules.js';

/** What rules know of the computer. What could not be found out is absent, and equal to nothing. */
export interface ComputerFacts {
  readonly make?: string | undefined;
  readonly model?: string | undefined;
  readonly serialNumber?: string | undefined;
  readonly assetTag?: string | undefined;
  readonly uuid?: string | undefined;
  readonly macAddresses: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly defaultGateways: readonly string[];
}

/** The variables that rules read and write. */
export interface RuleVariables {
  read(name: string): { readonly value: string; readonly secret?: boolean | undefined } | undefined;
  expand(text: string): Expansion;
  /** Throws what is wrong with name or value. */
  set(name: string, value: string, secret: boolean): void;
}

/** What became of the rules: how many of them applied, and the names that nothing defines. */
export interface RulesApplied {
  readonly applied: number;
  readonly assignments: number;
  readonly undefinedNames: readonly string[];
}

/**
 * Applies all entries in order (variables.md section 7). `%NAME%` is replaced when its entry is reached, so an entry sees
 * what those before it assigned, and a later assignment overrides an earlier one. A value made of a secret is a secret.
 *
 * | test | true when |
 * |---|---|
 * | (none) | always |
 * | computer | any given value is one of the computer; case and, in MAC addresses, separators do not matter |
 * | location | one of the default gateways is the given one |
 * | makeModel | maker and model both match their wildcards |
 * | variable | as in conditions |
 */
export function applyRules(
  rules: readonly DynamicRule[],
  facts: ComputerFacts,
  variables: RuleVariables,
): RulesApplied {
  const undefinedNames = new Set<string>();
  const expand = (text: string): Expansion => {
    const expansion = variables.expand(text);
    for (const name of expansion.undefinedNames) undefinedNames.add(name);
    return expansion;
  };
  let applied = 0;
  let assignments = 0;
  for (const { when, set } of rules) {
    if (when && !holds(when, facts, variables, (text) => expand(text).text)) continue;
    applied++;
    for (const { name, value, secret } of set) {
      const expansion = expand(value);
      variables.set(expand(name).text.trim(), expansion.text, secret === true || expansion.secret);
      assignments++;
    }
  }
  return { applied, assignments, undefinedNames: [...undefinedNames] };
}

function holds(
  test: RuleTest,
  facts: ComputerFacts,
  variables: RuleVariables,
  expand: (text: string) => string,
): boolean {
  const { computer, location, makeModel, variable, operator, value } = test;
  if (computer) {
    const { assetTag, uuid, serialNumber, macAddress } = computer;
    return (
      isSame(assetTag, facts.assetTag, plain) ||
      isSame(serialNumber, facts.serialNumber, plain) ||
      isSame(uuid, facts.uuid, hexDigits) ||
      facts.macAddresses.some((address) => isSame(macAddress, address, hexDigits))
    );
  }
  if (location) return facts.defaultGateways.some((gateway) => isSame(location.defaultGateway, gateway, plain));
  if (makeModel) {
    const matches = (fact: string | undefined, pattern: string): boolean =>
      matchesWildcard(plain(fact ?? ''), plain(expand(pattern)));
    return matches(facts.make, makeModel.make) && matches(facts.model, makeModel.model);
  }
  if (variable === undefined || operator === undefined) return false;
  const name = expand(variable);
  return evaluateVariable({ variable: name, operator, value: expand(value ?? '') }, variables.read(name)?.value);

  /** Two texts are the same when their normal forms are, and are not empty. */
  function isSame(wanted: string | undefined, fact: string | undefined, normal: (text: string) => string): boolean {
    if (wanted === undefined || fact === undefined) return false;
    const expected = normal(expand(wanted));
    return expected !== '' && expected === normal(fact);
  }
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

/** MAC addresses and UUIDs are written with colons, hyphens, dots, blanks or braces, or none. */
function hexDigits(text: string): string {
  return text.toLowerCase().replaceAll(/[\s:.{}-]/g, '');
}
