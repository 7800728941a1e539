import { status } from '@grpc/grpc-js';
import { MusterError } from '@muster/platform/errors.js';
import { grpcStatus } from './grpc-authentication.js';

describe('a failure as gRPC says it', () => {
  // Longer trailers end the connection, and with it the calls of others that an edge has on it.
  it('has room in the trailers of a call, whatever came from the caller, and is no half character', () => {
    const findings = Array.from({ length: 1000 }, (_, index) => ({
      path: `/spec/${index}`,
      code: 'x.y',
      message: 'no',
    }));
    const { code, details, metadata } = grpcStatus(
      new MusterError('not-found', 'resource.not-found', `${'x'.repeat(999)}${'\u{1f600}'.repeat(1_000_000)}`, {
        findings,
      }),
    );
    expect([code, metadata.get('muster-code')]).toEqual([status.NOT_FOUND, ['resource.not-found']]);
    const [problem] = metadata.get('muster-problem-bin') as Buffer[];
    expect(encodeURI(details).length).toBeLessThan(4096);
    expect(problem!.length).toBeLessThanOrEqual(8192);
    const { findings: told } = JSON.parse(problem!.toString('utf8')) as { findings: object[] };
    expect(told).toEqual(findings.slice(0, told.length));
    expect(told.length).toBeGreaterThan(50);
  });
});
