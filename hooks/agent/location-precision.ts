import { type JavaBridge, invoke, isWrapper } from './java.js';

/** PackageManager.PERMISSION_GRANTED. */
const GRANTED = 0;
const FINE = 'android.permission.ACCESS_FINE_LOCATION';
const COARSE = 'android.permission.ACCESS_COARSE_LOCATION';

/**
 * The datum that a location call reads: with ACCESS_COARSE_LOCATION alone Android gives positions that are off by kilometres
 * (LocationFudger of the Android sources). Without either the call is an attempt at `location`. @throws Error when the process cannot be asked
 */
export function locationDatum(java: JavaBridge): 'location' | 'location-coarse' {
  const context = contextOf(java);
  const holds = (permission: string): boolean => Number(invoke(context, 'checkSelfPermission', permission)) === GRANTED;
  return !holds(FINE) && holds(COARSE) ? 'location-coarse' : 'location';
}

/** A Context of this process: its Application, or before that is there the system's, which answers for the same uid. */
function contextOf(java: JavaBridge): Parameters<typeof invoke>[0] {
  const thread = java.use('android.app.ActivityThread');
  const application = invoke(thread, 'currentApplication');
  if (isWrapper(application)) return application;
  const current = invoke(thread, 'currentActivityThread');
  const context = isWrapper(current) ? invoke(current, 'getSystemContext') : null;
  if (!isWrapper(context)) throw new Error('no Context in this process');
  return context;
}
