import { MusterError } from '@muster/platform/errors.js';

/** `team=infra,tier=web` as a record. An empty or missing selector matches everything. */
export function parseLabelSelector(selector: string | undefined): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of (selector ?? '').split(',').filter(Boolean)) {
    const equals = part.indexOf('=');
    if (equals < 1) {
      throw new MusterError(
        'invalid',
        'request.label-selector',
        `"${part}" is not a label selector; write name=value, several separated by commas`,
      );
    }
    labels[part.slice(0, equals).trim()] = part.slice(equals + 1).trim();
  }
  return labels;
}
