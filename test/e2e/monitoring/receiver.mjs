// Somebody else's server, as a process: verifies webhooks with the reference library of Standard Webhooks and prints what it took,
// one line of JSON for each. Arguments: port, secret.
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const [port, secret] = process.argv.slice(2);
const webhook = new Webhook(secret);

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    try {
      const event = webhook.verify(Buffer.concat(chunks).toString('utf8'), request.headers);
      process.stdout.write(`${JSON.stringify({ id: request.headers['webhook-id'], event })}\n`);
      response.writeHead(204).end();
    } catch {
      response.writeHead(401).end();
    }
  });
}).listen(Number(port), '127.0.0.1');
