import type { CallRow, ContactRow, SmsRow } from './values.js';
import type { Truth } from './finding.js';

/** A view, declared. Unknown to the app: bounds, window, drawing. */
export interface View {
  readonly type: 'TextView' | 'Button' | 'EditText' | 'CheckBox' | 'ImageView' | 'LinearLayout' | 'FrameLayout' | 'ScrollView';
  /** Resource name without package: `et_phone`. */
  readonly id?: string;
  readonly text?: string;
  readonly desc?: string;
  readonly hint?: string;
  readonly checked?: boolean;
  readonly enabled?: boolean;
  /** Android inputType words: `phone`, `number`, `textPassword`. */
  readonly input?: 'text' | 'phone' | 'number' | 'textPassword';
  readonly maxLength?: number;
  readonly horizontal?: boolean;
  /** Text spans that are links: the whole `《…》` inside `text`. */
  readonly links?: readonly { readonly text: string; readonly open: () => void }[];
  /** `com.example.Activity.method` that stands on the stack while `onClick` runs; the framework's own frames are put around it. */
  readonly clickFrame?: string;
  readonly onClick?: () => void;
  readonly onCheck?: (checked: boolean) => void;
  readonly children?: readonly View[];
}

/** Every view handle refers to what is on the screen now. */
export interface Ui {
  /** Opens an activity and makes it the resumed one. `name` is the class without package: `MainActivity`. */
  activity(name: string, content: View): void;
  /** A modal dialog over the resumed activity; not dismissed by back unless `cancelable`. */
  dialog(content: View, options?: { readonly cancelable?: boolean }): { dismiss(): void };
  toast(text: string): void;
  /** What stands in the EditText, or whether the CheckBox is ticked. */
  textOf(id: string): string;
  checkedOf(id: string): boolean;
  setText(id: string, text: string): void;
  /** Ends the resumed activity; the one below is resumed. */
  finish(): void;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Http {
  /** Sends through the handset's network. Rejects as a Java IOException would (`SSLHandshakeException`, `ConnectException`). */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** A Java exception inside the app: `java.lang.SecurityException` for a refused permission. */
export interface JavaThrowable extends Error {
  readonly className: string;
}

/**
 * One process of a simulated app. Everything that reads goes through the handset's Java world, where hooks may sit;
 * nothing here reaches the recorder. Reads are synchronous, as on Android; what is refused throws a JavaThrowable.
 */
export interface AppProcess {
  readonly pid: number;
  readonly name: string;
  readonly package: string;
  /** Runs `body` with this Java frame on the stack of the current thread. `frame` is `com.example.Class.method`. */
  within<T>(frame: string, body: () => T): T;
  /** Runs `body` on a named thread of the process, with an empty stack but for the thread's own frames. */
  thread(name: string, frame: string, body: () => void | Promise<void>): void;
  /** Handler.postDelayed on the handset's clock. */
  after(ms: number, frame: string, body: () => void): { cancel(): void };
  every(ms: number, frame: string, body: () => void): { cancel(): void };
  /** Any method of the Java world. `types` are exact: `int`, `java.lang.String`, `[B`. */
  call(className: string, method: string, types: readonly string[], args: readonly unknown[]): unknown;
  readonly telephony: { imei(slot?: number): string; imsi(): string; iccid(): string; line1Number(): string };
  readonly device: { androidId(): string; serial(): string; oaid(): string; model(): string };
  readonly wifi: { mac(): string; ssid(): string; bssid(): string };
  readonly contacts: {
    all(): readonly ContactRow[];
    /** The system's picker: one row, no permission needed; null when the user turns back. */ pick(): Promise<ContactRow | null>;
  };
  readonly sms: { inbox(): readonly SmsRow[] };
  readonly callLog: { recent(): readonly CallRow[] };
  readonly location: { last(): { readonly lat: number; readonly lon: number } | null };
  readonly packages: { installed(): readonly string[] };
  readonly clipboard: { text(): string | null };
  readonly crypto: {
    /** `MD5`, `SHA-1`, `SHA-256`, `SM3` (by a bundled provider). */
    digest(algorithm: string, ...parts: readonly Uint8Array[]): Uint8Array;
    mac(algorithm: 'HmacSHA256' | 'HmacSHA1', key: Uint8Array, data: Uint8Array): Uint8Array;
    /** `AES/CBC/PKCS5Padding`, `AES/GCM/NoPadding` (tag appended), `AES/ECB/PKCS5Padding`, `SM4/CBC/PKCS5Padding` (by a bundled provider). */
    encrypt(transformation: string, key: Uint8Array, iv: Uint8Array | null, data: Uint8Array): Uint8Array;
    base64(data: Uint8Array): string;
    gzip(data: Uint8Array): Uint8Array;
    random(bytes: number): Uint8Array;
  };
  readonly permissions: {
    granted(permission: string): boolean;
    /** Activity.requestPermissions: the system's prompt, one for each group not yet decided. */
    request(permissions: readonly string[], frame: string): Promise<Readonly<Record<string, boolean>>>;
  };
  readonly http: Http;
  /** A client that accepts only these hosts' own server keys (`host` → base64 SHA-256 of the SPKI), as OkHttp's CertificatePinner. */
  pinned(host: string): Http;
  readonly files: { write(path: string, text: string): void; read(path: string): string | null };
  readonly ui: Ui;
  onForeground(frame: string, body: () => void): void;
  onBackground(frame: string, body: () => void): void;
  /** Starts another declared process of the app, e.g. `:push`. */
  startProcess(name: string): void;
  /** System.exit(0) of this process. */
  exit(): void;
}

export interface ServerRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
export interface ServerAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}
export type FarServer = (request: ServerRequest) => ServerAnswer;

/** A simulated loan app with the servers it talks to. May only do what an app can do. */
export interface SimulatedApp {
  /** The file's name. */
  readonly id: string;
  readonly package: string;
  readonly label: { readonly zh: string; readonly en: string };
  readonly about: { readonly zh: string; readonly en: string };
  readonly version: string;
  readonly permissions: readonly string[];
  readonly firstParty: { readonly domains: readonly string[]; readonly classes: readonly string[] };
  /** Process suffix → its Application.onCreate; `''` is the main process. */
  readonly processes: Readonly<Record<string, (app: AppProcess) => void>>;
  /** Host (optionally `host:port`) → what it answers; all on loopback, with certificates of a CA that is not the proxy's. */
  readonly servers: Readonly<Record<string, FarServer>>;
  /** What an audit must find: complete, for every shipped scenario. Read by tests and the probe only. */
  readonly truth: readonly Truth[];
}
