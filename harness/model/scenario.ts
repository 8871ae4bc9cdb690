/** What a scenario must reach for a rule to speak. */
export type Need = 'launched' | 'notice-shown' | 'agreed' | 'declined' | 'withdrawn' | 'form-reached' | 'background';

/** Visible text (whole label), or one locator. */
export type Target =
  | string
  | { readonly id: string }
  | { readonly text: string }
  | { readonly desc: string }
  | { readonly uia: string }
  | { readonly xpath: string };

export type PromptAnswer = 'allow' | 'once' | 'deny';

/** Standing answers to permission prompts: `default`, and one for each Android permission group in lower case (`location`, `call_log`…). */
export type PromptPolicy = { readonly default: PromptAnswer } & Readonly<Record<string, PromptAnswer>>;

/** One act. Each object has exactly one key: the act's name. Seconds are run-clock seconds. */
export type ScenarioStep =
  | { readonly permissions: PromptPolicy }
  | { readonly launch: { readonly clean: boolean } }
  | { readonly relaunch: true }
  | { readonly stop: true }
  /** Nothing is touched for so many seconds. */
  | { readonly observe: number }
  | { readonly background: number }
  | { readonly privacy: 'expect' | 'agree' | 'decline' | 'withdraw' }
  | { readonly tap: Target }
  | { readonly type: { readonly into: Target; readonly value: string; readonly secret?: boolean } }
  | { readonly tick: Target }
  | { readonly untick: Target }
  | { readonly scrollTo: Target }
  | { readonly back: true }
  | { readonly alert: 'accept' | 'dismiss' }
  | { readonly otp: { readonly into: Target; readonly from: 'sms' | 'fixed' } }
  | { readonly expect: { readonly text?: string; readonly gone?: string; readonly activity?: string; readonly seconds?: number } }
  /** Acts that may find nothing to do: the first that fails ends the block, not the run. */
  | { readonly optional: readonly ScenarioStep[] }
  | { readonly when: { readonly text: string; readonly then: readonly ScenarioStep[]; readonly else?: readonly ScenarioStep[] } }
  | { readonly repeat: { readonly times: number; readonly steps: readonly ScenarioStep[] } }
  | { readonly reach: Need }
  | { readonly phase: string }
  | { readonly screenshot: string };

export interface Scenario {
  readonly id: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** What this scenario sets out to reach; a rule that needs more is not tested by it, and that is not counted against it. */
  readonly aims: readonly Need[];
  readonly steps: readonly ScenarioStep[];
}

/** Gives a scenario written in TypeScript its type; the same data as the YAML form. */
export function defineScenario(scenario: Scenario): Scenario {
  return scenario;
}
