import { signatureHeaders } from './signature.js';

describe('the signature of a webhook', () => {
  it('is the one of the example of Standard Webhooks', () => {
    // From the test vectors of the reference libraries (MIT), github.com/standard-webhooks/standard-webhooks.
    const headers = signatureHeaders(
      {
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        at: new Date(1_614_265_330_000),
        body: '{"test": 2432232314}',
      },
      ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is there once for each secret, so that a receiver may know either', () => {
    const headers = signatureHeaders({ id: 'a', at: new Date(0), body: '' }, ['whsec_AAAA', 'whsec_BBBB']);
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
  });
});
