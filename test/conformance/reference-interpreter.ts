/**
 * A second opinion on what a task sequence does: walks the tree of the document, written from the specification of task
 * sequences and docs/where-sources-are-silent.md, not from the engine, with which it shares nothing but types.
 */
import type { Phase, SequenceNode, SequenceSpec, StepNode } from '@muster/sequence/model.js';
import type { SimulatedOutcome } from '@muster/sequence/simulate.js';
import type { VariableInput } from '@muster/sequence/variables.js';
import { type Answer, type Fact, ROOT_NAME, type Scenario, tableOf } from './scenario.js';

type Condition = NonNullable<SequenceNode['condition']>;
type Layer = Map<string, { readonly text: string; readonly secret: boolean }>;

/** How a step ended, before anybody asked who absorbs it. Without `reason` it succeeded. */
interface End {
  readonly reason?: string;
  readonly code?: string;
  readonly exitCode?: number | undefined;
  readonly attempt?: number;
  readonly ignoreContinueOnError?: boolean | undefined;
}

/** A failure on its way up. */
interface Failure {
  readonly exitCode: number;
  readonly code: string;
  readonly absorbable: boolean;
  /** The step asked for a restart, which comes when the failure is absorbed. */
  readonly restart: Phase | undefined;
}

const RESTART_CODES = [3010, 1641];

/** Interprets a scenario whose documents are valid. Always ends: the table of outcomes is finite. */
export function interpret(scenario: Scenario): Answer {
  return new Interpreter(scenario).answer();
}

class Interpreter {
  private readonly facts: Fact[] = [];
  private readonly paths = new Set<string>();
  private readonly environment: Layer;
  private readonly engine: Layer;
  private readonly run: Layer = new Map();
  private readonly layers: Layer[];
  private readonly outcome: (name: string) => SimulatedOutcome;
  private phase: Phase;

  constructor(private readonly scenario: Scenario) {
    const { media, device, collection, spec, readOnly, environment } = scenario;
    [this.engine, this.environment] = [layer(readOnly), layer(environment)];
    const site = readOnly['_SMSTSMediaType'] === 'FullMedia' ? [] : [layer(device), layer(collection)];
    this.layers = [this.engine, this.run, layer(media), ...site, layer(spec.variables)];
    this.outcome = tableOf(scenario);
    this.phase = this.enter(scenario.phase);
  }

  answer(): Answer {
    const { spec } = this.scenario;
    const code = spec.enabled === false ? 'sequence.disabled' : this.cannotBegin(spec.steps, [ROOT_NAME]);
    const failure: Pick<Failure, 'code' | 'exitCode'> | undefined =
      code === undefined ? this.children(spec.steps, '', false) : { code, exitCode: 1 };
    const end = failure && { result: 'failed' as const, exitCode: failure.exitCode, code: failure.code };
    const total = code === undefined ? this.count(spec.steps, false) : 0;
    const names = [...new Set(this.layers.flatMap((one) => [...one.keys()]))].sort();
    const shown = names.flatMap((name) => {
      const value = this.read(name);
      return value ? [[name, value.text + (value.secret ? ' *' : '')]] : [];
    });
    const variables = Object.fromEntries(shown) as Record<string, string>;
    return { total, facts: this.facts, ...(end ?? { result: 'succeeded', exitCode: 0 }), variables };
  }

  /** Children are merged before anything runs: what is wrong with them is found then; their variables are weakest. */
  private cannotBegin(nodes: readonly SequenceNode[], ancestors: readonly string[]): string | undefined {
    for (const node of nodes) {
      let code: string | undefined;
      if (!node.disabled && 'group' in node) code = this.cannotBegin(node.steps, ancestors);
      if (!node.disabled && 'sequence' in node) {
        const child = this.child(node.sequence);
        if (ancestors.includes(node.sequence)) return 'sequence.cycle';
        if (!child) return 'sequence.child-missing';
        if (child.enabled === false) return 'sequence.child-disabled';
        this.layers.push(layer(child.variables));
        code = this.cannotBegin(child.steps, [...ancestors, node.sequence]);
      }
      if (code !== undefined) return code;
    }
    return undefined;
  }

  private child(name: string): SequenceSpec | undefined {
    return Object.hasOwn(this.scenario.children, name) ? this.scenario.children[name] : undefined;
  }

  /** Neither groups nor pointers nor disabled steps count; enabled steps inside a disabled group do. */
  private count(nodes: readonly SequenceNode[], off: boolean): number {
    const counts = nodes.map((node) => {
      if ('step' in node) return node.disabled ? 0 : 1;
      return this.count(this.inside(node, off), off || node.disabled === true);
    });
    return counts.reduce((sum, one) => sum + one, 0);
  }

  /** Children of a node. A child sequence that is disabled from here, in whatever way, was never merged into the run. */
  private inside(node: SequenceNode, off: boolean): readonly SequenceNode[] {
    if ('group' in node) return node.steps;
    return 'sequence' in node && !off && !node.disabled ? (this.child(node.sequence)?.steps ?? []) : [];
  }

