import type { Truth } from '../conditions/evaluate.js';
import type { Condition } from '../conditions/model.js';
import { type Application, type DeploymentType, MAXIMUM_DEPENDENCY_DEPTH } from './application.js';
import { describeCondition, separateRequirements } from './describe-condition.js';

/** Why something is not installed: stable code and a sentence. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** The application whose document cannot be had. */
  readonly missing?: string | undefined;
}

/** What the planner has to know next. */
export type InstallationQuestion =
  /** The document of an application. */
  | { readonly kind: 'application'; readonly name: string }
  /** Does a requirement hold on this computer? */
  | { readonly kind: 'requirement'; readonly application: string; readonly condition: Condition }
  /** Is the deployment type installed? */
  | { readonly kind: 'detection'; readonly application: string; readonly deploymentType: DeploymentType };

export type InstallationAnswer =
  { readonly application: Application } | { readonly refusal: Refusal } | { readonly truth: Truth };

/** One thing to run, in the order of the plan. */
export interface InstallationAction {
  readonly kind: 'install' | 'uninstall';
  readonly application: string;
  readonly deploymentType: DeploymentType;
}

export type InstallationPlan =
  | { readonly kind: 'already-installed'; readonly deploymentType: DeploymentType }
  /** Dependencies first, then what is superseded and goes, the application itself last. */
  | { readonly kind: 'install'; readonly actions: readonly InstallationAction[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A dialogue: yields questions, is told answers, returns the plan. The same answers give the same plan. */
export type Planner = Generator<InstallationQuestion, InstallationPlan, InstallationAnswer>;

type Examined =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | {
      readonly kind: 'installed' | 'absent';
      readonly application: Application;
      readonly deploymentType: DeploymentType;
    };

type Asking<T> = Generator<InstallationQuestion, T, InstallationAnswer>;

/** Visits of one planning, at most: groups of alternatives could otherwise multiply. */
const maximumVisits = 1000;
const tooMany = 'application.too-many-dependencies';

/**
 * Decides how to install an application: which deployment type, what before it, and in which order. Asks only what it needs, nothing
 * twice.
 *
 * | found | plan |
 * |---|---|
 * | no deployment type's requirements hold | refused, `application.requirements-not-met` |
 * | detected already | already-installed, dependencies are not looked at |
 * | detection cannot tell | refused, `application.detection-unknown` |
 * | a dependency is missing and may not be installed | refused, `application.dependency-missing` |
 * | dependencies lead back | refused, `application.dependency-cycle` |
 * | more than 5 dependencies in a chain | refused, `application.dependency-too-deep` |
 * | alternatives that multiply | refused, `application.too-many-dependencies` |
 * | the superseded application has to go and cannot | refused, `application.uninstall-missing` |
 * | a dependency is refused | refused with the code of that one |
 */
export function* planInstallation(name: string): Planner {
  const planning = new Planning();
  const refusal = yield* planning.visit(name, []);
  if (refusal) return { kind: 'refused', refusal };
  const examined = yield* planning.examine(name);
  if (examined.kind === 'installed') return { kind: 'already-installed', deploymentType: examined.deploymentType };
  return { kind: 'install', actions: planning.actions };
}

class Planning {
  actions: InstallationAction[] = [];
  private readonly examined = new Map<string, Examined>();
  private readonly applications = new Map<string, Application | Refusal>();
  private visits = 0;

  /** Puts an application and all before it into the plan. Undefined: it is in the plan, or installed already. */
  *visit(name: string, path: readonly string[]): Asking<Refusal | undefined> {
    if (this.isPlanned(name)) return undefined;
    const chain = [...path, name].map((one) => `"${one}"`).join(' → ');
    if (path.includes(name))
      return { code: 'application.dependency-cycle', message: `the dependencies lead in a circle: ${chain}` };
    if (path.length > MAXIMUM_DEPENDENCY_DEPTH) {
      const message = `more than ${MAXIMUM_DEPENDENCY_DEPTH} dependencies in a chain: ${chain}`;
      return { code: 'application.dependency-too-deep', message };
    }
    if (++this.visits > maximumVisits)
      return { code: tooMany, message: `more than ${maximumVisits} alternatives below "${path[0] ?? name}"` };
    const examined = yield* this.examine(name);
    if (examined.kind === 'refused') return examined.refusal;
    if (examined.kind === 'installed') return undefined;
    const { application, deploymentType } = examined;
    return (
      (yield* this.dependencies(name, deploymentType, [...path, name])) ??
      (yield* this.superseded(name, application)) ??
      this.add({ kind: 'install', application: name, deploymentType })
    );
  }

  /** Which deployment type of an application is used here, and whether it is installed. */
  *examine(name: string): Asking<Examined> {
    const known = this.examined.get(name);
    if (known) return known;
    const examined = yield* this.look(name);
    this.examined.set(name, examined);
    return examined;
  }

  private *look(name: string): Asking<Examined> {
    const application = yield* this.read(name);
    if ('code' in application) return refused(application);
    const unmet: string[] = [];
    for (const deploymentType of application.deploymentTypes) {
      const why = yield* this.unmetRequirement(name, deploymentType);
      if (why !== undefined) {
        unmet.push(`"${deploymentType.name}" ${why}`);
        continue;
      }
      const truth = yield* this.detect(name, deploymentType);
      if (truth === 'unknown') return refused(detectionUnknown(name, deploymentType));
      return { kind: truth ? 'installed' : 'absent', application, deploymentType };
    }
    const message = `application "${name}" has no deployment type for this computer: ${unmet.join('; ')}`;
    return refused({ code: 'application.requirements-not-met', message });
  }

  private *dependencies(name: string, { dependencies }: DeploymentType, path: string[]): Asking<Refusal | undefined> {
    for (const { anyOf, autoInstall } of dependencies ?? []) {
      if (yield* this.anyThere(anyOf)) continue;
      if (autoInstall === false) {
        const message = `application "${name}" needs ${anyOf.map((one) => `"${one}"`).join(' or ')}, which is not installed`;
        return { code: 'application.dependency-missing', message };
      }
      const refusal = yield* this.firstPossible(anyOf, path);
      if (refusal) return { ...refusal, message: `application "${name}" needs "${anyOf[0]}": ${refusal.message}` };
    }
    return undefined;
  }

  private *anyThere(names: readonly string[]): Asking<boolean> {
    for (const name of names) {
      if (this.isPlanned(name)) return true;
      if ((yield* this.examine(name)).kind === 'installed') return true;
    }
    return false;
  }

  /** Plans the first of the alternatives that can be; the refusal of the first one when none can. */
  private *firstPossible(names: readonly string[], path: readonly string[]): Asking<Refusal | undefined> {
    let first: Refusal | undefined;
    for (const name of names) {
      const before = [...this.actions];
      const refusal = yield* this.visit(name, path);
      if (!refusal || refusal.code === tooMany) return refusal;
      first ??= refusal;
      this.actions = before;
    }
    return first;
  }

  private *superseded(name: string, { supersedes }: Application): Asking<Refusal | undefined> {
    for (const { application: old, uninstall } of supersedes ?? []) {
      if (uninstall !== true) continue;
      const application = yield* this.read(old);
      if ('code' in application) return application;
      for (const deploymentType of application.deploymentTypes) {
        const truth = yield* this.detect(old, deploymentType);
        if (truth === 'unknown') return detectionUnknown(old, deploymentType);
        if (!truth) continue;
        if (!deploymentType.uninstall) {
          const message = `application "${name}" replaces "${old}", whose deployment type "${deploymentType.name}" has no uninstall command`;
          return { code: 'application.uninstall-missing', message };
        }
        this.add({ kind: 'uninstall', application: old, deploymentType });
        break;
      }
    }
    return undefined;
  }

  private *read(name: string): Asking<Application | Refusal> {
    let found = this.applications.get(name);
    if (!found) {
      const answer = yield { kind: 'application', name };
      if ('truth' in answer) throw new TypeError(`expected the application "${name}", not a truth`);
      found = 'application' in answer ? answer.application : { ...answer.refusal, missing: name };
      this.applications.set(name, found);
    }
    return found;
  }

  /** Says which requirement of a deployment type does not hold. */
  private *unmetRequirement(name: string, { requirements }: DeploymentType): Asking<string | undefined> {
    for (const condition of requirements ? separateRequirements(requirements) : []) {
      const truth = truthOf(yield { kind: 'requirement', application: name, condition });
      if (truth === true) continue;
      const why = truth === 'unknown' ? ', which cannot be decided here' : '';
      return `needs ${describeCondition(condition)}${why}`;
    }
    return undefined;
  }

  private *detect(application: string, deploymentType: DeploymentType): Asking<Truth> {
    return truthOf(yield { kind: 'detection', application, deploymentType });
  }

  private isPlanned(name: string): boolean {
    return this.actions.some(({ kind, application }) => kind === 'install' && application === name);
  }

  private add(action: InstallationAction): undefined {
    this.actions.push(action);
  }
}

/** Nobody can say whether a deployment type is installed. */
export function detectionUnknown(application: string, { name }: DeploymentType): Refusal {
  const message = `nobody can tell whether "${name}" of application "${application}" is installed: its detection has no answer here`;
  return { code: 'application.detection-unknown', message };
}

function refused(refusal: Refusal): Examined {
  return { kind: 'refused', refusal };
}

function truthOf(answer: InstallationAnswer): Truth {
  if ('truth' in answer) return answer.truth;
  throw new TypeError('expected a truth');
}
