import { STRING, fixed, klass, method } from '../classes.js';
import type { World } from '../world.js';
import { holds, refused } from './permission.js';

const INFO = 'android.net.wifi.WifiInfo';
const INTERFACE = 'java.net.NetworkInterface';
/** What Android 6 and later tell an app in place of the handset's own address. */
const HIDDEN_MAC = '02:00:00:00:00:00';

const located = (world: World): boolean => world.host.phone.sdk < 27 || holds(world, 'ACCESS_FINE_LOCATION', 'ACCESS_COARSE_LOCATION');

/** Wi-Fi, network interfaces and the Bluetooth adapter. */
export const net = [
  klass('android.net.wifi.WifiManager', 'java.lang.Object', [
    method('getConnectionInfo', [], INFO, (world) => {
      if (!holds(world, 'ACCESS_WIFI_STATE'))
        throw refused(`WifiService: Neither user ${world.host.process.uid} nor current process has android.permission.ACCESS_WIFI_STATE.`);
      return world.make(INFO, {});
    }),
  ]),
  klass(INFO, 'java.lang.Object', [
    method('getMacAddress', [], STRING, () => HIDDEN_MAC),
    method('getSSID', [], STRING, (world) => (located(world) ? `"${world.host.phone.contents().ssid}"` : '<unknown ssid>')),
    method('getBSSID', [], STRING, (world) => (located(world) ? world.host.phone.contents().bssid : HIDDEN_MAC)),
  ]),
  klass(INTERFACE, 'java.lang.Object', [
    fixed('getByName', [STRING], INTERFACE, (world, _, [name]) => (name === 'wlan0' ? world.make(INTERFACE, { name }) : null)),
    method('getName', [], STRING, (_, self) => self.fields.name),
    // Null from Android 11 on.
    method('getHardwareAddress', [], '[B', (world) =>
      world.host.phone.sdk >= 30
        ? null
        : Int8Array.from(world.host.phone.contents().mac.split(':'), (pair) => (Number.parseInt(pair, 16) << 24) >> 24),
    ),
  ]),
  klass('android.bluetooth.BluetoothAdapter', 'java.lang.Object', [method('getAddress', [], STRING, () => HIDDEN_MAC)]),
];
