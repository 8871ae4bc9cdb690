import { describe, expect, test } from 'vitest';
import { andThen, Undo } from '../../harness/undo.js';

const fails = (what: string) => async (): Promise<void> => {
  throw new Error(what);
};
const goes = async (): Promise<void> => {};

describe('what comes after a body that may fail', () => {
  test.each([
    { name: 'both go well', body: goes, after: goes, thrown: null, lost: [] },
    { name: 'the body fails', body: fails('body'), after: goes, thrown: 'body', lost: [] },
    { name: 'what comes after fails', body: goes, after: fails('after'), thrown: 'after', lost: [] },
    { name: 'both fail: the real error is the first one', body: fails('body'), after: fails('after'), thrown: 'body', lost: ['after'] },
  ])('$name', async ({ body, after, thrown, lost }) => {
    const told: string[] = [];
    let ran = 0;
    const done = andThen(
      body,
      async () => {
        ran += 1;
        await after();
      },
      (fault) => void told.push(fault instanceof Error ? fault.message : ''),
    );
    if (thrown === null) await done;
    else await expect(done).rejects.toThrow(thrown);
    expect([ran, told]).toEqual([1, lost]);
  });
});

test('undoing goes on from the last to the first, tells each the first fault before it, and returns that fault', async () => {
  const undo = new Undo();
  const seen: string[] = [];
  const act = (name: string, fault: string | null) => async (before: unknown) => {
    seen.push(`${name} ${before instanceof Error ? before.message : 'nothing'}`);
    if (fault !== null) throw new Error(fault);
  };
  undo.later(act('end of the run', null));
  undo.later(act('proxy', 'flow not written'));
  undo.later(act('handset', 'still busy'));
  undo.later(act('session', null));
  await expect(undo.all()).resolves.toMatchObject({ message: 'still busy' });
  expect(seen).toEqual(['session nothing', 'handset nothing', 'proxy still busy', 'end of the run still busy']);
  await expect(undo.all()).resolves.toBeNull();
});
