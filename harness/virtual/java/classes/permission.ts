import { JavaError } from '../objects.js';
import type { World } from '../world.js';

/** Android 10: from here on identifiers need a privileged permission. */
export const IDENTIFIERS_CLOSED = 29;

/** Whether the process's package holds one of the permissions (`READ_CONTACTS`). */
export function holds(world: World, ...permissions: readonly string[]): boolean {
  return permissions.some((name) => world.host.phone.granted(world.host.process.package, `android.permission.${name}`));
}

/** A java.lang.SecurityException. */
export function refused(text: string): JavaError {
  return new JavaError('java.lang.SecurityException', text);
}

/** Text of TelephonyPermissions.enforce… in the Android sources, for levels to 28. */
export function neither(world: World, what: string, permissions: string): JavaError {
  return refused(`${what}: Neither user ${world.host.process.uid} nor current process has ${permissions}.`);
}

/** Text of TelephonyPermissions.reportAccessDeniedToReadIdentifiers in the Android sources, from 29 on. */
export function closed(world: World, what: string): JavaError {
  return refused(`${what}: The user ${world.host.process.uid} does not meet the requirements to access device identifiers.`);
}

/** Lets through who may read device identifiers. @throws JavaError SecurityException with Android's own text. */
export function identifiers(world: World, what: string): void {
  if (world.host.phone.sdk >= IDENTIFIERS_CLOSED) throw closed(world, what);
  if (!holds(world, 'READ_PHONE_STATE')) throw neither(world, what, 'android.permission.READ_PHONE_STATE');
}
