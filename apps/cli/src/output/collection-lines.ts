import type { MembershipExplanation, MembershipPreview } from '@muster/contracts/kinds/collection-members.js';
import type { CollectionRule } from '@muster/contracts/kinds/collection.js';

/** Names of a preview on the screen; all others are counted. */
const MOST_NAMES = 20;

/** Why a device is a member, for people. */
export function explanationLines(explanation: MembershipExplanation, is = 'is'): string[] {
  const { collection, device, member, reason, rules, limitingCollection } = explanation;
  return [
    `${device} ${is === 'is' ? `is ${member ? '' : 'not '}` : `would ${member ? '' : 'not '}be `}in ${collection}: ${reason}`,
    ...rules.map(({ path, rule, matches }) => `  ${matches ? '✓' : '·'} ${path}  ${ruleText(rule)}`),
    ...(limitingCollection
      ? [`  ${limitingCollection.member ? '✓' : '·'} /spec/limitingCollection  ${limitingCollection.name}`]
      : []),
  ];
}

/** Who would enter and leave, for people. */
export function previewLines(name: string, preview: MembershipPreview): string[] {
  const { members, added, removed, examples, explanation } = preview;
  return [
    `${name} would have ${members} ${members === 1 ? 'member' : 'members'}: ${added} would enter, ${removed} would leave`,
    ...nameLines('+', examples.added, added),
    ...nameLines('-', examples.removed, removed),
    ...(explanation ? explanationLines(explanation, 'would be') : []),
  ];
}

function nameLines(mark: string, names: readonly string[], all: number): string[] {
  const shown = names.slice(0, MOST_NAMES);
  const more = all - shown.length;
  return [...shown.map((name) => `  ${mark} ${name}`), ...(more > 0 ? [`  ${mark} and ${more} more`] : [])];
}

function ruleText(rule: CollectionRule): string {
  if ('device' in rule) return `device ${rule.device}`;
  if ('include' in rule) return `include ${rule.include}`;
  if ('exclude' in rule) return `exclude ${rule.exclude}`;
  if ('query' in rule) return `query ${rule.query}`;
  if ('unknownComputers' in rule) return `unknown computers: ${rule.unknownComputers}`;
  return 'all devices';
}
