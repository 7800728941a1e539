import { Inject, Injectable } from '@nestjs/common';
import type { SequenceFromTemplate, SequenceTemplateList } from '@muster/contracts/kinds/sequence-template.js';
import { taskSequence, type TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { makeSequence, templateSummaries } from '@muster/sequence/templates/registry.js';
import type { WriteOptions } from '@muster/service/resources/resource-rules.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';

/** Makes sequences of templates. */
@Injectable()
export class TemplatesService {
  constructor(@Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>) {}

  list(): SequenceTemplateList {
    return {
      items: templateSummaries().map((one) => ({ ...one, parameters: one.parameters.map((each) => ({ ...each })) })),
    };
  }

  /**
   * Creates a sequence.
   *
   * @throws MusterError `template.unknown`, `template.parameters` with every finding, `resource.name-taken`, or what saving the
   * document by hand would be refused with
   */
  async create(
    template: string,
    { metadata, parameters = {} }: SequenceFromTemplate,
    options: WriteOptions,
  ): Promise<Resource<SequenceSpec, TaskSequenceStatus>> {
    const made = makeSequence(template, parameters);
    if ('findings' in made) {
      const [first] = made.findings;
      if (first?.code === 'template.unknown')
        throw new MusterError('not-found', 'template.unknown', `${sentence(first.message)}: ${first.fix}`);
      const places = made.findings.map(({ path, message }) => `${path}: ${message}`).join('; ');
      const message = `Template "${template}" cannot be filled: ${places}`;
      throw new MusterError('invalid', 'template.parameters', message, { findings: made.findings });
    }
    const document = { apiVersion: API_VERSION, kind: taskSequence.kind, metadata, spec: made.spec };
    const input = parseInput(taskSequence, document, `TaskSequence "${metadata.name}" of template "${template}"`);
    const comment = options.comment ?? `Made of the template ${template}`;
    const { resource } = await this.store.apply(input, { ...options, createOnly: true, comment });
    return resource;
  }
}

function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
