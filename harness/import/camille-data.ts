/** Data by the Android call that camille watches: the end of `class.method`. */
const BY_CALL: readonly (readonly [datum: string, calls: string])[] = [
  ['imei', 'TelephonyManager.getDeviceId TelephonyManager.getImei TelephonyManager.getMeid'],
  ['phone-number', 'TelephonyManager.getLine1Number'],
  ['iccid', 'TelephonyManager.getSimSerialNumber'],
  ['imsi', 'TelephonyManager.getSubscriberId'],
  [
    'sim',
    'TelephonyManager.getSimOperator TelephonyManager.getNetworkOperator TelephonyManager.getSimCountryIso TelephonyManager.getServiceState',
  ],
  [
    'location-coarse',
    'TelephonyManager.getCellLocation TelephonyManager.getAllCellInfo TelephonyManager.requestCellInfoUpdate WifiManager.getScanResults ' +
      'CdmaCellLocation.getBaseStationId CdmaCellLocation.getNetworkId GsmCellLocation.getCid GsmCellLocation.getLac',
  ],
  ['serial', 'Build.getSerial'],
  ['mac', 'DevicePolicyManager.getWifiMacAddress WifiInfo.getMacAddress NetworkInterface.getHardwareAddress'],
  ['clipboard', 'ClipboardManager.getPrimaryClip'],
  [
    'installed-apps',
    'PackageManager.getInstalledPackages PackageManager.getInstalledApplications PackageManager.queryIntentActivities ' +
      'ApplicationPackageManager.getInstalledPackages ApplicationPackageManager.getInstalledApplications ApplicationPackageManager.queryIntentActivities',
  ],
  ['running-apps', 'ActivityManager.getRunningAppProcesses'],
  [
    'app-presence',
    'ApplicationPackageManager.getApplicationInfo ApplicationPackageManager.getPackageInfoAsUser ApplicationPackageManager.getInstallerPackageName',
  ],
  ['location', 'LocationManager.requestLocationUpdates LocationManager.getLastKnownLocation'],
  ['camera', 'Camera.open CameraManager.openCamera ImageCapture.takePicture'],
  [
    'wifi-name',
    'WifiInfo.getSSID WifiInfo.getBSSID WifiManager.getConnectionInfo WifiManager.getConfiguredNetworks NetworkInfo.getExtraInfo',
  ],
  ['ip-address', 'InetAddress.getHostAddress WifiInfo.getIpAddress'],
  ['bluetooth', 'BluetoothDevice.getName BluetoothDevice.getAddress'],
];

const DATUM_OF: ReadonlyMap<string, string> = new Map(BY_CALL.flatMap(([datum, calls]) => calls.split(' ').map((call) => [call, datum])));

/** Content that a query asked for, by camille's word for it. */
const BY_CONTENT: readonly (readonly [word: RegExp, datum: string])[] = [
  [/通信录|通讯录/, 'contacts'],
  [/日历/, 'calendar'],
  [/相册/, 'media'],
  [/短信/, 'sms'],
  [/通话记录/, 'call-log'],
];

/** The datum that a row of camille's speaks of; null: none that we know. `api` is `class.method`. */
export function camilleDatum(api: string, description: string, args: string): string | null {
  const call = api.split('.').slice(-2).join('.');
  if (call === 'ContentResolver.query') return BY_CONTENT.find(([word]) => word.test(description))?.[1] ?? null;
  // Other settings tell nothing about a person.
  if (call === 'Settings$Secure.getString') return /android_id/.test(args) ? 'android-id' : null;
  return DATUM_OF.get(call) ?? null;
}
