import { Inject, Injectable } from '@nestjs/common';
import {
  type ExportRequest,
  type ExportResponse,
  type ExportedSequence,
  SEQUENCES_AT_ONCE,
} from '@muster/contracts/kinds/sequence-exchange.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, nameSchema, type Resource } from '@muster/contracts/resource.js';
import { Database } from '@muster/persistence/database.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { MusterError } from '@muster/platform/errors.js';
import { stripSecrets } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { CONFIG } from '@muster/service/tokens.js';
import { SequenceRevisionRepository } from '../task-sequences/sequence-revision.repository.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { travelling } from './plan-import.js';

type Sequence = Resource<SequenceSpec, TaskSequenceStatus>;

/** Gives sequences away: without secrets, with what they need named. */
@Injectable()
export class ExportService {
  constructor(
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(Database) private readonly database: Database,
    @Inject(SequenceRevisionRepository) private readonly revisions: SequenceRevisionRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /** @throws MusterError `exchange.not-found` naming all that are missing, `exchange.too-many` */
  async export({ names, withDependencies = true }: ExportRequest): Promise<ExportResponse> {
    const found = new Map<string, Sequence>();
    const missing = new Set<string>();
    let wanted = [...new Set(names)];
    for (let level = 0; wanted.length > 0; level++) {
      if (found.size + wanted.length > SEQUENCES_AT_ONCE) throw tooMany();
      for (const sequence of await this.store.rows.findMany(this.database, wanted))
        found.set(sequence.metadata.name, sequence);
      const absent = wanted.filter((name) => !found.has(name));
      if (level === 0 && absent.length > 0) throw notFound(absent);
      for (const name of absent) missing.add(name);
      const next = withDependencies ? wanted.flatMap((name) => referredTo(found.get(name), 'TaskSequence')) : [];
      wanted = [...new Set(next)].filter((name) => !found.has(name) && !missing.has(name));
    }
    const sequences = [...found.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const comments = await this.revisions.findComments(
      this.database,
      sequences.map(({ metadata, status }) => ({ uid: metadata.uid, revision: status.revision })),
    );
    const packages = new Set(sequences.flatMap((sequence) => referredTo(sequence, 'Package')));
    return {
      site: this.config.MUSTER_SITE,
      sequences: sequences.map((sequence) => exported(sequence, comments.get(sequence.metadata.uid))),
      packages: [...packages].filter((name) => nameSchema.safeParse(name).success).sort(),
      missing: [...missing].sort(),
    };
  }
}

function exported(sequence: Sequence, comment: string | undefined): ExportedSequence {
  const { metadata, spec } = sequence;
  const stripped = stripSecrets(spec);
  return {
    document: { apiVersion: API_VERSION, kind: sequence.kind, metadata: travelling({ metadata }), spec: stripped.spec },
    secrets: [...stripped.secrets],
    ...(comment === undefined ? {} : { comment }),
  };
}

/** Names in nodes that are disabled count too: what they name is wanted when somebody enables them. */
function referredTo(sequence: Sequence | undefined, kind: 'TaskSequence' | 'Package'): string[] {
  if (!sequence) return [];
  return collectReferences(sequence.spec).flatMap(({ reference }) => (reference.kind === kind ? [reference.name] : []));
}

function notFound(names: readonly string[]): MusterError {
  return new MusterError(
    'not-found',
    'exchange.not-found',
    `There is no TaskSequence ${names.map((name) => `"${name}"`).join(', ')}. Nothing was exported`,
  );
}

function tooMany(): MusterError {
  return new MusterError(
    'invalid',
    'exchange.too-many',
    `With what they need these are more than ${SEQUENCES_AT_ONCE} task sequences. Export fewer at once`,
  );
}
