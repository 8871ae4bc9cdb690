/** One thing to do, in words, and the command that does it; null: it is done by hand. */
interface Step {
  readonly zh: string;
  readonly en: string;
  readonly command: string | null;
}

/** A way to make a handset trust the lab's CA. */
export interface Way {
  readonly android: { readonly zh: string; readonly en: string };
  readonly store: 'user' | 'system';
  readonly needsRoot: boolean;
  readonly steps: readonly Step[];
  readonly undo: Step;
}

/** What the commands of a way are made of. */
export interface Parts {
  /** ` --ca FOLDER` as a shell must be given it; empty for the usual folder. */
  readonly caOption: string;
  /** Names that `ca export` gives its files. */
  readonly derName: string;
  readonly androidName: string;
}

const STORE = '/system/etc/security/cacerts';
/** From Android 14 on apps read the roots from here, each in a mount namespace that it has from zygote. */
const APEX = '/apex/com.android.conscrypt/cacerts';
const TMP = '/data/local/tmp';

const step = (zh: string, en: string, command: string | null): Step => ({ zh, en, command });
const inShell = (script: string): string => `adb shell '${script}'`;
const REBOOT = step('撤销：重启手机，一切恢复原样', 'to undo: reboot, and all is as before', 'adb reboot');
const RESTART = step(
  '重开应用（PACKAGE 换成包名）',
  'start the app anew (put its package name for PACKAGE)',
  'adb shell am force-stop PACKAGE',
);

/** The ways by Android version, the oldest first. None of them touches an app, or the pins in it. */
export function installWays(parts: Parts): readonly Way[] {
  return [
    userWay(parts),
    {
      android: { zh: 'Android 7 至 13', en: 'Android 7 to 13' },
      store: 'system',
      needsRoot: true,
      steps: [...systemSteps(parts, STORE), RESTART],
      undo: REBOOT,
    },
    {
      android: { zh: 'Android 14 及以上', en: 'Android 14 and later' },
      store: 'system',
      needsRoot: true,
      steps: [
        ...systemSteps(parts, APEX),
        step(
          '让 zygote 看到它，此后启动的应用都会看到',
          'show it to zygote; all apps that start from now on see it too',
          inShell(`for p in $(pidof zygote zygote64); do nsenter --mount=/proc/$p/ns/mnt -- mount --bind ${STORE} ${APEX}; done`),
        ),
        RESTART,
      ],
      undo: REBOOT,
    },
  ];
}

function userWay({ caOption, derName }: Parts): Way {
  return {
    android: { zh: 'Android 6 及以下', en: 'Android 6 and earlier' },
    store: 'user',
    needsRoot: false,
    steps: [
      step('写出证书', 'write the certificate', `npx jiejing ca export${caOption} --format der`),
      step('放到手机上', 'put it on the handset', `adb push ${derName} /sdcard/Download/`),
      step(
        `在手机上打开 设置 > 安全 > 从存储设备安装，选 ${derName}，用途选 VPN 和应用；手机须先设锁屏密码`,
        `on the handset: Settings > Security > Install from storage, choose ${derName}, for VPN and apps; a screen lock must be set`,
        null,
      ),
    ],
    undo: step(
      '撤销：设置 > 安全 > 信任的凭据 > 用户，移除它',
      'to undo: Settings > Security > Trusted credentials > User, remove it',
      null,
    ),
  };
}

/** Lays a copy of the store that is in use, with our certificate in it, over the system's; it lives in memory until the next boot. */
function systemSteps({ caOption, androidName }: Parts, from: string): readonly Step[] {
  const copy = `${TMP}/jiejing-ca`;
  return [
    step('写出证书', 'write the certificate', `npx jiejing ca export${caOption} --format android`),
    step('放到手机上', 'put it on the handset', `adb push ${androidName} ${TMP}/`),
    step(
      '取得 root；手机上只有 su 时，以下每条脚本改用 adb shell "su -mm -c \'…\'" 执行',
      'become root; where there is only su, run each script below by: adb shell "su -mm -c \'…\'"',
      'adb root',
    ),
    step(
      '复制现用的证书库，加入这份证书',
      'copy the store that is in use and add the certificate',
      inShell(`rm -rf ${copy} && mkdir ${copy} && cp ${from}/* ${copy}/ && mv ${TMP}/${androidName} ${copy}/`),
    ),
    step(
      '在系统证书库上盖一层内存文件系统，放入副本',
      'mount a file system in memory over the system store and put the copy in it',
      inShell(`mount -t tmpfs tmpfs ${STORE} && mv ${copy}/* ${STORE}/`),
    ),
    step(
      '设为系统证书应有的属主、权限和标签',
      'give owner, modes and label that system certificates have',
      inShell(`cd ${STORE} && chown root:root . * && chmod 755 . && chmod 644 * && chcon u:object_r:system_file:s0 . *`),
    ),
  ];
}
