import type { ApplicationRevisionSummary } from '@muster/contracts/kinds/application-revision.js';
import { application } from '@muster/contracts/kinds/application.js';
import type { RevisionSummary } from '@muster/contracts/kinds/sequence-revision.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import type { ApiClient, WriteWish } from './api-client.js';
import {
  compareApplicationRevisions,
  listApplicationRevisions,
  restoreApplicationRevision,
} from './application-revisions.js';
import { compareRevisions, listRevisions, restoreRevision } from './authoring.js';

/** What every revision says of itself, whatever it is one of. */
export type AnyRevision = RevisionSummary | ApplicationRevisionSummary;

/** A kind that keeps revisions, and the ways to them. */
interface Revised {
  readonly list: (client: ApiClient, name: string) => AsyncGenerator<AnyRevision>;
  readonly compare: (
    client: ApiClient,
    name: string,
    revision: number,
    other: number | undefined,
  ) => Promise<{ from: number; to: number; lines: string[] }>;
  /** The number of the newest revision. */
  readonly newest: (client: ApiClient, name: string) => Promise<number | undefined>;
  /** Returns the number of what is now the newest. */
  readonly restore: (client: ApiClient, name: string, revision: number, wish: WriteWish) => Promise<number | undefined>;
}

/** The kinds that keep revisions. */
export const REVISED: Readonly<Record<'TaskSequence' | 'Application', Revised>> = {
  TaskSequence: {
    list: listRevisions,
    compare: compareRevisions,
    newest: async (client, name) => (await client.get(taskSequence, name)).status.revision,
    restore: async (client, name, revision, wish) =>
      (await restoreRevision(client, name, revision, wish)).status.revision,
  },
  Application: {
    list: listApplicationRevisions,
    compare: compareApplicationRevisions,
    newest: async (client, name) => (await client.get(application, name)).status.revision,
    restore: async (client, name, revision, wish) =>
      (await restoreApplicationRevision(client, name, revision, wish)).status.revision,
  },
};
