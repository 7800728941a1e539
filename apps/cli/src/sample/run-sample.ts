import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collection } from '@muster/contracts/kinds/collection.js';
import { deployment } from '@muster/contracts/kinds/deployment.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, type Kind } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import { applyDocument } from '../apply/apply-documents.js';
import { awaitDistribution, distributeContent } from '../content/distribute-content.js';
import { uploadPackage } from '../content/upload-package.js';
import { parseDocuments, type WrittenDocument } from '../documents/read-documents.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES, type ExitCode } from '../errors/exit-codes.js';
import { printError } from '../errors/print-error.js';
import { startAgent } from '../local-agent/start-agent.js';
import type { Terminal } from '../terminal.js';
import { repositoryFolder } from '@muster/localsite/repository.js';
import type { RunningSite } from '@muster/localsite/start-site.js';
import { applyLocalPoint, LOCAL_POINT } from '../up-command/local-point.js';
import { phase } from '../up-command/phases.js';
import { deploymentExitCode, showDeployment } from '../watch/show-watch.js';

const point = LOCAL_POINT;
/** The sample must not run on computers that were enrolled since, as it would on those of its own collection. */
const ownCollection = 'this-computer';
const watchSeconds = 900;

/**
 * Runs examples/hello-site on this computer through the public API, as any client would: distribution point, agent, package,
 * collection, sequence, deployment; and shows every step.
 *
 * @returns 0 only if the run succeeded
 */
export async function runSample(
  site: RunningSite,
  client: ApiClient,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ExitCode> {
  const sample = readSample();
  terminal.out('');
  terminal.out('Sample: examples/hello-site on this computer');
  await phase(terminal, `applying distribution point "${point}"`, () => applyLocalPoint(site, client));
  const self = await startAgent(site, client, terminal, signal);
  const name = sample.package.input.metadata.name;
  await phase(terminal, `applying package "${name}"`, () => applyDocument(client, sample.package));
  await phase(terminal, `uploading ${sample.contentFolder}`, () =>
    uploadPackage(client, name, sample.contentFolder, { signal }),
  );
  await phase(terminal, `distributing "${name}" to "${point}"`, async () => {
    const content = { kind: 'Package' as const, name };
    await distributeContent(client, content, { points: [point] });
    await awaitDistribution(client, content, [point], { signal });
  });
  await phase(terminal, 'applying collections and task sequence', async () => {
    await applyDocument(client, sample.collection);
    await applyOwnCollection(self, client);
    await applySequence(client, sample.sequence, terminal);
  });
  const deploymentName = sample.sequence.input.metadata.name;
  await phase(terminal, `deploying "${deploymentName}" as Required`, () => deployAnew(client, deploymentName, sample));
  terminal.out('');
  const outcome = await showDeployment(client, deploymentName, terminal, {
    format: 'human',
    signal,
    timeoutSeconds: watchSeconds,
  });
  const exitCode = deploymentExitCode(outcome);
  terminal.out(exitCode === EXIT_CODES.ok ? 'The sample succeeded.' : 'The sample failed.');
  return exitCode;
}

interface Sample {
  readonly package: WrittenDocument;
  readonly collection: WrittenDocument;
  readonly sequence: WrittenDocument;
  readonly contentFolder: string;
}

function readSample(): Sample {
  const folder = join(repositoryFolder(), 'examples', 'hello-site');
  const file = join(folder, 'hello-site.yaml');
  if (!existsSync(file))
    throw new CliError('up.sample-missing', `${file} is missing: run muster from a whole checkout`, EXIT_CODES.usage);
  const { documents, problems } = parseDocuments(file, readFileSync(file));
  const one = (kind: Kind): WrittenDocument => {
    const found = documents.find((document) => document.kind === kind);
    if (found !== undefined && problems.length === 0) return found;
    throw new CliError('up.sample-invalid', problems[0] ?? `${file} has no ${kind.kind}`, EXIT_CODES.invalidDocument);
  };
  const packageDocument = one(packageKind);
  return {
    package: packageDocument,
    collection: one(collection),
    sequence: one(taskSequence),
    contentFolder: join(folder, 'packages', packageDocument.input.metadata.name),
  };
}

async function applyOwnCollection(self: string, client: ApiClient): Promise<void> {
  await applyDocument(client, {
    kind: collection,
    input: {
      apiVersion: API_VERSION,
      kind: collection.kind,
      metadata: { name: ownCollection },
      spec: { description: 'The computer on which this site runs', rules: [{ device: self }] },
    },
  });
}

async function applySequence(client: ApiClient, document: WrittenDocument, terminal: Terminal): Promise<void> {
  try {
    await applyDocument(client, document);
  } catch (error) {
    if (error instanceof CliError && error.findings.length > 0)
      printError(terminal, error, document.place, document.placeOf);
    throw error;
  }
}

/** A deployment of a former start goes first, so that the run is shown live again. */
async function deployAnew(client: ApiClient, name: string, sample: Sample): Promise<void> {
  if ((await client.find(deployment, name)) !== undefined) await client.remove(deployment, name);
  await client.create(
    deployment,
    {
      apiVersion: API_VERSION,
      kind: deployment.kind,
      metadata: { name },
      spec: {
        sequence: sample.sequence.input.metadata.name,
        collection: ownCollection,
        purpose: 'Required',
      },
    },
    randomUUID(),
  );
}
