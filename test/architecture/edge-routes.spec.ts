import { KINDS } from '@muster/contracts/kinds/all.js';
import { routeHttp } from '../../apps/edge/src/routes.js';

describe('the public port', () => {
  it.each(KINDS.map(({ plural, service }) => [plural, service]))('leads /api/v1/%s to %s', (plural, service) => {
    expect(routeHttp(`/api/v1/${plural}/a-name`)).toEqual({ service, path: `/api/v1/${plural}/a-name` });
  });
});
