import type { Database, Transaction } from './database.js';

/** Carries what a dry run answers out of the transaction that it rolls back. */
class DryRun<Result> extends Error {
  constructor(readonly result: Result) {
    super('dry run');
  }
}

/** Does work in a transaction. Of a dry run nothing is kept but the answer, which is what the work would have answered. */
export async function transactionOrDryRun<Result>(
  database: Database,
  dryRun: boolean,
  work: (tx: Transaction) => Promise<Result>,
): Promise<Result> {
  if (!dryRun) return database.transaction(work);
  try {
    return await database.transaction(async (tx) => {
      throw new DryRun(await work(tx));
    });
  } catch (error) {
    if (error instanceof DryRun) return error.result as Result;
    throw error;
  }
}
