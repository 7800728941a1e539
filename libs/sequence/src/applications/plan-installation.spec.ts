import type { Truth } from '../conditions/evaluate.js';
import { type Application, applicationSchema } from './application.js';
import { describeCondition } from './describe-condition.js';
import { type InstallationPlan, type InstallationQuestion, planInstallation } from './plan-installation.js';

interface World {
  readonly applications: Readonly<Record<string, Application>>;
  /** Names of what is installed: an application with one deployment type, or `application/type`. */
  readonly installed?: readonly string[];
  /** Values of requirement variables; others do not hold. */
  readonly holds?: Readonly<Record<string, Truth>>;
  readonly unknown?: readonly string[];
}

/** An application with one deployment type of the same name. */
function app(
  name: string,
  more: Partial<Application['deploymentTypes'][number]> = {},
  whole: object = {},
): Application {
  const deploymentType = {
    name,
    install: { command: `install ${name}` },
    detection: { file: `/opt/${name}` },
    ...more,
  };
  return applicationSchema.parse({ deploymentTypes: [deploymentType], ...whole });
}
const needs = (...names: string[]) => ({ dependencies: names.map((name) => ({ anyOf: [name] })) });

function plan(name: string, world: World): { plan: InstallationPlan; asked: string[] } {
  const asked: string[] = [];
  const planner = planInstallation(name);
  let step = planner.next();
  while (step.done !== true) {
    asked.push(describe_(step.value));
    step = planner.next(answer(step.value, world));
  }
  return { plan: step.value, asked };
}

function answer(question: InstallationQuestion, world: World) {
  switch (question.kind) {
    case 'application': {
      const application = world.applications[question.name];
      const refusal = { code: 'content.application-not-found', message: `no ${question.name}` };
      return application ? { application } : { refusal };
    }
    case 'requirement':
      return { truth: 'variable' in question.condition && (world.holds?.[question.condition.variable] ?? false) };
    case 'detection': {
      const names = [question.application, `${question.application}/${question.deploymentType.name}`];
      if (names.some((name) => world.unknown?.includes(name))) return { truth: 'unknown' as const };
      return { truth: names.some((name) => world.installed?.includes(name) === true) };
    }
  }
}
const describe_ = (question: InstallationQuestion): string =>
  question.kind === 'application'
    ? `read ${question.name}`
    : question.kind === 'detection'
      ? `detect ${question.application}/${question.deploymentType.name}`
      : `require ${describeCondition(question.condition)}`;

const order = (planned: InstallationPlan): string[] | string =>
  planned.kind === 'install'
    ? planned.actions.map(({ kind, application, deploymentType }) => `${kind} ${application}/${deploymentType.name}`)
    : planned.kind === 'refused'
      ? planned.refusal.code
      : planned.kind;
const ordered = (name: string, world: World): string[] | string => order(plan(name, world).plan);

