import { hierarchySiteSchema } from '../hierarchy/site.js';
import { defineEvent } from '../subjects.js';

/** A site of the hierarchy joined, changed or was revoked. Each service keeps its own copy, so that it can judge messages alone. */
export const hierarchySiteChanged = defineEvent('policy', 'hierarchy-site-changed', hierarchySiteSchema);
