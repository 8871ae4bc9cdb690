import type { AppProcess } from '../../harness/model/app.js';
import { loanFlow } from './flow.js';
import type { LoanParts } from './session.js';

const ONCE = 'shared_prefs/first_start.xml';

/** An app that does all it does at its first start, whatever is answered to the notice: `body` runs once, in Application.onCreate behind the splash. */
export function atFirstStart(app: AppProcess, parts: Pick<LoanParts, 'brand' | 'classes' | 'api' | 'says'>, body: () => void): void {
  const flow = loanFlow(app, {
    ...parts,
    noticeBox: null,
    loginBoxTicked: false,
    afterRefusal: 'leave',
    agreed: () => undefined,
    refused: () => undefined,
    withdrawn: () => undefined,
  });
  app.within(`${parts.classes}.LoanApplication.onCreate`, () => {
    flow.start();
    if (app.files.read(ONCE) !== null) return;
    app.files.write(ONCE, 'done');
    body();
  });
}
