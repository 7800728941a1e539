import { Inject, Injectable } from '@nestjs/common';
import { contentKey } from '@muster/contracts/kinds/content-reference.js';
import type { ImportRequest, ImportResponse } from '@muster/contracts/kinds/sequence-exchange.js';
import { taskSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database, violatedConstraint } from '@muster/persistence/database.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { ChildSequenceRepository } from '../task-sequences/child-sequence.repository.js';
import { wrongReferences } from '../task-sequences/task-sequence.rules.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { type PlannedSequence, planSequence, type SequenceToImport, strippedPlaces } from './plan-import.js';

type Sequence = Resource<SequenceSpec, TaskSequenceStatus>;
type Item = SequenceToImport & { readonly comment: string | undefined };

/** How often an import is planned anew when others save the same sequences meanwhile. */
const ATTEMPTS = 5;

/** A sequence was saved or made between the plan and its locks. */
class Moved extends Error {}

/** Takes sequences in: all of them in one transaction, or none. */
@Injectable()
export class ImportService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(ChildSequenceRepository) private readonly children: ChildSequenceRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /**
   * @param dryRun says what would be done, and of each sequence why it would be refused
   * @throws MusterError `document.invalid`, `exchange.duplicate-name`, `exchange.unknown-secret`; not with `dryRun`:
   *   `exchange.secret-missing`, `exchange.unresolved` (with all findings), `exchange.busy`
   */
  async import(request: ImportRequest, { actor, dryRun }: { actor: string; dryRun: boolean }): Promise<ImportResponse> {
    const items = readItems(request);
    const { packages = [], contents = [] } = dryRun ? request : {};
    const byThen = [...packages.map((name) => ({ kind: 'Package', name })), ...contents].map(contentKey);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const current = byName(await this.store.rows.findMany(this.database, namesOf(items)));
      const plans = items.map((item) =>
        checked(planSequence(item, current.get(item.input.metadata.name), request.withoutSecrets ?? false)),
      );
      const documents = plans.flatMap(({ document }) => document ?? []);
      const wrong = await wrongReferences(documents, this.database, this.children, this.bus, new Set(byThen));
      if (dryRun) return answer(items, plans, current, wrong);
      refuseMissingSecrets(items, plans);
      refuseWrong(items, wrong);
      try {
        const sealed = await Promise.all(plans.map((plan) => this.sealed(plan)));
        const saved = await this.save(items, sealed, current, actor);
        return answer(items, plans, new Map([...current, ...saved]), new Map());
      } catch (error) {
        if (!(error instanceof Moved) && violatedConstraint(error) !== `${this.store.rows.table}_name_key`) throw error;
      }
    }
    throw new MusterError(
      'conflict',
      'exchange.busy',
      'Others save the same task sequences all the time; nothing was imported. Import again',
    );
  }

  private async sealed(plan: PlannedSequence): Promise<PlannedSequence> {
    return plan.document ? { ...plan, document: await this.store.seal(plan.document) } : plan;
  }

  private save(
    items: readonly Item[],
    plans: readonly PlannedSequence[],
    seen: ReadonlyMap<string, Sequence>,
    actor: string,
  ): Promise<Map<string, Sequence>> {
    return this.database.transaction(async (tx) => {
      const locked = byName(await this.store.rows.findManyForUpdate(tx, namesOf(items)));
      const version = (sequence: Sequence | undefined): string | undefined => sequence?.metadata.resourceVersion;
      for (const name of namesOf(items)) if (version(locked.get(name)) !== version(seen.get(name))) throw new Moved();
      const saved = new Map<string, Sequence>();
      const writes = plans
        .flatMap(({ document }, index) => (document ? [{ document, comment: items[index]?.comment }] : []))
        .sort((a, b) => (a.document.metadata.name < b.document.metadata.name ? -1 : 1));
      for (const { document, comment } of writes) {
        const { resource } = await this.store.saveWithin(tx, document, actor, comment);
        saved.set(resource.metadata.name, resource);
      }
      return saved;
    });
  }
}

