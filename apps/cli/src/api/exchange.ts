import type {
  ExportRequest,
  ExportResponse,
  ImportRequest,
  ImportResponse,
} from '@muster/contracts/kinds/sequence-exchange.js';
import type { ApiClient } from './api-client.js';

/** Sequences with what they need, without secrets. */
export function exportSequences(client: ApiClient, request: ExportRequest): Promise<ExportResponse> {
  return client.json('POST', '/api/v1/task-sequences/-/export', { body: request, repeatable: true });
}

/** Saves sequences of an archive: all or none. Doing it twice is the same as doing it once. */
export function importSequences(client: ApiClient, request: ImportRequest, dryRun: boolean): Promise<ImportResponse> {
  return client.json('POST', '/api/v1/task-sequences/-/import', {
    query: { dryRun: dryRun ? 'true' : undefined },
    body: request,
    document: true,
    repeatable: true,
  });
}
