import { generateProto } from '@muster/contracts/proto.js';
import { jsonSchemas } from '@muster/contracts/json-schemas.js';
import { describeService } from '@muster/service/openapi.js';
import { catalogService } from '../../apps/catalog/src/catalog.service-definition.js';
import { contentService } from '../../apps/content/src/content.service-definition.js';
import { deploymentService } from '../../apps/deployment/src/deployment.service-definition.js';
import type { JsonSchema } from '@muster/sequence/steps/registry-schemas.js';
import { policyService } from '../../apps/policy/src/policy.service-definition.js';
import { withStepSettings } from './editor-schema.js';

/** Every file that is made from the contracts, by its path in the repository, with the text it must have. */
export async function frozenFiles(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  // The policy service has no kinds: its .proto files are written by hand.
  for (const service of ['catalog', 'content', 'deployment'] as const) {
    files[`libs/contracts/proto/muster/${service}/v1/${service}.proto`] = generateProto(service);
  }
  for (const [name, schema] of Object.entries(jsonSchemas()))
    files[`libs/contracts/schemas/${name}.json`] = json(
      name === 'resources/task-sequence-input' ? withStepSettings(schema as JsonSchema) : schema,
    );
  const documents = [
    await describeService(catalogService),
    await describeService(contentService),
    await describeService(deploymentService),
    await describeService(policyService),
  ];
  ['catalog', 'content', 'deployment', 'policy'].forEach((service, index) => {
    files[`libs/contracts/openapi/${service}.json`] = json(documents[index]);
  });
  return files;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
