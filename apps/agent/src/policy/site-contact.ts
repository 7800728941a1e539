import { z } from 'zod';
import { describeError } from '../identity/agent-error.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const contactSchema = z.object({
  answeredAt: z.string().optional(),
  failure: z.object({ since: z.string(), code: z.string(), message: z.string() }).optional(),
});

/** What came of asking the site for policy, for people who wonder why nothing new comes. */
export type Contact = z.infer<typeof contactSchema>;

/** An answer is noted again after so long: a disk has other things to do. */
const noteAgainMilliseconds = 60_000;
const longestMessage = 500;

/** What was noted last; a file that says nonsense says nothing. */
export function readContact(path: string): Contact {
  try {
    return contactSchema.safeParse(JSON.parse(readIfPresent(path) ?? '{}')).data ?? {};
  } catch {
    return {};
  }
}

/** The contact as a sentence. */
export function describeContact({ answeredAt, failure }: Contact): string {
  const answered = answeredAt === undefined ? 'never answered' : `last answered at ${answeredAt}`;
  if (!failure) return answered;
  return `no policy since ${failure.since}, ${failure.code}: ${failure.message}; ${answered}`;
}

/** Notes it. Nothing depends on it: where it cannot be noted, it is not. */
export class SiteContact {
  private current: Contact;

  constructor(private readonly path: string) {
    this.current = readContact(path);
  }

  /** The site gave policy, or said that there is nothing new. */
  answered(now: number): void {
    const { answeredAt, failure } = this.current;
    const age = now - Date.parse(answeredAt ?? '');
    if (!failure && age >= 0 && age < noteAgainMilliseconds) return;
    this.note({ answeredAt: new Date(now).toISOString() });
  }

  /** It did not, or what it gave was refused. */
  failed(error: unknown, now: number): void {
    const { code, message } = describeError(error);
    const { answeredAt, failure } = this.current;
    if (failure?.code === code) return;
    const since = failure?.since ?? new Date(now).toISOString();
    const said = message.replaceAll(/\p{Cc}/gu, ' ').slice(0, longestMessage);
    this.note({ ...(answeredAt === undefined ? {} : { answeredAt }), failure: { since, code, message: said } });
  }

  private note(contact: Contact): void {
    this.current = contact;
    try {
      replaceFile(this.path, JSON.stringify(contact));
    } catch {
      // A full disk: policy is what matters.
    }
  }
}
