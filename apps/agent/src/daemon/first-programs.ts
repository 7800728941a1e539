import type { SequenceSpec } from '@muster/sequence/model.js';
import { z } from 'zod';
import { AgentError } from '../identity/agent-error.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { reasonOf } from '../journal/journal-error.js';

type Program = NonNullable<SequenceSpec['runFirst']>;

const fileSchema = z.object({
  version: z.literal(1),
  succeeded: z.array(z.object({ package: z.string(), program: z.string(), at: z.string() })),
});

/** Programs that ran before a sequence on this computer and succeeded, `first-programs.json`: they are not run again. */
export class FirstPrograms {
  constructor(private readonly path: string) {}

  /** @throws AgentError `agent.state-corrupt`: to run a program again because a file is damaged would be worse than to stop */
  hasSucceeded(wanted: Program): boolean {
    return this.read().some((one) => one.package === wanted.package && one.program === wanted.program);
  }

  /** On return it is durable. */
  note({ package: name, program }: Program, at: string): void {
    if (this.hasSucceeded({ package: name, program })) return;
    const succeeded = [...this.read(), { package: name, program, at }];
    replaceFile(this.path, `${JSON.stringify({ version: 1, succeeded })}\n`);
  }

  private read(): z.infer<typeof fileSchema>['succeeded'] {
    const text = readIfPresent(this.path);
    if (text === undefined) return [];
    try {
      return fileSchema.parse(JSON.parse(text)).succeeded;
    } catch (error) {
      const message = `${this.path} is damaged (${reasonOf(error)}): restore it, or remove it to let those programs run again`;
      throw new AgentError('agent.state-corrupt', message, { cause: error });
    }
  }
}
