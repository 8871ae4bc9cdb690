import { STRING, klass, klassOf, levels, method } from '../classes.js';
import { type JavaObject, isJavaObject } from '../objects.js';
import type { World } from '../world.js';
import { holds, refused } from './permission.js';

const MANAGER = 'android.location.LocationManager';
const LOCATION = 'android.location.Location';
const LISTENER = 'android.location.LocationListener';
const LOOPER = 'android.os.Looper';
const SIGNAL = 'android.os.CancellationSignal';
const EXECUTOR = 'java.util.concurrent.Executor';
const CONSUMER = 'java.util.function.Consumer';
const FIX_MS = 1000;

/** Lets through who may ask this provider. @throws JavaError SecurityException with Android's own text. */
function allowed(world: World, provider: string): void {
  const { phone, process } = world.host;
  if (phone.sdk >= 31) {
    if (!holds(world, 'ACCESS_FINE_LOCATION', 'ACCESS_COARSE_LOCATION'))
      throw refused(
        `uid ${process.uid} does not have android.permission.ACCESS_COARSE_LOCATION or android.permission.ACCESS_FINE_LOCATION.`,
      );
  } else if (provider === 'gps' || provider === 'passive') {
    if (!holds(world, 'ACCESS_FINE_LOCATION')) throw refused(`"${provider}" location provider requires ACCESS_FINE_LOCATION permission.`);
  } else if (!holds(world, 'ACCESS_FINE_LOCATION', 'ACCESS_COARSE_LOCATION'))
    throw refused(`"${provider}" location provider requires ACCESS_COARSE_LOCATION or ACCESS_FINE_LOCATION permission.`);
}

/** Edge of the grid that a position is rounded to without the fine permission, in degrees of latitude: 2000 m as in Android's LocationFudger, whose random offset is left out. */
const COARSE_DEGREES = 2000 / 111_000;

/** The planted position, or the middle of its square for an app that may not know it exactly. */
function position(world: World): JavaObject {
  const { location: planted } = world.host.phone.contents();
  const [lat, lon] = [Number(planted.lat), Number(planted.lon)];
  if (holds(world, 'ACCESS_FINE_LOCATION')) return world.make(LOCATION, { lat, lon, accuracy: 12 });
  const rounded = Math.round(lat / COARSE_DEGREES) * COARSE_DEGREES;
  const lonDegrees = COARSE_DEGREES / Math.cos((rounded * Math.PI) / 180);
  return world.make(LOCATION, { lat: rounded, lon: Math.round(lon / lonDegrees) * lonDegrees, accuracy: 2000 });
}

/** Where the system server calls back into the app's process. */
interface Door {
  readonly transport: string;
  readonly name: string;
  readonly types: readonly string[];
}

/** Hands a fix to the transport of this level, as the system server does: on a binder thread, a moment later. */
function deliver(world: World, { transport, name, types }: Door, receiver: unknown): void {
  world.host.clock.setTimer(() => {
    world.threads.as(`Binder:${world.host.process.pid}_1`, ['android.os.Binder.execTransact'], () => {
      const fix = position(world);
      const given = types[0] === 'java.util.List' ? [world.make('java.util.ArrayList', { items: [fix] }), null] : [fix];
      world.call(transport, name, types, world.make(transport, { receiver }), given);
    });
  }, FIX_MS);
}
function deliverUpdate(world: World, listener: unknown): void {
  if (world.host.phone.sdk <= 29)
    deliver(world, { transport: `${MANAGER}$ListenerTransport`, name: 'onLocationChanged', types: [LOCATION] }, listener);
  else
    deliver(
      world,
      {
        transport: `${MANAGER}$LocationListenerTransport`,
        name: 'onLocationChanged',
        types: world.host.phone.sdk === 30 ? [LOCATION] : ['java.util.List', 'android.os.IRemoteCallback'],
      },
      listener,
    );
}
function deliverOnce(world: World, consumer: unknown): void {
  deliver(
    world,
    {
      transport: `${MANAGER}$GetCurrentLocationTransport`,
      name: world.host.phone.sdk === 30 ? 'deliverResult' : 'onLocation',
      types: [LOCATION],
    },
    consumer,
  );
}
/** The app's own callback, on its main thread. */
function tell(world: World, receiver: unknown, fix: unknown): void {
  const callback = isJavaObject(receiver) ? receiver.fields.callback : null;
  if (typeof callback === 'function')
    world.threads.as('main', ['android.os.Handler.handleCallback'], () => void (callback as (fix: unknown) => void)(fix));
}
const transported = (name: string, types: readonly string[]): ReturnType<typeof method> =>
  method(name, types, 'void', (world, self, [given]) =>
    tell(world, self.fields.receiver, isJavaObject(given) && Array.isArray(given.fields.items) ? given.fields.items[0] : given),
  );