describe('planning an installation', () => {
  it('takes the first deployment type whose requirements hold, and looks at no later one', () => {
    const two = applicationSchema.parse({
      deploymentTypes: ['rpm', 'deb', 'tar'].map((type) => ({
        name: type,
        install: { program: 'install' },
        detection: { software: 'x' },
        requirements: { variable: type, operator: 'exists' },
      })),
    });
    const result = plan('x', { applications: { x: two }, holds: { deb: true, tar: true } });
    expect(order(result.plan)).toEqual(['install x/deb']);
    expect(result.asked).toEqual([
      'read x',
      'require variable rpm exists',
      'require variable deb exists',
      'detect x/deb',
    ]);
  });

  it('names for every deployment type the requirement that does not hold', () => {
    const x = app('x', {
      requirements: {
        all: [
          { variable: 'A', operator: 'equals', value: '1' },
          { os: 'debian', minimumVersion: '12' },
        ],
      },
    });
    const unmet = plan('x', { applications: { x } }).plan;
    const met = plan('x', { applications: { x }, holds: { A: true } }).plan;
    const undecided = plan('x', { applications: { x }, holds: { A: 'unknown' } }).plan;
    expect([unmet, met, undecided].map((one) => one.kind === 'refused' && one.refusal.message)).toEqual([
      'application "x" has no deployment type for this computer: "x" needs variable A equals "1"',
      'application "x" has no deployment type for this computer: "x" needs os debian, minimumVersion 12',
      'application "x" has no deployment type for this computer: "x" needs variable A equals "1", which cannot be decided here',
    ]);
    expect(order(unmet)).toBe('application.requirements-not-met');
  });

  it('runs nothing for what is detected, and does not look at its dependencies', () => {
    const result = plan('x', { applications: { x: app('x', needs('gone')) }, installed: ['x'] });
    expect([order(result.plan), result.asked]).toEqual(['already-installed', ['read x', 'detect x/x']]);
  });

  it('refuses when nobody can tell whether it is installed', () => {
    expect(ordered('x', { applications: { x: app('x') }, unknown: ['x'] })).toBe('application.detection-unknown');
  });

  it('puts dependencies first, deepest first, each once', () => {
    const applications = {
      x: app('x', needs('b', 'c')),
      b: app('b', needs('d')),
      c: app('c', needs('d')),
      d: app('d'),
    };
    expect(ordered('x', { applications })).toEqual(['install d/d', 'install b/b', 'install c/c', 'install x/x']);
    expect(ordered('x', { applications, installed: ['b'] })).toEqual(['install d/d', 'install c/c', 'install x/x']);
    const { asked } = plan('x', { applications });
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('is content with any of a group that is installed, and else takes the first that can be', () => {
    const x = app('x', { dependencies: [{ anyOf: ['a', 'b', 'c'] }] });
    const a = app('a', { requirements: { variable: 'A', operator: 'exists' } });
    const applications = { x, a, b: app('b', needs('missing')), c: app('c') };
    expect(ordered('x', { applications, installed: ['b'] })).toEqual(['install x/x']);
    // a does not fit, b needs what nobody has: nothing of it stays in the plan.
    expect(ordered('x', { applications })).toEqual(['install c/c', 'install x/x']);
    expect(ordered('x', { applications: { x, a, b: app('b', needs('missing')) } })).toBe(
      'application.requirements-not-met',
    );
  });

  it('refuses when a dependency is missing that may not be installed', () => {
    const applications = { x: app('x', { dependencies: [{ anyOf: ['a'], autoInstall: false }] }), a: app('a') };
    expect(ordered('x', { applications })).toBe('application.dependency-missing');
    expect(ordered('x', { applications, installed: ['a'] })).toEqual(['install x/x']);
  });

  it('refuses circles of any length, and names them', () => {
    const applications = {
      x: app('x', needs('y')),
      y: app('y', needs('z')),
      z: app('z', needs('x')),
      s: app('s', needs('s')),
    };
    const { plan: circle } = plan('x', { applications });
    expect(circle.kind === 'refused' && circle.refusal).toMatchObject({
      code: 'application.dependency-cycle',
      message: expect.stringContaining('"x" → "y" → "z" → "x"'),
    });
    expect(ordered('s', { applications })).toBe('application.dependency-cycle');
    // What is installed needs nothing any more.
    expect(ordered('x', { applications, installed: ['z'] })).toEqual(['install y/y', 'install x/x']);
  });

  it('follows five dependencies in a chain and not six', () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `a${index}`,
          app(`a${index}`, index + 1 < length ? needs(`a${index + 1}`) : {}),
        ]),
      );
    expect(ordered('a0', { applications: chain(6) })).toHaveLength(6);
    expect(ordered('a0', { applications: chain(7) })).toBe('application.dependency-too-deep');
  });

  it('gives up on alternatives that multiply', () => {
    const names = (level: number) => Array.from({ length: 20 }, (_, index) => `n${level}-${index}`);
    const below = (level: number) => ({ dependencies: [{ anyOf: level < 4 ? names(level) : ['none'] }] });
    const all = [1, 2, 3].flatMap((level) => names(level).map((name) => [name, app(name, below(level + 1))] as const));
    const applications = { ...Object.fromEntries(all), x: app('x', below(1)) };
    expect(ordered('x', { applications })).toBe('application.too-many-dependencies');
  });

  it('tells what is missing with the name it looked for', () => {
    const { plan: own } = plan('x', { applications: {} });
    const { plan: below } = plan('x', { applications: { x: app('x', needs('y')) } });
    expect([own, below].map((one) => one.kind === 'refused' && one.refusal)).toMatchObject([
      { code: 'content.application-not-found', missing: 'x' },
      { code: 'content.application-not-found', missing: 'y', message: 'application "x" needs "y": no y' },
    ]);
  });

  it('takes away what it supersedes where that is wanted and there', () => {
    const old = app('old', { uninstall: { command: 'remove' } });
    const x = (uninstall: boolean) => app('x', needs('d'), { supersedes: [{ application: 'old', uninstall }] });
    const world = (uninstall: boolean) => ({ applications: { x: x(uninstall), old, d: app('d') } });
    expect(ordered('x', { ...world(true), installed: ['old'] })).toEqual([
      'install d/d',
      'uninstall old/old',
      'install x/x',
    ]);
    expect(ordered('x', world(true))).toEqual(['install d/d', 'install x/x']);
    expect(ordered('x', { ...world(false), installed: ['old'] })).toEqual(['install d/d', 'install x/x']);
    const without = { applications: { ...world(true).applications, old: app('old') }, installed: ['old'] };
    expect(ordered('x', without)).toBe('application.uninstall-missing');
  });
});

describe('the schema of an application', () => {
  it('wants deployment types with different names, and takes a condition or a script for detection', () => {
    const type = { name: 'a', install: { program: 'i' }, detection: { script: 'command -v x' } };
    expect(applicationSchema.safeParse({ deploymentTypes: [type] }).success).toBe(true);
    expect(applicationSchema.safeParse({ deploymentTypes: [type, type] }).success).toBe(false);
    expect(applicationSchema.safeParse({ deploymentTypes: [] }).success).toBe(false);
    expect(applicationSchema.safeParse({ deploymentTypes: [{ ...type, detection: { nonsense: 1 } }] }).success).toBe(
      false,
    );
    const nested = { any: [{ file: '/a' }, { none: [{ software: 'b' }] }] };
    expect(applicationSchema.safeParse({ deploymentTypes: [{ ...type, detection: nested }] }).success).toBe(true);
  });

  it('describes long conditions shortly', () => {
    const many = {
      any: Array.from({ length: 50 }, () => ({
        file: '/a/long/path',
        version: { operator: 'less' as const, value: '2' },
      })),
    };
    expect(describeCondition(many)).toHaveLength(300);
    expect(describeCondition(many).startsWith('one of (file /a/long/path, version less 2; ')).toBe(true);
  });
});
