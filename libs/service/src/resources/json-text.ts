import type { Resource, ResourceList } from '@muster/contracts/resource.js';

/** A value as the JSON text that it came as: nobody looked into it, and it need not be made again to be passed on. */
export class JsonText {
  /** @param text valid JSON, of a json or jsonb column */
  constructor(readonly text: string) {}
}

/**
 * The JSON of a listing whose specifications are texts already: what `JSON.stringify` makes of the same listing with
 * specifications that were read, but for the white space in them.
 *
 * @returns UTF-8, ready to be sent: encoding it twice to know its length would cost as much as the rest
 */
export function listingJson({ items, ...around }: ResourceList<Resource<JsonText>>): Buffer {
  const texts = items.map(({ spec, status, ...head }) => {
    const open = JSON.stringify(head).slice(0, -1);
    return `${open},"spec":${spec.text},"status":${JSON.stringify(status)}}`;
  });
  return Buffer.from(`${JSON.stringify(around).slice(0, -1)},"items":[${texts.join(',')}]}`);
}
