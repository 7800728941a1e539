import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { Resource } from '@muster/contracts/resource.js';

/** How it is told that somebody made, changed or deleted a deployment. Pure. */
export function deploymentEvent(
  { metadata, spec }: Resource<DeploymentSpec, DeploymentStatus>,
  change: 'created' | 'changed' | 'deleted',
  actor: string,
): { type: EventType; subject: string; data: EventData } {
  const { name } = metadata;
  const held = change === 'changed' && spec.hold !== undefined ? `; it holds ${spec.hold}` : '';
  return {
    type: `deployment.${change}`,
    subject: `deployments/${name}`,
    data: {
      message: `deployment ${name} of ${spec.sequence} to ${spec.collection} was ${change} by ${actor}${held}`,
      deployment: name,
      taskSequence: spec.sequence,
      actor,
    },
  };
}
