import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { CustomFacts } from '../facts/custom-facts.js';

/** All facts of this computer as lines for people, and what is left out of those that somebody wrote. */
export function describeFacts(facts: Facts): string[] {
  const { custom = [], customLeftOut: _leftOut, ...known } = facts;
  return [
    ...Object.entries(known).map(([name, value]) => line(name, value)),
    ...custom.map(({ name, value }) => line(`custom ${name}`, value)),
    ...describeLeftOut(facts),
  ].map((text) => text.replaceAll(/\p{Cc}/gu, ' '));
}

/** Facts that somebody wrote and that are not told, each with its reason. */
export function describeLeftOut({ customLeftOut = [] }: CustomFacts): string[] {
  return customLeftOut.map(({ file, name, reason }) =>
    `left out  ${file}${name === undefined ? '' : `, ${name}`}: ${reason}`.replaceAll(/\p{Cc}/gu, ' '),
  );
}

function line(name: string, value: unknown): string {
  return `${name.padEnd(16)}  ${typeof value === 'string' ? value : JSON.stringify(value)}`;
}
