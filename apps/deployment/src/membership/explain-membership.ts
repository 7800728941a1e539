import type { MembershipExplanation } from '@muster/contracts/kinds/collection-members.js';
import type { CollectionRule, CollectionSpec } from '@muster/contracts/kinds/collection.js';
import { FACT_NOT_TOLD } from '@muster/sequence/conditions/facts-query.js';

/** Queries without an answer that a sentence names. */
const MOST_PATHS = 3;

/** A device as the rules see it. */
export interface SeenDevice {
  readonly name: string;
  /** It is an unknown computer, of this architecture. */
  readonly unknown?: { readonly architecture: string | undefined } | undefined;
}

/** What the queries of a collection come to for a device. */
export interface QueryAnswers {
  readonly yes: ReadonlySet<string>;
  /** Those without an answer, and why: the device does not tell a fact on which the outcome hangs, or something is divided by zero. */
  readonly unknown: ReadonlyMap<string, string>;
}

/**
 * Why a device is in a collection, or is not: ((direct ∪ all ∪ asked for ∪ included) ∩ limiting) \ excluded (collections-variables, 2.2).
 *
 * @param memberOf of the collections that the specification names, those that have the device
 */
export function explainMembership(
  collection: string,
  spec: CollectionSpec,
  device: SeenDevice,
  memberOf: ReadonlySet<string>,
  answers: QueryAnswers,
): MembershipExplanation {
  const rules = spec.rules
    .map((rule, index) => ({
      path: `/spec/rules/${index}`,
      rule,
      matches: speaksOf(rule, device, memberOf, answers.yes),
    }))
    .filter(({ rule, matches }) => matches || !('device' in rule) || rule.device === device.name)
    .sort((one, other) => Number(other.matches) - Number(one.matches));
  const { limitingCollection } = spec;
  const limiting =
    limitingCollection === undefined
      ? undefined
      : { name: limitingCollection, member: memberOf.has(limitingCollection) };
  const excluding = rules.find(({ rule, matches }) => matches && 'exclude' in rule);
  const including = rules.find(({ rule, matches }) => matches && !('exclude' in rule));
  const member = including !== undefined && limiting?.member !== false && excluding === undefined;
  return {
    collection,
    device: device.name,
    member,
    reason: reason(),
    rules,
    ...(limiting ? { limitingCollection: limiting } : {}),
  };

  function reason(): string {
    if (including === undefined) {
      return device.unknown
        ? 'no rule lets it in: it is an unknown computer, and none is for those'
        : `no rule lets it in${notTold(rules, answers)}`;
    }
    if (limiting?.member === false) return `it is not in the limiting collection "${limiting.name}"`;
    if (excluding && 'exclude' in excluding.rule) {
      return `${excluding.path} keeps out the members of "${excluding.rule.exclude}", and it is one`;
    }
    return `${including.path} lets it in: ${inWords(including.rule)}`;
  }
}

function speaksOf(
  rule: CollectionRule,
  device: SeenDevice,
  memberOf: ReadonlySet<string>,
  answers: ReadonlySet<string>,
): boolean {
  if ('include' in rule) return memberOf.has(rule.include);
  if ('exclude' in rule) return memberOf.has(rule.exclude);
  if ('unknownComputers' in rule) {
    const { unknown } = device;
    return unknown !== undefined && (rule.unknownComputers === 'all' || rule.unknownComputers === unknown.architecture);
  }
  if (device.unknown) return false;
  if ('query' in rule) return answers.has(rule.query);
  if ('device' in rule) return rule.device === device.name;
  return true;
}

/** Which queries have no answer: for want of facts, or for what else. */
function notTold(rules: MembershipExplanation['rules'], { unknown }: QueryAnswers): string {
  const without = rules.flatMap(({ path, rule }) => {
    const why = 'query' in rule ? unknown.get(rule.query) : undefined;
    return why === undefined ? [] : [{ path, why }];
  });
  const untold = without.filter(({ why }) => why === FACT_NOT_TOLD).map(({ path }) => path);
  const failed = without.filter(({ why }) => why !== FACT_NOT_TOLD).slice(0, MOST_PATHS);
  const first = untold.length === 0 ? '' : `; it has not told what ${untold.slice(0, MOST_PATHS).join(', ')} asks`;
  return first + failed.map(({ path, why }) => `; ${path} has no answer for it: ${why}`).join('');
}

function inWords(rule: CollectionRule): string {
  if ('device' in rule) return 'it is named';
  if ('query' in rule) return 'its facts are so';
  if ('include' in rule) return `it is a member of "${rule.include}"`;
  if ('unknownComputers' in rule) {
    return rule.unknownComputers === 'all'
      ? 'it is an unknown computer'
      : `it is an unknown computer with ${rule.unknownComputers}`;
  }
  return 'all devices are members';
}