  private children(nodes: readonly SequenceNode[], parent: string, absorbed: boolean): Failure | undefined {
    let failure: Failure | undefined;
    for (const node of nodes) {
      if (failure) this.skip(node, parent, failure.absorbable ? 'abandoned' : 'run-failed');
      else failure = this.node(node, parent, absorbed);
    }
    return failure;
  }

  /** `absorbed`: is there a node around this one that continues on error? */
  private node(node: SequenceNode, parent: string, absorbed: boolean): Failure | undefined {
    if (node.disabled) return this.skip(node, parent, 'disabled');
    if (node.condition && !this.holds(node.condition)) return this.skip(node, parent, 'condition-false');
    const path = this.path(node, parent);
    const here = absorbed || node.continueOnError === true;
    const failure = 'step' in node ? this.step(node, path, here) : this.children(this.inside(node, false), path, here);
    if (!failure?.absorbable || !node.continueOnError) return failure;
    if (failure.restart) this.restart(failure.restart);
    return undefined;
  }

  /** Reports every step below a node as skipped. Nothing below is looked at any more, so all have the same reason. */
  private skip(node: SequenceNode, parent: string, reason: string, off = false): undefined {
    const path = this.path(node, parent);
    if ('step' in node) this.facts.push({ path, outcome: 'skipped', reason });
    else for (const one of this.inside(node, off)) this.skip(one, path, reason, off || node.disabled === true);
  }

  private path(node: SequenceNode, parent: string): string {
    const wanted = parent + ('step' in node ? node.step : 'group' in node ? node.group : node.sequence);
    let path = wanted;
    for (let n = 2; this.paths.has(path); n++) path = `${wanted} (${n})`;
    this.paths.add(path);
    return 'step' in node ? path : `${path}/`;
  }

  private step(node: StepNode, path: string, absorbed: boolean): Failure | undefined {
    for (;;) {
      set(this.engine, '_SMSTSCurrentActionName', node.step);
      const { ignoreContinueOnError, exitCode, attempt = 1, ...end } = this.execute(node, path);
      const failed = end.reason !== undefined;
      const absorbable = failed && absorbed && !ignoreContinueOnError;
      const known = exitCode ?? (failed ? 1 : 0);
      set(this.engine, '_SMSTSLastActionName', node.step);
      set(this.engine, '_SMSTSLastActionRetCode', String(known));
      set(this.engine, '_SMSTSLastActionSucceeded', String(!failed));
      const exit = {
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(absorbable ? { continuedOnError: true } : {}),
      };
      this.facts.push({ path, outcome: failed ? 'failed' : 'succeeded', ...end, ...exit, attempt });
      if (failed && !absorbable) return { code: end.code ?? '', exitCode: known || 1, absorbable, restart: undefined };
      const wish = this.read('SMSTSRebootRequested')?.text.toLowerCase();
      const again = wish !== undefined && this.read('SMSTSRetryRequested') !== undefined;
      for (const name of ['SMSTSRebootRequested', 'SMSTSRetryRequested']) if (this.read(name)) set(this.run, name, '');
      const asked = wish === undefined ? undefined : wish === 'winpe' ? 'PE' : 'FullOS';
      if (failed) return { code: end.code ?? '', exitCode: known || 1, absorbable, restart: asked };
      if (asked) this.restart(asked);
      else if (RESTART_CODES.includes(known)) this.restart('FullOS');
      if (!again) return undefined;
    }
  }

  private restart(target: Phase): void {
    this.facts.push({ restart: target });
    this.enter(target);
  }

  private enter(phase: Phase): Phase {
    set(this.engine, '_SMSTSInWinPE', String(phase === 'PE'));
    return (this.phase = phase);
  }

  private execute(node: StepNode, path: string): End {
    if ((node.runIn ?? 'Any') !== 'Any' && node.runIn !== this.phase)
      return { reason: 'wrong-environment', code: 'step.wrong-environment' };
    if (node.type === 'SetTaskSequenceVariable') return this.setVariable(node);
    let reruns = 0;
    for (let attempt = 1; ; attempt++) {
      const settings = this.settings(node);
      if (settings === undefined) return { reason: 'error', code: 'step.invalid-settings' };
      this.facts.push({ execute: path, attempt, settings });
      const outcome = this.outcome(node.step);
      if (outcome === 'interrupted') {
        if (!node.repeatable || reruns++ === 5) return { reason: 'interrupted', code: 'step.interrupted', attempt };
        attempt--;
        continue;
      }
      for (const { name, value, secret } of outcome.assignments ?? []) set(this.run, name, value, secret);
      const { exitCode = 0, error } = outcome;
      const codes = node.successCodes ?? outcome.successCodes ?? [0, 3010];
      const success = codes.includes(exitCode) || (RESTART_CODES.includes(exitCode) && codes.includes(3010));
      if (!error && success) return { exitCode, attempt };
      if (attempt < (node.retry?.attempts ?? 1)) continue;
      if (!error) return { reason: 'exit-code', code: 'step.exit-code', exitCode, attempt };
      const { code, ignoreContinueOnError } = error;
      const reason = code === 'step.timeout' ? 'timeout' : 'error';
      return { reason, code, exitCode: outcome.exitCode, attempt, ignoreContinueOnError };
    }
  }

