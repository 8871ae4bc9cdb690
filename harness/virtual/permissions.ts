import { permissionGroups } from '../capture/permission-groups.js';
import type { PromptAnswer } from '../model/scenario.js';

/** Permission group of a runtime permission, by datum.json's names; null: granted at install, or none of Android's. */
export function groupOf(permission: string): string | null {
  return permissionGroups([permission])[0] ?? null;
}

/** One package's answer state. `denials` counts: after two the system asks no more. */
interface GroupState {
  denials: number;
  once: boolean;
}

/** Who asks, and how the prompt is shown. */
export interface PermissionParts {
  readonly package: string;
  readonly label: string;
  /** Permissions of the manifest. */
  readonly declared: readonly string[];
  granted(permission: string): boolean;
  setGranted(permission: string, granted: boolean): void;
  prompt(ask: {
    readonly package: string;
    readonly label: string;
    readonly group: string;
    readonly permissions: readonly string[];
  }): Promise<PromptAnswer | 'cancelled'>;
}

/** The runtime permissions of one package. */
export interface Permissions {
  /** Grants what needs no prompt. */
  install(): void;
  /** Asks for each group in turn; answers for each permission whether it is granted now. Requests queue up. */
  request(permissions: readonly string[]): Promise<Readonly<Record<string, boolean>>>;
  /** Takes back what was granted for one time only. */
  processesEnded(): void;
  /** Back to the state after install. */
  reset(): void;
}

/** Permission flow of Android 11: one prompt a group, `once` until the processes end, no prompt after two denials. */
export function createPermissions(parts: PermissionParts): Permissions {
  const states = new Map<string, GroupState>();
  let turn: Promise<unknown> = Promise.resolve();
  return {
    install: () => {
      for (const p of parts.declared) if (groupOf(p) === null) parts.setGranted(p, true);
    },
    request: (permissions) => {
      const next = turn.then(() => request(parts, states, permissions));
      turn = next.catch(() => undefined);
      return next;
    },
    processesEnded: () => {
      const lent = [...states].filter(([, state]) => state.once);
      for (const [group, state] of lent) {
        state.once = false;
        for (const p of declaredOf(parts, group)) parts.setGranted(p, false);
      }
    },
    reset: () => {
      for (const p of parts.declared) if (groupOf(p) !== null) parts.setGranted(p, false);
      states.clear();
    },
  };
}

function declaredOf(parts: PermissionParts, group: string): readonly string[] {
  return parts.declared.filter((p) => groupOf(p) === group);
}

async function request(
  parts: PermissionParts,
  states: Map<string, GroupState>,
  permissions: readonly string[],
): Promise<Readonly<Record<string, boolean>>> {
  const wanted = new Map<string, string[]>();
  for (const permission of permissions) {
    const group = groupOf(permission);
    if (group === null || !parts.declared.includes(permission) || parts.granted(permission)) continue;
    // A sibling that the user granted covers it without a new prompt.
    if (declaredOf(parts, group).some((p) => parts.granted(p))) parts.setGranted(permission, true);
    else wanted.set(group, [...(wanted.get(group) ?? []), permission]);
  }
  for (const [group, names] of wanted) {
    const state = states.get(group) ?? { denials: 0, once: false };
    states.set(group, state);
    await ask(parts, state, group, names);
  }
  return Object.fromEntries(permissions.map((p) => [p, parts.granted(p)]));
}

async function ask(parts: PermissionParts, state: GroupState, group: string, permissions: readonly string[]): Promise<void> {
  if (state.denials >= 2) return;
  const answer = await parts.prompt({ package: parts.package, label: parts.label, group, permissions });
  // The prompt went away with its app: nothing was decided.
  if (answer === 'cancelled') return;
  if (answer === 'deny') {
    state.denials += 1;
    return;
  }
  state.once = answer === 'once';
  for (const permission of permissions) parts.setGranted(permission, true);
}
