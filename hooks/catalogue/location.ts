import type { HookRow } from '../wire.js';

const FRAMEWORK = 'Android framework bytecode, API 23–37';
const MANAGER = 'android.location.LocationManager';
const read = { kind: 'read', datum: 'location', family: 'location', only: null, hot: false, source: FRAMEWORK } as const;
const returned = { from: 'location', argument: null } as const;
const delivered = { from: 'location', argument: 0 } as const;
const listen = (name: string): string => `android.location.LocationManager.${name}`;

/** Positions: asked for at once, or delivered to a listener. */
export const rows = [
  {
    ...read,
    id: 'location.last-known',
    class: MANAGER,
    method: 'getLastKnownLocation',
    overloads: [['java.lang.String'], ['java.lang.String', 'android.location.LastLocationRequest']],
    since: 23,
    until: null,
    value: returned,
    exercise: listen('getLastKnownLocation("gps")'),
  },
  {
    ...read,
    id: 'location.last',
    class: MANAGER,
    method: 'getLastLocation',
    overloads: [[]],
    since: 23,
    until: null,
    value: returned,
    exercise: listen('getLastLocation()'),
  },
  {
    ...read,
    id: 'location.current',
    class: MANAGER,
    method: 'getCurrentLocation',
    since: 30,
    until: null,
    value: { from: 'none' },
    overloads: [
      ['java.lang.String', 'android.os.CancellationSignal', 'java.util.concurrent.Executor', 'java.util.function.Consumer'],
      [
        'java.lang.String',
        'android.location.LocationRequest',
        'android.os.CancellationSignal',
        'java.util.concurrent.Executor',
        'java.util.function.Consumer',
      ],
    ],
    exercise: listen('getCurrentLocation("gps", null, executor(), consumer())'),
  },
  {
    ...read,
    id: 'location.updates',
    class: MANAGER,
    method: 'requestLocationUpdates',
    since: 23,
    until: null,
    value: { from: 'none' },
    overloads: [
      ['java.lang.String', 'long', 'float', 'android.location.LocationListener'],
      ['java.lang.String', 'long', 'float', 'android.location.LocationListener', 'android.os.Looper'],
    ],
    exercise: listen('requestLocationUpdates("gps", 0, 0, listener())'),
  },
  {
    ...read,
    id: 'location.single-update',
    class: MANAGER,
    method: 'requestSingleUpdate',
    overloads: [['java.lang.String', 'android.location.LocationListener', 'android.os.Looper']],
    since: 23,
    until: null,
    value: { from: 'none' },
    exercise: listen('requestSingleUpdate("gps", listener(), null)'),
  },
  {
    ...read,
    id: 'location.delivered-23',
    class: 'android.location.LocationManager$ListenerTransport',
    method: 'onLocationChanged',
    overloads: [['android.location.Location']],
    since: 23,
    until: 29,
    value: delivered,
    exercise: `${listen('requestLocationUpdates("gps", 0, 0, listener())')}; delivery()`,
  },
  {
    ...read,
    id: 'location.delivered-30',
    class: 'android.location.LocationManager$LocationListenerTransport',
    method: 'onLocationChanged',
    overloads: [['android.location.Location'], ['java.util.List', 'android.os.IRemoteCallback']],
    since: 30,
    until: null,
    value: delivered,
    exercise: `${listen('requestLocationUpdates("gps", 0, 0, listener())')}; delivery()`,
  },
  {
    ...read,
    id: 'location.delivered-current-30',
    class: 'android.location.LocationManager$GetCurrentLocationTransport',
    method: 'deliverResult',
    overloads: [['android.location.Location']],
    since: 30,
    until: 30,
    value: delivered,
    exercise: `${listen('getCurrentLocation("gps", null, executor(), consumer())')}; delivery()`,
  },
  {
    ...read,
    id: 'location.delivered-current',
    class: 'android.location.LocationManager$GetCurrentLocationTransport',
    method: 'onLocation',
    overloads: [['android.location.Location']],
    since: 31,
    until: null,
    value: delivered,
    exercise: `${listen('getCurrentLocation("gps", null, executor(), consumer())')}; delivery()`,
  },
] satisfies readonly HookRow[];
