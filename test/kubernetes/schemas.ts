import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubernetesObject, root } from './rendered-site.js';

/** For each API that we use, the package that has its schemas. */
const packages: Record<string, string> = {
  v1: 'kubernetes-models/v1',
  'apps/v1': 'kubernetes-models/apps/v1',
  'autoscaling/v2': 'kubernetes-models/autoscaling/v2',
  'batch/v1': 'kubernetes-models/batch/v1',
  'networking.k8s.io/v1': 'kubernetes-models/networking.k8s.io/v1',
  'policy/v1': 'kubernetes-models/policy/v1',
  'gateway.networking.k8s.io/v1': '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1',
  'postgresql.cnpg.io/v1': '@kubernetes-models/cloudnative-pg/postgresql.cnpg.io/v1',
};

type Models = Record<string, (new (object: unknown) => { validate(): void }) | undefined>;

/** Why the API server would refuse an object: required fields, types, formats, patterns. Empty: it would not. */
export async function schemaFindings(object: KubernetesObject): Promise<string[]> {
  const where = `${object.kind}/${object.metadata.name}`;
  const name = packages[object.apiVersion];
  if (name === undefined) return [`${where}: nobody has a schema of ${object.apiVersion}`];
  const models = (await import(name)) as Models;
  const Model = models[object.kind];
  if (Model === undefined) return [`${where}: ${object.apiVersion} has no ${object.kind}`];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${where}: ${(error as Error).message}`];
  }
}

/**
 * Fields that no schema knows, which the API server would drop in silence, for all objects at once: they are written as
 * literals of the packages' types, and the compiler looks for what is too much.
 */
export function unknownFields(objects: readonly KubernetesObject[]): string[] {
  const folder = mkdtempSync(join(root, 'node_modules', '.rendered-'));
  try {
    const lines = objects.map(
      (object, at) =>
        `export const object${at}: import('${packages[object.apiVersion]}').I${object.kind} = ${JSON.stringify(object)};`,
    );
    writeFileSync(join(folder, 'rendered.ts'), lines.join('\n'));
    execFileSync(
      process.execPath,
      [
        join(root, 'node_modules', 'ts7', 'bin', 'tsc'),
        '--ignoreConfig',
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--target',
        'es2024',
        '--pretty',
        'false',
        join(folder, 'rendered.ts'),
      ],
      { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return [];
  } catch (error) {
    const output = (error as { stdout?: string }).stdout;
    if (!output) throw error;
    return output.split('\n').filter((line) => line.includes('error TS'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
