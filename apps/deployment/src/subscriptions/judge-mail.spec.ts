import { answerOfError, answerOfSent, givenUp, withAnswers } from './judge-mail.js';

const both = ['a@x.example', 'b@x.example'];
const rcpt = (recipient: string, responseCode: number, response: string) => ({
  code: 'EENVELOPE',
  command: 'RCPT TO',
  recipient,
  responseCode,
  response,
});

describe('an attempt to hand a mail over', () => {
  it('came to all who were not refused', () => {
    const sent = { response: '250 OK queued', rejectedErrors: [rcpt('B@x.example', 550, '550 no such user')] };
    expect(answerOfSent(both, sent)).toEqual({
      recipients: [
        { address: 'a@x.example', state: 'taken', answer: '250 OK queued' },
        { address: 'b@x.example', state: 'refused', answer: '550 no such user' },
      ],
    });
  });

  it('came to nobody when all were refused, each in its own way', () => {
    const error = {
      ...rcpt('b@x.example', 450, '450 later'),
      rejectedErrors: [rcpt('a@x.example', 551, '551 moved'), rcpt('b@x.example', 450, '450 later')],
    };
    expect(answerOfError(both, error)).toMatchObject({ recipients: [{ state: 'refused' }, { state: 'waiting' }] });
  });

  it.each([
    [{ code: 'EMESSAGE', command: 'DATA', responseCode: 554, response: '554 spam' }, 'refused'],
    [{ code: 'EMESSAGE', command: 'DATA', responseCode: 451, response: '451 later' }, 'waiting'],
    [{ code: 'EENVELOPE', command: 'DATA', responseCode: 503, response: '503 bad sequence' }, 'waiting'],
    [{ code: 'EMESSAGE', command: 'MAIL FROM', message: 'larger than allowed' }, 'refused'],
  ] as const)('was refused for its content: %j', (error, state) => {
    expect(answerOfError(both, error)).toMatchObject({ recipients: [{ state }, { state }] });
  });

  it.each([
    [
      { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550, response: '550 who are you' },
      /MAIL FROM with "550 who/,
    ],
    [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, response: '535 no' }, /AUTH PLAIN with "535 no"/],
    [{ code: 'ECONNECTION', responseCode: 421, response: '421 busy' }, /"421 busy"/],
    [{ code: 'ESOCKET', message: 'connect ECONNREFUSED' }, /ECONNREFUSED/],
    [undefined, /no reason/],
  ])('says nothing of this mail, whoever it is for: %j', (error, sentence) => {
    expect(answerOfError(both, error)).toEqual({ error: expect.stringMatching(sentence) });
  });

  it('is told in one line, which is not long, whatever the server says', () => {
    const answer = answerOfError(['a@x.example'], {
      code: 'EMESSAGE',
      responseCode: 554,
      response: `554-one\r\n554 \u001b[31mtwo\u202e ${'x'.repeat(1_000)}`,
    });
    const [{ answer: text } = { answer: '' }] = 'recipients' in answer ? answer.recipients : [];
    expect(text).toMatch(/^554-one 554 \[31mtwo x+…$/);
    expect(text).toHaveLength(301);
  });

  it('leaves what is known of the others, and nobody waiting once it is given up', () => {
    const before = [
      { address: 'a@x.example', state: 'taken', answer: '250' } as const,
      { address: 'b@x.example', state: 'waiting', answer: '450' } as const,
    ];
    const known = withAnswers(before, [{ address: 'b@x.example', state: 'waiting', answer: '451' }]);
    expect(known).toEqual([before[0], { address: 'b@x.example', state: 'waiting', answer: '451' }]);
    expect(givenUp(known)).toEqual([before[0], { address: 'b@x.example', state: 'refused', answer: 'given up: 451' }]);
  });
});
