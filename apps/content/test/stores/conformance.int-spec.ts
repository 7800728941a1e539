import { testedStores } from '@muster/testing/stores/tested-stores.js';
import { faultCases } from './fault-cases.js';
import { interfaceCases } from './interface-cases.js';
import { protocolCases } from './protocol-cases.js';
import { rcloneCases } from './rclone-cases.js';
import { StoreInTest } from './store-in-test.js';

/** A store starts within seconds; what does not is said with its log, long before this. */
const START_MILLISECONDS = 180_000;

describe.each(testedStores(process.env['MUSTER_TEST_STORES']))('the store "$name"', (kind) => {
  let store: StoreInTest | undefined;
  const inTest = (): StoreInTest => {
    if (!store) throw new Error('the store did not start');
    return store;
  };

  beforeAll(async () => {
    store = await StoreInTest.start(kind);
  }, START_MILLISECONDS);
  afterAll(() => store?.server.stop(), START_MILLISECONDS);

  describe('as Muster uses it', () => interfaceCases(inTest));
  describe('as S3 has it', () => protocolCases(inTest));
  describe('with rclone', () => rcloneCases(inTest));
  describe('with faults', () => faultCases(inTest));
});
