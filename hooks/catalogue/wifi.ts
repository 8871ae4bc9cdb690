import type { HookRow } from '../wire.js';

const read = {
  kind: 'read',
  since: 23,
  until: null,
  only: null,
  hot: false,
  overloads: [[]],
  value: { from: 'return' },
  source: 'Android framework bytecode, API 23–37',
} as const;
const INFO = 'android.net.wifi.WifiInfo';
const connection = (call: string): string => `android.net.wifi.WifiManager.getConnectionInfo().${call}`;

/** Hardware addresses, and the network that the handset is on. */
export const rows = [
  {
    ...read,
    id: 'wifi.mac',
    datum: 'mac',
    family: 'wifi.mac',
    class: INFO,
    method: 'getMacAddress',
    exercise: connection('getMacAddress()'),
  },
  {
    ...read,
    id: 'network.hardware-address',
    datum: 'mac',
    family: 'network.mac',
    class: 'java.net.NetworkInterface',
    method: 'getHardwareAddress',
    value: { from: 'mac' },
    source: 'Android SDK stubs, API 23, 26, 34',
    exercise: 'java.net.NetworkInterface.getByName("wlan0").getHardwareAddress()',
  },
  {
    ...read,
    id: 'bluetooth.address',
    datum: 'mac',
    family: 'bluetooth.mac',
    class: 'android.bluetooth.BluetoothAdapter',
    method: 'getAddress',
    exercise: 'android.bluetooth.BluetoothAdapter.getAddress()',
  },
  { ...read, id: 'wifi.ssid', datum: 'wifi-name', family: 'wifi.name', class: INFO, method: 'getSSID', exercise: connection('getSSID()') },
  {
    ...read,
    id: 'wifi.bssid',
    datum: 'wifi-name',
    family: 'wifi.name',
    class: INFO,
    method: 'getBSSID',
    exercise: connection('getBSSID()'),
  },
] satisfies readonly HookRow[];