const updates = (types: readonly string[]): ReturnType<typeof method> =>
  method('requestLocationUpdates', types, 'void', (world, _, args) => {
    allowed(world, String(args[0]));
    deliverUpdate(world, args[3]);
  });

/** Positions, at once and by delivery. */
export const location = [
  klass(LOCATION, 'java.lang.Object', [
    method('getLatitude', [], 'double', (_, self) => self.fields.lat),
    method('getLongitude', [], 'double', (_, self) => self.fields.lon),
    method('getAccuracy', [], 'float', (_, self) => self.fields.accuracy),
    method('getProvider', [], STRING, () => 'gps'),
  ]),
  klass(LISTENER, 'java.lang.Object', []),
  klass(LOOPER, 'java.lang.Object', []),
  klass(MANAGER, 'java.lang.Object', [
    method('getLastKnownLocation', [STRING], LOCATION, (world, _, [provider]) => {
      allowed(world, String(provider));
      return position(world);
    }),
    ...levels(
      31,
      99,
      method('getLastKnownLocation', [STRING, 'android.location.LastLocationRequest'], LOCATION, (world, _, [provider]) => {
        allowed(world, String(provider));
        return position(world);
      }),
    ),
    method('getLastLocation', [], LOCATION, (world, self) => {
      allowed(world, 'gps');
      return world.host.phone.sdk >= 30 ? world.call(MANAGER, 'getLastKnownLocation', [STRING], self, ['gps']) : position(world);
    }),
    updates([STRING, 'long', 'float', LISTENER]),
    updates([STRING, 'long', 'float', LISTENER, LOOPER]),
    method('requestSingleUpdate', [STRING, LISTENER, LOOPER], 'void', (world, self, [provider, listener]) =>
      world.call(MANAGER, 'requestLocationUpdates', [STRING, 'long', 'float', LISTENER, LOOPER], self, [provider, 0, 0, listener, null]),
    ),
    ...levels(
      30,
      99,
      method('getCurrentLocation', [STRING, SIGNAL, EXECUTOR, CONSUMER], 'void', (world, _, [provider, , , consumer]) => {
        allowed(world, String(provider));
        deliverOnce(world, consumer);
      }),
    ),
  ]),
  klassOf(23, 29, klass(`${MANAGER}$ListenerTransport`, 'java.lang.Object', [transported('onLocationChanged', [LOCATION])])),
  klassOf(
    30,
    99,
    klass(`${MANAGER}$LocationListenerTransport`, 'java.lang.Object', [
      ...levels(30, 30, transported('onLocationChanged', [LOCATION])),
      ...levels(31, 99, transported('onLocationChanged', ['java.util.List', 'android.os.IRemoteCallback'])),
    ]),
  ),
  klassOf(
    30,
    99,
    klass(`${MANAGER}$GetCurrentLocationTransport`, 'java.lang.Object', [
      ...levels(30, 30, transported('deliverResult', [LOCATION])),
      ...levels(31, 99, transported('onLocation', [LOCATION])),
    ]),
  ),
];