function readItems({ sequences }: ImportRequest): Item[] {
  const inputs = readDocuments(sequences.map(({ document }) => document));
  const seen = new Map<string, number>();
  return sequences.map(({ onDuplicate = 'ignore', secrets = {}, comment }, index) => {
    const input = inputs[index]!;
    const { name } = input.metadata;
    const other = seen.get(name);
    if (other !== undefined)
      throw new MusterError(
        'invalid',
        'exchange.duplicate-name',
        `/sequences/${other} and /sequences/${index} are both TaskSequence "${name}": leave one out`,
      );
    seen.set(name, index);
    const places = new Set(strippedPlaces(input.spec));
    const unknown = Object.keys(secrets).find((place) => !places.has(place));
    if (unknown !== undefined)
      throw new MusterError(
        'invalid',
        'exchange.unknown-secret',
        `TaskSequence "${name}" wants no secret at ${unknown}; it wants ${[...places].join(', ') || 'none'}`,
      );
    return { input, onDuplicate, given: secrets, comment };
  });
}

/** Whoever imports many documents hears of all that are wrong, not of one after the other. */
function readDocuments(documents: readonly unknown[]): ResourceInput<SequenceSpec>[] {
  const problems: string[] = [];
  const findings: ProblemFinding[] = [];
  const inputs = documents.flatMap((document, index): ResourceInput<SequenceSpec>[] => {
    try {
      return [parseInput(taskSequence, document, `The document /sequences/${index}`)];
    } catch (error) {
      if (!(error instanceof MusterError) || !error.findings) throw error;
      problems.push(error.message);
      for (const finding of error.findings)
        findings.push({ ...finding, path: `/sequences/${index}/document${finding.path}` });
      return [];
    }
  });
  const [first] = problems;
  if (first === undefined) return inputs;
  const more = problems.length > 1 ? `; ${problems.length} of ${documents.length} documents are not valid` : '';
  throw new MusterError('invalid', 'document.invalid', `${first}${more}`, { findings });
}

/** With its secrets in their places a document may break a rule that the placeholder did not: a PIN with letters. */
function checked(plan: PlannedSequence): PlannedSequence {
  if (!plan.document || plan.secrets.length === 0) return plan;
  const what = `TaskSequence "${plan.document.metadata.name}" with its secrets`;
  return { ...plan, document: parseInput(taskSequence, plan.document, what) };
}

function refuseMissingSecrets(items: readonly Item[], plans: readonly PlannedSequence[]): void {
  const findings = plans.flatMap(({ secrets, suspended }, index) =>
    secrets
      .filter(({ state }) => state === 'missing' && !suspended)
      .map(({ path }): ProblemFinding => ({
        path: `/sequences/${index}/document${path}`,
        code: 'exchange.secret-missing',
        severity: 'error',
        message: `TaskSequence "${items[index]?.input.metadata.name}" needs the secret at ${path}`,
        fix: 'Give it, or import the sequence suspended, without its secrets',
      })),
  );
  if (findings.length === 0) return;
  throw new MusterError(
    'invalid',
    'exchange.secret-missing',
    `${findings.length} secret${findings.length === 1 ? ' is' : 's are'} missing; nothing was imported`,
    { findings },
  );
}

function refuseWrong(items: readonly Item[], wrong: ReadonlyMap<string, readonly ProblemFinding[]>): void {
  const findings = items.flatMap(({ input }, index) =>
    (wrong.get(input.metadata.name) ?? []).map((finding) => ({
      ...finding,
      path: `/sequences/${index}/document${finding.path}`,
      message: `TaskSequence "${input.metadata.name}": ${finding.message}`,
    })),
  );
  const [first] = findings;
  if (!first) return;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw new MusterError('invalid', 'exchange.unresolved', `Nothing was imported: ${first.message}${more}`, {
    findings,
  });
}

function answer(
  items: readonly Item[],
  plans: readonly PlannedSequence[],
  now: ReadonlyMap<string, Sequence>,
  wrong: ReadonlyMap<string, ProblemFinding[]>,
): ImportResponse {
  return {
    sequences: plans.map(({ outcome, secrets, suspended }, index) => {
      const name = items[index]?.input.metadata.name ?? '';
      const revision = now.get(name)?.status.revision;
      return {
        name,
        outcome,
        secrets,
        suspended,
        ...(revision === undefined ? {} : { revision }),
        findings: wrong.get(name) ?? [],
      };
    }),
  };
}

function namesOf(items: readonly { input: ResourceInput }[]): string[] {
  return items.map(({ input }) => input.metadata.name);
}

function byName(sequences: readonly Sequence[]): Map<string, Sequence> {
  return new Map(sequences.map((sequence) => [sequence.metadata.name, sequence]));
}
