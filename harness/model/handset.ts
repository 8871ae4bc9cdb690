import type { Flow, ProcessRef } from './event.js';
import type { Recorder } from './recorder.js';
import type { Stamp } from './stamp.js';
import type { PhoneContents } from './values.js';

/** Answers which process owns a connection, by the client's port on loopback. */
export interface SocketOwner {
  /**
   * Null: not known, or not yet. `sinceMs`: when the connection was taken, by `performance.now()`; a port is used again by others.
   * Asked once when the connection is taken, then for each flow on it until it is known.
   */
  owner(clientPort: number, sinceMs: number): Flow['owner'] | null;
}

/** What `record()` gives to the handset it opens. */
export interface HandsetParts {
  readonly recorder: Recorder;
  /** The proxy's listener, on loopback. */
  readonly proxyPort: number;
  /** PEM of the proxy's CA, installed in the handset's trust store. */
  readonly labCaPem: string;
  /** Texts of the manifest's values: a crypto call that takes one in is told, whether or not a hook saw it read. */
  readonly known: readonly string[];
}

/** Install, launch, stop, clear, plant, collect: everything that is not looking and touching. */
export interface HandsetPort {
  readonly kind: 'virtual' | 'framework' | 'android';
  readonly simulated: boolean;
  readonly profile: string;
  /** Model, Android version and the like, for run.json. */
  facts(): Promise<Readonly<Record<string, string>>>;
  /** W3C capabilities that lead Appium to this handset; `appium:handsetUrl` among them where it has one. */
  capabilities(): Readonly<Record<string, unknown>>;
  /** APPIUM_HOME drivers wanted: `virtual` is ours. */
  readonly driver: 'virtual' | 'uiautomator2';
  install(): Promise<void>;
  plant(contents: PhoneContents): Promise<void>;
  launch(): Promise<void>;
  stop(): Promise<void>;
  /** Removes the app's data and permissions, as `pm clear`. */
  clear(): Promise<void>;
  /** Sends the app to the background (home key); `launch()` brings it back. */
  home(): Promise<void>;
  /** Makes agents send everything they hold and waits for it; called at every consent event and before stop. */
  flush(): Promise<void>;
  /** Calls back for each click that an agent saw inside the app; returns the way to stop. */
  onClick(listener: (click: { readonly process: ProcessRef; readonly at: Stamp; readonly text: string }) => void): () => void;
  /** The app's files at the end of a run, by path inside its data folder. */
  collect(): Promise<readonly { readonly path: string; readonly bytes: Uint8Array }[]>;
  /** SMS with a one-time code, as the network would deliver it. */
  deliverSms(sender: string, body: string): Promise<void>;
  close(): Promise<void>;
}
