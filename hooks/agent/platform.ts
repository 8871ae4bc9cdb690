import type { WireBatch, WireStamp } from '../wire.js';
import type { JavaBridge } from './java.js';

/** What the engine is given: the only way it reaches the world. */
export interface AgentPlatform {
  readonly java: JavaBridge;
  readonly pid: number;
  /** Process name as Android shows it: `com.example` or `com.example:push`. */
  readonly process: string;
  readonly package: string;
  stamp(): WireStamp;
  threadId(): number;
  threadName(): string;
  /** What the platform knows of the foreground while the engine has seen no activity; null: nothing. */
  foreground(): boolean | null;
  /** Calls back once, soon: within 200 ms of real time. */
  later(run: () => void): void;
  /** Resolves after replaced methods have taken effect (one tick of the script's loop). */
  tick(): Promise<void>;
  send(batch: WireBatch): void;
  /** Records that may wait between two turns of `later`; more are dropped and counted. */
  readonly queueLimit: number;
}
