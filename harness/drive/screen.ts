import type { Target } from '../model/scenario.js';

/** One element found by the driver; its handle goes stale when its window closes. */
export interface ScreenElement {
  click(): Promise<void>;
  /** Replaces what stands in the field. */
  type(text: string): Promise<void>;
  text(): Promise<string>;
  /** `checked` as UiAutomator2 reports it. */
  checked(): Promise<boolean>;
}

/** All that a scenario may do through the driver. Every call rejects with LabError DRIVER_LOST when the driver or the handset is gone. */
export interface Screen {
  /** Page source of the active window. */
  source(): Promise<string>;
  /** PNG bytes. */
  screenshot(): Promise<Uint8Array>;
  /** The first element that fits; null when there is none now. A plain text is a whole label. Rejects with BadSelector when the handset cannot read the locator. */
  find(target: Target): Promise<ScreenElement | null>;
  swipeUp(): Promise<void>;
  back(): Promise<void>;
  hideKeyboard(): Promise<void>;
  /** False when there is no dialog. */
  alert(answer: 'accept' | 'dismiss'): Promise<boolean>;
  /** Short name when the class is under the package: `.LoginActivity`. */
  currentActivity(): Promise<string>;
  currentPackage(): Promise<string>;
}

/** A screen with a session behind it. */
export interface Session extends Screen {
  /** Ends the session; never rejects. */
  close(): Promise<void>;
}

/** A locator that the handset cannot read. */
export class BadSelector extends Error {}

/** The element was found and is no longer there, or cannot be used so. */
export class GoneElement extends Error {}
