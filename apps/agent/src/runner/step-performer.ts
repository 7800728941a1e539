import { join } from 'node:path';
import type { ProbeAnswer, WorldExpression } from '@muster/sequence/conditions/model.js';
import { evaluateCondition, openQuestions } from '@muster/sequence/conditions/evaluate.js';
import { currentStep } from '@muster/sequence/begin-step.js';
import type { ExecuteEffect, Run } from '@muster/sequence/run.js';
import { exportedEnvironment, maskSecrets, sortSecrets } from '@muster/sequence/variables.js';
import { expandQuestion } from '@muster/sequence/walk.js';
import { reasonOf } from '../journal/journal-error.js';
import { makeFolder } from '../journal/make-folder.js';
import type { StepContext, StepOutcome } from '../steps/executor.js';
import { StepError } from '../steps/step-error.js';
import { EXECUTORS } from '../steps/executors.js';
import { StepVariables } from '../steps/step-variables.js';
import { SocketFolder } from '../tsenv/socket-folder.js';
import type { StepProgress } from '../tsenv/step-progress.js';
import { StepScripts } from '../tsenv/step-scripts.js';
import { ContentError, type ContentProvider } from './content-provider.js';

/** Carries out steps and answers what conditions ask; a simulation has another one. */
export interface StepPerformer {
  /** Never throws: what goes wrong is a failed step. */
  perform(effect: ExecuteEffect, run: Run, signal: AbortSignal): Promise<StepOutcome>;
  /** Answers in the order of the questions. */
  probe(questions: readonly WorldExpression[]): Promise<readonly ProbeAnswer[]>;
  /** The run is over or let go. */
  close?(): void;
}

export interface ComputerSteps {
  readonly content: ContentProvider;
  /** Working directory of steps that name none. */
  readonly folder: string;
  probe(question: WorldExpression): Promise<ProbeAnswer>;
  /** Told what a running step says of its progress. */
  onProgress?: ((progress: StepProgress) => void) | undefined;
}

/** Performs steps for real, on this computer. */
export class ComputerStepPerformer implements StepPerformer {
  private folderMade = false;
  private readonly sockets = new SocketFolder();

  constructor(private readonly options: ComputerSteps) {}

  async perform(effect: ExecuteEffect, run: Run, signal: AbortSignal): Promise<StepOutcome> {
    const executor = Object.hasOwn(EXECUTORS, effect.stepType) ? EXECUTORS[effect.stepType] : undefined;
    if (!executor)
      return { error: { code: 'step.type-unsupported', message: `this agent cannot execute ${effect.stepType}` } };
    const variables = new StepVariables(run.variables, run.environment);
    const secrets = (): readonly string[] => allSecrets(effect, run, variables);
    const scripts = new StepScripts(this.sockets, {
      variables,
      secrets,
      progress: (message, step, of) =>
        this.options.onProgress?.({ position: effect.position, path: effect.path, message, step, of }),
    });
    const outcome = await this.execute(
      () => executor(effect.settings, this.contextOf(effect, run, { variables, secrets, scripts }, signal)),
      signal,
    );
    await this.options.content.release?.();
    const warnings = [...scripts.close(), ...(outcome.warnings ?? [])];
    const assignments = [...variables.assignments, ...(outcome.assignments ?? [])];
    const masked = (text: string): string => maskSecrets(text, secrets());
    return {
      ...outcome,
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(assignments.length > 0 ? { assignments } : {}),
      ...(outcome.output === undefined ? {} : { output: masked(outcome.output) }),
      ...(outcome.error ? { error: { ...outcome.error, message: masked(outcome.error.message) } } : {}),
    };
  }

  async probe(questions: readonly WorldExpression[]): Promise<readonly ProbeAnswer[]> {
    const answers: ProbeAnswer[] = [];
    for (const question of questions) answers.push(await this.options.probe(question));
    return answers;
  }

  private async execute(run: () => Promise<StepOutcome>, signal: AbortSignal): Promise<StepOutcome> {
    try {
      if (!this.folderMade) makeFolder(this.options.folder);
      this.folderMade = true;
      return await run();
    } catch (error) {
      if (signal.aborted) return { error: { code: 'step.stopped', message: 'stopped' } };
      const known = error instanceof ContentError || error instanceof StepError;
      return { error: { code: known ? error.code : 'step.executor-error', message: reasonOf(error) } };
    }
  }

  close(): void {
    this.sockets.remove();
  }

  private contextOf(
    effect: ExecuteEffect,
    run: Run,
    { variables, secrets, scripts }: StepParts,
    signal: AbortSignal,
  ): StepContext {
    return {
      content: this.options.content,
      variables,
      get exportedVariables() {
        return { ...exportedEnvironment(run.variables), ...scripts.environment };
      },
      expand: (text) => variables.expand(text, 'literal').text,
      decide: async (condition) => {
        const read = (name: string): string | undefined => variables.read(name)?.value;
        const open = openQuestions(condition, { read });
        const answers = await this.probe(open.map((question) => expandQuestion(run, question)));
        const answerOf = new Map(open.map((question, index) => [question, answers[index]]));
        return evaluateCondition(condition, { read, answer: (question) => answerOf.get(question) });
      },
      phase: run.phase,
      get secrets() {
        return secrets();
      },
      timeoutSeconds: effect.timeoutSeconds,
      successCodes: currentStep(run).step.successCodes,
      marker: markerOf(run),
      folder: this.options.folder,
      signal,
    };
  }
}

/** What one step has of its own. */
interface StepParts {
  readonly variables: StepVariables;
  readonly secrets: () => readonly string[];
  readonly scripts: StepScripts;
}

/** Secrets of the run and of the settings, and those that the step made. */
function allSecrets(effect: ExecuteEffect, run: Run, variables: StepVariables): readonly string[] {
  if (variables.secrets === run.variables.secrets) return effect.secrets;
  return sortSecrets([...effect.secrets, ...variables.secrets]);
}

/** The same for every try of a step after a crash, so that a resumed run finds what is left of it. */
export function markerOf(run: Run): string {
  return `${run.runId}:${run.pointer}`;
}

/** Where steps work that name no directory. */
export function workFolder(runFolder: string): string {
  return join(runFolder, 'work');
}
