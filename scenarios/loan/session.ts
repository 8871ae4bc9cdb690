import type { AppProcess, View } from '../../harness/model/app.js';
import { tabs } from './pages.js';
import type { Press } from './pages.js';

/** What makes one simulated loan app differ from the next; the pages and their order are the same in all. */
export interface LoanParts {
  readonly brand: string;
  /** Package of the app's own classes: `com.example.honest.loan`. */
  readonly classes: string;
  /** Origin of the lender's server. */
  readonly api: string;
  /** What the notice says it collects. */
  readonly says: string;
  readonly noticeBox: 'ticked' | 'unticked' | null;
  readonly loginBoxTicked: boolean;
  readonly afterRefusal: 'leave' | 'browse';
  /** Runs in the click on 同意并继续. */
  readonly agreed: () => void;
  /** Runs in the click on 不同意, before the app goes on or leaves. */
  readonly refused: () => void;
  /** Runs in the click on 确认撤回. */
  readonly withdrawn: () => void;
}

export type Choice = 'agreed' | 'refused' | 'withdrawn';

/** One user's way through the app. */
export interface Session {
  readonly app: AppProcess;
  readonly parts: LoanParts;
  /** What the tabs under every page open. */
  readonly home: () => void;
  readonly mine: () => void;
  token: string;
  form: Readonly<Record<string, string>>;
  city: { readonly lat: number; readonly lon: number } | null;
}

const CHOICE_FILE = 'shared_prefs/privacy.xml';

/** What the user chose last; null: nothing yet. */
export function choiceOf(s: Session): Choice | null {
  const text = s.app.files.read(CHOICE_FILE);
  return text === 'agreed' || text === 'refused' || text === 'withdrawn' ? text : null;
}

/** A click handler of the app's class `place`. */
export function press(s: Session, place: string, run: () => void): Press {
  return { frame: `${s.parts.classes}.ui.${place}`, run };
}

/** Network work off the main thread; without network the page stays and says so. */
export function work(s: Session, place: string, body: () => Promise<void>): void {
  s.app.thread('OkHttp Dispatcher', `${s.parts.classes}.net.${place}`, async () => {
    try {
      await body();
    } catch (error) {
      if (!(error instanceof Error && 'className' in error)) throw error;
      s.app.ui.toast('网络异常，请稍后再试');
    }
  });
}

/** Sends JSON to the lender's server and gives back what it says. */
export async function post(s: Session, path: string, body: Readonly<Record<string, unknown>>): Promise<string> {
  const answer = await s.app.http.send({
    method: 'POST',
    url: `${s.parts.api}${path}`,
    headers: { 'content-type': 'application/json; charset=utf-8', ...(s.token === '' ? {} : { authorization: `Bearer ${s.token}` }) },
    body: JSON.stringify(body),
  });
  return String.fromCharCode(...answer.body);
}

/** Opens a page as an activity of its own. */
export function open(s: Session, activity: string, content: View): void {
  s.app.ui.activity(`ui.${activity}`, content);
}

/** Writes down what the user chose. */
export function choose(s: Session, choice: Choice): void {
  s.app.files.write(CHOICE_FILE, choice);
}

/** The tabs under every page. */
export function bar(s: Session): View {
  return tabs(press(s, 'MainActivity.onHome', s.home), press(s, 'MainActivity.onMine', s.mine));
}
