import { type Expansion, expand } from '@muster/sequence/expand.js';
import { nameKey, writableNameProblem } from '@muster/sequence/names.js';
import {
  type Assignment,
  type Variable,
  type VariableStore,
  assign,
  readVariable,
  storeProblem,
  valueProblem,
  visibleVariables,
} from '@muster/sequence/variables.js';
import { StepError } from './step-error.js';

/** Ours: every text to mask makes masking slower, and nobody needs so many. */
const mostReplacedSecrets = 1000;

/**
 * The variables of a run while one step runs: its own writes over the store of the engine. Nothing is kept if the agent dies
 * before the step ends; the step is then interrupted as a whole.
 */
export class StepVariables {
  /** What is kept when the step ends: the last write of each name, and before it the secrets that it replaced. */
  private readonly written = new Map<string | symbol, Assignment>();
  private replacedSecrets = 0;

  constructor(
    private store: VariableStore,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** The variable, or undefined when it does not exist. Names without regard to case. */
  read(name: string): Variable | undefined {
    return readVariable(this.store, name);
  }

  /** All that exist, secrets included. */
  list(): Variable[] {
    return visibleVariables(this.store);
  }

  /**
   * Writes as a script or an author may; an empty value deletes.
   * @throws StepError `variable.read-only`, `variable.invalid-name`, `variable.value-too-long`, `variable.store-full`
   */
  set(name: string, value: string, secret = false): void {
    const problem = writableNameProblem(name);
    if (problem) throw new StepError(problem.code, problem.message);
    const tooLong = valueProblem(name, value);
    if (tooLong !== undefined) throw new StepError('variable.value-too-long', tooLong);
    this.write({ name, value, ...(secret ? { secret: true } : {}) });
  }

  /**
   * Writes as the agent itself: also names that lead with `_`; names and lengths are the executor's business.
   * @throws StepError `variable.store-full`
   */
  write(assignment: Assignment): void {
    const store = assign(this.store, [assignment]);
    const full = storeProblem(store);
    if (full) throw new StepError(full.code, `"${assignment.name}" was not written: ${full.message}`);
    this.keep(assignment);
    this.store = store;
  }

  /** A script may write for hours: only what matters later is kept. A replaced secret does, it is masked for the rest of the run. */
  private keep(assignment: Assignment): void {
    const key = nameKey(assignment.name);
    const before = this.written.get(key);
    const stays = before?.value === '' || (before?.value === assignment.value && assignment.secret === true);
    if (before?.secret && !stays) {
      if (this.replacedSecrets >= mostReplacedSecrets) {
        const message = `one step may replace secrets ${mostReplacedSecrets} times; "${assignment.name}" was not written`;
        throw new StepError('variable.store-full', message);
      }
      this.replacedSecrets++;
      this.written.set(Symbol('replaced'), before);
    }
    this.written.delete(key);
    this.written.set(key, assignment);
  }

  /** Replaces `%NAME%`; see expand. */
  expand(text: string, whenUndefined: 'literal' | 'empty' = 'empty'): Expansion {
    return expand(text, { store: this.store, environment: this.environment }, whenUndefined);
  }

  /** Texts to mask, those that the step wrote included. */
  get secrets(): readonly string[] {
    return this.store.secrets;
  }

  /** What the step wrote, in order: the last value of each name, and the secrets that were replaced. */
  get assignments(): readonly Assignment[] {
    return [...this.written.values()];
  }
}