  private setVariable(node: StepNode): End {
    const { name, value, secret } = node.settings as { name: string; value: string; secret?: boolean };
    const target = this.expand(name, '');
    const made = this.expand(value, '');
    if (target.text === '') return { reason: 'error', code: 'step.invalid-settings' };
    if (target.text.startsWith('_')) return { reason: 'error', code: 'variable.read-only' };
    if (!/^[a-z][\w-]*$/i.test(target.text)) return { reason: 'error', code: 'variable.invalid-name' };
    set(this.run, target.text, made.text, secret === true || target.secret || made.secret);
    return { exitCode: 0 };
  }

  /** What an executor gets, undefined when it is not valid. Command lines are words before names are replaced. */
  private settings(node: StepNode): unknown {
    const raw = node.settings as Record<string, string | boolean | string[] | undefined>;
    if (node.type === 'InstallPackage') {
      const done = { package: this.expand(raw['package'], '').text, program: this.expand(raw['program'], '').text };
      return done.package === '' || done.program === '' ? undefined : done;
    }
    const asWritten = raw['shell'] === true || raw['arguments'] !== undefined;
    const [command, ...words] = asWritten ? [raw['command']] : String(raw['command']).split(' ');
    const list = asWritten ? (raw['arguments'] as string[] | undefined) : words;
    const global = this.read('WorkingDirectory')?.text;
    const own = raw['workingDirectory'] === undefined ? undefined : this.expand(raw['workingDirectory'], '').text;
    const folder = global ?? own;
    return {
      command: this.expand(command).text,
      ...(list ? { arguments: list.map((word) => this.expand(word).text) } : {}),
      ...(raw['shell'] === undefined ? {} : { shell: raw['shell'] }),
      ...(folder === undefined ? {} : { workingDirectory: folder }),
    };
  }

  /** Replaces `%NAME%` once: variable, process environment, else `unknown`, or the text as it stands. */
  private expand(template: unknown, unknown?: string): { text: string; secret: boolean } {
    let secret = false;
    const text = String(template).replace(/%%|%([\w-]+)%/g, (whole, name: string | undefined) => {
      if (name === undefined) return '%';
      const value = this.read(name);
      if (value?.secret) secret = true;
      return value?.text ?? this.environment.get(name.toLowerCase())?.text ?? unknown ?? whole;
    });
    return { text, secret };
  }

  /** The strongest layer that knows the name decides; an empty value is no variable. */
  private read(name: string): { text: string; secret: boolean } | undefined {
    const value = this.layers.find((one) => one.has(name.toLowerCase()))?.get(name.toLowerCase());
    return value?.text === '' ? undefined : value;
  }

  private holds(condition: Condition): boolean {
    if ('all' in condition) return condition.all.every((one) => this.holds(one));
    if ('any' in condition) return condition.any.some((one) => this.holds(one));
    if ('none' in condition) return !condition.none.some((one) => this.holds(one));
    if (!('variable' in condition)) throw new Error('the reference knows conditions on variables only');
    return compare(this.read(condition.variable)?.text, condition.operator, condition.value ?? '');
  }
}

function set(target: Layer, name: string, text: string, secret = false): void {
  target.set(name.trim().toLowerCase(), { text, secret });
}

function layer(input: VariableInput | undefined): Layer {
  const made: Layer = new Map();
  for (const [name, value] of Object.entries(input ?? {}))
    if (typeof value === 'string') set(made, name, value);
    else set(made, name, value.value, value.secret);
  return made;
}

/** Case never matters; two integers compare as numbers; an unknown variable is the empty text, and in no order. */
export function compare(actual: string | undefined, operator: string, expected: string): boolean {
  const [a, b] = [(actual ?? '').toLowerCase(), expected.toLowerCase()];
  const [x, y] = [a, b].every((text) => /^[+-]?\d+$/.test(text)) ? [BigInt(a), BigInt(b)] : [a, b];
  if (operator.startsWith('not')) return !compare(actual, operator[3]?.toLowerCase() + operator.slice(4), expected);
  if (operator === 'exists') return actual !== undefined;
  if (operator === 'equals') return x === y;
  if (operator === 'like') {
    const pattern = b
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^]*')
      .replaceAll('?', '[^]');
    return new RegExp(`^${pattern}$`).test(a);
  }
  if (actual === undefined) return false;
  return operator.startsWith('less')
    ? x < y || (x === y && operator === 'lessEqual')
    : x > y || (x === y && operator === 'greaterEqual');
}
