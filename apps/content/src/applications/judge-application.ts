import type { ProblemFinding } from '@muster/contracts/problem.js';
import { type Application, MAXIMUM_DEPENDENCY_DEPTH } from '@muster/sequence/applications/application.js';
import { applicationPrograms, applicationReferences } from '@muster/sequence/applications/application-references.js';
import { missingReference } from '../groups/missing-references.js';
import type { KnownThings } from './application.repository.js';

/** What each application names, of those that can be reached from one: its own names left out. */
export type Below = ReadonlyMap<string, readonly string[]>;

/**
 * What is wrong with the references of an application: things that do not exist, programs that the package does not have,
 * dependencies or superseded applications that lead back to it, and chains of dependencies that no installation would
 * follow to their end (content.md 1.1: 5). Pure.
 */
export function judgeApplication(
  name: string,
  spec: Application,
  known: KnownThings,
  below: { readonly dependency: Below; readonly supersedes: Below },
): ProblemFinding[] {
  const findings: ProblemFinding[] = [];
  for (const reference of applicationReferences(spec)) {
    const { kind, how, path } = reference;
    if (kind === 'Package') {
      if (!known.packages.has(reference.name)) findings.push(missingReference(path, kind, reference.name));
      continue;
    }
    if (reference.name !== name && !known.applications.has(reference.name)) {
      findings.push(missingReference(path, kind, reference.name));
      continue;
    }
    if (how === 'content') continue;
    const way = wayTo(name, reference.name, below[how]);
    if (way) findings.push(circle(path, how, [name, ...way]));
    else if (how === 'dependency') {
      const chain = longest(reference.name, below.dependency);
      if (chain.length > MAXIMUM_DEPENDENCY_DEPTH) findings.push(tooDeep(path, [name, ...chain]));
    }
  }
  for (const { package: content, program, path } of applicationPrograms(spec)) {
    const programs = content === undefined ? undefined : known.packages.get(content);
    if (content !== undefined && (!programs || programs.has(program))) continue;
    findings.push(
      content === undefined
        ? {
            path,
            code: 'content.program-not-found',
            message: `program "${program}" of no package: the deployment type names none`,
            fix: 'Name the package, or write a command',
          }
        : {
            path,
            code: 'content.program-not-found',
            message: `package "${content}" has no program "${program}"; it has: ${[...(programs ?? [])].join(', ') || 'none'}`,
            fix: 'Add the program to the package first, or correct the name',
          },
    );
  }
  return findings;
}

/** The shortest way from one application to another: `[from, …, to]`. Undefined: there is none. */
function wayTo(to: string, from: string, below: Below): string[] | undefined {
  const before = new Map<string, string | undefined>([[from, undefined]]);
  const open = [from];
  for (const current of open) {
    if (current === to) {
      const way: string[] = [];
      for (let at: string | undefined = current; at !== undefined; at = before.get(at)) way.unshift(at);
      return way;
    }
    for (const next of below.get(current) ?? []) {
      if (before.has(next)) continue;
      before.set(next, current);
      open.push(next);
    }
  }
  return undefined;
}

/** The longest chain from an application on, itself included; no longer than what is refused anyway. */
function longest(from: string, below: Below): string[] {
  const known = new Map<string, string[]>();
  const find = (name: string, room: number): string[] => {
    const before = known.get(name);
    if (before) return before;
    let best: string[] = [];
    if (room > 0) {
      for (const next of below.get(name) ?? []) {
        const chain = find(next, room - 1);
        if (chain.length > best.length) best = chain;
      }
    }
    const chain = [name, ...best];
    // What was cut short for want of room is not the whole of it.
    if (room === MAXIMUM_DEPENDENCY_DEPTH || chain.length <= room) known.set(name, chain);
    return chain;
  };
  return find(from, MAXIMUM_DEPENDENCY_DEPTH);
}

function circle(path: string, how: 'dependency' | 'supersedes', way: readonly string[]): ProblemFinding {
  const chain = way.map((one) => `"${one}"`).join(' → ');
  return how === 'dependency'
    ? {
        path,
        code: 'application.dependency-cycle',
        message: `the dependencies lead in a circle: ${chain}`,
        fix: 'Take one dependency of this circle away',
      }
    : {
        path,
        code: 'application.supersedence-cycle',
        message: `the applications supersede each other in a circle: ${chain}`,
        fix: 'Take one supersedence of this circle away',
      };
}

function tooDeep(path: string, way: readonly string[]): ProblemFinding {
  const chain = way.map((one) => `"${one}"`).join(' → ');
  return {
    path,
    code: 'application.dependency-too-deep',
    message: `more than ${MAXIMUM_DEPENDENCY_DEPTH} dependencies in a chain: ${chain}`,
    fix: 'Put several applications of this chain into one',
  };
}
